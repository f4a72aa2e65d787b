"""The simple rule, in force from the first minute: silence longer than a limit by part of day. From the last sign of
life follows the moment by which the next is due.

By day a silence may last a fixed time; from the evening on it may last until the hour by which people are up. The
part of day is that of the home's local clock at the last sign of life, so a clock change moves the due hour with it.
"""

from dataclasses import dataclass

import numpy as np

from models.detection.batch import Floats, Ints
from models.detection.zones import clocks, offsets
from models.home import Home

HOUR = 3600.0
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Limits:
    """Columns, a row a home: seconds allowed by day; evening, morning and up-by hour; index of its `clocks`."""

    by_day: Floats
    evening: Floats
    morning: Floats
    up_by: Floats
    zone: Ints
    starts: Floats
    held: Floats


def limits(homes: list[Home]) -> Limits:
    zones = tuple(sorted({home.timezone for home in homes}))
    column = {
        name: np.array([getattr(home.limits, f"{name}_hour") for home in homes], np.float64)
        for name in ("evening", "morning", "up_by")
    }
    by_day = np.array([home.limits.by_day.total_seconds() for home in homes], np.float64)
    zone = np.array([zones.index(home.timezone) for home in homes], np.int64)
    return Limits(by_day, column["evening"], column["morning"], column["up_by"], zone, *clocks(zones))


def expected_by(own: Limits, home: Ints, last_sign: Floats) -> Floats:
    """By when each of `home` should give its next sign of life (s since 1970), given its last at `last_sign`."""
    local = last_sign + utc_offset(own, home, last_sign)
    hour = np.mod(local, DAY) / HOUR
    by_night = (hour >= own.evening[home]) | (hour < own.morning[home])
    return np.where(by_night, _next_up_by(own, home, last_sign, local, hour), last_sign + own.by_day[home])


def _next_up_by(own: Limits, home: Ints, last_sign: Floats, local: Floats, hour: Floats) -> Floats:
    midnight = np.floor(local / DAY) * DAY
    due = midnight + np.where(hour >= own.evening[home], DAY, 0.0) + own.up_by[home] * HOUR
    guess = due - utc_offset(own, home, last_sign)
    return due - utc_offset(own, home, guess)


def utc_offset(own: Limits, home: Ints, at: Floats) -> Floats:
    """Seconds that each home's local clock is ahead of UTC at `at`."""
    return offsets(own.starts, own.held, own.zone[home], at)
