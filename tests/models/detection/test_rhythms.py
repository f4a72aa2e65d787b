"""Rhythms in columns come to what is said here of one gap after the other."""

import random
from bisect import bisect_left
from datetime import timedelta

import numpy as np
import pytest

from models.detection.rhythms import LEARNED, LIMIT_CHANGED, Rhythms
from models.health import COUNTS_AT_MOST, GAP_EDGES, REMEMBERED, Rhythm, silence_limit
from models.home import Home, Sensor
from models.observation import SensorKind

SENSORS = ("door", "bed", "hall")
START = 1.7e9


def fitted(*homes: str) -> tuple[list[Home], dict[tuple[str, str], int]]:
    made = [Home(home, "-", tuple(Sensor(one, SensorKind.DOOR, "hall") for one in SENSORS)) for home in homes]
    names = [(home, sensor) for home in homes for sensor in SENSORS]
    return made, {name: place for place, name in enumerate(names)}


def after_gap(rhythm: Rhythm, gap: timedelta) -> Rhythm:
    """The rhythm after a gap during which the kit was heard all along."""
    seconds = gap.total_seconds()
    left = 0.5 ** (seconds / REMEMBERED.total_seconds())
    spent = [each * left for each in rhythm.spent or (0.0,) * len(GAP_EDGES)]
    spent[min(bisect_left(GAP_EDGES, seconds), len(GAP_EDGES) - 1)] += min(seconds, COUNTS_AT_MOST)
    return Rhythm(tuple(spent), rhythm.gaps * left + 1.0)


@pytest.fixture(scope="module")
def lived() -> tuple[Rhythms, list[Home], list[Rhythm]]:
    """Three sensors of different habits for some weeks, in batches; and the same one gap at a time."""
    homes, place = fitted("h_1")
    columns, chance = Rhythms(homes, place), random.Random(7)
    slowly, last = [Rhythm()] * 3, [START] * 3
    columns.take(np.arange(3), np.full(3, START), np.ones(3, np.bool_))
    for _ in range(60):
        rows = []
        for _ in range(20):
            which = chance.randrange(3)
            last[which] += (gap := round(chance.expovariate(1 / (300.0, 1500.0, 6000.0)[which]), 3))
            slowly[which] = after_gap(slowly[which], timedelta(seconds=gap))
            rows.append((which, last[which]))
        sensors, moments = zip(*rows, strict=True)
        columns.take(np.array(sensors), np.array(moments), np.ones(len(rows), np.bool_))
    return columns, homes, slowly


def test_columns_come_to_the_same_as_one_gap_after_the_other(
    lived: tuple[Rhythms, list[Home], list[Rhythm]],
) -> None:
    columns, homes, slowly = lived
    found = columns.of(homes[0])
    for which, rhythm in enumerate(slowly):
        assert found[SENSORS[which]].gaps == pytest.approx(rhythm.gaps, rel=1e-4)
        assert found[SENSORS[which]].spent == pytest.approx(rhythm.spent, rel=1e-4, abs=1.0)
        assert columns.limit[which] == pytest.approx(silence_limit(rhythm, SensorKind.DOOR).total_seconds())
    assert len(set(columns.limit.tolist())) > 1, "else nothing was compared"


def test_what_was_learned_goes_along_when_homes_change_and_through_the_store(
    lived: tuple[Rhythms, list[Home], list[Rhythm]],
) -> None:
    columns, homes, _ = lived
    more, place = fitted("h_0", "h_1")
    after, read = Rhythms(more, place, columns), Rhythms(more, place)
    read.know("h_1", columns.of(homes[0]))
    read.know("h_gone", columns.of(homes[0]))
    read.look_up()
    for one in (after, read):
        assert one.of(more[1]) == columns.of(homes[0])
        assert one.of(more[0]) == {}
        assert one.limit.tolist() == [4 * 3600.0] * 3 + columns.limit.tolist()
    after.forget([("h_1", "hall"), ("h_gone", "hall")])
    assert list(after.of(more[1])) == ["door", "bed"]
    assert after.limit[5] == 4 * 3600.0


def test_gaps_of_the_path_late_news_and_unknown_sensors_teach_nothing() -> None:
    homes, place = fitted("h_1")
    columns = Rhythms(homes, place)
    moments = START + np.array([0.0, 600.0, 300.0, 900.0, 0.0])
    told = columns.take(np.array([0, 0, 0, 0, -1]), moments, np.array([True, False, True, True, True]))
    assert told.tolist() == [0, 0, 0, LEARNED, 0]
    assert columns.of(homes[0])["door"].gaps == 1.0
    assert LIMIT_CHANGED not in told
