"""Who is probably in, from doors and movement: never surer than what was noticed, and only as far as heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.day import Seen
from models.home import Home
from models.observation import SensorKind, What

SETTLING = timedelta(minutes=2)
"""So soon after a door that leads out, movement may still be of the leaving."""
GONE_AFTER = timedelta(minutes=45)
"""A door that leads out, and nothing for so long after it: out."""
COMPANY_WITHIN = timedelta(seconds=20)
COMPANY_FOR = timedelta(hours=1)
COMPANY_TURNS = 3
"""Two rooms that answer each other so quickly, so often within the hour, are two people."""


class Where(StrEnum):
    IN = "in"
    PERHAPS_OUT = "perhaps out"
    OUT = "probably out"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Presence:
    """`since` is the sign that it rests on, noticed by `sensor`. `company`: somebody else is there too."""

    where: Where
    since: datetime | None = None
    sensor: str = ""
    company: bool = False


def presence(home: Home, seen: Sequence[Seen], until: datetime | None, now: datetime) -> Presence:
    """From signs of life in order of time. `until` is up to when the home, as it is in use, is heard; None where it is
    not.
    """
    if not seen or until is None:
        return Presence(Where.UNKNOWN)
    last, exits = seen[-1], [one for one in seen if _leads_out(home, one)]
    company = _turns(home, seen, now) >= COMPANY_TURNS
    if exits and last.at - exits[-1].at <= SETTLING:
        gone = Where.OUT if until - exits[-1].at >= GONE_AFTER else Where.PERHAPS_OUT
        where = gone if home.notices_motion else Where.UNKNOWN
        return Presence(where, exits[-1].at, exits[-1].sensor, company)
    return Presence(Where.IN, last.at, last.sensor, company)


def _leads_out(home: Home, one: Seen) -> bool:
    sensor = home.sensor(one.sensor)
    return sensor is not None and sensor.kind is SensorKind.DOOR and sensor.is_exit


def _turns(home: Home, seen: Sequence[Seen], now: datetime) -> int:
    """How often, within the hour, movement went back to the room that it had come from within seconds."""
    rooms = [
        (one.at, sensor.room)
        for one in seen
        if one.what is What.MOVED and now - one.at <= COMPANY_FOR and (sensor := home.sensor(one.sensor))
    ]
    back = zip(rooms, rooms[1:], rooms[2:], strict=False)
    return sum(a[1] == c[1] != b[1] and c[0] - a[0] <= COMPANY_WITHIN for a, b, c in back)


def in_bed(seen: Sequence[Seen]) -> tuple[bool, datetime] | None:
    """Whether somebody lies in the bed, and since when; None where no bed has told of it."""
    told = [one for one in seen if one.what in (What.LAY_DOWN, What.GOT_UP)]
    return (told[-1].what is What.LAY_DOWN, told[-1].at) if told else None


def chairs(home: Home, seen: Sequence[Seen]) -> dict[str, tuple[bool, datetime, datetime | None]]:
    """Of each chair that has told: whether it is taken, since when, and the first sign of life from another room since:
    then somebody is up, another person is there, or the mat sticks.
    """
    found: dict[str, tuple[bool, datetime, datetime | None]] = {}
    rooms = {sensor.id: sensor.room for sensor in home.sensors if sensor.kind is not SensorKind.PENDANT}
    for one in seen:
        if one.what in (What.SAT_DOWN, What.STOOD_UP) and one.sensor in rooms:
            found[one.sensor] = (one.what is What.SAT_DOWN, one.at, None)
        for chair, (taken, since, doubted) in found.items():
            if taken and doubted is None and rooms.get(one.sensor, rooms[chair]) != rooms[chair]:
                found[chair] = (taken, since, one.at)
    return found


def doors(home: Home, seen: Sequence[Seen]) -> dict[str, tuple[bool, datetime]]:
    """Of each door that has told: whether it stands open, and since when."""
    found: dict[str, tuple[bool, datetime]] = {}
    for one in seen:
        if one.what in (What.OPENED, What.CLOSED) and home.sensor(one.sensor):
            found[one.sensor] = (one.what is What.OPENED, one.at)
    return found
