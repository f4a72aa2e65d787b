"""Sensors that mislead: one that flaps, and a "front door" that opens many times a night, which is some other door."""

from __future__ import annotations

from models.detection import FindingKind
from models.detection.clocks import OPENED, TROUBLE, Clocks, Event, hour_of, start, stop, towards
from models.detection.kernels import DAY, Row, woven_in

KINDS = (FindingKind.SENSOR_FLAPPING, FindingKind.SENSOR_MISLABELLED)
FLAPPING, MISLABELLED = range(TROUBLE, TROUBLE + 2)

SAME, REPEATS, TONIGHT, USUAL, NIGHTS, LAST_NIGHT = range(6)
SIZE = 6

REPEATS_TOLD = 300.0
"""So many reports in about an hour by one sensor alone."""
OPENINGS_TOLD = 5.0
NIGHTS_KNOWN = 5


@woven_in
def note(own: Row, clocks: Clocks, event: Event) -> None:
    hour, night = hour_of(event.clock), event.clock // DAY
    repeat(own, clocks, event)
    if event.door and event.what == OPENED and hour < 5:
        own[TONIGHT] += 1.0
    if night > own[LAST_NIGHT] and hour >= 5:
        own[USUAL] = towards(own[USUAL], min(own[TONIGHT], 20.0), 0.2 if own[NIGHTS] else 1.0)
        own[NIGHTS] += 1.0
        own[TONIGHT], own[LAST_NIGHT] = 0.0, night
        if own[NIGHTS] >= NIGHTS_KNOWN and own[USUAL] > OPENINGS_TOLD:
            start(clocks, MISLABELLED, event.at, event.at)
        elif own[USUAL] < OPENINGS_TOLD / 2:
            stop(clocks, MISLABELLED)


@woven_in
def repeat(own: Row, clocks: Clocks, event: Event) -> None:
    if event.sensor != own[SAME]:
        own[SAME], own[REPEATS] = event.sensor, 0.0
        stop(clocks, FLAPPING)
        return
    own[REPEATS] = own[REPEATS] * (1.0 - min(event.gap / 5400.0, 1.0)) + 1.0
    if own[REPEATS] > REPEATS_TOLD:
        start(clocks, FLAPPING, event.at, event.at)
