"""Slow change in invented homes: a decline of a little each day, a holiday, a sensor that was added."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from models.detection import Finding, FindingKind, changes
from models.detection.batch import batch
from models.detection.engine import Engine
from models.detection.explain import explain
from models.home import Home, Sensor
from models.observation import SensorKind, What

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
HOME = Home(
    "h_1",
    "-",
    (
        Sensor("hall", SensorKind.MOTION, "hall"),
        Sensor("kitchen", SensorKind.MOTION, "kitchen"),
        Sensor("front", SensorKind.DOOR, "hall", is_exit=True),
        Sensor("new", SensorKind.MOTION, "lounge"),
    ),
    "UTC",
)
KNOWN = changes.DAYS_KNOWN


def lived(level: list[float], luck: int, new_from: int = 10_000, home: Home = HOME) -> list[tuple[int, Finding]]:
    """Days on which about a hundred times `level` signs are given, 0 for nobody; findings, each with its day."""
    dice, of = np.random.default_rng(luck), Engine([home], START, watched_for=changes.KINDS)
    told = []
    for day, share in enumerate(level):
        now = START + day * DAY
        signs = dice.poisson(share * 100 * dice.lognormal(0, 0.2)) if share else 0
        rows = []
        for at in np.sort(7 + 15 * dice.random(signs)).tolist():
            which = str(dice.choice(["hall", "kitchen"]))
            rows.append(of.row("h_1", which, What.MOVED, now + at * HOUR, now + at * HOUR, 1))
        end = now + 22.5 * HOUR  # a kit that speaks up after hours of silence is doubted for an hour
        heard = {sensor.id: end for sensor in home.sensors if sensor.id != "new" or day >= new_from}
        told += [(day, one) for one in of.observe(batch(rows)) + of.observe(of.beat("h_1", end, end, heard))]
        told += [(day, one) for one in of.overdue(end)]
    return [(day, one) for day, one in told if one.kind in changes.KINDS]


@pytest.mark.parametrize("luck", range(4))
def test_a_decline_of_a_hundredth_a_day_is_told_before_a_third_is_lost(luck: int) -> None:
    found = lived([1.0] * 45 + [0.99**day for day in range(200)], luck)
    first = next(day for day, one in found if one.kind is FindingKind.LESS_MOVEMENT)
    assert 0.99 ** (first - 45) > 2 / 3
    assert first >= 45


@pytest.mark.parametrize("luck", range(2))
def test_what_goes_on_declining_is_told_again(luck: int) -> None:
    """After a month the lower level counts as usual, and it was told; what is lost from there on counts as a loss."""
    found = lived([1.0] * 45 + [0.99**day for day in range(200)], luck)
    assert sum(not one.over for _, one in found) >= 2


@pytest.mark.parametrize("luck", range(4))
def test_days_that_differ_by_chance_say_nothing(luck: int) -> None:
    assert lived([1.0] * 150, luck) == []


@pytest.mark.parametrize("luck", range(2))
def test_a_holiday_of_two_weeks_says_nothing(luck: int) -> None:
    assert lived([1.0] * 60 + [0.0] * 14 + [1.0] * 30, luck) == []


def test_a_party_is_no_way_of_life() -> None:
    assert lived([1.0] * 60 + [9.0] + [1.0] * 30, 1) == []


def test_a_change_names_what_else_happened_in_this_home() -> None:
    found = lived([1.0] * 60 + [0.0] * 5 + [0.5] * 20, 1, new_from=58, home=replace(HOME, pets=True))
    _, told = next(each for each in found if each[1].kind is FindingKind.LESS_MOVEMENT)
    said = explain(told, HOME)
    assert "a sensor was added on 4 March" in said.health
    assert "nobody was at home" in said.health
    assert "pet" in explain(told, replace(HOME, pets=True)).health
    assert "signs a day" in said.observed


def test_no_cause_is_made_up() -> None:
    found = lived([1.0] * 60 + [0.5] * 20, 1, new_from=0)
    _, told = next(each for each in found if each[1].kind is FindingKind.LESS_MOVEMENT)
    assert explain(told, HOME).health == "No other cause is on record; visitors or illness are not known to us."


def test_the_clocks_are_a_cause_for_two_weeks() -> None:
    found = lived([1.0] * 85 + [0.45] * 14, 1, new_from=0, home=replace(HOME, timezone="Europe/London"))
    _, told = next(each for each in found if each[1].kind is FindingKind.LESS_MOVEMENT)
    assert "the clocks changed on 29 March" in explain(told, replace(HOME, timezone="Europe/London")).health
