"""How the pages say things: kinds of alert, acts, levels, and moments by the home's own clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.alert import Act, State
from models.detection.explain import lasting
from models.observation import SensorKind
from models.people import Level, Role

KIND: dict[str, str] = {
    "press": "Call for help",
    "silence": "No sign of life",
    "kit_unheard": "Home not heard",
    "sensor_unheard": "Sensor not reporting",
}

MANY: dict[str, str] = {"kit_unheard": "homes not heard", "sensor_unheard": "sensors not reporting"}

STATE: dict[State, str] = {
    State.RAISED: "Waiting for an answer",
    State.ANSWERED: "Answered",
    State.ATTENDING: "Responder sent",
    State.CLOSED: "Closed",
}

DONE: dict[Act, str] = {
    Act.RAISE: "Raised",
    Act.GROW: "More came in",
    Act.ANSWER: "Answered",
    Act.NOTE: "Note",
    Act.SEND: "Responder sent",
    Act.ARRIVE: "Arrived",
    Act.LAPSE: "Answer lapsed",
    Act.CLOSE: "Closed",
    Act.CLEAR: "Cleared",
    Act.TRY: "Tried to reach",
}

MEASURED: dict[SensorKind, str] = {
    SensorKind.PENDANT: "when the pendant is pressed",
    SensorKind.PULL_CORD: "when the cord is pulled",
    SensorKind.MOTION: "movement in the room",
    SensorKind.DOOR: "when the door opens and closes",
    SensorKind.BED: "lying down and getting up",
}

LEVEL: dict[Level, str] = {
    Level.ALL_IS_WELL: "only whether all is well",
    Level.PARTS_OF_DAY: "the day by its parts (morning, afternoon, evening, night)",
    Level.ROOMS: "the day by rooms, to the half hour",
    Level.TIMES: "the day with rooms and exact times, and alerts",
}

ROLE: dict[Role, str] = {
    Role.OPERATOR: "contact centre",
    Role.SUPERVISOR: "contact centre, supervisor",
    Role.RESPONDER: "responder",
    Role.INSTALLER: "installer",
    Role.CONTACT: "relative or neighbour",
    Role.RESIDENT: "yourself",
}


def local(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


def clock(at: datetime, zone: str) -> str:
    return f"{local(at, zone):%H:%M}"


def clock_s(at: datetime, zone: str) -> str:
    return f"{local(at, zone):%H:%M:%S}"


def day(at: datetime, zone: str) -> str:
    return f"{local(at, zone):%A %-d %B}"


def when(at: datetime, now: datetime, zone: str) -> str:
    """'07:40' today, '22:15 last night', '11:20 yesterday', '11:20 on Sat 21 Nov'."""
    here, today = local(at, zone), local(now, zone).date()
    if here.date() == today:
        return f"{here:%H:%M}"
    if here.date() == today - timedelta(days=1):
        return f"{here:%H:%M} {'last night' if here.hour >= 18 else 'yesterday'}"
    return f"{here:%H:%M on %a %-d %b}"


def waited(since: datetime, now: datetime) -> str:
    return lasting(max((now - since).total_seconds(), 0.0))


def times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def listed(words: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def place(room: str) -> str:
    return room.replace("_", " ")


def plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
