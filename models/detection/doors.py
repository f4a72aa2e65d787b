"""Doors that lead out: opened at an hour at which they never are, left by at night and not back, left open.

For somebody who may wander nothing is waited for that others are given: told from the first night, at once, and never
taken for usual.
"""

from __future__ import annotations

from models.detection import FindingKind
from models.detection.clocks import (
    BITS,
    CLOSED,
    DOORS,
    OPENED,
    Clocks,
    Event,
    at_night,
    begun,
    bit,
    start,
    stop,
    towards,
    with_bit,
)
from models.detection.kernels import HOUR, Row, compiled, woven_in

KINDS = (FindingKind.DOOR_AT_NIGHT, FindingKind.NOT_BACK_HOME, FindingKind.DOOR_OPEN)
AT_NIGHT, NOT_BACK, LEFT_OPEN = range(DOORS, DOORS + 3)

NIGHTS, LAST_NIGHT, BANDS_TONIGHT, SHUTS, OPEN, AWAITED, LONGEST_QUIET, STANDS, USED, BY_BAND = range(10)
BANDS = 3
SIZE = BY_BAND + BANDS
"""In 32 bits each; `SHUTS` and `OPEN` are sets of doors: which say that they are shut, and which stand open.
`USED` is the door used last, two more than its place.
"""

FROM, UNTIL = 23.0, 5.0
BAND = 2.0
"""Hours from `FROM` on: 23 to 1, 1 to 3, 3 to 5."""

BACK_WITHIN, BACK_AT_MOST = 2700.0, 6 * HOUR
WANDERER_BACK_WITHIN = 600.0
WANDERER_FROM, WANDERER_UNTIL = 21.0, 6.0
OPEN_FOR, WANDERER_OPEN_FOR = 1800.0, 300.0
UNTOLD = 1e9
OFTEN = 0.15
"""Of the openings of doors here: where more of them last for so long, one more is worth nobody's while."""
NIGHTS_KNOWN, RETURNS_KNOWN = 21, 14
RARE = 0.03
"""Of nights with the door opened in these two hours: below, it is worth telling."""
SHARE = 0.03
KEPT = 0.98


@woven_in
def note(own: Row, clocks: Clocks, event: Event, wanders: bool, was: float) -> None:
    """`was` is the hour by the clock of a week ago: somebody may live on by that."""
    if event.day > own[LAST_NIGHT] and event.hour >= WANDERER_UNTIL:
        turn(own, clocks, event)
    if event.door:
        door(own, clocks, event, wanders, was)
    elif own[AWAITED] > 0:
        inside(own, clocks, event)


@compiled
def inside(own: Row, clocks: Clocks, event: Event) -> None:
    """Whoever used the door last is here, or never left."""
    own[LONGEST_QUIET] = max(own[LONGEST_QUIET] * KEPT, min(event.gap, BACK_AT_MOST))
    own[AWAITED] = 0.0
    stop(clocks, NOT_BACK)


@compiled
def door(own: Row, clocks: Clocks, event: Event, wanders: bool, was: float) -> None:
    if event.what == CLOSED:
        shut(own, clocks, event)
    elif event.what == OPENED:
        opened(own, clocks, event, wanders, was)
    stop(clocks, NOT_BACK)
    own[AWAITED], own[USED] = 0.0, event.sensor + 2
    if at_night(event.hour, WANDERER_FROM, WANDERER_UNTIL) if wanders else late(event.hour) and late(was):
        left(own, clocks, event, wanders)


@woven_in
def late(hour: float) -> bool:
    return at_night(hour, FROM, UNTIL)


@woven_in
def band_of(hour: float) -> int:
    return int(((hour - FROM) % 24.0) / BAND)


@woven_in
def rare(own: Row, hour: float) -> bool:
    return bool(late(hour) and own[BY_BAND + band_of(hour)] < RARE)


@woven_in
def left(own: Row, clocks: Clocks, event: Event, wanders: bool) -> None:
    own[AWAITED] = 1.0
    if wanders:
        start(clocks, NOT_BACK, event.at, event.at + WANDERER_BACK_WITHIN)
    elif own[NIGHTS] >= RETURNS_KNOWN:
        start(clocks, NOT_BACK, event.at, event.at + back_within(own))


@woven_in
def back_within(own: Row) -> float:
    return float(min(max(BACK_WITHIN, 2.0 * own[LONGEST_QUIET]), BACK_AT_MOST))


@woven_in
def shut(own: Row, clocks: Clocks, event: Event) -> None:
    own[SHUTS] = with_bit(own[SHUTS], event.sensor, True)
    own[OPEN] = with_bit(own[OPEN], event.sensor, False)
    if own[OPEN] == 0:
        if begun(clocks, LEFT_OPEN):
            own[STANDS] = towards(own[STANDS], 1.0 if event.at - clocks.since[LEFT_OPEN] > OPEN_FOR else 0.0, 0.1)
        stop(clocks, LEFT_OPEN)


@woven_in
def opened(own: Row, clocks: Clocks, event: Event, wanders: bool, was: float) -> None:
    if bit(own[SHUTS], event.sensor):
        if own[OPEN] == 0:
            stand_open(own, clocks, event, wanders)
        own[OPEN] = with_bit(own[OPEN], event.sensor, True)
    if wanders and at_night(event.hour, WANDERER_FROM, WANDERER_UNTIL):
        start(clocks, AT_NIGHT, event.at, event.at)
    if late(event.hour):
        own[BANDS_TONIGHT] = with_bit(own[BANDS_TONIGHT], band_of(event.hour), True)
        if own[NIGHTS] >= NIGHTS_KNOWN and rare(own, event.hour) and rare(own, was):
            start(clocks, AT_NIGHT, event.at, event.at)


@woven_in
def stand_open(own: Row, clocks: Clocks, event: Event, wanders: bool) -> None:
    lasting = WANDERER_OPEN_FOR if wanders else OPEN_FOR if own[STANDS] < OFTEN else UNTOLD
    start(clocks, LEFT_OPEN, event.at, event.at + lasting)


@compiled
def turn(own: Row, clocks: Clocks, event: Event) -> None:
    """A night is over. One after which nobody was at home for a day tells nothing."""
    if event.day == own[LAST_NIGHT] + 1:
        share = max(SHARE, 1.0 / (own[NIGHTS] + 1.0))
        for band in range(BANDS):
            there = 1.0 if bit(own[BANDS_TONIGHT], band) else 0.0
            own[BY_BAND + band] = towards(own[BY_BAND + band], there, share)
        own[NIGHTS] += 1.0
    own[BANDS_TONIGHT], own[LAST_NIGHT] = 0.0, event.day
    stop(clocks, AT_NIGHT)


def evidence(own: Row, which: int, wanders: bool) -> dict[str, str | float | int | bool | None]:
    """Seconds, and how often in a hundred nights a door was opened, from 23 h on two hours at a time; `place` is that
    of the door in its home.
    """
    known = bool(own[NIGHTS] >= NIGHTS_KNOWN)
    shares = {f"opened_{band}": 100.0 * float(own[BY_BAND + band]) if known else None for band in range(BANDS)}
    standing = [place for place in range(BITS) if which == LEFT_OPEN and int(own[OPEN]) >> place & 1]
    return {
        "place": standing[0] if standing else int(own[USED]) - 2,
        "nights": int(own[NIGHTS]),
        "wanders": wanders,
        "back_within": WANDERER_BACK_WITHIN if wanders else float(back_within(own)),
        "longest_quiet": float(own[LONGEST_QUIET]) or None,
        "open_for": WANDERER_OPEN_FOR if wanders else OPEN_FOR,
        "stands_open": float(own[STANDS]),
        **shares,
    }
