"""Each compiled loop that decides beside a slow twin that says the same obviously."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray

from models.detection import kernels
from models.detection.batch import Floats
from models.detection.kernels import AGE, BINS, EDGES, HOUR, PARTS
from models.detection.rooms import BACK_WAY
from models.detection.trees import VARYING
from models.detection.zones import changes, clocks, offset, offsets

LUCK = some.integers(0, 2**32 - 1).map(np.random.default_rng)
BITS = settings(max_examples=60, deadline=None)


def falling(luck: np.random.Generator) -> Floats:
    left: Floats = np.cumprod(luck.random(BINS + 1) ** 0.3).astype(np.float64)
    return left


@BITS
@given(LUCK, some.floats(1.0, 1e9))
def test_the_best_deadline_is_the_cheapest_on_the_grid(luck: np.random.Generator, price: float) -> None:
    still = falling(luck)
    grid = np.append(np.concatenate([EDGES[:-1] + part * np.diff(EDGES) for part in PARTS]), EDGES[-1])
    place = np.searchsorted(EDGES, grid, "right").clip(1, BINS) - 1
    part = (grid - EDGES[place]) / (EDGES[place + 1] - EDGES[place])
    logs = np.log(np.maximum(still, 1e-12))
    left = np.exp(logs[place] * (1 - part) + logs[place + 1] * part)
    cost = grid**0.65 * HOUR**0.35 + grid / 2 + price * left
    mine = kernels.best(still, price)
    assert np.isclose(cost[np.argmin(np.abs(grid - mine))], cost.min(), rtol=1e-9)


Sign = tuple[float, int, bool]
SIGNS = some.lists(
    some.tuples(some.floats(1.0, 2 * HOUR), some.integers(0, 6), some.booleans()), min_size=1, max_size=40
)


@BITS
@given(SIGNS, some.floats(0.0, 30 * HOUR))
def test_what_is_the_same_for_all_bins_is_asked_once(signs: list[Sign], at: float) -> None:
    """`VARYING` names every input in which bins differ."""
    now, habits = np.zeros(kernels.REMEMBERED, np.float32), np.zeros(kernels.HABITS, np.uint8)
    short, x = np.zeros((kernels.SHORTS, 2), np.uint16), np.empty((BINS + 1, kernels.INPUTS), np.float32)
    kernels.fresh_start(now)
    for gap, where, door in signs:
        kernels.learn(now, habits, short, at, gap)
        kernels.remember(now, gap, where, door)
    kernels.describe(now, habits, short, at, np.full(kernels.USUAL, 0.2), x)
    same = np.delete(x, VARYING, axis=1)
    assert (same == same[0]).all()


@BITS
@given(some.lists(some.floats(1.0, 30 * HOUR), max_size=60), some.integers(0, 6), some.booleans())
def test_silences_are_counted_where_they_belong(gaps: list[float], room: int, door: bool) -> None:
    now, habits = np.zeros(kernels.REMEMBERED, np.float32), np.zeros(kernels.HABITS, np.uint8)
    short = np.zeros((kernels.SHORTS, 2), np.uint16)
    kernels.fresh_start(now)
    kernels.remember(now, 60.0, room, door)
    for gap in gaps:
        kernels.learn(now, habits, short, 12 * HOUR, gap)
    assert short[60 : kernels.BORNE_OUT].sum() == len(gaps)
    long = [gap for gap in gaps if gap >= kernels.EARLIEST]
    way = (4 if room == BACK_WAY else 3) if door else 0
    counted = habits[: kernels.BY_BAND].reshape(kernels.WAYS, BINS)[way]
    twin = np.histogram(np.minimum(long, EDGES[-1] - 1), EDGES)[0] * int(kernels.UNIT)
    if twin.max(initial=0) <= 255:
        np.testing.assert_array_equal(counted, twin)
    else:
        assert counted.max() <= 255


@BITS
@given(SIGNS)
def test_what_is_known_of_the_last_signs_is_what_a_list_of_them_says(signs: list[Sign]) -> None:
    now = np.zeros(kernels.REMEMBERED, np.float32)
    kernels.fresh_start(now)
    for gap, room, door in signs:
        kernels.remember(now, gap, room, door)
    t = np.cumsum([gap for gap, _, _ in signs])
    rooms = [2 if room == BACK_WAY else room for _, room, _ in signs]
    doors = [place for place, (_, _, door) in enumerate(signs) if door]
    same = next((place for place in range(len(signs), 0, -1) if rooms[place - 1] != rooms[-1]), 0)
    assert now[kernels.ROOM] == rooms[-1]
    assert now[kernels.LAST_GAP] == pytest.approx(signs[-1][0], rel=1e-5)
    assert now[kernels.HERE_FOR] == pytest.approx(t[-1] - t[same] if same or rooms[0] else t[-1], rel=1e-4, abs=0.1)
    assert now[kernels.BEFORE] == (rooms[same - 1] if same else 0)
    back = [
        after
        for before, after in pairwise(doors)
        if t[after] - t[after - 1] >= kernels.OUTING and t[after - 1] - t[before] <= kernels.BY_THE_DOOR
    ]
    assert now[kernels.SINCE_RETURN] == pytest.approx(
        t[-1] - t[back[-1]] if back else kernels.FOREVER + t[-1], rel=1e-4
    )
    recent = sum(np.exp((at - t[-1]) / 300.0) for at in t)
    assert now[kernels.RECENT] == pytest.approx(recent, rel=1e-3)


def at_a_door(quiet: float, since_in: float = 600.0, way: int = 3) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """What the trees are asked where a silence lasts half an hour as often as `quiet`, elsewhere in one of two."""
    x, usual = np.zeros((BINS + 1, kernels.INPUTS), np.float32), np.zeros(kernels.USUAL)
    x[0, 3], x[0, 22] = way, since_in
    x[1:, 15] = 1 - quiet ** (1 / kernels.LASTING)
    usual[:] = 1 - 0.5 ** (1 / kernels.LASTING)
    return x, usual


def test_a_false_alert_costs_more_where_somebody_may_be_out() -> None:
    assert np.flatnonzero(kernels.EDGES == 1800)[0] == kernels.LASTING
    assert kernels.costs_here(*at_a_door(0.5)) == pytest.approx(kernels.OUT_COSTS, rel=1e-4)
    assert kernels.costs_here(*at_a_door(0.9)) == pytest.approx(kernels.OUT_COSTS, rel=1e-4)
    assert kernels.costs_here(*at_a_door(0.5, way=1)) == 1


def test_who_has_just_come_in_is_not_out() -> None:
    assert kernels.costs_here(*at_a_door(0.5, since_in=2.0)) == 1


def test_a_door_by_which_silences_are_short_tells_little_of_who_is_out() -> None:
    assert kernels.costs_here(*at_a_door(0.25)) == pytest.approx(1 + (kernels.OUT_COSTS - 1) / 256, rel=1e-4)


def believed(short: NDArray[np.uint16], row: int) -> float:
    ended, expected = short[row] / kernels.ONE
    return float((ended + kernels.DOUBT) / (expected + kernels.DOUBT))


@BITS
@given(LUCK, some.integers(0, 5), some.floats(0.0, 23.99), some.floats(0.0, 30.0))
def test_a_home_that_is_slower_than_the_trees_thought_is_half_believed(
    luck: np.random.Generator, room: int, hour: float, busy: float
) -> None:
    now, rate = np.zeros(kernels.REMEMBERED, np.float32), np.zeros(BINS, np.uint8)
    short = np.zeros((kernels.SHORTS, 2), np.uint16)
    kernels.fresh_start(now)
    kernels.remember(now, 60.0, room, False)
    now[kernels.HOURLY] = busy
    short[kernels.BORNE_OUT :] = luck.integers(0, 5000, short[kernels.BORNE_OUT :].shape)
    said = falling(luck)
    still = said.copy()
    kernels.correct(now, short, hour * HOUR, still, rate)
    quarter = next(place for place, end in enumerate((3, 9, 15, 21, 24)) if hour < end) % 4
    pace = int(np.searchsorted(kernels.BUSY, now[kernels.HOURLY]))
    rows = [kernels.BORNE_OUT + kind * 4 for kind in (room, 6 + quarter, 10 + pace)]
    times = np.array([np.prod([believed(short, row + age) for row in rows]) for age in range(4)])
    twin = said[0] * np.cumprod((said[1:] / said[:-1]) ** np.sqrt(times)[AGE])
    np.testing.assert_allclose(still[1:], twin, rtol=1e-3)
    np.testing.assert_allclose(kernels.HAZARD[rate], np.maximum(-np.log(said[1:] / said[:-1]), 1e-5), rtol=0.03)


@BITS
@given(some.floats(kernels.EARLIEST, 30 * HOUR), some.integers(0, 5), some.integers(0, 150))
def test_an_end_is_held_against_what_was_expected_at_each_age(gap: float, room: int, fast: int) -> None:
    now, rate = np.zeros(kernels.REMEMBERED, np.float32), np.full(BINS, fast, np.uint8)
    short = np.zeros((kernels.SHORTS, 2), np.uint16)
    kernels.fresh_start(now)
    kernels.remember(now, 60.0, room, False)
    kernels.bear_out(now, short, 10 * HOUR, gap, rate)
    lasted = np.clip((gap - EDGES[:-1]) / np.diff(EDGES), 0.0, 1.0) * kernels.HAZARD[fast]
    expected = [lasted[age == AGE].sum() for age in range(4)]
    for row in (kernels.BORNE_OUT + kind * 4 for kind in (room, 6 + 2, 10)):
        np.testing.assert_allclose(short[row : row + 4, 1] / kernels.ONE, expected, atol=1.01 / kernels.ONE)
        ended = short[row : row + 4, 0] / kernels.ONE
        assert ended.sum() == (gap < EDGES[-1])
        if gap < EDGES[-1]:
            assert ended[AGE[np.searchsorted(EDGES, gap, "right") - 1]] == 1.0


def test_by_a_way_out_nothing_is_corrected() -> None:
    now, rate = np.zeros(kernels.REMEMBERED, np.float32), np.zeros(BINS, np.uint8)
    short = np.full((kernels.SHORTS, 2), 900, np.uint16)
    short[:, 1] = 9
    kernels.fresh_start(now)
    kernels.remember(now, 60.0, BACK_WAY, True)
    said = falling(np.random.default_rng(1))
    still = said.copy()
    kernels.correct(now, short, 0.0, still, rate)
    np.testing.assert_allclose(still, said, rtol=1e-3)
    kernels.bear_out(now, short, 0.0, HOUR, rate)
    assert (short[:, 0] == 900).all()


@BITS
@given(LUCK)
def test_forgetting_halves_on_average(luck: np.random.Generator) -> None:
    habits = np.full(kernels.HABITS, 200, np.uint8)
    short = np.full((kernels.SHORTS, 2), 40000, np.uint16)
    kernels.forget(habits, short, float(luck.integers(10**9)), kernels.FORGET_DAYS)
    assert abs(float(habits[: kernels.UP_AND_ABOUT].mean()) - 100.0) < 0.6
    assert (habits[kernels.UP_AND_ABOUT :] == 200).all()
    assert abs(int(short[0, 0]) - 20000) <= 1


def test_the_clocks_of_zones_are_those_of_the_zone_database() -> None:
    zones = ("Europe/London", "Pacific/Auckland", "UTC", "America/St_Johns")
    starts, held = clocks(zones)
    moments = np.random.default_rng(1).uniform(1.5e9, 2.2e9, 400)
    for place, zone in enumerate(zones):
        mine = offsets(starts, held, np.full(len(moments), place), moments)
        assert mine.tolist() == [offset(zone, datetime.fromtimestamp(at, UTC)) for at in moments]
    assert len(changes("UTC")) == 1
