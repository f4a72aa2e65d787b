"""The walk of all bins at once beside one that follows each through each tree."""

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some
from numpy.typing import NDArray

import models.data
from models.detection import kernels
from models.detection.kernels import BINS, EDGES, Trees
from models.detection.prior import prior_from
from models.detection.trees import TAIL_FROM, VARYING, grained, laid_out, survival

LUCK = some.integers(0, 2**32 - 1).map(np.random.default_rng)
BITS = settings(max_examples=60, deadline=None)


def grown(luck: np.random.Generator, depth: int) -> list[tuple[int, float, int]]:
    """One full tree as nodes in rows."""
    nodes: list[tuple[int, float, int]] = []
    for level in range(depth + 1):
        for _ in range(2**level):
            leaf = level == depth
            child = 0 if leaf else 2 * len(nodes) + 1
            nodes.append((kernels.LEAF if leaf else int(luck.integers(kernels.INPUTS)), float(luck.normal()), child))
    return nodes


def walked(nodes: list[tuple[int, float, int]], x: NDArray[np.float32], at: int = 0) -> float:
    feature, cut, child = nodes[at]
    if feature == kernels.LEAF:
        return float(np.float32(cut))
    return walked(nodes, x, child + int(x[feature] > np.float32(cut)))


def forest(luck: np.random.Generator, depths: list[int]) -> tuple[Trees, list[list[tuple[int, float, int]]]]:
    """Full trees side by side, and each by itself."""
    alone = [grown(luck, depth) for depth in depths]
    roots = np.cumsum([0, *map(len, alone)])[:-1]
    packed = np.zeros(sum(map(len, alone)), kernels.NODE)
    shifted = [(f, cut, child + root) for nodes, root in zip(alone, roots, strict=True) for f, cut, child in nodes]
    for place, name in enumerate(("feature", "cut", "child")):
        packed[name] = [node[place] for node in shifted]
    return laid_out(roots, packed, -1.0), alone


@BITS
@given(LUCK, some.lists(some.integers(0, 3), min_size=1, max_size=6))
def test_survival_is_what_is_left_after_each_bin(luck: np.random.Generator, depths: list[int]) -> None:
    trees, alone = forest(luck, depths)
    x = asked(luck, np.ones(kernels.INPUTS))
    still = np.empty(BINS + 1)
    survival(x, trees, still)
    np.testing.assert_allclose(still, left([sum(walked(nodes, row) for nodes in alone) - 1.0 for row in x]), rtol=1e-4)


@settings(max_examples=5, deadline=None)
@given(LUCK)
def test_trees_that_were_learned_say_what_their_nodes_say(luck: np.random.Generator) -> None:
    """They are not as even as those above."""
    prior = prior_from((Path(models.data.__path__[0]) / "prior.npz").read_bytes())
    nodes = [(int(node["feature"]), float(node["cut"]), int(node["child"])) for node in prior.nodes]
    cuts = [[cut for which, cut, _ in nodes if which == each] for each in range(kernels.INPUTS)]
    x = asked(luck, np.array([np.abs(each).mean() for each in cuts]))
    still = np.empty(BINS + 1)
    survival(x, prior.trees, still)
    said = [sum(walked(nodes, row, int(root)) for root in prior.roots) + prior.start for row in x]
    np.testing.assert_allclose(still, left(said), rtol=1e-4)


@BITS
@given(LUCK)
def test_the_order_of_adding_is_of_no_account(luck: np.random.Generator) -> None:
    worth = grained(luck.normal(size=(160, 15)).astype(np.float32) * luck.choice([0.01, 1.0, 30.0]))
    chosen = worth[np.arange(160), luck.integers(15, size=160)]
    sums = {float(np.cumsum(luck.permutation(chosen), dtype=np.float32)[-1]) for _ in range(20)}
    assert sums == {float(chosen.astype(np.float64).sum())}


def asked(luck: np.random.Generator, scale: NDArray[np.float64]) -> NDArray[np.float32]:
    x = np.tile(scale * luck.normal(size=kernels.INPUTS), (BINS + 1, 1))
    x[:, VARYING] = scale[VARYING] * luck.normal(size=(BINS + 1, len(VARYING)))
    return x.astype(np.float32)


def left(said: list[float]) -> NDArray[np.float64]:
    """Of log odds that it ends in each bin."""
    ends = 1 / (1 + np.exp(-np.array(said)))
    tail = np.where(EDGES[:-1] >= TAIL_FROM, 1 - EDGES[:-1] / EDGES[1:], 0.0)
    still: NDArray[np.float64] = (1 - ends[0]) * np.cumprod(np.r_[1.0, 1 - np.maximum(ends[1:], tail)])
    return still
