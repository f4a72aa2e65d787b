"""Chairs with a mat in them: who sits in one, as far as its mat is believed, and mats that mislead.

A real mat blinks for a second or two, sticks for days, or is weighed down by a cushion. While one does, nothing else
hears of it, and what it says is no sign of life: silence lasts no longer for it than in a home without a chair.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from models.detection.clocks import SAT_DOWN, STOOD_UP, Clocks, Event, start, stop, towards
from models.detection.kernels import HOUR, Row, compiled, woven_in
from models.detection.trouble import FLAPPING, FLAPS, STICKS, STUCK
from models.home import Home
from models.observation import KINDS_OF, SensorKind, What

FIELDS: list[tuple[str, type]] = [("chair_elsewhere", np.uint8), ("chair_blinks", np.uint8), ("chair_sat", np.uint16)]
"""Of a home's record: signs of life in other rooms since a chair was taken; how often somebody sat for a moment only,
in `OFTEN`ths; and the second (of 2^16) at which it was taken. Which chair that is (its place in the home and two more,
0: none) is `chair_taken`, apart from these, where each sign of life has to look anyway.
"""
OFTEN = 250.0

BLINK, SAT = 30.0, 600.0
"""Nobody sits for so short a time (s) more often than not; one long rest speaks for the mat as five blinks against."""
BLINKED, STEADY = 0.5, 0.2
STUCK_SIGNS, STUCK_AFTER = 30, 12 * HOUR
"""So many signs of life in other rooms, while the mat says for so long that somebody sits on it."""


@woven_in
def mark(place: int) -> float:
    """What stands in a home's places of trouble while the chair there misleads: below zero, so that only this takes it
    back, and none that reads those takes it for another sensor.
    """
    return -float(place + 2)


@compiled
def note(mine: Any, trouble: Row, sensors: Row, first: int, clocks: Clocks, event: Event) -> None:
    """`mine` is the home's record, `trouble` its row there; `sensors` those of all homes, its own from `first` on."""
    if event.what == STOOD_UP:
        stood_up(mine, trouble, clocks, event)
    elif event.what == SAT_DOWN and mine.chair_taken in (0, event.sensor + 2):
        mine.chair_taken, mine.chair_elsewhere, mine.chair_sat = event.sensor + 2, 0, int(event.at) % 65536
    elif mine.chair_taken > 0 and event.room != sensors[first + mine.chair_taken - 2].room:
        elsewhere(mine, trouble, clocks, event)


@compiled
def stood_up(mine: Any, trouble: Row, clocks: Clocks, event: Event) -> None:
    if event.sensor + 2 != mine.chair_taken:
        return
    lasted, blinks = sat_for(mine, event.at), mine.chair_blinks / OFTEN
    blinks = towards(blinks, 1.0, 0.06) if lasted < BLINK else blinks * (0.7 if lasted >= SAT else 0.94)
    mine.chair_blinks, mine.chair_taken = int(blinks * OFTEN), 0
    if trouble[STICKS] == mark(event.sensor):
        trouble[STICKS] = 0.0
        stop(clocks, STUCK)
    if blinks > BLINKED and trouble[FLAPS] == 0:
        trouble[FLAPS] = mark(event.sensor)
        start(clocks, FLAPPING, event.at, event.at)
    elif blinks < STEADY and trouble[FLAPS] == mark(event.sensor):
        trouble[FLAPS] = 0.0
        stop(clocks, FLAPPING)


@compiled
def elsewhere(mine: Any, trouble: Row, clocks: Clocks, event: Event) -> None:
    """Nobody is in two places, unless somebody else is there."""
    mine.chair_elsewhere = min(mine.chair_elsewhere + 1, 255)
    lasted = sat_for(mine, event.at)
    if mine.chair_elsewhere >= STUCK_SIGNS and lasted > STUCK_AFTER and trouble[STICKS] == 0:
        trouble[STICKS] = mark(mine.chair_taken - 2)
        start(clocks, STUCK, event.at - lasted, event.at)


@compiled
def sat_for(mine: Any, at: float) -> float:
    return float((int(at) - int(mine.chair_sat)) % 65536)


class Seat(NamedTuple):
    """A chair that somebody sits in, by its mat: the sensor, and since when (s since 1970)."""

    sensor: str
    since: float


def seat(home: Home, sensors: Row, trouble: Row) -> Seat | None:
    """The chair that was taken last and is not left. It is not believed while it misleads or is not heard, nor when
    another room has reported since: then somebody is up, another person is there, or the mat sticks.
    """
    taken: Seat | None = None
    for place, (sensor, said) in enumerate(zip(home.sensors, sensors, strict=True)):
        sits = sensor.kind is SensorKind.CHAIR and said["said"] == SAT_DOWN and not said["dead"]
        if sits and mark(place) not in (trouble[FLAPS], trouble[STICKS]):
            since = float(said["sign_at"])
            taken = Seat(sensor.id, since) if taken is None or since > taken.since else taken
    room = None if taken is None else home.sensor(taken.sensor)
    if taken is None or room is None:
        return None
    others = (
        said["sign_at"]
        for sensor, said in zip(home.sensors, sensors, strict=True)
        if sensor.room != room.room and sensor.kind not in KINDS_OF[What.PRESSED]
    )
    return taken if all(at <= taken.since for at in others) else None
