"""One contract for every subject beside silence, and what each finds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import ModuleType

import numpy as np
import pytest

from models.detection import Finding, FindingKind, changes, clocks, doors, lie, night, stream, trouble
from models.detection.batch import Batch, batch
from models.detection.engine import Engine
from models.detection.explain import explain
from models.home import Sensor
from models.observation import SensorKind, What
from tests.conftest import NOON, okafor_home

DAY, HOUR, MIN = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PLAIN = okafor_home("h_1")
HOME = replace(PLAIN, sensors=(*PLAIN.sensors, Sensor("bedroom_pir", SensorKind.MOTION, "bedroom")))
MIDNIGHT = NOON - 12 * HOUR
Day = list[tuple[float, str, What]]
SUBJECTS = [night, doors, lie, trouble, changes]


def usual() -> Day:
    """A day by the hour of the clock: up at seven, out at eleven, in bed at half past ten, one trip at two."""
    day: Day = [
        (2.0, "bed", What.GOT_UP),
        (2.03, "bathroom_pir", What.MOVED),
        (2.13, "bed", What.LAY_DOWN),
        (7.0, "bed", What.GOT_UP),
        (7.1, "bathroom_pir", What.MOVED),
        (7.4, "hall_pir", What.MOVED),
        (11.0, "front_door", What.OPENED),
        (11.01, "front_door", What.CLOSED),
        (12.0, "front_door", What.OPENED),
        (12.01, "front_door", What.CLOSED),
        (22.5, "bed", What.LAY_DOWN),
    ]
    day += [(hour + 0.25, "kitchen_pir", What.MOVED) for hour in range(8, 22)]
    day += [(hour + minute, "hall_pir", What.MOVED) for hour in range(8, 22) for minute in (0.5, 0.75)]
    return sorted(day)


def lived(days: list[Day], until: float) -> list[Finding]:
    """Days one after another, looked at every quarter of an hour, the last until that hour."""
    of = Engine([HOME], MIDNIGHT, watched_for=list(stream.KINDS))
    return looked(of, rows_of(of, days), (len(days) - 1) * DAY + until * HOUR)


def rows_of(of: Engine, days: list[Day]) -> Batch:
    rows = [
        of.row("h_1", sensor, what, at, at, number)
        for number, (at, sensor, what) in enumerate(
            (MIDNIGHT + day * DAY + hour * HOUR, sensor, what)
            for day, events in enumerate(days)
            for hour, sensor, what in events
        )
    ]
    return batch(rows)


def looked(of: Engine, seen: Batch, lasting: timedelta) -> list[Finding]:
    found = []
    now = MIDNIGHT
    while now <= MIDNIGHT + lasting:
        before, now = now, now + 15 * MIN
        found += of.observe(seen[(seen.at > before.timestamp()) & (seen.at <= now.timestamp())])
        found += of.observe(of.beat("h_1", now, now, {sensor.id: now for sensor in HOME.sensors}))
        found += of.overdue(now)
    return [one for one in found if one.kind in stream.KINDS]


def on_the_last(change: Callable[[Day], Day], after: int = 30, until: float = 24.0) -> list[tuple[FindingKind, bool]]:
    last = sorted(change(usual()))
    return [(one.kind, one.over) for one in lived([*([usual()] * after), last], until)]


def without(*gone: tuple[float, str]) -> Callable[[Day], Day]:
    return lambda day: [one for one in day if one[:2] not in gone]


def after(hour: float) -> Callable[[Day], Day]:
    return lambda day: [one for one in day if one[0] <= hour]


def plus(*more: tuple[float, str, What]) -> Callable[[Day], Day]:
    return lambda day: [*day, *more]


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.__name__)
def test_every_subject_has_kinds_a_size_and_explains_itself(subject: ModuleType) -> None:
    assert subject.SIZE > 0
    assert set(subject.KINDS) <= set(stream.KINDS)
    for kind in subject.KINDS:
        for over in (False, True):
            said = explain(Finding(kind, HOME.id, NOON - HOUR, NOON, over=over), HOME)
            assert said.sentence.endswith(".")
            assert over or (said.expected and said.clears)
        assert kind.urgency


def test_each_subject_has_its_own_clocks() -> None:
    firsts = [clocks.NIGHT, clocks.DOORS, clocks.LIE, clocks.TROUBLE, clocks.CHANGES]
    for subject, first in zip(SUBJECTS, firsts, strict=True):
        assert stream.KINDS[first : first + len(subject.KINDS)] == subject.KINDS


def test_usual_days_say_nothing() -> None:
    assert lived([usual()] * 45, 24.0) == []


@pytest.mark.parametrize(
    ("change", "until", "kind"),
    [
        (without((2.13, "bed")), 4.0, FindingKind.NOT_BACK_IN_BED),
        (after(2.5), 10.0, FindingKind.NOT_UP),
        (without((22.5, "bed")), 26.0, FindingKind.NOT_IN_BED),
        (
            plus(*((hour, "bathroom_pir", What.MOVED) for hour in (0.5, 1.0, 1.5, 3.0, 3.5, 4.0, 4.5, 5.0))),
            6.0,
            FindingKind.BATHROOM_TRIPS,
        ),
        (
            plus(*((13 + n / 1000, "bed", What.GOT_UP if n % 2 else What.LAY_DOWN) for n in range(40))),
            15.0,
            FindingKind.BED_MAT,
        ),
        (without((7.0, "bed")), 22.0, FindingKind.BED_MAT),
        (
            plus((3.0, "front_door", What.OPENED), (3.1, "hall_pir", What.MOVED), (3.2, "front_door", What.CLOSED)),
            4.0,
            FindingKind.DOOR_AT_NIGHT,
        ),
        (
            lambda day: [*after(2.2)(day), (3.0, "front_door", What.OPENED), (3.01, "front_door", What.CLOSED)],
            4.0,
            FindingKind.NOT_BACK_HOME,
        ),
        (without((12.01, "front_door")), 14.0, FindingKind.DOOR_OPEN),
        (lambda day: [*after(12.02)(day), (12.5, "bathroom_pir", What.MOVED)], 16.0, FindingKind.LONG_LIE),
        (
            lambda day: [
                *after(12.02)(day),
                *((12.5 + n / 20, "bathroom_pir", What.MOVED) for n in range(60)),
            ],
            16.0,
            FindingKind.LONG_LIE,
        ),
        (
            lambda day: [*after(12.02)(day), *((12.5 + n / 400, "hall_pir", What.MOVED) for n in range(800))],
            15.0,
            FindingKind.SENSOR_FLAPPING,
        ),
    ],
)
def test_what_a_changed_day_leads_to(change: Callable[[Day], Day], until: float, kind: FindingKind) -> None:
    assert (kind, False) in on_the_last(change, until=until)


def test_a_finding_that_is_over_says_so_once() -> None:
    found = lived([*[usual()] * 30, without((2.13, "bed"))(usual()), usual()], 24.0)
    mine = [one.over for one in found if one.kind is FindingKind.NOT_BACK_IN_BED]
    assert mine == [False, True]


OUT_OF_BED: Day = [(22.5, "bed", What.LAY_DOWN), (26.0, "bed", What.GOT_UP)]


@pytest.mark.parametrize(
    ("day", "told", "again", "kind"),
    [
        ([(12.5, "bathroom_pir", What.MOVED)], 13.5, 45 * MIN, FindingKind.LONG_LIE),
        ([(8.5 + n / 3, "hall_pir", What.MOVED) for n in range(20)], 15.25, 4 * HOUR, FindingKind.LONG_LIE),
        ([(22.0, "front_door", What.OPENED)], 22.5, 10 * MIN, FindingKind.NOT_BACK_HOME),
        ([(22.5, "bed", What.LAY_DOWN)], 35.5, 3 * HOUR, FindingKind.NOT_UP),
        (OUT_OF_BED, 28.25, 2 * HOUR, FindingKind.NOT_BACK_IN_BED),
    ],
)
def test_what_goes_on_after_somebody_closed_it_is_found_anew(
    day: Day, told: float, again: timedelta, kind: FindingKind
) -> None:
    """By the limits of a new home from the closing on; as long as the home is heard, and until it is over."""
    of = Engine([replace(HOME, may_wander=True)], MIDNIGHT, watched_for=list(stream.KINDS))
    first = next(one for one in looked(of, rows_of(of, [day]), told * HOUR) if one.kind is kind)
    closed = MIDNIGHT + told * HOUR + 15 * MIN
    assert of.goes_on(kind, "h_1", closed, closed + again + MIN) is None, "not heard until then"
    of.observe(of.beat("h_1", closed + again + MIN, closed + again + MIN, {}))
    assert of.goes_on(kind, "h_1", closed, closed + again) is None
    found = of.goes_on(kind, "h_1", closed, closed + again + MIN)
    assert found is not None
    assert (found.kind, found.since, found.over) == (kind, first.since, False)
    over = closed + again + 2 * MIN
    of.observe(batch([of.row("h_1", "kitchen_pir", What.MOVED, over, over)]))
    of.observe(of.beat("h_1", over, over, {}))
    of.overdue(over)
    assert of.goes_on(kind, "h_1", closed, over) is None


def test_who_is_not_back_in_bed_but_goes_from_room_to_room_is_waited_for_from_the_last_on() -> None:
    of, kind = Engine([HOME], MIDNIGHT, watched_for=list(stream.KINDS)), FindingKind.NOT_BACK_IN_BED
    looked(of, rows_of(of, [OUT_OF_BED]), 28.25 * HOUR)
    closed = MIDNIGHT + 28.5 * HOUR
    moved = closed + 10 * MIN
    of.observe(batch([of.row("h_1", "bathroom_pir", What.MOVED, moved, moved)]))
    of.observe(of.beat("h_1", closed + 3 * HOUR, closed + 3 * HOUR, {}))
    assert of.goes_on(kind, "h_1", closed, moved + 2 * HOUR) is None
    assert of.goes_on(kind, "h_1", closed, moved + 2 * HOUR + MIN) is not None


def test_who_sat_up_all_night_and_is_about_in_the_morning_is_not_missed_in_bed() -> None:
    """Also after a lie too short to have been the night's sleep."""
    kind, up_all_night = FindingKind.NOT_BACK_IN_BED, [(22.5, "bed", What.LAY_DOWN), (22.85, "bed", What.GOT_UP)]
    of = Engine([HOME], MIDNIGHT, watched_for=list(stream.KINDS))
    (first,) = [one for one in looked(of, rows_of(of, [up_all_night]), 26.0 * HOUR) if one.kind is kind]
    morning, noon = MIDNIGHT + 31.0 * HOUR, MIDNIGHT + 36.0 * HOUR
    of.observe(batch([of.row("h_1", "hall_pir", What.MOVED, morning, morning)]))
    of.observe(of.beat("h_1", noon, noon, {}))
    assert [(one.since, one.over) for one in of.overdue(noon) if one.kind is kind] == [(first.since, True)]
    assert of.goes_on(kind, "h_1", MIDNIGHT + 26.5 * HOUR, noon) is None


AGAIN = [(3.3, "bed", What.LAY_DOWN), (3.35, "bed", What.GOT_UP), (7.9, "bed", What.LAY_DOWN)]
OUT_OF_BED_TWICE = [*([usual()] * 30), [*after(2.1)(usual()), *AGAIN]]


def test_what_is_over_and_begins_again_between_two_looks_is_two() -> None:
    """Else the end of the second would pass for that of the first, which is known, and never be told."""
    found = [one for one in lived(OUT_OF_BED_TWICE, 9.0) if one.kind is FindingKind.NOT_BACK_IN_BED]
    began = [timedelta(hours=2), timedelta(hours=3.35)]
    told = [(one.since - MIDNIGHT - 30 * DAY, one.over) for one in found]
    assert told == [(since, over) for since in began for over in (False, True)]


def test_a_restart_between_the_two_knows_which_is_over() -> None:
    of, kind = Engine([HOME], MIDNIGHT, watched_for=list(stream.KINDS)), FindingKind.NOT_BACK_IN_BED
    seen, first, now = rows_of(of, OUT_OF_BED_TWICE), 30 * DAY + 3.25 * HOUR, MIDNIGHT + 30 * DAY + 3.5 * HOUR
    (began,) = [one for one in looked(of, seen, first - 15 * MIN) if one.kind is kind]
    of.observe(seen[(seen.at > (MIDNIGHT + first).timestamp()) & (seen.at <= now.timestamp())])
    of.observe(of.beat("h_1", now, now, {}))
    again = Engine([HOME], MIDNIGHT, watched_for=list(stream.KINDS))
    assert again.restore(of.snapshot())
    assert again.recall(kind, "h_1", "", began.since)
    assert [(one.since, one.over) for one in again.overdue(now) if one.kind is kind] == [(began.since, True)]


def test_a_front_door_that_opens_all_night_is_some_other_door() -> None:
    restless = plus(*((n / 3, "front_door", What.OPENED) for n in range(14)))
    found = lived([sorted(restless(usual()))] * 7, 24.0)
    assert [one.kind for one in found if one.kind is FindingKind.SENSOR_MISLABELLED] != []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (without(*((hour + part, "hall_pir") for hour in range(8, 22) for part in (0.5, 0.75))), "less_movement"),
        (without((11.0, "front_door"), (12.0, "front_door")), "fewer_outings"),
        (
            plus(*((hour, "hall_pir", What.MOVED) for hour in (0.5, 1.0, 3.0, 3.5, 4.0, 4.5))),
            "more_night_movement",
        ),
    ],
)
def test_a_slow_change_is_told_before_it_is_taken_for_usual(change: Callable[[Day], Day], kind: str) -> None:
    found = lived([*[usual()] * 45, *[sorted(change(usual()))] * 16], 24.0)
    assert kind in [str(one.kind) for one in found]


def test_a_home_that_is_not_heard_rings_no_clock() -> None:
    of = Engine([HOME], MIDNIGHT, watched_for=list(stream.KINDS))
    at = MIDNIGHT + 2 * HOUR
    of.observe(batch([of.row("h_1", "bathroom_pir", What.MOVED, at, at, 1)]))
    of.observe(of.beat("h_1", at, at, {}))
    assert [one for one in of.overdue(at + 9 * HOUR) if one.kind in stream.KINDS] == []


def test_only_what_a_home_is_watched_for_is_told() -> None:
    of = Engine([HOME], MIDNIGHT)
    at = MIDNIGHT + 2 * HOUR
    of.observe(batch([of.row("h_1", "bathroom_pir", What.MOVED, at, at, 1)]))
    for later in (at, at + 9 * HOUR, at + 9.5 * HOUR, at + 10.5 * HOUR):
        of.observe(of.beat("h_1", later, later, {"bathroom_pir": later}))
        assert [one for one in of.overdue(later) if one.kind in stream.KINDS] == []
    assert np.isinf(of._state["due"]).all()
