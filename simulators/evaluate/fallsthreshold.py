"""From which chance on a suspicion is worth a question, chosen by people of whom what judges them has learned nothing.

For each person that a model learns from there are chances by the part of it that learned without them. The lowest
threshold is taken at which these come to no more than MOST_AN_HOUR false alarms, in the mean of the files of
recordings, so that neither one place of wear nor one odd wearer decides alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.detection import falls
from models.detection.batch import Bools, Floats, Ints

MOST_AN_HOUR = 1.23
"""The mean of what was asked: 2 at the neck, 1.5 at the waist, 0.2 at the chest."""

TRIED = np.arange(0.3, 0.951, 0.01)
APART = falls.REFRACTORY_S * falls.RATE


@dataclass(frozen=True, slots=True)
class Ordinary:
    """Candidates of one person in ordinary trials as they were recorded: each one's piece of a stream and bin there,
    and how many hours of such trials there were.
    """

    piece: Ints
    moment: Ints
    hours: float


def together(parts: Sequence[Ordinary]) -> Ordinary:
    """The same person's trials, joined anew each time."""
    begin = np.cumsum([0, *(int(each.piece.max(initial=0)) + 1 for each in parts[:-1])])
    return Ordinary(
        np.concatenate([each.piece + at for each, at in zip(parts, begin, strict=True)]),
        np.concatenate([each.moment for each in parts]),
        sum(each.hours for each in parts),
    )


def alarms(ordinary: Ordinary, chances: Floats) -> Floats:
    """At each of TRIED how many."""
    return np.array([_told(ordinary, chances >= least) for least in TRIED], np.float64)


def _told(ordinary: Ordinary, likely: Bools) -> int:
    """As seldom as the detector repeats itself."""
    count, last = 0, (-1, 0)
    for piece, moment in zip(ordinary.piece[likely].tolist(), ordinary.moment[likely].tolist(), strict=True):
        if piece != last[0] or moment - last[1] >= APART:
            count, last = count + 1, (piece, moment)
    return count


def chosen(by_file: Sequence[tuple[Floats, float]]) -> tuple[float, str] | None:
    """The threshold, and by what; None without an hour of anything. Of each file `alarms` and hours."""
    often = [of / hours for of, hours in by_file if hours > 0]
    if not often:
        return None
    mean = np.mean(often, axis=0)
    low = int(np.append(np.flatnonzero(mean <= MOST_AN_HOUR), len(TRIED) - 1)[0])
    said = (
        f"the lowest at which parts of the model tell of {MOST_AN_HOUR:g} false falls an hour at most, in the mean of "
        f"files, in people without whom they learned: {mean[low]:.3g}"
    )
    return round(float(TRIED[low]), 2), said
