"""A home as recorded in a table: when by its own wall clock, which sensor, what it said.

The columns are time, sensor, kind, value, room. Times have no zone. A row says in one of the words of `ON` that a
sensor went on (moved, opened, lain on) or off; many recordings hold only the on.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from models.observation import SensorKind, What

COLUMNS = ["time", "sensor", "kind", "value", "room"]
TRUTHS = {"1": True, "TRUE": True, "0": False, "FALSE": False}
ON = {"ON": True, "OPEN": True, "OPENED": True, "OFF": False, "CLOSE": False, "CLOSED": False} | TRUTHS
"""In whatever letters."""

MEANS = {
    (SensorKind.MOTION, True): What.MOVED,
    (SensorKind.DOOR, True): What.OPENED,
    (SensorKind.DOOR, False): What.CLOSED,
    (SensorKind.BED, True): What.LAY_DOWN,
    (SensorKind.BED, False): What.GOT_UP,
    (SensorKind.CHAIR, True): What.SAT_DOWN,
    (SensorKind.CHAIR, False): What.STOOD_UP,
    (SensorKind.PENDANT, True): What.PRESSED,
    (SensorKind.PULL_CORD, True): What.PRESSED,
}
"""What is noticed when a sensor of a kind goes on or off; of the others nothing is."""

SAID = {
    What.MOVED: ("motion", "ON"),
    What.OPENED: ("door", "OPEN"),
    What.CLOSED: ("door", "CLOSE"),
    What.LAY_DOWN: ("bed", "ON"),
    What.GOT_UP: ("bed", "OFF"),
    What.SAT_DOWN: ("chair", "ON"),
    What.STOOD_UP: ("chair", "OFF"),
    What.PRESSED: ("pendant", "ON"),
}
"""The kind and value of a row; a table has no words for the rest."""


def went_on(value: str, *, contact: bool = False) -> bool:
    """Whether a sensor went on. The `contact` of a door is true while that is closed, as Zigbee2MQTT says it. Raises
    KeyError for a value that is none of ON.
    """
    value = value.upper()
    return ON[value] is not (contact and value in TRUTHS)


class BadTable(ValueError):
    """A file that can't be read as observations; the text says which, where and why."""


STEP_BACK = timedelta(minutes=5)
"""Rows a little out of order are no sign that the clocks went back."""


def moments(walls: Sequence[datetime], zone: ZoneInfo) -> list[datetime]:
    """From wall time to UTC. An hour that the clocks skipped is taken as the hour after; of an hour that they pass
    twice, the first is meant, until the wall times themselves step back in it.
    """
    placed: list[datetime] = []
    again: date | None = None
    before = walls[0] if walls else None
    for wall in walls:
        if before and before - wall > STEP_BACK and _twice(wall, zone) and _twice(before, zone):
            again = wall.date()
        before = wall
        placed.append(_moment(wall, zone, second=again == wall.date()))
    return placed


def _moment(wall: datetime, zone: ZoneInfo, *, second: bool) -> datetime:
    return wall.replace(tzinfo=zone, fold=int(second)).astimezone(UTC)


def _twice(wall: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks pass this wall time twice."""
    return _moment(wall, zone, second=True) > _moment(wall, zone, second=False)
