"""From which chance on a suspicion is worth a question, chosen by people of whom what judges them has learned nothing.

For each person that a model learns from there are chances by the part of it that learned without them. The threshold
is taken at which false alarms and missed falls, each as a share of what was asked and in the mean of the files of
recordings, come to the same. Whoever moves like nobody else is both missed and suspected more, so where that meets
depends less on one odd wearer than where the false alarms alone would be few enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.detection import falls
from models.detection.batch import Bools, Floats, Ints

MOST_AN_HOUR = 1.23
"""The mean of what was asked: 2 at the neck, 1.5 at the waist, 0.2 at the chest."""

MOST_MISSED = 0.0425
"""The mean of what was asked: 7 % at the neck, 1.5 % at the waist."""

TRIED = np.arange(0.3, 0.951, 0.01)
APART = falls.REFRACTORY_S * falls.RATE


@dataclass(frozen=True, slots=True)
class Lived:
    """Candidates of one person in trials as they were recorded: each one's piece of a stream, its bin there and whether
    it was that trial's fall; how many falls there were, and how many hours of trials without one.
    """

    piece: Ints
    moment: Ints
    fell: Bools
    falls: int
    hours: float


def together(parts: Sequence[Lived]) -> Lived:
    """The same person's trials, joined anew each time."""
    begin = np.cumsum([0, *(int(each.piece.max(initial=0)) + 1 for each in parts[:-1])])
    return Lived(
        np.concatenate([each.piece + at for each, at in zip(parts, begin, strict=True)]),
        np.concatenate([each.moment for each in parts]),
        np.concatenate([each.fell for each in parts]),
        sum(each.falls for each in parts),
        sum(each.hours for each in parts),
    )


@dataclass(frozen=True, slots=True)
class Erred:
    """At each of TRIED how many false `alarms` in so many hours, and how many of the falls were `missed`."""

    alarms: Floats
    hours: float
    missed: Floats
    falls: int


def erred(lived: Lived, chances: Floats) -> Erred:
    alarms = np.array([_told(lived, ~lived.fell & (chances >= least)) for least in TRIED], np.float64)
    return Erred(alarms, lived.hours, _missed(lived, chances), lived.falls)


def _told(lived: Lived, likely: Bools) -> int:
    """As seldom as the detector repeats itself."""
    count, last = 0, (-1, 0)
    for piece, moment in zip(lived.piece[likely].tolist(), lived.moment[likely].tolist(), strict=True):
        if piece != last[0] or moment - last[1] >= APART:
            count, last = count + 1, (piece, moment)
    return count


def _missed(lived: Lived, chances: Floats) -> Floats:
    likeliest = np.full(lived.falls, -1.0)
    _, fall = np.unique(lived.piece[lived.fell], return_inverse=True)
    np.maximum.at(likeliest, fall, chances[lived.fell])
    found: Floats = (likeliest[:, None] < TRIED).sum(0).astype(np.float64)
    return found


def chosen(files: Sequence[Sequence[Erred]]) -> tuple[float, str] | None:
    """The threshold, and by what; None where nobody fell or nothing else was done. Of each file its people."""
    often = [_sum(people, "alarms") / hours for people in files if (hours := _sum(people, "hours"))]
    seldom = [_sum(people, "missed") / falls for people in files if (falls := _sum(people, "falls"))]
    if not often or not seldom:
        return None
    alarms, missed = np.mean(often, axis=0), np.mean(seldom, axis=0)
    low = int(np.append(np.flatnonzero(alarms / MOST_AN_HOUR <= missed / MOST_MISSED), len(TRIED) - 1)[0])
    said = (
        "where parts of the model, in people without whom they learned and in the mean of files, err both ways as was "
        f"asked, {MOST_AN_HOUR:g} false alarms an hour to {MOST_MISSED:.2%} of falls missed: "
        f"{alarms[low]:.3g} to {missed[low]:.2%}"
    )
    return round(float(TRIED[low]), 2), said


def _sum(people: Sequence[Erred], name: str) -> Any:
    return np.sum([getattr(each, name) for each in people], axis=0)
