"""What detectors share: an event as they see it, and clocks that run out unless something stops them.

A subject has `KINDS` (what it may find), `SIZE` (numbers that it keeps for a home), and `note(own, clocks, event)`,
which sees every sign of life in order of time. It sets a clock when something should follow, and stops it when it does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models.detection.kernels import DAY, HOUR, Row, compiled, woven_in
from models.observation import CODE_OF, What

OPENED, CLOSED = CODE_OF[What.OPENED], CODE_OF[What.CLOSED]
LAY_DOWN, GOT_UP, MOVED = CODE_OF[What.LAY_DOWN], CODE_OF[What.GOT_UP], CODE_OF[What.MOVED]
SAT_DOWN, STOOD_UP = CODE_OF[What.SAT_DOWN], CODE_OF[What.STOOD_UP]

NIGHT, DOORS, LIE, TROUBLE, CHANGES = 0, 5, 8, 9, 12
"""Where each subject's clocks begin."""

BITS = 24
"""So many flags fit a 32-bit float exactly."""

QUIET, RAISED, ENDED_SINCE = 0, 1, 2
"""Stages of a finding: not raised, raised, and over but not yet said so."""


class Event(NamedTuple):
    """A sign of life: moment `at` (s since 1970), wall `clock` (s), seconds since the one before, code of `What`, room,
    whether by a door that leads out, the sensor's place in its home (below 0: none of them), and the clock's day (since
    1970) and hour.
    """

    at: float
    clock: float
    gap: float
    what: int
    room: int
    door: bool
    sensor: int
    day: float
    hour: float


class Clocks(NamedTuple):
    """The clocks of a home, one for each kind of finding."""

    due: Row
    since: Row
    stage: Row


@woven_in
def start(of: Clocks, which: int, since: float, due: float) -> None:
    """Runs out at `due` for what began `since`; while its finding stands, it is not started again."""
    if of.stage[which] != RAISED:
        of.since[which], of.due[which] = since, due


@woven_in
def stop(of: Clocks, which: int) -> None:
    of.due[which] = np.inf
    if of.stage[which] == RAISED:
        of.stage[which] = ENDED_SINCE


@woven_in
def begun(of: Clocks, which: int) -> bool:
    """Started, and neither stopped nor over."""
    return bool(of.due[which] < np.inf or of.stage[which] == RAISED)


@compiled
def put_off(of: Clocks, until: float) -> None:
    """No clock that runs now rings before."""
    for each in range(len(of.due)):
        if of.due[each] < np.inf:
            of.due[each] = max(of.due[each], until)


@compiled
def give_up(of: Clocks) -> None:
    """What was waited for may have happened unseen: no clock runs on."""
    for each in range(len(of.due)):
        of.due[each] = np.inf


@woven_in
def event_at(at: float, clock: float, gap: float, what: int, room: int, door: bool, sensor: int) -> Event:
    day = np.floor(clock / DAY)
    return Event(at, clock, gap, what, room, door, sensor, day, (clock - day * DAY) / HOUR)


@woven_in
def hour_of(clock: float) -> float:
    return float((clock % DAY) / HOUR)


@woven_in
def at_night(hour: float, evening: float, morning: float) -> bool:
    return bool(hour >= evening or hour < morning)


@woven_in
def bit(mask: float, place: int) -> bool:
    """Of a set of the first `BITS` sensors of a home, kept as one number."""
    return bool(0 <= place < BITS and (int(mask) >> place) & 1)


@woven_in
def with_bit(mask: float, place: int, there: bool) -> float:
    if not 0 <= place < BITS or bit(mask, place) == there:
        return mask
    return mask + (1 << place) if there else mask - (1 << place)


@woven_in
def towards(old: float, new: float, share: float) -> float:
    return old + share * (new - old)
