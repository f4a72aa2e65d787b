"""The silence that follows each observation of a home, and what hindsight says of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from models.detection.batch import Bools, Floats, Ints
from simulators.evaluate.homes import DAY, HOUR, Recorded

MINUTE = 60.0
EARLIEST = 5 * MINUTE
"""No watch alerts sooner, and a silence that is shorter can therefore disturb nobody."""

MISSED = DAY
"""A collapse that nobody was told of within a day counts as a day."""

LONGEST = 30 * HOUR
"""Of a longer gap nobody knows whether it was an outage, an absence or a stay in hospital: left out everywhere."""

BY_THE_DOOR = 3 * MINUTE


@dataclass(frozen=True, slots=True)
class Silences:
    """Columns, an entry an observation: moment `t` (s, wall clock), length `g` of the silence after it (s), room,
    `dwell` (s in this room so far), `leaves` (s until another room is seen), `quick` (observations in the last 5
    minutes), `n15`, `n60`, `n240` (likewise), `since_door` (s), `since_door_count`; in hindsight `away` (the person was
    out) and `left_out` (nobody knows what happened).
    """

    t: Floats
    g: Floats
    room: Ints
    before: Ints
    way_out: Bools
    dwell: Floats
    leaves: Floats
    quick: Ints
    n15: Ints
    n60: Ints
    n240: Ints
    since_door: Floats
    since_door_count: Ints
    away: Bools
    left_out: Bools

    def __len__(self) -> int:
        return len(self.t)

    def __getitem__(self, rows: Any) -> Silences:  # numpy's own index types
        return Silences(*(getattr(self, each.name)[rows] for each in fields(self)))

    @property
    def hour(self) -> Floats:
        return np.mod(self.t, DAY) / HOUR

    @property
    def days(self) -> float:
        """Days observed."""
        return float(np.sum(np.where(self.left_out, 0.0, np.minimum(self.g, 2 * DAY)))) / DAY


def silences(home: Recorded) -> Silences:
    t, place = home.t, np.arange(len(home.t))
    g = np.append(np.diff(t), np.inf)
    entered = np.r_[True, home.room[1:] != home.room[:-1]]
    stay = np.maximum.accumulate(np.where(entered, place, 0))
    door = np.maximum.accumulate(np.where(home.way_out, place, -1))
    since_door = np.where(door >= 0, t - t[np.maximum(door, 0)], 30 * DAY)
    return Silences(
        t=t,
        g=g,
        room=home.room,
        before=np.where(stay > 0, home.room[np.maximum(stay - 1, 0)], home.room),
        way_out=home.way_out,
        dwell=t - t[stay],
        leaves=_next_entry(t, entered) - t,
        quick=_count(t, 5 * MINUTE),
        n15=_count(t, 15 * MINUTE),
        n60=_count(t, HOUR),
        n240=_count(t, 4 * HOUR),
        since_door=since_door,
        since_door_count=np.where(door >= 0, place - door, 99),
        away=_away(t, g, home.way_out, since_door),
        left_out=_left_out(home, g),
    )


def _next_entry(t: Floats, entered: Bools) -> Floats:
    entries = np.append(t[entered], np.inf)
    following: Floats = entries[np.cumsum(entered)]
    return following


def _count(t: Floats, window: float) -> Ints:
    """Observations in the last `window` seconds, this one among them."""
    counts: Ints = np.arange(len(t)) - np.searchsorted(t, t - window, "left") + 1
    return counts


def _away(t: Floats, g: Floats, way_out: Bools, since_door: Floats) -> Bools:
    """Judged by doors at both ends: one within three minutes before the silence, and one within three after it."""
    doors = np.append(t[way_out], np.inf)
    ends = t + g
    first = doors[np.minimum(np.searchsorted(doors, np.minimum(ends, 1e15) - 1.0), len(doors) - 1)]
    with np.errstate(invalid="ignore"):
        away: Bools = (since_door <= BY_THE_DOOR) & (first - ends <= BY_THE_DOOR) & (g > 10 * MINUTE)
    return away


def _left_out(home: Recorded, g: Floats) -> Bools:
    out: Bools = ~np.isfinite(g) | (g > LONGEST)
    ends = home.t + np.where(np.isfinite(g), g, 0.0)
    for start, end in home.dead:
        out |= (home.t < end) & (ends > start) & (g > HOUR)
    return out
