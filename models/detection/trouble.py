"""Sensors that mislead: one that flaps, one that never pauses, and a "front door" that opens many times a night, which
is some other door. While one does, the other subjects hear nothing of it, or hear of an inner door.
"""

from __future__ import annotations

from models.detection import FindingKind
from models.detection.clocks import (
    GOT_UP,
    LAY_DOWN,
    OPENED,
    SAT_DOWN,
    TROUBLE,
    Clocks,
    Event,
    begun,
    start,
    stop,
    towards,
)
from models.detection.kernels import HOUR, Row, compiled, woven_in

KINDS = (FindingKind.SENSOR_FLAPPING, FindingKind.SENSOR_STUCK, FindingKind.SENSOR_MISLABELLED)
FLAPPING, STUCK, MISLABELLED = range(TROUBLE, TROUBLE + 3)

SAME, REPEATS, FLAPS, STEADY, STEADY_FOR, STEADY_SEEN, STICKS = range(7)
DOOR, VOTES, INNER, TONIGHT, USUAL, NIGHTS, LAST_NIGHT, HIDDEN = range(7, 15)
SIZE = 15
"""In 32 bits each. Sensors are kept as their place in the home and two more, so that 0 is none. `HIDDEN` are the
seconds since the last sign of life that meant something, as far as reports that meant nothing came between. A chair's
place stands below zero in `FLAPS` and `STICKS`: it is for `chairs` alone to take it back.
"""

FADING = 1.0 / 5400.0
FLAPS_FROM, FLAPS_UNTIL = 400.0, 60.0
"""So many more reports in about an hour by one sensor than by all others."""
PAUSE, NEVER_PAUSED = 600.0, 10 * HOUR
"""Somebody who sleeps leaves every sensor alone for ten minutes in so many hours."""
OPENINGS_TOLD = 5.0
NIGHTS_KNOWN = 5
NIGHT_UNTIL = 5.0


@woven_in
def note(own: Row, clocks: Clocks, event: Event, door: bool) -> None:
    """`door` is what the record says; the event knows better. Mats are the subject of the night and of `chairs`."""
    if event.what in (LAY_DOWN, GOT_UP) or event.what >= SAT_DOWN:
        return
    own[HIDDEN] = own[HIDDEN] + event.gap if misleads(own, event.sensor) else 0.0
    repeat(own, clocks, event)
    if event.sensor + 2 == own[STEADY]:
        go_on(own, clocks, event)
    else:
        own[STEADY_SEEN] += event.gap
        if own[STEADY_SEEN] > PAUSE:
            another(own, clocks, event)
    if event.day > own[LAST_NIGHT] and event.hour >= NIGHT_UNTIL:
        turn(own, clocks, event)
    if door and event.what == OPENED and event.hour < NIGHT_UNTIL:
        vote(own, event)


@woven_in
def misleads(own: Row, sensor: int) -> bool:
    """It reports, and that means nothing."""
    return bool(sensor + 2 == own[FLAPS] or sensor + 2 == own[STICKS])


@woven_in
def quiet(own: Row, gap: float) -> float:
    """Seconds since the last report that meant something."""
    return float(gap + own[HIDDEN])


@woven_in
def inner(own: Row, sensor: int) -> bool:
    """A door, and not one that leads out, whatever it is called."""
    return bool(sensor + 2 == own[INNER])


@woven_in
def repeat(own: Row, clocks: Clocks, event: Event) -> None:
    left = own[REPEATS] * (1.0 - min(event.gap * FADING, 1.0))
    if event.sensor + 2 == own[SAME]:
        own[REPEATS] = left + 1.0
        if left >= FLAPS_FROM and own[FLAPS] == 0:
            own[FLAPS] = own[SAME]
            start(clocks, FLAPPING, event.at, event.at)
        return
    own[REPEATS] = left - 1.0
    if left < FLAPS_UNTIL and own[FLAPS] > 0:
        own[FLAPS] = 0.0
        stop(clocks, FLAPPING)
    if left < 1.0:
        own[SAME], own[REPEATS] = event.sensor + 2, 1.0


@woven_in
def go_on(own: Row, clocks: Clocks, event: Event) -> None:
    """The sensor that is suspected of never pausing reports once more."""
    since = own[STEADY_SEEN] + event.gap
    own[STEADY_SEEN] = 0.0
    if since > PAUSE:
        own[STEADY_FOR] = 0.0
        pauses(own, clocks)
        return
    own[STEADY_FOR] += since
    if own[STEADY_FOR] > NEVER_PAUSED and own[STICKS] == 0:
        own[STICKS] = own[STEADY]
        start(clocks, STUCK, event.at - own[STEADY_FOR], event.at)


@woven_in
def another(own: Row, clocks: Clocks, event: Event) -> None:
    own[STEADY], own[STEADY_FOR], own[STEADY_SEEN] = event.sensor + 2, 0.0, 0.0
    pauses(own, clocks)


@woven_in
def pauses(own: Row, clocks: Clocks) -> None:
    if own[STICKS] > 0:
        own[STICKS] = 0.0
        stop(clocks, STUCK)


@compiled
def vote(own: Row, event: Event) -> None:
    """Which door it is that opens at night: the one with more openings than all others, if there is one."""
    own[TONIGHT] += 1.0
    own[VOTES] += 1.0 if event.sensor + 2 == own[DOOR] else -1.0
    if own[VOTES] < 0:
        own[DOOR], own[VOTES] = event.sensor + 2, 1.0


@compiled
def turn(own: Row, clocks: Clocks, event: Event) -> None:
    """A night is over."""
    own[USUAL] = towards(own[USUAL], min(own[TONIGHT], 20.0), 0.2 if own[NIGHTS] else 1.0)
    own[NIGHTS] += 1.0
    own[TONIGHT], own[LAST_NIGHT] = 0.0, event.day
    if own[NIGHTS] >= NIGHTS_KNOWN and own[USUAL] > OPENINGS_TOLD and not begun(clocks, MISLABELLED):
        own[INNER] = own[DOOR]
        start(clocks, MISLABELLED, event.at, event.at)
    elif own[USUAL] < OPENINGS_TOLD / 2:
        own[INNER] = 0.0
        stop(clocks, MISLABELLED)


def evidence(own: Row, which: int) -> dict[str, str | float | int | bool | None]:
    """`place` is that of the sensor in its home."""
    place = {FLAPPING: own[FLAPS], STUCK: own[STICKS], MISLABELLED: own[INNER]}[which]
    return {
        "place": abs(int(place)) - 2,
        "repeats": int(own[REPEATS]),
        "steady_for": float(own[STEADY_FOR]),
        "openings": float(own[USUAL]),
        "nights": int(own[NIGHTS]),
        **({"chair": True} if place < 0 else {}),
    }
