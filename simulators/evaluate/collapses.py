"""Collapses played into silences: from a moment on the person causes no observation, while the kit goes on beating."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from models.detection.batch import Bools, Floats, Ints
from simulators.evaluate.homes import DAY, ROOMS
from simulators.evaluate.silences import EARLIEST, MINUTE, Silences

KINDS = ("active", "day", "night", "bath", "bed", "time", "limited")
"""active: within a minute after a movement, evenly over five-minute slots with movement (people fall moving); day
(07-22 h), night (23-06 h) and bath (last seen there): likewise; time: evenly over all time at home; bed: evenly over
time in which the bedroom was last, 22-07 h; limited: as active, but motion goes on in the one room, oftener than any
watch may alert.
"""

EACH, EACH_LIMITED = 250, 80
"""Collapses of a kind in a home. A home's collapses together weigh as much as it has slots (or time) for them. Where
motion goes on, a whole day of it has to be played for each, so there are fewer.
"""


@dataclass(frozen=True, slots=True)
class Collapses:
    """`row` of the last observation before each, seconds `after` it, and how much each weighs."""

    row: Ints
    after: Floats
    weight: Floats


def collapses(home: str, judged: Silences, kind: str, each: int = EACH) -> Collapses:
    """The same for the same home and silences, whichever other homes are judged."""
    luck = np.random.default_rng(zlib.crc32(f"{home}/{kind}".encode()))
    each = min(each, EACH_LIMITED) if kind == "limited" else each
    weight = _weights(judged, kind)
    total = float(weight.sum())
    if total == 0.0:
        return Collapses(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    row = luck.choice(len(judged), each, p=weight / total)
    reach = judged.g[row] if kind in {"time", "bed"} else np.minimum(judged.g[row], MINUTE)
    return Collapses(row, luck.random(each) * reach, np.full(each, total / each))


def _weights(judged: Silences, kind: str) -> Floats:
    possible = ~judged.left_out & ~judged.away & (judged.g > 0) & _fits(judged, kind)
    if kind in {"time", "bed"}:
        return np.where(possible, np.minimum(judged.g, DAY), 0.0)
    _, slot, together = np.unique(np.floor(judged.t / EARLIEST), return_inverse=True, return_counts=True)
    weights: Floats = possible / together[slot] if len(judged) else np.zeros(0)
    return weights


def _fits(judged: Silences, kind: str) -> Bools:
    hour, bedroom = judged.hour, judged.room == ROOMS.index("bedroom")
    fits: dict[str, Bools] = {
        "day": (hour >= 7) & (hour < 22),
        "night": (hour >= 23) | (hour < 6),
        "bath": judged.room == ROOMS.index("bathroom"),
        "bed": bedroom & ((hour >= 22) | (hour < 7)),
        "limited": ~judged.way_out,
    }
    return fits.get(kind, np.ones(len(judged), bool))
