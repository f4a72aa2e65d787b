"""What no watch can beat: one that knows the future, and one whose chances were fitted to the judged days."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from models.detection.batch import Floats, Ints
from models.training import ending_chances
from simulators.evaluate.collapses import KINDS
from simulators.evaluate.homes import HOUR
from simulators.evaluate.silences import EARLIEST, MINUTE, MISSED, Silences
from simulators.evaluate.study import Deadlines, Family, Judged, Watch

_SHORT = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18, 22, 26, 30, 36, 43, 51, 60, 70, 82, 96, 112, 130, 150, 175, 205]
_LONG = [240, 280, 325, 380, 440, 510, 600, 700, 820, 960, 1140, 1440]
EDGES = MINUTE * np.array([*_SHORT, *_LONG], np.float64)
"""Between these the chance of an end is constant."""

TAIL_FROM = 30 * MINUTE
"""From here on silences end at least as fast as with a Pareto tail of index 1, where there are no data."""

Singles = NDArray[np.float32]

PARTS = 4
BOUND_KINDS = tuple(kind for kind in KINDS if kind != "limited")
KEEP_SHORT = 0.2


def clairvoyant(homes: Sequence[Judged]) -> Family:
    """Knows when every natural silence ends, so that it alerts at once after, and spends its false alerts on the
    silences in which that saves most. The level is how many it does not spend.
    """
    worth = [_worth(one) for one in homes]
    order = np.sort(np.concatenate(worth))[::-1]
    steps = np.append(np.unique(order), np.inf)

    def watch(one: Judged, mine: Floats) -> Watch:
        knows = np.clip(np.where(one.rows.left_out, MISSED, one.rows.g + 1.0), EARLIEST, MISSED)
        return lambda level: Deadlines(np.where(mine >= level, EARLIEST, knows))

    watches = tuple(watch(one, mine) for one, mine in zip(homes, worth, strict=True))
    return Family("bound_clairvoyant", watches, 0.0, np.inf, steps, BOUND_KINDS)


def _worth(one: Judged) -> Floats:
    spent: Floats = np.where(one.rows.left_out | one.rows.away, 0.0, np.minimum(one.rows.g, MISSED) / one.rows.quick)
    return spent


def hazard_in_sample(homes: Sequence[Judged], done: Callable[[], object] = lambda: None) -> Family:
    """Chances of an end fitted for each home to the very days that are judged: optimistic."""
    watches = []
    for one in homes:
        watches.append(_best_deadlines(_fitted(one), one.rows.quick))
        done()
    return Family("bound_hazard_in_sample", tuple(watches), 10.0, 1e10, kinds=BOUND_KINDS)


def _fitted(one: Judged) -> Singles:
    """(needed rows, edges): the chance of still being silent."""
    judged = one.whole[one.first :]
    luck = np.random.default_rng(3)
    known = judged[~judged.left_out & ((judged.g >= EARLIEST) | (luck.random(len(judged)) < KEEP_SHORT))]
    ended = np.clip(np.searchsorted(EDGES, known.g, "right") - 1, 0, len(EDGES) - 2)
    weight = np.where(known.g >= EARLIEST, 1.0, 1 / KEEP_SHORT)
    return still_silent(ending_chances(_inputs(known), ended, weight, _inputs(one.rows), EDGES))


def _inputs(known: Silences) -> Floats:
    return np.column_stack(
        [
            known.hour,
            known.room,
            known.before,
            known.way_out,
            np.minimum(known.since_door, 12 * HOUR) / MINUTE,
            np.minimum(known.since_door_count, 60),
        ]
    )


def still_silent(ends: Floats) -> Singles:
    """From the chance of an end in each bin (n, bins) the chance of still being silent at each edge (n, bins + 1)."""
    least = np.where(EDGES[:-1] >= TAIL_FROM, 1 - np.maximum(EDGES[:-1], 1.0) / EDGES[1:], 0.0)
    chance = np.ones((len(ends), len(EDGES)), np.float32)
    chance[:, 1:] = np.cumprod(1 - np.maximum(ends, least), 1)
    return chance


def _best_deadlines(silent: Singles, quick: Ints) -> Watch:
    """At a price in seconds of delay: the deadline with the least delay and price of a false alert together."""
    grid = _fine()
    place = np.clip(np.searchsorted(EDGES, grid, "right") - 1, 0, len(EDGES) - 2)
    share = ((grid - EDGES[place]) / np.diff(EDGES)[place]).astype(np.float32)
    logs = np.log(np.maximum(silent, 1e-12))
    chance = np.exp(logs[:, place] * (1 - share) + logs[:, place + 1] * share).astype(np.float32)
    delay = (grid / quick[:, None]).astype(np.float32)
    return lambda price: Deadlines(grid[np.argmin(delay + np.float32(price) * chance, 1)])


def _fine() -> Floats:
    from_here = EDGES[EDGES >= EARLIEST]
    parts = [from_here[:-1] + np.diff(from_here) * part / PARTS for part in range(PARTS)]
    return np.unique(np.concatenate([*parts, [MISSED]]))
