"""Slow change: the last ten days or so against the way things were when the home became known.

That way is not learned on: it stands until a change from it was told and has stayed for a month. So a decline of a
little each day adds up, however slow it is, and nothing becomes usual without being said. Things that get better
become usual slowly, so that their loss counts as one.
"""

from __future__ import annotations

from models.detection import FindingKind
from models.detection.clocks import (
    CHANGES,
    OPENED,
    RAISED,
    Clocks,
    Event,
    at_night,
    start,
    stop,
    towards,
)  # fmt: skip
from models.detection.kernels import DAY, Row, compiled, woven_in

KINDS = (
    FindingKind.LESS_MOVEMENT,
    FindingKind.FEWER_OUTINGS,
    FindingKind.MORE_NIGHT_MOVEMENT,
    FindingKind.SHORTER_OUTINGS,
    FindingKind.BROKEN_SLEEP,
)
MOVEMENT, OUTINGS, NIGHT_TRIPS, OUT_FOR, AWAKE = range(5)
MEASURES = 5
"""Signs of life after two quiet minutes a day; times a door was used a day; times up a night; minutes out at a time;
minutes up and about a night.
"""

TODAY, RECENTLY, KNOWN, SPREAD = 0, 5, 10, 15
DAYS, LAST_DAY, AWAY, NEAR_DOOR, RETURNS = range(20, 25)
SIZE = 25
"""In 32 bits each. `AWAY` are days lately on which nobody was at home, `NEAR_DOOR` seconds."""

DAYS_KNOWN = 28
QUICK = 0.1
CHANGED = (0.17, 0.25, 0.5, 0.3, 0.5)
"""So large a part of what is known must be gained or lost..."""
SURE = 3.0
OF_TEN = 0.29
"""...and so many times as much as chance makes of ten days, which is this part of the mean distance between days."""
BACK = 0.6
STAYED = 28 * DAY
BETTER = 0.02
AT_LEAST = (20.0, 0.3, 0.7, 10.0, 10.0)
"""Of less than this a loss means nothing, and growth is measured against it."""
TOO_MUCH = 3.0
"""One day counts for at most so many times as much as is known: a party is no way of life."""
OUT_AT_LEAST, OUT_AT_MOST = 900.0, 12 * 3600.0
LINGERS = 180.0


@woven_in
def note(own: Row, clocks: Clocks, event: Event) -> None:
    if event.day != own[LAST_DAY]:
        turn(own, clocks, event)
    if event.gap > 120:
        own[TODAY + MOVEMENT] += 1.0
    if event.door:
        door(own, event)
    else:
        own[NEAR_DOOR] -= event.gap
        if at_night(event.hour, 23.0, 6.0):
            awake(own, event)


@woven_in
def door(own: Row, event: Event) -> None:
    if event.what == OPENED:
        own[TODAY + OUTINGS] += event.gap > 300
    if own[NEAR_DOOR] >= 0 and OUT_AT_LEAST <= event.gap <= OUT_AT_MOST:
        own[TODAY + OUT_FOR] += event.gap / 60.0
        own[RETURNS] += 1.0
    own[NEAR_DOOR] = LINGERS


@woven_in
def awake(own: Row, event: Event) -> None:
    """Up for as long as one sign follows another within ten minutes."""
    if event.gap > 600:
        own[TODAY + NIGHT_TRIPS] += 1.0
        own[TODAY + AWAKE] += 1.0
    else:
        own[TODAY + AWAKE] += event.gap / 60.0


@compiled
def turn(own: Row, clocks: Clocks, event: Event) -> None:
    """A day is over. One after which nothing came for a day or more says nothing of the person."""
    missed = min(event.day - own[LAST_DAY] - 1.0, 60.0) if own[LAST_DAY] > 0 else 60.0
    own[AWAY] = own[AWAY] * 0.95 ** (missed + 1.0) + (missed if own[LAST_DAY] > 0 else 0.0)
    if missed == 0:
        for each in range(MEASURES):
            if each != OUT_FOR or own[RETURNS] > 0:
                take_in(own, each, own[TODAY + each] / (own[RETURNS] if each == OUT_FOR else 1.0))
                compare(own, clocks, event, each)
        own[DAYS] += 1.0
    own[TODAY : TODAY + MEASURES] = 0.0
    own[RETURNS], own[LAST_DAY] = 0.0, event.day


@woven_in
def take_in(own: Row, each: int, found: float) -> None:
    settled = own[DAYS] >= DAYS_KNOWN
    if settled:
        found = min(found, TOO_MUCH * max(own[KNOWN + each], AT_LEAST[each]))
    even = 1.0 / (own[DAYS] + 1.0)
    own[SPREAD + each] = towards(own[SPREAD + each], abs(found - own[RECENTLY + each]), max(0.04, even))
    own[RECENTLY + each] = towards(own[RECENTLY + each], found, max(QUICK, even))
    if not settled:
        own[KNOWN + each] = towards(own[KNOWN + each], found, even)


@compiled
def compare(own: Row, clocks: Clocks, event: Event, each: int) -> None:
    known, worse = own[KNOWN + each], lost(own, each)
    if own[DAYS] < DAYS_KNOWN or (known < AT_LEAST[each] and not grows(each)):
        return
    which = CHANGES + each
    least = max(CHANGED[each] * max(known, AT_LEAST[each]), SURE * OF_TEN * own[SPREAD + each])
    if worse > least:
        start(clocks, which, event.at, event.at)
    elif worse < BACK * least:
        stop(clocks, which)
    if clocks.stage[which] == RAISED and event.at - clocks.since[which] > STAYED:
        own[KNOWN + each] = own[RECENTLY + each]
        stop(clocks, which)
    elif worse < -least:
        own[KNOWN + each] = towards(known, own[RECENTLY + each], BETTER)


@woven_in
def lost(own: Row, each: int) -> float:
    """How much worse it is than it was known to be."""
    less = own[KNOWN + each] - own[RECENTLY + each]
    return float(-less if grows(each) else less)


@woven_in
def grows(each: int) -> bool:
    """More of it is worse."""
    return each in (NIGHT_TRIPS, AWAKE)


def evidence(own: Row, which: int) -> dict[str, str | float | int | bool | None]:
    each = which - CHANGES
    return {
        "recent": float(own[RECENTLY + each]),
        "known": float(own[KNOWN + each]),
        "days": int(own[DAYS]),
        "days_known": DAYS_KNOWN,
        "away_days": round(float(own[AWAY])),
    }
