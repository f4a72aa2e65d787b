import random
from datetime import datetime, timedelta

import pytest

from models.battery import Basis, forecast
from models.observation import SensorKind
from tests.conftest import NOON

DAY = timedelta(days=1)
PIR = SensorKind.MOTION


def falling(days: int, first: float, a_day: float, noise: float = 0.0) -> list[tuple[datetime, float]]:
    """Ends at NOON; rounded as sensors report."""
    luck = random.Random(7)
    return [
        (NOON - (days - day) * DAY, float(round(first - a_day * day + luck.uniform(-noise, noise))))
        for day in range(days + 1)
    ]


@pytest.mark.parametrize("noise", [0.0, 2.0])
def test_a_level_that_falls_says_when(noise: float) -> None:
    told = forecast(falling(100, 90.0, 0.5, noise), PIR, None, NOON)
    assert told.basis is Basis.LEVELS
    assert told.earliest
    assert told.latest
    assert told.earliest - 8 * DAY <= NOON + 60 * DAY <= told.latest + 8 * DAY
    assert told.latest - told.earliest < 40 * DAY
    assert not told.due(NOON)
    assert told.due(told.earliest - 13 * DAY)


def test_one_odd_report_moves_nothing() -> None:
    levels = falling(100, 90.0, 0.5)
    levels[50] = (levels[50][0], 12.0)
    good, odd = forecast(falling(100, 90.0, 0.5), PIR, None, NOON), forecast(levels, PIR, None, NOON)
    assert good.earliest
    assert odd.earliest
    assert abs(good.earliest - odd.earliest) < 10 * DAY


def test_one_that_reports_100_until_it_dies_is_told_by_its_age() -> None:
    levels = [(NOON - (200 - 7 * week) * DAY, 100.0) for week in range(28)]
    told = forecast(levels, PIR, NOON - 700 * DAY, NOON)
    assert (told.basis, told.latest) == (Basis.AGE, NOON + 30 * DAY)
    assert not told.due(NOON)
    assert told.due(NOON + 20 * DAY)
    assert forecast(levels, PIR, None, NOON).basis is Basis.NOTHING
    assert not forecast(levels, PIR, None, NOON).due(NOON)


def test_a_new_battery_begins_anew() -> None:
    old = falling(100, 60.0, 0.45)
    fresh = [(NOON + day * DAY, 100.0) for day in range(1, 5)]
    assert forecast([*old, *fresh], PIR, None, NOON + 5 * DAY).basis is Basis.NOTHING


def test_flat_is_flat_and_due_now() -> None:
    told = forecast([(NOON, 9.0)], PIR, None, NOON)
    assert (told.basis, told.due(NOON)) == (Basis.FLAT, True)


def test_nothing_known_is_said_and_never_due() -> None:
    told = forecast([], PIR, None, NOON)
    assert (told.basis, told.earliest, told.due(NOON)) == (Basis.NOTHING, None, False)
