"""Homes whose sensors are others than they were: what detectors keep by a sensor's place goes where that sensor is now,
and what they know of one that is gone is let go.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import copysign
from typing import Any

import numpy as np

from models.detection import doors, lie, trouble
from models.detection.clocks import BITS, ENDED_SINCE, LIE, RAISED

UNFITTED = 1.0
"""A sensor that is not on record, where places are kept as two more than they are; 0 is none."""

_MISLEAD = ((trouble.FLAPS, trouble.FLAPPING), (trouble.STICKS, trouble.STUCK), (trouble.INNER, trouble.MISLABELLED))
_COUNTED = (
    (trouble.SAME, (trouble.REPEATS,)),
    (trouble.STEADY, (trouble.STEADY_FOR, trouble.STEADY_SEEN)),
    (trouble.DOOR, (trouble.VOTES, trouble.USUAL, trouble.NIGHTS)),
)
"""Whose figures they are."""


def follow(mine: Any, now_at: Mapping[int, int]) -> None:
    """`mine` is a home's record, changed in place; `now_at` says for the places that sensors of it had which they have,
    without those that are gone.
    """
    _stay(mine, now_at)
    _trouble(mine, now_at)
    _doors(mine, now_at)
    mine["chair_taken"] = int(_place(float(mine["chair_taken"]), now_at))


def _place(kept: float, now_at: Mapping[int, int]) -> float:
    """Two more than it is, and below zero for a chair's; 0 where that sensor is gone."""
    if abs(kept) <= UNFITTED:
        return kept
    place = now_at.get(int(abs(kept)) - 2)
    return 0.0 if place is None else copysign(place + 2, kept)


def _stay(mine: Any, now_at: Mapping[int, int]) -> None:
    """How long somebody may stay by a sensor that is gone nobody knows: the clock of silence goes on."""
    own = mine["lie"]
    before, own[lie.BY] = own[lie.BY], _place(float(own[lie.BY]), now_at)
    if before and not own[lie.BY]:
        own[lie.BY], own[lie.DUE], mine["due"][LIE] = UNFITTED, lie.FAR, np.inf


def _trouble(mine: Any, now_at: Mapping[int, int]) -> None:
    own = mine["trouble"]
    for at, figures in _COUNTED:
        before, own[at] = own[at], _place(float(own[at]), now_at)
        if before and not own[at]:
            own[list(figures)] = 0.0
    for at, clock in _MISLEAD:
        before, own[at] = own[at], _place(float(own[at]), now_at)
        if before and not own[at]:
            _end(mine, clock)


def _doors(mine: Any, now_at: Mapping[int, int]) -> None:
    own = mine["doors"]
    own[doors.USED] = _place(float(own[doors.USED]), now_at)
    was_open = own[doors.OPEN] > 0
    for at in (doors.SHUTS, doors.OPEN):
        places = [now_at[place] for place in range(BITS) if int(own[at]) >> place & 1 and place in now_at]
        own[at] = sum(1 << place for place in places if place < BITS)
    if was_open and not own[doors.OPEN]:
        _end(mine, doors.LEFT_OPEN)


def _end(mine: Any, clock: int) -> None:
    mine["due"][clock] = np.inf
    if mine["stage"][clock] == RAISED:
        mine["stage"][clock] = ENDED_SINCE
