"""Doors that lead out: opened at an hour at which they never are, left by at night and not back, left open."""

from __future__ import annotations

from models.detection import FindingKind
from models.detection.clocks import CLOSED, DOORS, OPENED, Clocks, Event, at_night, hour_of, start, stop, towards
from models.detection.kernels import DAY, Row, compiled, woven_in

KINDS = (FindingKind.DOOR_AT_NIGHT, FindingKind.NOT_BACK_HOME, FindingKind.DOOR_OPEN)
AT_NIGHT, NOT_BACK, LEFT_OPEN = range(DOORS, DOORS + 3)

TONIGHT, USUAL, NIGHTS, LAST_NIGHT, CLOSES = range(5)
SIZE = 5

BACK_WITHIN = 1800.0
OPEN_FOR = 1800.0
NIGHTS_KNOWN = 14
RARE = 0.1
"""Openings a night, below which one is worth telling."""
CLOSES_KNOWN = 3
"""A sensor that has said so often that its door was shut can be believed when it does not."""


@woven_in
def note(own: Row, clocks: Clocks, event: Event) -> None:
    hour = hour_of(event.clock)
    night = event.clock // DAY
    if night > own[LAST_NIGHT] and hour >= 5:
        turn(own, clocks, night)
    if not event.door:
        stop(clocks, NOT_BACK)
        return
    if event.what == CLOSED:
        own[CLOSES] += 1.0
        stop(clocks, LEFT_OPEN)
    elif event.what == OPENED:
        opened(own, clocks, event, hour)
    if at_night(hour, 22.0, 5.0):
        stop(clocks, NOT_BACK)
        start(clocks, NOT_BACK, event.at, event.at + BACK_WITHIN)


@compiled
def opened(own: Row, clocks: Clocks, event: Event, hour: float) -> None:
    if own[CLOSES] >= CLOSES_KNOWN:
        start(clocks, LEFT_OPEN, event.at, event.at + OPEN_FOR)
    if hour < 5:
        own[TONIGHT] += 1.0
        if own[NIGHTS] >= NIGHTS_KNOWN and own[USUAL] < RARE:
            start(clocks, AT_NIGHT, event.at, event.at)


@compiled
def turn(own: Row, clocks: Clocks, night: float) -> None:
    """A night is over."""
    own[USUAL] = towards(own[USUAL], min(own[TONIGHT], 1.0), 0.05 if own[NIGHTS] else 1.0)
    own[NIGHTS] += 1.0
    own[TONIGHT], own[LAST_NIGHT] = 0.0, night
    stop(clocks, AT_NIGHT)
