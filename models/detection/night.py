"""The night: left bed and not back, not in bed or not up by the usual time, many bathroom trips, a bed mat in trouble.

Usual times are learned from the nights in which the mat spoke plainly, an eighth of the way each night.
"""

from __future__ import annotations

import numpy as np

from models.detection import FindingKind
from models.detection.clocks import (
    BATHROOM,
    BEDROOM,
    GOT_UP,
    LAY_DOWN,
    NIGHT,
    Clocks,
    Event,
    at_night,
    hour_of,
    start,
    stop,
    towards,
)  # fmt: skip
from models.detection.kernels import DAY, HOUR, Row, compiled, woven_in

KINDS = (
    FindingKind.NOT_BACK_IN_BED,
    FindingKind.NOT_IN_BED,
    FindingKind.NOT_UP,
    FindingKind.BATHROOM_TRIPS,
    FindingKind.BED_MAT,
)
NOT_BACK, NOT_IN_BED, NOT_UP, TRIPS, MAT = range(NIGHT, NIGHT + 5)

IN_BED_SINCE, USUAL_BED, USUAL_UP, NIGHTS, CHANGES, ELSEWHERE, TONIGHT, USUAL_TRIPS, LAST_TRIP, TRIP_NIGHTS = range(10)
SIZE = 10

BACK_WITHIN = 2700.0
LATE_BY = 2 * HOUR
NIGHTS_KNOWN = 7
UP_BY = 11.0
SHARE = 0.125
FLICKERS = 20.0
"""So many changes in about an hour are a mat's, not a person's."""
STUCK_SIGNS = 30.0
"""So many signs of life in other rooms while the mat says that somebody lies on it."""


@woven_in
def note(own: Row, clocks: Clocks, event: Event) -> None:
    hour = hour_of(event.clock)
    if event.what in (LAY_DOWN, GOT_UP):
        flicker(own, clocks, event)
        if event.what == LAY_DOWN:
            lay_down(own, clocks, event, hour)
        else:
            got_up(own, clocks, event, hour)
    elif event.room != BEDROOM:
        about(own, clocks, event, hour)
    if event.room == BATHROOM:
        trip(own, clocks, event, hour)
    elif 7 <= hour < 12 and own[TONIGHT] > 0:
        morning(own, clocks)


@compiled
def flicker(own: Row, clocks: Clocks, event: Event) -> None:
    own[CHANGES] = own[CHANGES] * 0.5 ** (min(event.gap, DAY) / 1800.0) + 1.0
    if own[CHANGES] > FLICKERS:
        start(clocks, MAT, event.at, event.at)
    elif own[CHANGES] < 3:
        stop(clocks, MAT)


@compiled
def lay_down(own: Row, clocks: Clocks, event: Event, hour: float) -> None:
    own[IN_BED_SINCE], own[ELSEWHERE] = event.at, 0.0
    stop(clocks, NOT_BACK)
    if not at_night(hour, 19.0, 4.0):
        return
    stop(clocks, NOT_IN_BED)
    if clocks.due[NOT_UP] == np.inf:
        own[USUAL_BED] = towards(own[USUAL_BED], (hour + 12.0) % 24.0, SHARE if own[NIGHTS] else 1.0)
    up = own[USUAL_UP] + LATE_BY / HOUR if own[NIGHTS] >= NIGHTS_KNOWN else UP_BY
    start(clocks, NOT_UP, event.at, event.at + ((up - hour) % 24.0) * HOUR)


@compiled
def got_up(own: Row, clocks: Clocks, event: Event, hour: float) -> None:
    own[IN_BED_SINCE] = 0.0
    if at_night(hour, 22.0, 5.0):
        start(clocks, NOT_BACK, event.at, event.at + BACK_WITHIN)
    elif hour < 12:
        is_up(own, clocks, hour)


@woven_in
def is_up(own: Row, clocks: Clocks, hour: float) -> None:
    if clocks.due[NOT_UP] < np.inf:
        own[USUAL_UP] = towards(own[USUAL_UP], hour, SHARE if own[NIGHTS] else 1.0)
        own[NIGHTS] += 1.0
    stop(clocks, NOT_UP)
    stop(clocks, NOT_BACK)


@woven_in
def about(own: Row, clocks: Clocks, event: Event, hour: float) -> None:
    """A sign of life in another room."""
    if 5 <= hour < 12:
        is_up(own, clocks, hour)
    if 12 <= hour < 19 and own[NIGHTS] >= NIGHTS_KNOWN:
        stop(clocks, NOT_IN_BED)
        start(clocks, NOT_IN_BED, event.at, event.at + (own[USUAL_BED] + 12.0 - hour) * HOUR + LATE_BY)
    if own[IN_BED_SINCE] > 0 and event.at - own[IN_BED_SINCE] > LATE_BY:
        own[ELSEWHERE] += 1.0
        if own[ELSEWHERE] == STUCK_SIGNS:
            start(clocks, MAT, own[IN_BED_SINCE], event.at)


@woven_in
def trip(own: Row, clocks: Clocks, event: Event, hour: float) -> None:
    apart = event.at - own[LAST_TRIP] > 600.0
    own[LAST_TRIP] = event.at
    if not apart or not at_night(hour, 23.0, 6.0):
        return
    own[TONIGHT] += 1.0
    if own[TRIP_NIGHTS] >= NIGHTS_KNOWN and own[TONIGHT] > 2.0 * own[USUAL_TRIPS] + 2.0:
        start(clocks, TRIPS, event.at, event.at)


@woven_in
def morning(own: Row, clocks: Clocks) -> None:
    own[USUAL_TRIPS] = towards(own[USUAL_TRIPS], own[TONIGHT], SHARE if own[TRIP_NIGHTS] else 1.0)
    own[TRIP_NIGHTS] += 1.0
    own[TONIGHT] = 0.0
    stop(clocks, TRIPS)
