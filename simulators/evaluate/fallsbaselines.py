"""What three simple rules would have noticed: each a number by moment, and the least of it that raises an alarm.

The least is chosen on the other people of the same file, at the largest sum of sensitivity and specificity, so these
know their hardware, which a frozen model does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.detection import falls
from models.detection.batch import Bools, Floats, Ints
from models.detection.falls import RATE, Grid

NAMES = ("peak", "c8", "peak_tilt")
USUAL = {"peak": 3.0, "c8": 0.6, "peak_tilt": 2.0}
"""Where nobody falls in any file (g)."""

LATER_S = {"peak": 0.0, "c8": 0.5, "peak_tilt": 3.0}
"""What each must have heard of what comes after."""

TILTED_DEG = 60.0


@dataclass(frozen=True, slots=True)
class Ruled:
    """One stream: when, and by name of a rule how much at that moment; the most of it in each piece."""

    t: Floats
    size: dict[str, Floats]
    most: dict[str, Floats]


def ruled(t: Floats, acc: Floats, edges_s: Floats) -> Ruled:
    """`edges_s` (pieces + 1): from when to when the pieces are."""
    bins = Grid().feed(t, acc)
    begin = int(t[0] * RATE)
    when = (begin + np.arange(len(bins)) + 0.5) / RATE
    peak = bins[:, falls.LARGEST]
    size = {"peak": peak, "c8": _c8(t, acc, when), "peak_tilt": np.where(_tilt(bins) >= TILTED_DEG, peak, 0.0)}
    piece = np.clip(np.searchsorted(edges_s, when, "right") - 1, 0, len(edges_s) - 2)
    return Ruled(when, size, {name: _most(values, piece, len(edges_s) - 1) for name, values in size.items()})


def alarms(one: Ruled, name: str, least: float, begun: Floats) -> Floats:
    """When it was raised, as seldom as the detector would repeat itself; but free to be raised again from each moment
    `begun` (rising) on, so that what was spliced before a fall does not hide it.
    """
    found: list[float] = []
    times = one.t[one.size[name] >= least]
    fall = np.searchsorted(begun, times, "right").tolist()
    last = -1
    for when, after in zip(times.tolist(), fall, strict=True):
        if not found or when - found[-1] >= falls.REFRACTORY_S or after != last:
            found.append(when)
            last = after
    return np.array(found)


def best_least(fell: Sequence[Floats], other: Sequence[Floats]) -> float | None:
    """The most in each trial with a fall and in each without; None where there are not both."""
    high, low = (np.sort(np.concatenate([*each, np.zeros(0)])) for each in (fell, other))
    if not len(high) or not len(low):
        return None
    asked = np.unique(high)
    found = (len(high) - np.searchsorted(high, asked)) / len(high)
    spared = np.searchsorted(low, asked) / len(low)
    return float(asked[(found + spared).argmax()])


def _most(values: Floats, piece: Ints, pieces: int) -> Floats:
    most = np.zeros(pieces)
    np.maximum.at(most, piece, values)
    return most


def _c8(t: Floats, acc: Floats, when: Floats) -> Floats:
    """The standard deviation across the vertical over a second (Sucerquia et al., Sensors 2017: C8). Vertical is the
    mean of the whole stream, since not every sensor is worn upright.
    """
    up = acc.mean(0) / max(float(np.sqrt((acc.mean(0) ** 2).sum())), 1e-3)
    across = acc - np.outer(acc @ up, up)
    sums = np.cumsum(np.vstack([np.zeros((1, 3)), across]), axis=0)
    squares = np.concatenate([[0.0], np.cumsum((across * across).sum(1))])
    begin, end = np.searchsorted(t, when - 0.5), np.searchsorted(t, when + 0.5)
    count = np.maximum(end - begin, 1)
    mean = (sums[end] - sums[begin]) / count[:, None]
    variance = (squares[end] - squares[begin]) / count - (mean * mean).sum(1)
    found: Floats = np.sqrt(np.maximum(variance, 0.0))
    return found


def _tilt(bins: Floats) -> Floats:
    """Degrees between the mean of three to one seconds before and that of one to three after."""
    sums = np.cumsum(np.vstack([np.zeros((1, 3)), bins[:, :3]]), axis=0)
    row = np.arange(len(bins))
    low, high = (np.clip(row + shift * RATE, 0, len(bins)) for shift in (-3, 1))
    before, after = ((sums[np.clip(each + 2 * RATE, 0, len(bins))] - sums[each]) for each in (low, high))
    sizes = np.sqrt((before * before).sum(1) * (after * after).sum(1))
    found: Floats = np.degrees(np.arccos(np.clip((before * after).sum(1) / np.maximum(sizes, 1e-6), -1, 1)))
    return found


def leasts(streams: Sequence[Ruled], fell: Sequence[Bools], counted: Sequence[Bools], name: str) -> list[float | None]:
    """For each stream the least that is best for all others."""
    high = [one.most[name][each & part] for one, each, part in zip(streams, fell, counted, strict=True)]
    low = [one.most[name][~each & part] for one, each, part in zip(streams, fell, counted, strict=True)]
    whole = range(len(streams))
    return [
        best_least([high[other] for other in whole if other != one], [low[other] for other in whole if other != one])
        for one in whole
    ]
