"""When a sensor, a kit or a path that says nothing becomes a fault."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

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
