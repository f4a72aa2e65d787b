from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from models.alert import Lane
from models.detection import Finding, FindingKind
from models.detection.batch import batch
from models.detection.engine import Engine
from models.detection.explain import explain
from models.health import SENSOR_UNHEARD_AFTER
from models.home import Home
from models.observation import SensorKind, What
from tests.conftest import NOON, okafor_home

MIN, HOUR = timedelta(minutes=1), timedelta(hours=1)
HOMES = [okafor_home("h_1"), okafor_home("h_2")]


def engine(now: datetime = NOON, homes: list[Home] | None = None) -> Engine:
    return Engine(HOMES if homes is None else homes, now)


def saw(
    of: Engine, at: datetime, sensor: str = "hall_pir", what: What = What.MOVED, home: str = "h_1"
) -> list[Finding]:
    return of.observe(batch([of.row(home, sensor, what, at, at, 1)]))


def beat(of: Engine, until: datetime, home: str = "h_1", sensors: dict[str, datetime] | None = None) -> list[Finding]:
    return of.observe(of.beat(home, until, until, sensors or {}))


def alive(of: Engine, at: datetime, homes: list[Home] | None = None) -> None:
    """Every kit and sensor is heard at `at`."""
    for home in HOMES if homes is None else homes:
        beat(of, at, home.id, {sensor.id: at for sensor in home.sensors})


def kinds(found: list[Finding]) -> list[tuple[str, str, bool]]:
    return [(one.kind.value, one.home, one.over) for one in found]


def test_a_press_is_found_at_once_and_every_time() -> None:
    of = engine()
    first = saw(of, NOON, "pendant", What.PRESSED)
    second = saw(of, NOON + MIN, "pendant", What.PRESSED)
    assert kinds(first + second) == [("press", "h_1", False)] * 2
    assert first[0].key != second[0].key


def test_a_press_from_a_pendant_that_is_not_on_record_still_calls() -> None:
    (found,) = saw(engine(), NOON, "somebody_elses_pendant", What.PRESSED)
    assert found.kind is FindingKind.PRESS
    assert "not on record" in explain(found, HOMES[0]).observed


def test_a_silence_is_found_when_it_is_longer_than_the_limit_and_once() -> None:
    of = engine(NOON - HOUR)
    saw(of, NOON, "bathroom_pir")
    saw(of, NOON + MIN, home="h_2")
    alive(of, NOON + 3 * HOUR)
    assert of.overdue(NOON + 3 * HOUR) == []
    alive(of, NOON + 3 * HOUR + MIN)
    found = of.overdue(NOON + 3 * HOUR + MIN)
    assert kinds(found) == [("silence", "h_1", False)]
    assert of.overdue(NOON + 3 * HOUR + 2 * MIN) == []
    assert found[0].since == NOON
    sentence = explain(found[0], HOMES[0]).sentence
    assert "No sign of life since 12:00 (bathroom motion)." in sentence
    assert "expected by 15:00" in sentence
    assert "6 of 6 sensors" in sentence


def test_a_sign_of_life_ends_a_silence_and_begins_the_next_wait() -> None:
    of = engine()
    alive(of, NOON + 4 * HOUR)
    of.overdue(NOON + 4 * HOUR)
    found = saw(of, NOON + 5 * HOUR)
    assert kinds(found) == [("silence", "h_1", True)]
    assert of.expected_by[0] == (NOON + 8 * HOUR).timestamp()


def test_a_late_sign_of_life_does_not_turn_the_clock_back() -> None:
    of = engine()
    saw(of, NOON + HOUR)
    saw(of, NOON - HOUR)
    assert of.last_sign[0] == (NOON + HOUR).timestamp()


def test_a_home_that_is_not_heard_is_a_fault_and_never_a_silence() -> None:
    of = engine()
    alive(of, NOON)
    found = of.overdue(NOON + 9 * HOUR)
    assert {one.kind for one in found} == {FindingKind.KIT_UNHEARD}
    assert all(one.kind.lane is Lane.KIT for one in found)


def test_a_kit_back_with_its_backlog_is_no_silence_either() -> None:
    """Broadband lost for a day: what was noticed meanwhile arrives before the heartbeat that says it is complete."""
    of = engine()
    alive(of, NOON)
    of.overdue(NOON + 24 * HOUR)
    for hour in range(1, 24):
        saw(of, NOON + hour * HOUR)
    back = beat(of, NOON + 24 * HOUR)
    assert kinds(back) == [("kit_unheard", "h_1", True)]
    assert [one for one in of.overdue(NOON + 24 * HOUR) if one.home == "h_1" and one.kind is FindingKind.SILENCE] == []


def test_a_heartbeat_that_admits_a_backlog_does_not_make_the_home_heard() -> None:
    of = engine()
    alive(of, NOON)
    of.overdue(NOON + HOUR)
    assert of.observe(of.beat("h_1", NOON + 2 * MIN, NOON + HOUR, {})) == []
    assert of.unheard[0]


def test_a_hub_that_was_deaf_blames_no_kit() -> None:
    of = engine()
    alive(of, NOON)
    of.listening_since = (NOON + 5 * HOUR).timestamp()
    assert of.overdue(NOON + 5 * HOUR + 2 * MIN) == []
    assert {one.kind for one in of.overdue(NOON + 5 * HOUR + 4 * MIN)} == {FindingKind.KIT_UNHEARD}


def test_a_dead_sensor_is_not_a_quiet_person() -> None:
    of = engine()
    alive(of, NOON)
    limit = SENSOR_UNHEARD_AFTER[SensorKind.MOTION]
    now = NOON + limit + MIN
    others = {sensor.id: now for sensor in HOMES[0].sensors if sensor.id != "bathroom_pir"}
    saw(of, now)
    beat(of, now, sensors=others)
    found = [one for one in of.overdue(now) if one.home == "h_1"]
    assert [(one.kind, one.sensor) for one in found] == [(FindingKind.SENSOR_UNHEARD, "bathroom_pir")]
    assert "quiet sensor, not a quiet person" in explain(found[0], HOMES[0]).sentence
    again = saw(of, now + MIN, "bathroom_pir")
    assert [(one.kind, one.over) for one in again] == [(FindingKind.SENSOR_UNHEARD, True)]


@pytest.mark.parametrize(
    ("last", "due"),
    [
        ("2026-11-20T14:00+00:00", "2026-11-20T17:00+00:00"),
        ("2026-11-20T17:59+00:00", "2026-11-20T20:59+00:00"),
        ("2026-11-20T18:00+00:00", "2026-11-21T10:00+00:00"),
        ("2026-11-20T23:59+00:00", "2026-11-21T10:00+00:00"),
        ("2026-11-21T00:00+00:00", "2026-11-21T10:00+00:00"),
        ("2026-11-21T05:59+00:00", "2026-11-21T10:00+00:00"),
        ("2026-10-24T22:00+01:00", "2026-10-25T10:00+00:00"),  # the night the clocks go back
        ("2026-03-28T22:00+00:00", "2026-03-29T10:00+01:00"),  # and the night they go forward
        ("2026-10-25T01:30+01:00", "2026-10-25T10:00+00:00"),  # the hour that comes twice
        ("2026-10-25T01:30+00:00", "2026-10-25T10:00+00:00"),
    ],
)
def test_by_when_the_next_sign_of_life_is_due(last: str, due: str) -> None:
    of = engine(datetime.fromisoformat(last) - HOUR)
    saw(of, datetime.fromisoformat(last))
    assert datetime.fromtimestamp(of.expected_by[0], UTC) == datetime.fromisoformat(due)


def test_each_home_keeps_its_own_time() -> None:
    far = replace(okafor_home("h_far"), timezone="Pacific/Auckland")
    of = engine(NOON, [HOMES[0], far])
    saw(of, NOON + 8 * HOUR, home="h_1")
    saw(of, NOON + 8 * HOUR, home="h_far")
    assert datetime.fromtimestamp(of.expected_by[0], UTC) == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert datetime.fromtimestamp(of.expected_by[1], UTC) == NOON + 11 * HOUR


def test_many_rows_are_made_as_one_is() -> None:
    """But for a home that is not here; and of the same evidence comes the same finding."""
    one, many = engine(), engine()
    told = [("hall_pir", What.MOVED, {}), ("pendant", What.FELL, {"chance": 0.91}), ("nobody's", What.OPENED, {})]
    moments = [NOON + MIN * n for n in range(3)]
    rows = batch(
        [
            one.row("h_2", sensor, what, at, at + MIN, n, felt)
            for n, ((sensor, what, felt), at) in enumerate(zip(told, moments, strict=True))
        ]
    )
    at = np.array([NOON.timestamp(), *(moment.timestamp() for moment in moments)])
    sensors, whats = ["hall_pir", *(one[0] for one in told)], ["moved", *(one[1].value for one in told)]
    felt = {0: {"chance": 1.0}, 2: {"chance": 0.91}}
    made = many.rows(["gone", *["h_2"] * 3], sensors, whats, (at, at + 60.0), [7, 0, 1, 2], felt)
    for column in ("home", "sensor", "what", "at", "arrived", "number"):
        assert getattr(made, column).tolist() == getattr(rows, column).tolist(), column
    found = many.observe(made)
    assert found == one.observe(rows)
    assert [finding.kind for finding in found] == [FindingKind.FALL]


def test_a_town_without_homes_finds_nothing() -> None:
    of = engine(homes=[])
    assert of.observe(batch([])) == []
    assert of.overdue(NOON) == []


def test_a_snapshot_comes_back_though_homes_and_sensors_changed() -> None:
    of = engine()
    saw(of, NOON + HOUR, "kitchen_pir", home="h_2")
    alive(of, NOON + 2 * HOUR)
    of.overdue(NOON + 5 * HOUR)
    fewer = replace(HOMES[1], sensors=HOMES[1].sensors[2:])
    other = engine(NOON + 9 * HOUR, [okafor_home("h_0"), fewer])
    other.restore(of.snapshot())
    assert other.last_sign[1] == (NOON + HOUR).timestamp()
    assert other.expected_by[1] == (NOON + 4 * HOUR).timestamp()
    assert other.sensor_ids[other.last_sensor[1]] == "kitchen_pir"
    assert other.unheard.tolist() == [False, True]
    assert other.last_sign[0] == (NOON + 9 * HOUR).timestamp()


class Twin:
    """The rules as one would say them, a home at a time: slow, and obvious."""

    def __init__(self, home: Home, now: datetime) -> None:
        self.by_day = home.limits.by_day.total_seconds()
        self.sign, self.heard, self.since = now.timestamp(), -np.inf, now.timestamp()
        self.silent = self.unheard = False

    def take(self, what: What, at: float, arrived: float) -> list[str]:
        if what is What.HEARD:
            self.heard = max(self.heard, at)
            if self.unheard and arrived - at <= 180:
                self.unheard = False
                return ["heard again"]
            return []
        said = ["press"] if what is What.PRESSED else []
        if at > self.sign:
            said += ["sign of life"] if self.silent else []
            self.sign, self.silent = at, False
        return said

    def look(self, now: float) -> list[str]:
        said = []
        local = datetime.fromtimestamp(self.sign, UTC)  # London in winter
        due = self.sign + self.by_day
        if local.hour >= 18 or local.hour < 6:
            day = local if local.hour < 6 else local + timedelta(days=1)
            due = day.replace(hour=10, minute=0, second=0, microsecond=0).timestamp()
        if not self.silent and due < min(now, self.heard):
            self.silent = True
            said.append("silence")
        if not self.unheard and max(self.heard, self.since) + 180 < now:
            self.unheard = True
            said += ["unheard"] if np.isfinite(self.heard) else []  # no kit was fitted yet
        return said


SAYS = {
    ("press", False): "press",
    ("silence", False): "silence",
    ("silence", True): "sign of life",
    ("kit_unheard", False): "unheard",
    ("kit_unheard", True): "heard again",
}


def said(found: list[Finding], home: str) -> list[str]:
    """In the twin's words; the twin knows no sensors, so what is found of them is passed over."""
    mine = [one for one in found if one.home == home and one.kind is not FindingKind.SENSOR_UNHEARD]
    return [SAYS[one.kind.value, one.over] for one in mine]


EVENT = some.tuples(
    some.integers(0, 1),
    some.sampled_from([What.MOVED, What.PRESSED, What.OPENED, What.HEARD, What.HEARD]),
    some.integers(0, 2000),
    some.integers(0, 90),
)


@settings(max_examples=150, deadline=None)
@given(events=some.lists(EVENT, max_size=40), looks=some.integers(1, 6))
def test_the_engine_says_what_its_slow_twin_says(events: list[tuple[int, What, int, int]], looks: int) -> None:
    of, twins = engine(), [Twin(home, NOON) for home in HOMES]
    ordered = sorted(events, key=lambda event: event[2] + event[3])
    for start in range(0, len(ordered), looks):
        for home, what, minute, late in ordered[start : start + looks]:
            at, arrived = NOON + minute * MIN, NOON + (minute + late) * MIN
            rows = [of.row(f"h_{home + 1}", "hall_pir", what, at, arrived, 1)]
            if what is What.HEARD:  # and all its sensors are well
                rows += [of.row(f"h_{home + 1}", each.id, What.ALIVE, at, arrived) for each in HOMES[home].sensors]
            found = of.observe(batch(rows))
            assert said(found, f"h_{home + 1}") == twins[home].take(what, at.timestamp(), arrived.timestamp())
        now = arrived.timestamp()
        found = of.overdue(arrived)
        for place, twin in enumerate(twins):
            assert said(found, f"h_{place + 1}") == twin.look(now)


@settings(max_examples=100, deadline=None)
@given(events=some.lists(EVENT, min_size=1, max_size=40), cuts=some.sets(some.integers(1, 39)))
def test_the_same_history_in_any_batching_gives_the_same_findings(
    events: list[tuple[int, What, int, int]], cuts: set[int]
) -> None:
    one, other = engine(), engine()
    rows = [
        one.row(f"h_{home + 1}", "hall_pir", what, NOON + m * MIN, NOON + (m + late) * MIN, number)
        for number, (home, what, m, late) in enumerate(events, 1)
    ]
    whole = one.observe(batch(rows))
    edges = [0, *sorted(cut for cut in cuts if cut < len(rows)), len(rows)]
    parts = [found for a, b in pairwise(edges) for found in other.observe(batch(rows[a:b]))]
    assert sorted(found.key for found in whole) == sorted(found.key for found in parts)
    end = NOON + 3000 * MIN
    assert [found.key for found in one.overdue(end)] == [found.key for found in other.overdue(end)]
    np.testing.assert_array_equal(one.expected_by, other.expected_by)
