"""How the pages say things: kinds of alert, acts, levels, and moments by the home's own clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from models.alert import Act, State
from models.battery import Basis, Forecast
from models.detection import FindingKind
from models.detection.explain import lasting
from models.hours import clock, clock_s, day, local, when
from models.people import Level, Role
from models.privacy import Data
from models.telling import plural

__all__ = ["clock", "clock_s", "day", "local", "plural", "when"]
"""For templates, which have all their words from here."""

NO_CALL = "There is no pendant and no pull cord: nobody here can press for help."

KIND: dict[str, str] = {
    "press": "Call for help",
    "fall": "Perhaps a fall",
    "silence": "No sign of life",
    "long_lie": "Long in one room",
    "not_back_home": "Not back home",
    "not_back_in_bed": "Not back in bed",
    "not_in_bed": "Not in bed",
    "not_up": "Not up",
    "door_at_night": "Door at night",
    "door_open": "Door left open",
    "bathroom_trips": "Many bathroom trips",
    "less_movement": "Less movement",
    "fewer_outings": "Fewer outings",
    "more_night_movement": "Restless nights",
    "shorter_outings": "Shorter outings",
    "broken_sleep": "Broken sleep",
    "kit_unheard": "Home not heard",
    "sensor_unheard": "Sensor not reporting",
    "bed_mat": "Bed mat in trouble",
    "sensor_flapping": "Sensor never quiet",
    "sensor_stuck": "Sensor stuck",
    "sensor_mislabelled": "Door perhaps mislabelled",
    "two_kits": "Two kits in one name",
    "kit_flaps": "Home comes and goes",
    "on_battery": "Mains power lost",
    "second_route": "On its second route",
    "kit_hot": "Kit too hot",
    "disk_full": "Card nearly full",
    "radio_offline": "Radio offline",
    "weak_link": "Weak radio link",
    "battery_flat": "Battery flat",
    "battery_soon": "Battery soon flat",
    "no_test": "No test press",
    "tampered": "Sensor opened",
    "weak_supply": "Weak power supply",
}

MANY: dict[str, str] = {
    "kit_unheard": "homes not heard",
    "sensor_unheard": "sensors not reporting",
    "bed_mat": "bed mats in trouble",
    "sensor_flapping": "sensors never quiet",
    "sensor_stuck": "sensors stuck",
    "two_kits": "homes with two kits",
    "kit_flaps": "homes that come and go",
    "on_battery": "homes without mains power",
    "kit_hot": "kits too hot",
    "disk_full": "cards nearly full",
    "radio_offline": "radios offline",
    "battery_flat": "flat batteries",
    "no_test": "homes without a test press",
    "tampered": "opened sensors",
}

ICON: dict[str, str] = {
    "fall": "falling",
    "long_lie": "lying",
    "not_back_home": "door",
    "door_at_night": "door",
    "door_open": "door",
    "not_back_in_bed": "bed",
    "not_in_bed": "bed",
    "not_up": "bed",
    "bed_mat": "bed",
    "sensor_flapping": "sensor_unheard",
    "sensor_stuck": "sensor_unheard",
    "sensor_mislabelled": "door",
    "two_kits": "kit_unheard",
    "kit_flaps": "kit_unheard",
    "on_battery": "power",
    "second_route": "kit_unheard",
    "kit_hot": "sensor_unheard",
    "disk_full": "sensor_unheard",
    "radio_offline": "sensor_unheard",
    "weak_link": "sensor_unheard",
    "battery_flat": "power",
    "battery_soon": "power",
    "no_test": "sensor_unheard",
    "tampered": "sensor_unheard",
    "weak_supply": "power",
    "bathroom_trips": "slow",
    "less_movement": "slow",
    "fewer_outings": "slow",
    "more_night_movement": "slow",
    "shorter_outings": "slow",
    "broken_sleep": "slow",
}
"""The picture beside a kind, where it isn't that of the same name."""

MENTION: dict[str, Data] = {
    "less_movement": Data.PARTS_OF_DAY,
    "fewer_outings": Data.PARTS_OF_DAY,
    "more_night_movement": Data.PARTS_OF_DAY,
    "shorter_outings": Data.PARTS_OF_DAY,
    "broken_sleep": Data.PARTS_OF_DAY,
    "bathroom_trips": Data.ROOMS,
    "not_in_bed": Data.TIMES,
    "door_at_night": Data.TIMES,
    "door_open": Data.TIMES,
}
"""What a relative may be told of what asks for no answer, from which level on: in words without a moment."""

NOT_TOLD: dict[FindingKind, str] = {
    FindingKind.PRESS: "a call for help with a button",
    FindingKind.NOT_BACK_IN_BED: "not being back in bed at night",
    FindingKind.NOT_IN_BED: "not going to bed",
    FindingKind.BED_MAT: "trouble with a bed mat",
    FindingKind.NOT_UP: "not getting up in the morning",
    FindingKind.BATHROOM_TRIPS: "many visits to the bathroom at night",
    FindingKind.LESS_MOVEMENT: "less movement than before",
    FindingKind.MORE_NIGHT_MOVEMENT: "restless nights",
    FindingKind.BROKEN_SLEEP: "broken sleep",
    FindingKind.DOOR_AT_NIGHT: "going out at night",
    FindingKind.NOT_BACK_HOME: "not coming back home",
    FindingKind.DOOR_OPEN: "a door left open",
    FindingKind.SENSOR_MISLABELLED: "a door that is mislabelled",
    FindingKind.FEWER_OUTINGS: "fewer outings than before",
    FindingKind.SHORTER_OUTINGS: "shorter outings than before",
}
"""What nobody is told of where the sensors for it are missing."""

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
    Act.SET_OUT: "On the way",
    Act.ARRIVE: "Arrived",
    Act.ENTER: "Went in",
    Act.LEAVE: "Left",
    Act.LAPSE: "Answer lapsed",
    Act.CLOSE: "Closed",
    Act.REOPEN: "Opened again",
    Act.CORRECT: "Outcome corrected",
    Act.CLEAR: "Cleared",
    Act.TRY: "Tried to reach",
    Act.REPLY: "Said by",
}

LEVEL: dict[Level, str] = {
    Level.NOTHING: "nothing, but is called on as the plan says",
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
    Role.MANAGER: "manager",
    Role.PLANNER: "planner",
    Role.ADMINISTRATOR: "administrator",
    Role.CONTACT: "relative or neighbour",
    Role.RESIDENT: "yourself",
}


def date(at: datetime, zone: str) -> str:
    """As paper says it, which is read years later."""
    return f"{local(at, zone):%-d %B %Y}"


def waited(since: datetime, now: datetime) -> str:
    return lasting(max((now - since).total_seconds(), 0.0))


def seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"


def whole_minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f} min"


def hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.0f} h"


def times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def listed(words: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def place(room: str) -> str:
    return room.replace("_", " ")


def month(name: str) -> str:
    """'October 2026' of '2026-10'."""
    return f"{datetime.fromisoformat(f'{name}-01'):%B %Y}"


def minutes(count: float) -> str:
    """'none', '3 min', '2 h 10 min', '3 days'."""
    return lasting(60 * count) if count >= 1 else ("none" if count == 0 else "under a minute")


def flat(forecast: Forecast, zone: str) -> str:
    """By when a battery will be flat, with how sure that is, or that it can't be told."""
    if forecast.earliest is None or forecast.latest is None:
        return "can't be told yet"
    if forecast.basis is Basis.FLAT:
        return "flat now"
    until, since = local(forecast.latest, zone), local(forecast.earliest, zone)
    return f"flat between {since:%-d %B %Y} and {until:%-d %B %Y}"
