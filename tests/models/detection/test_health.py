"""Sensors and kits that fail make silence wait longer, and say so; they never make it an alert, nor end the watch."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from models.detection import Finding, FindingKind, company, lie
from models.detection.batch import batch
from models.detection.engine import Engine
from models.observation import What
from tests.conftest import NOON, okafor_home

MIN, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOME = okafor_home("h_1")
SENSORS = [sensor.id for sensor in HOME.sensors]


def lived(of: Engine, start: datetime, until: datetime, dead: str = "", about: tuple[str, ...] = ("hall_pir",)) -> None:
    """Every quarter of an hour a sign of life by each of `about`, and every sensor but the dead one is well."""
    now = start
    while now < until:
        now += 15 * MIN
        rows = [of.row("h_1", sensor, What.MOVED, now, now, 1) for sensor in about if sensor != dead]
        of.observe(batch(rows))
        well = {sensor: now for sensor in SENSORS if sensor != dead}
        of.observe(of.beat("h_1", now, now, well))
        of.overdue(now)


def quiet(of: Engine, start: datetime, lasting: timedelta, dead: str = "") -> list[Finding]:
    found, now = [], start
    while now < start + lasting:
        now += 15 * MIN
        found += of.observe(of.beat("h_1", now, now, {sensor: now for sensor in SENSORS if sensor != dead}))
        found += of.overdue(now)
    return [one for one in found if one.kind is FindingKind.SILENCE and not one.over]


@pytest.mark.parametrize("since", [HOUR, 35 * DAY])
def test_a_dead_sensor_lets_silence_last_sixteen_hours_and_no_longer(since: timedelta) -> None:
    of, heard = Engine([HOME], NOON), NOON + 2 * HOUR
    lived(of, NOON, heard)
    lived(of, heard, heard + since, dead="kitchen_pir")
    (silence,) = quiet(of, heard + since, 20 * HOUR, dead="kitchen_pir")
    assert timedelta(hours=16) < silence.at - silence.since <= timedelta(hours=16, minutes=15)
    assert silence.evidence["doubted"] == "kitchen_pir"
    assert silence.strength < 0.8


def test_nobody_counts_on_a_sensor_that_was_never_heard() -> None:
    of = Engine([HOME], NOON)
    lived(of, NOON, NOON + 3 * HOUR, dead="kitchen_pir")
    (silence,) = quiet(of, NOON + 3 * HOUR, 20 * HOUR, dead="kitchen_pir")
    assert silence.at - silence.since <= HOME.limits.by_day + 15 * MIN


def test_a_sensor_that_is_late_is_doubted_before_it_is_dead_and_believed_when_it_reports() -> None:
    of = Engine([HOME], NOON)
    lived(of, NOON, NOON + 30 * DAY)
    start = NOON + 30 * DAY
    assert quiet(of, start, HOME.limits.by_day + 30 * MIN, dead="kitchen_pir") == []
    assert of._fitted["doubted"].any()
    now = start + HOME.limits.by_day + 30 * MIN
    of.observe(of.beat("h_1", now, now, {"kitchen_pir": now}))
    (silence,) = of.overdue(now)
    assert silence.kind is FindingKind.SILENCE
    assert silence.evidence["doubted"] == ""


def test_the_longest_stay_by_a_dead_sensor_is_how_long_the_others_may_be_silent() -> None:
    of = Engine([replace(HOME, limits=replace(HOME.limits, evening_hour=23))], NOON - 4 * HOUR)
    lived(of, NOON - 4 * HOUR, NOON, about=("hall_pir",))
    lived(of, NOON, NOON + 12 * HOUR, about=("kitchen_pir",))
    lived(of, NOON + 12 * HOUR, NOON + 13 * HOUR, about=("hall_pir",))
    (silence,) = quiet(of, NOON + 13 * HOUR, 22 * HOUR, dead="kitchen_pir")
    assert timedelta(hours=18) < silence.at - silence.since < timedelta(hours=18, minutes=45)


@pytest.mark.parametrize(("off", "waits"), [(True, True), (False, False)])
def test_a_kit_that_was_off_gives_the_person_time_to_be_noticed(off: bool, waits: bool) -> None:
    of = Engine([HOME], NOON)
    lived(of, NOON, NOON + HOUR)
    back = NOON + 9 * HOUR
    since = back if off else NOON
    of.observe(of.beat("h_1", back, back, dict.fromkeys(SENSORS, back), noticing_since=since))
    found = [one for one in of.overdue(back) if one.kind is FindingKind.SILENCE]
    assert (found == []) is waits
    if waits:
        (silence,) = quiet(of, back, 3 * HOUR)
        assert timedelta(hours=2) <= silence.at - back <= timedelta(hours=2, minutes=15)


def test_somebody_who_only_sets_off_one_sensor_is_noticed_by_the_second_clock() -> None:
    of = Engine([HOME], NOON, watched_for=[FindingKind.LONG_LIE])
    lived(of, NOON, NOON + HOUR)
    found, now = [], NOON + HOUR
    while now < NOON + 9 * HOUR:
        now += 10 * MIN
        of.observe(batch([of.row("h_1", "kitchen_pir", What.MOVED, now, now, 1)]))
        found += of.observe(of.beat("h_1", now, now, dict.fromkeys(SENSORS, now)))
        found += of.overdue(now)
    (lies,) = [one for one in found if one.kind is FindingKind.LONG_LIE]
    assert timedelta(hours=6) <= lies.at - lies.since <= timedelta(hours=6, minutes=20)
    assert lies.sensor == "kitchen_pir"


def test_a_long_lie_waits_while_a_sensor_is_dead_and_is_told_when_it_is_heard() -> None:
    of = Engine([HOME], NOON, watched_for=[FindingKind.LONG_LIE])
    lived(of, NOON, NOON + HOUR, about=("hall_pir",))
    found, now = [], NOON + HOUR
    while now < NOON + 12 * HOUR:
        now += 10 * MIN
        of.observe(batch([of.row("h_1", "kitchen_pir", What.MOVED, now, now, 1)]))
        of.observe(of.beat("h_1", now, now, {one: now for one in SENSORS if one != "hall_pir"}))
        found += of.overdue(now)
    assert [one for one in found if one.kind is FindingKind.LONG_LIE] == []
    of.observe(of.beat("h_1", now, now, dict.fromkeys(SENSORS, now)))
    assert [one.kind for one in of.overdue(now)] == [FindingKind.LONG_LIE]


@pytest.mark.parametrize(("dead", "found"), [("", [FindingKind.LONG_LIE]), ("hall_pir", [])])
def test_the_first_report_that_a_sensor_misses_holds_a_long_lie_back(dead: str, found: list[FindingKind]) -> None:
    """Somebody who has left the bathroom may be where a sensor has just died."""
    of, now = Engine([HOME], NOON, watched_for=[FindingKind.LONG_LIE]), NOON
    for _ in range(24 * 30):
        now += HOUR
        of.observe(batch([of.row("h_1", "hall_pir", What.MOVED, now, now, 1)]))
        of.observe(of.beat("h_1", now, now, dict.fromkeys(SENSORS, now)))
    of.observe(batch([of.row("h_1", "bathroom_pir", What.MOVED, now + 5 * MIN, now + 5 * MIN, 2)]))
    later = now + HOUR
    of.observe(of.beat("h_1", later, later, {one: later for one in SENSORS if one != dead}))
    of.overdue(now + 50 * MIN)
    of.observe(of.beat("h_1", now + 80 * MIN, now + 80 * MIN, {}))
    told = of.overdue(now + 80 * MIN)
    assert [one.kind for one in told if one.kind is FindingKind.LONG_LIE] == found


def test_confidence_grows_while_a_stay_goes_on() -> None:
    curve = [lie.confidence(hours * 3600.0, 3600.0) for hours in (0.25, 0.5, 1, 1.5, 2, 3)]
    assert curve == sorted(curve)
    assert curve[2] == 0.5
    assert lie.confidence(lie.sure_after(3600.0), 3600.0) == pytest.approx(0.95)


def test_two_rooms_in_turn_within_seconds_are_two_people_and_a_silence_says_so() -> None:
    of = Engine([replace(HOME, people=1)], NOON)
    lived(of, NOON, NOON + HOUR)
    now = NOON + HOUR
    for turn in range(12):
        now += timedelta(seconds=6)
        sensor = ("kitchen_pir", "hall_pir")[turn % 2]
        of.observe(batch([of.row("h_1", sensor, What.MOVED, now, now, 1)]))
    (silence,) = quiet(of, now, HOME.limits.by_day + 30 * MIN)
    assert silence.evidence["company_at"] == pytest.approx(now.timestamp(), abs=30)
    assert silence.strength < 0.8
    assert of._state["company"][0, company.SINCE_COMPANY] < 60


def test_one_person_walking_through_the_home_is_no_company() -> None:
    of = Engine([HOME], NOON)
    lived(of, NOON, NOON + DAY, about=("hall_pir", "kitchen_pir"))
    (silence,) = quiet(of, NOON + DAY, HOME.limits.by_day + 30 * MIN)
    assert "company_at" not in silence.evidence
