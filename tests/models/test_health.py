from datetime import timedelta

import pytest

from models.health import (
    SENSOR_UNHEARD_AFTER,
    Heard,
    Rhythm,
    Why,
    kit_unheard_after,
    silence_limit,
    why_unheard,
)
from models.observation import SensorKind
from tests.conftest import NOON
from tests.models.rhythm import lived

LIMIT = timedelta(minutes=3)
AGO = NOON - timedelta(hours=1)


def test_three_missed_heartbeats_and_never_before_three_minutes() -> None:
    assert kit_unheard_after(timedelta(seconds=5)) == timedelta(minutes=3)
    assert kit_unheard_after(timedelta(minutes=10)) == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("heard", "why"),
    [
        (Heard(None, None), Why.NEVER),
        (Heard(NOON, NOON), None),
        (Heard(AGO, AGO, on_mains=False), Why.POWER),
        (Heard(AGO, AGO, online=False), Why.PATH),
        (Heard(AGO, AGO), Why.KIT),
        (Heard(AGO, NOON), Why.BACKLOG),
    ],
)
def test_an_unheard_home_says_why(heard: Heard, why: Why | None) -> None:
    assert why_unheard(heard, NOON, LIMIT) is why


HOUR = timedelta(hours=1)


def test_a_sensor_is_known_by_its_kind_until_it_has_a_rhythm() -> None:
    assert silence_limit(Rhythm(), SensorKind.MOTION) == SENSOR_UNHEARD_AFTER[SensorKind.MOTION]
    assert silence_limit(lived(*[HOUR] * 60), SensorKind.MOTION) == 4 * HOUR
    assert silence_limit(lived(*[timedelta(minutes=1)] * 200), SensorKind.MOTION) == 4 * HOUR


@pytest.mark.parametrize(
    ("every", "low", "high"),
    [
        (timedelta(minutes=1), 1.0, 1.0),
        (timedelta(minutes=55), 2.75, 4.0),
        (6 * HOUR, 18.0, 24.0),
        (12 * HOUR, 24.0, 24.0),
    ],
)
def test_the_limit_is_a_few_of_its_own_gaps_within_bounds(every: timedelta, low: float, high: float) -> None:
    rhythm = lived(*[every] * (timedelta(days=10) // every))
    assert low <= silence_limit(rhythm, SensorKind.DOOR) / HOUR <= high


def test_a_busy_day_does_not_hide_the_check_ins_of_the_night() -> None:
    """By count, nearly all gaps are minutes; by time, a third of the day is spent in those of an hour."""
    day = [timedelta(minutes=1)] * 960 + [HOUR] * 8
    assert 3.0 <= silence_limit(lived(*day * 6), SensorKind.MOTION) / HOUR <= 4.2


def test_one_long_gap_changes_little_and_a_new_rhythm_is_learned() -> None:
    usual = [timedelta(minutes=50)] * 800
    before = silence_limit(lived(*usual), SensorKind.BED)
    assert silence_limit(lived(*usual, 20 * HOUR), SensorKind.BED) == before
    assert silence_limit(lived(*usual, *[4 * HOUR] * 120), SensorKind.BED) > 10 * HOUR
