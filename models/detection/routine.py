"""A home's routine, read from its history: how long it may be quiet at each moment, by what was known just then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.detection import kernels
from models.detection.batch import Bools, Floats, Ints
from models.detection.prior import Prior
from models.detection.trees import all_dearness, survivals

REFERENCE_RATE = 2.0
"""At so many alerts a month, by no way out, a home is compared with others, whatever is asked of it: rarer ones teach
too slowly.
"""
TRUST = 4.0
HALF_LIFE = 60.0
MONTH = 30.0


@dataclass(frozen=True, slots=True)
class History:
    """One home's signs of life in order of time, an entry each: wall clock (s), `room` (0 bathroom, 1 bedroom, 2 way
    out, 3 hall, 4 kitchen, 5 all else, 6 way out at the back), whether it was a door that leads out, and whether the
    silence that followed may be learned from (nobody knows what happened in one in which the kit was dead).
    """

    t: Floats
    room: Ints
    door: Bools
    learnt: Bools


@dataclass(frozen=True, slots=True)
class Waits:
    """At each needed entry of a history: the chance of being `still` silent at each of `kernels.EDGES`, what a false
    alert `costs` there beside a delay, and whether it is by a `way_out`.
    """

    still: Floats
    costs: Floats
    way_out: Bools

    def of(self, rows: Bools) -> Waits:
        return Waits(self.still[rows], self.costs[rows], self.way_out[rows])

    def deadlines(self, price: float | Floats) -> Floats:
        """How many seconds after each entry its silence calls, when a false alert is worth `price` s of delay."""
        tau: Floats = kernels.bests(self.still, np.asarray(price, np.float64) * self.costs)
        return tau


def inputs(history: History, usual: Floats, needed: Ints) -> NDArray[np.float32]:
    """What the trees are asked at the `needed` entries (n, bins + 1, inputs)."""
    x = np.empty((len(needed), kernels.BINS + 1, kernels.INPUTS), np.float32)
    kernels.replay(history.t, history.room, history.door, history.learnt, needed, usual, x)
    return x


def waits(history: History, prior: Prior, needed: Ints) -> Waits:
    """Learns on through the whole history, and reads the `needed` entries (in order) by what was known just then."""
    long = np.flatnonzero(np.append(np.diff(history.t), 0.0) >= kernels.EARLIEST)
    rows = np.union1d(long, needed)
    x = inputs(history, prior.usual, rows)
    still = survivals(x, prior.trees)
    kernels.correct_all(history.t, history.room, history.door, history.learnt, rows, still)
    kept = np.searchsorted(rows, needed)
    return Waits(still[kept], all_dearness(x, prior.usual, prior.shares)[kept], x[kept, 0, 3] >= 2)


def noises(history: History, rows: Ints, found: Waits, reference: float, outings: float) -> Floats:
    """How many times as often as others this home outlasts the deadlines at the `reference` price, as far as was seen
    by each of `rows`, among which all silences of five minutes or more must be: by ways out, where others do so
    `outings` times in 30 days, and elsewhere, each counted by itself.
    """
    t, gap = history.t[rows], np.append(np.diff(history.t), np.inf)[rows]
    counted, tau = history.learnt[rows] & np.isfinite(gap), found.deadlines(reference)

    def times(here: Bools, usual: float) -> Floats:
        began, often = float(history.t[0]), usual / MONTH
        seen: Floats = kernels.noises(t, t + gap, tau, counted & here, began, often, TRUST, HALF_LIFE)
        return seen

    return np.where(found.way_out, times(found.way_out, outings), times(~found.way_out, REFERENCE_RATE))
