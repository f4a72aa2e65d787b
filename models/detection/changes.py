"""Slow change: the last ten days or so against the last two months, in movement, in outings and in the night.

The two fade at different speeds, so a change is said before the slower one has taken it for the way things are.
"""

from __future__ import annotations

from models.detection import FindingKind
from models.detection.clocks import BATHROOM, CHANGES, OPENED, Clocks, Event, at_night, hour_of, start, stop, towards
from models.detection.kernels import DAY, Row, compiled, woven_in

KINDS = (FindingKind.LESS_MOVEMENT, FindingKind.FEWER_OUTINGS, FindingKind.MORE_NIGHT_MOVEMENT)
TODAY, RECENTLY, USUALLY = 0, 3, 6
DAYS, LAST_DAY = 9, 10
SIZE = 11

DAYS_KNOWN = 35
QUICK, SLOW = 0.1, 0.016
LESS, MORE = 0.66, 1.7
AT_LEAST = (20.0, 0.5, 2.0)
"""A day's worth, below which a change means nothing."""


@woven_in
def note(own: Row, clocks: Clocks, event: Event) -> None:
    day = event.clock // DAY
    if own[LAST_DAY] == 0:
        own[LAST_DAY] = day
    if day > own[LAST_DAY]:
        turn(own, clocks, event, day == own[LAST_DAY] + 1)
        own[LAST_DAY] = day
    if event.gap > 120:
        own[TODAY] += 1.0
    if event.door and event.what == OPENED:
        own[TODAY + 1] += event.gap > 300
    elif at_night(hour_of(event.clock), 23.0, 6.0) and event.gap > 600:
        own[TODAY + 2] += 1.0 + (event.room == BATHROOM)


@compiled
def turn(own: Row, clocks: Clocks, event: Event, whole: bool) -> None:
    """A day is over. One after which nothing came for a day or more says nothing of the person."""
    for each in range(3):
        if whole:
            slow = max(SLOW, 1.0 / (own[DAYS] + 1.0))
            own[RECENTLY + each] = towards(own[RECENTLY + each], own[TODAY + each], max(QUICK, slow))
            own[USUALLY + each] = towards(own[USUALLY + each], own[TODAY + each], slow)
        own[TODAY + each] = 0.0
        compare(own, clocks, event, each)
    own[DAYS] += whole


@compiled
def compare(own: Row, clocks: Clocks, event: Event, each: int) -> None:
    usual, recent = own[USUALLY + each], own[RECENTLY + each]
    if own[DAYS] < DAYS_KNOWN or usual < AT_LEAST[each]:
        return
    changed = recent > MORE * usual if each == 2 else recent < LESS * usual
    if changed:
        start(clocks, CHANGES + each, event.at, event.at)
    elif 0.8 * usual < recent < 1.3 * usual:
        stop(clocks, CHANGES + each)
