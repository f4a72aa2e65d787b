"""The second clock, of all other rooms: nothing but one sensor for far longer than anybody has stayed by it.

Somebody on the floor may well set off the sensor above, and so may a pet or a fault, so this clock goes on while that
one sensor does. In a bathroom it runs by itself; elsewhere the sensor's own reports show that the stay goes on, for
complete silence is judged by the first clock. The longest stays are also how long silence may last when that sensor is
dead, since then only the others are heard.
"""

from __future__ import annotations

from models.detection import FindingKind
from models.detection.clocks import GOT_UP, LAY_DOWN, LIE, SAT_DOWN, Clocks, Event, hour_of, start, stop
from models.detection.kernels import DAY, HOUR, Row, compiled, woven_in
from models.detection.rooms import BATHROOM

KINDS = (FindingKind.LONG_LIE,)
BY, PART, ENTERED, ALONE_SINCE, DUE = range(5)
SIZE = 5
FAR = 1e300
NOT_COUNTED = 2
PARTS, UNIT = 2, 2.0
"""Longest stays are kept by part of the day in which they began, night and day, in units of two seconds."""

BATH_AT_LEAST, BATH_AT_MOST, BATH_TIMES = 2700.0, 12 * HOUR, 1.5
AT_LEAST, TIMES, STIRS = 4 * HOUR, 2.0, 2700.0
"""Whoever stirs after hours in which nothing was noticed gets so long (s) to be seen elsewhere."""
FORGOTTEN = 30 * DAY
UNKNOWN_AFTER = 30 * HOUR
AT_FIRST = (5 * HOUR, 3 * HOUR)
"""Longest stays outside bathrooms before any is known: by night somebody may sleep beside the sensor."""

DEAD_AT_LEAST, DEAD_TIMES, DEAD_ANY_TIMES = 16 * HOUR, 1.5, 1.25
"""With a dead sensor a silence may last so long at least, and so many times the longest stay by it, or by any."""


@woven_in
def note(own: Row, clocks: Clocks, event: Event, sensors: Row, first: int) -> None:
    """`sensors` of all homes; those of this one begin at `first`. A chair in the room ends no stay in it."""
    if event.what >= SAT_DOWN:
        return
    if event.sensor + 2 != own[BY]:
        leave(own, event, sensors, first)
        enter(own, clocks, event, sensors, first)
    elif event.at > own[DUE]:
        start(clocks, LIE, own[ENTERED], own[DUE])


@woven_in
def leave(own: Row, event: Event, sensors: Row, first: int) -> None:
    stay, part = event.at - own[ALONE_SINCE], int(own[PART])
    if own[BY] >= 2 and part < NOT_COUNTED and stay < UNKNOWN_AFTER:
        by = first + int(own[BY]) - 2
        longest = max(sensors[by].longest[part] * (1.0 - stay / FORGOTTEN), stay / UNIT)
        sensors[by].longest[part] = int(longest)


@woven_in
def enter(own: Row, clocks: Clocks, event: Event, sensors: Row, first: int) -> None:
    from_outside = own[BY] >= 2 and sensors[first + int(own[BY]) - 2].is_exit
    own[BY], own[ENTERED], own[ALONE_SINCE] = event.sensor + 2, event.at, event.at - event.gap
    own[DUE] = FAR
    stop(clocks, LIE)
    lying = event.what in (LAY_DOWN, GOT_UP)
    if event.sensor < 0 or event.door or lying or (from_outside and event.room != BATHROOM):
        own[PART] = NOT_COUNTED
        return
    hour = hour_of(event.clock - event.gap)
    own[PART] = 8 <= hour < 20
    usual = UNIT * sensors[first + event.sensor].longest[int(own[PART])]
    if event.room == BATHROOM:
        start(clocks, LIE, event.at, event.at + min(max(BATH_TIMES * usual, BATH_AT_LEAST), BATH_AT_MOST))
    else:
        own[DUE] = max(own[ALONE_SINCE] + max(TIMES * usual, AT_LEAST), event.at + STIRS)


@compiled
def longest_of(longest: Row) -> float:
    return UNIT * float(max(longest[0], longest[1]))


@compiled
def may_last(longest: Row) -> float:
    """Seconds of silence that mean nothing while the sensor of these longest stays is dead."""
    return float(max(DEAD_TIMES * longest_of(longest), DEAD_AT_LEAST))


LEAST_STAY = 1800.0


def confidence(stay: float, longest: float) -> float:
    """That something is wrong after `stay` s, when the longest known stay was `longest` s: even odds at that length,
    and from there on the doubt falls with the cube of the time, which is how rarely stays outlast the longest before.
    """
    times = stay / max(longest, LEAST_STAY)
    return 1.0 - 0.5 / times**3 if times >= 1.0 else 0.5 * times


def sure_after(longest: float, doubt: float = 0.05) -> float:
    """The stay (s) from which on no more than this doubt is left."""
    return float(max(longest, LEAST_STAY) * (0.5 / doubt) ** (1 / 3))
