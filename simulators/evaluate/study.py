"""Homes cut by time into learning and judging, with the collapses that are played into the judged part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.detection.batch import Bools, Floats, Ints
from simulators.evaluate.collapses import EACH, KINDS, Collapses, collapses
from simulators.evaluate.homes import DAY, Recorded
from simulators.evaluate.silences import EARLIEST, Silences, silences

LEARNING = 28.0
LONG_ENOUGH = 42.0
SHORT_SHARE = 2 / 3
SHORTEST = 14.0


@dataclass(frozen=True, slots=True)
class Judged:
    """One home: all its silences, the first row that is judged, the rows whose deadlines matter (`needed`: the silence
    is long enough for an alert, or a collapse falls into it), and collapses whose rows count within `needed`.
    """

    home: Recorded
    whole: Silences
    first: int
    learning_days: float
    needed: Ints
    rows: Silences
    days: float
    collapses: dict[str, Collapses]

    @property
    def judge_from(self) -> float:
        return self.home.first_midnight + self.learning_days * DAY


@dataclass(frozen=True, slots=True)
class Cut:
    """Which homes are judged, after how many days of learning; and why others are left out."""

    learning: dict[str, float]
    left_out: dict[str, str]


def cut(homes: Sequence[Recorded], short: bool = False) -> Cut:
    """28 days of learning for homes of 42 days or more. Shorter ones (of 14 days or more) are judged after two thirds
    of their days if `short`, or when there is no longer one; else they are left out.
    """
    long = {home.id for home in homes if home.days >= LONG_ENOUGH}
    take_short = short or not long
    learning, left_out = {}, {}
    for home in homes:
        if home.id in long:
            learning[home.id] = LEARNING
        elif take_short and home.days >= SHORTEST:
            learning[home.id] = float(np.floor(home.days * SHORT_SHARE))
        else:
            least = SHORTEST if take_short else LONG_ENOUGH
            left_out[home.id] = f"{home.days:.1f} days recorded, fewer than {least:.0f}"
    return Cut(learning, left_out)


def judged(home: Recorded, learning_days: float, each: int = EACH) -> Judged | None:
    """None when nothing of the judged part is known well enough to be judged."""
    whole = silences(home)
    first = int(np.searchsorted(home.t, home.first_midnight + learning_days * DAY))
    part = whole[first:]
    if part.days < 1:
        return None
    played = {kind: collapses(home.id, part, kind, each) for kind in KINDS}
    keep = part.g >= EARLIEST
    for each_kind in played.values():
        keep[each_kind.row] = True
    needed = np.flatnonzero(keep)
    moved = {kind: _moved(one, needed) for kind, one in played.items()}
    return Judged(home, whole, first, learning_days, needed + first, part[needed], part.days, moved)


def _moved(played: Collapses, needed: Ints) -> Collapses:
    return Collapses(np.searchsorted(needed, played.row), played.after, played.weight)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What one setting of a watch does in one home: `tau` (s after each needed row) and, where it keeps a second clock
    for motion in one room only, `other` (s after each needed row by which another room is due) and the number of false
    alerts that this clock adds, in all and while `away`.
    """

    tau: Floats
    other: Floats | None = None
    added: int = 0
    added_away: int = 0


Watch = Callable[[float], Deadlines]
"""One home's deadlines at a level; a higher level is never sooner."""


@dataclass(frozen=True, slots=True)
class Family:
    """A way of watching, in every home of a study, at any level between `low` and `high`."""

    name: str
    watches: tuple[Watch, ...]
    low: float
    high: float
    steps: Floats | None = None
    """The levels there are, where there are only some."""
    kinds: tuple[str, ...] = KINDS
    """The kinds of collapse of which it can say anything."""

    def at(self, level: float) -> list[Deadlines]:
        return [watch(level) for watch in self.watches]

    def only(self, places: Sequence[int]) -> Family:
        return replace(self, watches=tuple(self.watches[place] for place in places))


def false_alerts(one: Judged, deadlines: Deadlines) -> tuple[int, int]:
    """How many in all, and how many of them while away."""
    rang: Bools = ~one.rows.left_out & (one.rows.g > deadlines.tau)
    away = int(np.sum(rang & one.rows.away))
    return int(rang.sum()) + deadlines.added, away + deadlines.added_away


def per_30_days(homes: Sequence[Judged], deadlines: Sequence[Deadlines]) -> float:
    count = sum(false_alerts(one, due)[0] for one, due in zip(homes, deadlines, strict=True))
    return count * 30 / sum(one.days for one in homes)


def just_meets(homes: Sequence[Judged], family: Family, rate: float) -> tuple[float, list[Deadlines]]:
    """The lowest level at which there are no more than `rate` false alerts per home and 30 days (hindsight)."""
    steps = family.steps if family.steps is not None else _scale(family.low, family.high)
    low, high = 0, len(steps) - 1
    while low < high:
        middle = (low + high) // 2
        if per_30_days(homes, family.at(float(steps[middle]))) <= rate:
            high = middle
        else:
            low = middle + 1
    level = float(steps[low])
    return level, family.at(level)


def _scale(low: float, high: float, count: int = 2**16) -> Floats:
    if low > 0:
        return np.geomspace(low, high, count)
    return np.linspace(low, high, count)
