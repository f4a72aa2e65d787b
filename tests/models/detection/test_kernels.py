"""Each compiled loop that decides beside a slow twin that says the same obviously."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray

from models.detection import kernels
from models.detection.batch import Floats
from models.detection.kernels import BINS, EDGES, HOUR, PARTS
from models.detection.zones import changes, clocks, offset, offsets

LUCK = some.integers(0, 2**32 - 1).map(np.random.default_rng)
BITS = settings(max_examples=60, deadline=None)


def falling(luck: np.random.Generator) -> Floats:
    left: Floats = np.cumprod(luck.random(BINS + 1) ** 0.3).astype(np.float64)
    return left


@BITS
@given(LUCK, some.floats(0.01, 1.0), some.floats(1.0, 1e9))
def test_the_best_deadline_is_the_cheapest_on_the_grid(luck: np.random.Generator, weight: float, price: float) -> None:
    still = falling(luck)
    grid = np.append(np.concatenate([EDGES[:-1] + part * np.diff(EDGES) for part in PARTS]), EDGES[-1])
    place = np.searchsorted(EDGES, grid, "right").clip(1, BINS) - 1
    part = (grid - EDGES[place]) / (EDGES[place + 1] - EDGES[place])
    logs = np.log(np.maximum(still, 1e-12))
    left = np.exp(logs[place] * (1 - part) + logs[place + 1] * part)
    cost = weight * np.sqrt(grid * HOUR) + price * left
    mine = kernels.best(still, weight, price)
    assert np.isclose(cost[np.argmin(np.abs(grid - mine))], cost.min(), rtol=1e-9)


def grown(luck: np.random.Generator, depth: int) -> list[tuple[int, float, int]]:
    """One full tree as nodes in rows."""
    nodes: list[tuple[int, float, int]] = []
    for level in range(depth + 1):
        for _ in range(2**level):
            leaf = level == depth
            child = 0 if leaf else 2 * len(nodes) + 1
            nodes.append((-1 if leaf else int(luck.integers(kernels.INPUTS)), float(luck.normal()), child))
    return nodes


def walked(nodes: list[tuple[int, float, int]], x: NDArray[np.float32], at: int = 0) -> float:
    feature, cut, child = nodes[at]
    if feature < 0:
        return float(np.float32(cut))
    return walked(nodes, x, child + int(x[feature] > np.float32(cut)))


@BITS
@given(LUCK)
def test_survival_is_what_is_left_after_each_bin(luck: np.random.Generator) -> None:
    nodes = grown(luck, 3)
    packed = np.zeros(len(nodes), kernels.NODE)
    for place, name in enumerate(("feature", "cut", "child")):
        packed[name] = [node[place] for node in nodes]
    x = luck.normal(size=(BINS + 1, kernels.INPUTS)).astype(np.float32)
    still = np.empty(BINS + 1)
    kernels.survival(x, np.zeros(1, np.int64), packed, -1.0, still)
    ends = [1 / (1 + np.exp(1.0 - walked(nodes, row))) for row in x]
    tail = np.where(EDGES[:-1] >= kernels.TAIL_FROM, 1 - EDGES[:-1] / EDGES[1:], 0.0)
    twin = (1 - ends[0]) * np.cumprod(np.r_[1.0, 1 - np.maximum(ends[1:], tail)])
    np.testing.assert_allclose(still, twin, rtol=1e-5)


@BITS
@given(some.lists(some.floats(1.0, 30 * HOUR), max_size=60), some.integers(0, 5), some.booleans())
def test_silences_are_counted_where_they_belong(gaps: list[float], room: int, door: bool) -> None:
    now, habits = np.zeros(kernels.REMEMBERED, np.float32), np.zeros(kernels.HABITS, np.uint8)
    short = np.zeros((kernels.SHORTS, 2), np.uint16)
    kernels.fresh_start(now)
    kernels.remember(now, 60.0, room, door)
    for gap in gaps:
        kernels.learn(now, habits, short, 12 * HOUR, gap)
    assert short[60:, :].sum() == len(gaps)
    long = [gap for gap in gaps if gap >= kernels.EARLIEST]
    counted = habits[: kernels.BY_BAND].reshape(4, BINS)[3 if door else 0]
    twin = np.histogram(np.minimum(long, EDGES[-1] - 1), EDGES)[0] * int(kernels.UNIT)
    if twin.max(initial=0) <= 255:
        np.testing.assert_array_equal(counted, twin)
    else:
        assert counted.max() <= 255


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
