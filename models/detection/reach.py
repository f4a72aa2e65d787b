"""What can't be found in a home with the sensors that it has, so that nobody relies on it."""

from __future__ import annotations

from models.detection import FindingKind
from models.detection.rooms import BATHROOM, BEDROOM, room_code
from models.home import Home
from models.observation import KINDS_OF, SensorKind, What

_BED = "there is no bed sensor"
_OUT = "no door that leads out has a sensor"


def not_watched(home: Home) -> dict[FindingKind, str]:
    """What is not watched for, and why, in words."""
    kinds = {sensor.kind for sensor in home.sensors}
    bed, out = SensorKind.BED in kinds, any(sensor.is_exit for sensor in home.sensors)
    rooms = {room_code(sensor) for sensor in home.sensors if sensor.kind is SensorKind.MOTION}
    wanting = {
        FindingKind.PRESS: "" if kinds & KINDS_OF[What.PRESSED] else "there is no pendant and no pull cord",
        FindingKind.NOT_BACK_IN_BED: "" if bed else _BED,
        FindingKind.NOT_IN_BED: "" if bed else _BED,
        FindingKind.BED_MAT: "" if bed else _BED,
        FindingKind.NOT_UP: "" if bed or BEDROOM in rooms else f"{_BED}, and no motion sensor in the bedroom",
        FindingKind.BATHROOM_TRIPS: "" if BATHROOM in rooms else "there is no motion sensor in the bathroom",
        FindingKind.LESS_MOVEMENT: "" if rooms else "there is no motion sensor",
        FindingKind.MORE_NIGHT_MOVEMENT: "" if rooms else "there is no motion sensor",
        FindingKind.BROKEN_SLEEP: "" if rooms else "there is no motion sensor",
        **dict.fromkeys(_BY_DOORS, "" if out else _OUT),
    }
    return {kind: why for kind, why in wanting.items() if why}


_BY_DOORS = (
    FindingKind.DOOR_AT_NIGHT,
    FindingKind.NOT_BACK_HOME,
    FindingKind.DOOR_OPEN,
    FindingKind.SENSOR_MISLABELLED,
    FindingKind.FEWER_OUTINGS,
    FindingKind.SHORTER_OUTINGS,
)
