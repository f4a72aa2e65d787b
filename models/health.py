"""When a sensor, a kit or a path that says nothing becomes a fault."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec

from models.observation import SensorKind

HEARTBEATS_MISSED = 3
KIT_AT_LEAST = timedelta(minutes=3)
"""A kit is unheard when three heartbeats in a row did not come, and not before three minutes."""

SENSOR_UNHEARD_AFTER: dict[SensorKind, timedelta] = {
    SensorKind.PENDANT: timedelta(hours=4),
    SensorKind.PULL_CORD: timedelta(hours=4),
    SensorKind.MOTION: timedelta(hours=4),
    SensorKind.DOOR: timedelta(hours=4),
    SensorKind.BED: timedelta(hours=4),
    SensorKind.CHAIR: timedelta(hours=4),
}
"""Battery sensors of the Zigbee kind check in about hourly; four missed check-ins is a dead sensor, not a quiet one."""


def kit_unheard_after(heartbeat_every: timedelta) -> timedelta:
    return max(HEARTBEATS_MISSED * heartbeat_every, KIT_AT_LEAST)


class Why(StrEnum):
    """Why a home can't be heard, as far as can be told."""

    POWER = "its mains power is off"
    PATH = "its connection dropped"
    KIT = "its kit stopped"
    BACKLOG = "its kit is heard, but its observations have not arrived"
    NEVER = "its kit was never heard"


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a kit: complete up to `until`, last heartbeat `at`; `online` False is the broker's last will."""

    until: datetime | None
    at: datetime | None
    online: bool = True
    on_mains: bool | None = None


def why_unheard(heard: Heard, now: datetime, limit: timedelta) -> Why | None:
    """Why the home is unheard at `now`, or None while it is heard."""
    if heard.until is None or heard.at is None:
        return Why.NEVER
    if now - heard.until <= limit:
        return None
    if heard.on_mains is False:
        return Why.POWER
    if not heard.online:
        return Why.PATH
    return Why.BACKLOG if now - heard.at <= limit else Why.KIT


MISSES = 3
"""So many of its usual gaps in a row, and a sensor is dead."""
LIMIT_AT_LEAST, LIMIT_AT_MOST = timedelta(hours=1), timedelta(hours=24)
SHARE = 0.95
"""Of the time: a gap that is longer than those in which a sensor spends this much of it is out of the ordinary."""
REMEMBERED = timedelta(days=14)
"""What is older counts half."""
COUNTS_AT_MOST = 6 * 3600.0
"""Seconds that one gap adds: a day in which a sensor was dead does not become its rhythm."""
LEARNED_FROM, LEARNED_GAPS = timedelta(days=3), 12
GAP_EDGES = tuple(60.0 * 1.4**place for place in range(24))
"""Seconds, upper; the last is a day and a half."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a sensor's signs of life, check-ins among them, follow on each other: seconds spent in gaps up to each of
    `GAP_EDGES`, and how many gaps there were, both fading. One long gap weighs little beside weeks of short ones.
    """

    spent: tuple[float, ...] = ()
    gaps: float = 0.0

    @property
    def learned(self) -> bool:
        return sum(self.spent) >= LEARNED_FROM.total_seconds() and self.gaps >= LEARNED_GAPS


@dataclass(frozen=True, slots=True)
class Learned:
    """What is learned of a home's sensors; and since when its kit is known to make test presses."""

    rhythms: dict[str, Rhythm] = field(default_factory=dict)
    tests_since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


def silence_limit(rhythm: Rhythm, kind: SensorKind) -> timedelta:
    """How long this sensor may give no sign of life while its kit is heard: by its own rhythm, within bounds; by its
    kind until that is known.
    """
    if not rhythm.learned:
        return SENSOR_UNHEARD_AFTER[kind]
    ordinary, so_far = SHARE * sum(rhythm.spent), 0.0
    for edge, spent in zip(GAP_EDGES, rhythm.spent, strict=True):
        so_far += spent
        if so_far >= ordinary:
            return min(max(MISSES * timedelta(seconds=edge), LIMIT_AT_LEAST), LIMIT_AT_MOST)
    return LIMIT_AT_MOST
