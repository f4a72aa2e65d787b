from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from models.alert import Lane, Outcome
from models.detection import FindingKind
from models.figures import (
    ANSWERED,
    ON_SITE,
    REPAIRED,
    Fault,
    Stamps,
    answered,
    false_alerts,
    figures,
    kinds_of,
    month,
    on_site,
    repaired,
    today,
)
from tests.conftest import NOON, okafor_home

S = timedelta(seconds=1)
ALERT = Stamps(1, "h_okafor", Lane.PERSON, "press", NOON)


@pytest.mark.parametrize(
    ("number", "zone", "start", "end"),
    [
        (3, "Europe/London", "2026-03-01T00:00Z", "2026-03-31T23:00Z"),
        (10, "Europe/London", "2026-09-30T23:00Z", "2026-11-01T00:00Z"),
        (12, "Europe/London", "2026-12-01T00:00Z", "2027-01-01T00:00Z"),
        (11, "Pacific/Auckland", "2026-10-31T11:00Z", "2026-11-30T11:00Z"),
    ],
)
def test_a_month_begins_and_ends_by_the_councils_clock(number: int, zone: str, start: str, end: str) -> None:
    assert month(2026, number, zone) == (datetime.fromisoformat(start), datetime.fromisoformat(end))


def test_today_begins_at_midnight_where_the_council_is() -> None:
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert today(late, "Europe/London")[0] == datetime(2026, 7, 1, 23, 0, tzinfo=UTC)


def test_an_alert_on_the_edge_of_a_month_is_in_one_of_them() -> None:
    homes = {"h_okafor": okafor_home()}
    last = datetime(2026, 7, 31, 22, 59, 59, tzinfo=UTC)
    alerts = [replace(ALERT, alert=n, raised_at=last + n * S) for n in range(3)]
    july, august = (
        figures(alerts, homes, *month(2026, number, "Europe/London"), last + timedelta(days=40), "Europe/London")
        for number in (7, 8)
    )
    assert (july.people, august.people) == (1, 2)
    assert (july.by_day[-1], august.by_day[0]) == (("2026-07-31", 1), ("2026-08-01", 2))
    assert (len(july.by_day), len(august.by_day)) == (31, 31)


def test_who_waits_still_is_counted_only_once_it_is_too_late() -> None:
    for waited, met, of in ((59, 0, 0), (60, 0, 0), (61, 0, 1)):
        share = answered([ALERT], ANSWERED[0], NOON + waited * S)
        assert (share.met, share.all) == (met, of)
    on_time, late = (replace(ALERT, answered_at=NOON + took * S) for took in (60, 61))
    share = answered([on_time, late], ANSWERED[0], NOON + S * 100)
    assert (share.met, share.all, share.good) == (1, 2, False)
    assert answered([], ANSWERED[0], NOON).share is None


def test_on_site_counts_from_the_decision_to_send_and_not_who_was_called_off() -> None:
    minute = timedelta(minutes=1)
    sent = replace(ALERT, sent_at=NOON + 5 * minute)
    there = replace(sent, arrived_at=NOON + 50 * minute)
    called_off = replace(sent, closed_at=NOON + 20 * minute)
    given_up = replace(sent, closed_at=NOON + 90 * minute)
    share = on_site([ALERT, there, called_off, given_up, sent], ON_SITE[0], NOON + 30 * minute)
    assert (share.met, share.all) == (1, 2)


def test_a_fault_has_as_long_as_what_is_dead_needs_and_counts_once_that_can_be_told() -> None:
    homes, hour = {"h_okafor": okafor_home()}, timedelta(hours=1)
    kit = Fault("h_okafor", FindingKind.KIT_UNHEARD, "", NOON, None)
    mended = [replace(kit, ended_at=NOON + hours * hour) for hours in (48, 49)]
    others = [replace(kit, kind=FindingKind.TAMPERED), replace(kit, kind=FindingKind.SENSOR_UNHEARD, sensor="hall_pir")]
    button = replace(kit, kind=FindingKind.SENSOR_UNHEARD, sensor="pendant")
    elsewhere = replace(kit, home="h_moor")
    for hours, dead, rest in ((48, (1, 2), (0, 0)), (49, (1, 4), (0, 0)), (97, (1, 4), (0, 2))):
        now = NOON + hours * hour
        shares = [repaired([kit, *mended, *others, button, elsewhere], homes, goal, now) for goal in REPAIRED]
        assert [(one.met, one.all) for one in shares] == [dead, rest], hours


def test_what_ends_with_the_service_in_its_home_is_not_repaired() -> None:
    ended = NOON + timedelta(hours=50)
    homes = {"h_okafor": replace(okafor_home(), ended=ended)}
    missed = Fault("h_okafor", FindingKind.KIT_UNHEARD, "", NOON, ended)
    dropped, mended = replace(missed, found_at=NOON + timedelta(hours=10)), replace(missed, ended_at=NOON + S)
    share = repaired([missed, dropped, mended], homes, REPAIRED[0], ended)
    assert (share.met, share.all) == (1, 2)


def test_false_alerts_are_for_a_hundred_homes_of_a_kind_and_thirty_days() -> None:
    homes = {
        "a": replace(okafor_home("a"), pets=True),
        "b": okafor_home("b"),
        "c": replace(okafor_home("c"), people=2),
    }
    assert kinds_of(homes["a"]) == ("one person", "with pets")
    wrong = [replace(ALERT, home=home, kind="silence", outcome=Outcome.VISITOR) for home in ("a", "a", "c")]
    right = [
        replace(ALERT, home="b", outcome=outcome) for outcome in (Outcome.FALL, Outcome.COMPANY, Outcome.TEST, None)
    ]
    found = {(one.kind, one.home): one for one in false_alerts([*wrong, *right], homes, timedelta(days=15))}
    assert set(found) == {("silence", "one person"), ("silence", "with pets"), ("silence", "two or more")}
    assert found["silence", "one person"].rate == pytest.approx(2 / 2 * 2 * 100)
    assert found["silence", "with pets"].rate == pytest.approx(2 / 1 * 2 * 100)
