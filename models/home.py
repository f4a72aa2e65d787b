"""A home: its rooms, its sensors, and how long silence may last there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.observation import SensorKind


@dataclass(frozen=True, slots=True)
class Sensor:
    """A sensor as fitted. `is_exit` marks a door that leads out; `wearer` is the resident who wears a pendant.

    `source` is how the kit reaches it, as its settings say it ('gpio:17'); '' for the radio name that is its id.
    `inverted` swaps open and closed.
    """

    id: str
    kind: SensorKind
    room: str
    is_exit: bool = False
    wearer: str | None = None
    fall_chance: float = 0.0
    """Of a pendant: from which chance on a fall calls at once. Felt less surely, silence has to bear it out."""
    source: str = ""
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class SilenceLimits:
    """How long a home may give no sign of life, by the part of its own day in which the silence began.

    From `evening_hour` to `morning_hour` a silence may last until `up_by_hour`; by day it may last `by_day`.
    Hours are whole hours of the home's local clock.
    """

    by_day: timedelta = timedelta(hours=6)
    evening_hour: int = 18
    morning_hour: int = 6
    up_by_hour: int = 10


@dataclass(frozen=True, slots=True)
class Home:
    """One place that is watched over. Ids are pseudonyms: names and addresses stand with the people."""

    id: str
    area: str
    sensors: tuple[Sensor, ...]
    timezone: str = "Europe/London"
    limits: SilenceLimits = SilenceLimits()
    false_alerts_a_month: float = 1.0
    """How many alerts about a silence that meant nothing are bearable here, in 30 days: fewer means later ones."""
    people: int = 1
    """Who live here: with more than one, a sign of life may be the other's."""
    pets: bool = False
    """One that may set off a motion sensor."""
    may_wander: bool = False
    """Somebody who may leave and not find back: doors that lead out are told of sooner."""
    visits: bool = False
    """Carers or others come in: a sign of life may be theirs."""
    slow: bool = False
    """With a frame or a wheelchair: nobody here walks away from a fall within seconds."""
    pause_hours: int = 24
    """How long in any week one kind of sensor may be paused by the resident, as agreed with them."""
    erased_at: datetime | None = None
    """When the resident last had what was measured deleted: from then on the home is learned anew."""
    ended: datetime | None = None
    """Since then nobody is looked after here: it is watched no longer, and what was recorded stays until erased."""
    council: str = ""
    """Whose home this is, where one hub serves several councils: only their own people see it, or that it is there."""

    @property
    def notices_motion(self) -> bool:
        """Without it nobody can say that it is quiet, or that whoever went through a door did not come back."""
        return any(sensor.kind is SensorKind.MOTION for sensor in self.sensors)

    def sensor(self, sensor_id: str) -> Sensor | None:
        return next((sensor for sensor in self.sensors if sensor.id == sensor_id), None)


ALLOWED: dict[str, tuple[float, float]] = {
    "people": (1, 20),
    "false_alerts_a_month": (0.05, 30),
    "pause_hours": (0, 168),
    "by_day": (0.5, 24),
    "evening_hour": (12, 23),
    "morning_hour": (0, 12),
    "up_by_hour": (4, 16),
}
"""Least and most; `by_day` in hours."""


def beyond(home: Home) -> list[str]:
    """What in its settings would have nobody called in time, or for nothing, each with what is allowed."""
    limits = home.limits
    said = {
        "people": home.people,
        "false_alerts_a_month": home.false_alerts_a_month,
        "pause_hours": home.pause_hours,
        "by_day": limits.by_day / timedelta(hours=1),
        "evening_hour": limits.evening_hour,
        "morning_hour": limits.morning_hour,
        "up_by_hour": limits.up_by_hour,
    }
    wrong = [
        f"{name} is {value:g}{' hours' if name == 'by_day' else ''}, and has to be between {least:g} and {most:g}"
        for name, value in said.items()
        for least, most in [ALLOWED[name]]
        if not least <= value <= most
    ]
    if not wrong and limits.up_by_hour < limits.morning_hour:
        wrong.append(
            f"up_by_hour is {limits.up_by_hour}, before the night ends at morning_hour {limits.morning_hour}:"
            " it has to be that hour or later"
        )
    return wrong
