"""Invented homes: people who sleep, move about, sit, and go out, with a luck of their own that is always the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.observation import CODE_OF, What
from simulators.evaluate.homes import DAY, HOUR, ROOMS, Fitted, Recorded

FITTED = (
    Fitted("bathroom", "motion", "bathroom"),
    Fitted("bedroom", "motion", "bedroom"),
    Fitted("front-door", "door", "front"),
    Fitted("hallway", "motion", "hallway"),
    Fitted("kitchen", "motion", "kitchen"),
    Fitted("lounge", "motion", "lounge"),
)
FIRST_DAY = 17_980.0
"""A Monday in March 2019."""


def lived(name: str, days: int, luck: int, start: float = FIRST_DAY * DAY) -> Recorded:
    """About seventy signs of life a day."""
    dice = np.random.default_rng(luck)
    moments: list[float] = []
    sensors: list[int] = []
    for day in range(days):
        for at, sensor in _day(dice):
            moments.append(start + day * DAY + at)
            sensors.append(sensor)
    return recorded(name, moments, sensors)


def _day(dice: np.random.Generator) -> list[tuple[float, int]]:
    up, out, back = 7.0 + dice.random(), 10.0 + dice.random(), 12.0 + dice.random()
    awake = np.concatenate([np.arange(up, out, 0.2), np.arange(back, 22.5, 0.25)])
    seen = [(hour + dice.random() * 0.1, int(dice.choice([0, 3, 4, 4, 5, 5]))) for hour in awake]
    seen += [(out, 2), (back, 2), (3.0 + dice.random(), 0), (3.2 + dice.random(), 1), (22.7, 1)]
    return sorted((hour * HOUR, sensor) for hour, sensor in seen)


def recorded(name: str, moments: Sequence[float], sensors: Sequence[int]) -> Recorded:
    order = np.argsort(moments, kind="stable")
    sensor = np.array(sensors, np.int64)[order]
    rooms = np.array([ROOMS.index(room) for room in ("bathroom", "bedroom", "entrance", "hall", "kitchen", "living")])
    what = np.where(sensor == 2, CODE_OF[What.OPENED], CODE_OF[What.MOVED])
    return Recorded(name, np.array(moments)[order], sensor, rooms[sensor], sensor == 2, what, FITTED, np.zeros((0, 2)))


def invented(count: int, days: int = 49) -> list[Recorded]:
    return [lived(f"home_{luck:02}", days, luck) for luck in range(count)]
