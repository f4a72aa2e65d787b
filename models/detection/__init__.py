"""What is noticed in the history of homes: findings, each with its evidence.

A detector gives evidence; a home's settings say what is worth a call. Every detector is driven by two verbs:
`observe(batch)` when something arrived, and `overdue(now)` when time has passed and nothing did.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from models.alert import Lane


class Urgency(StrEnum):
    """What a finding asks for: somebody now, a look within the hour, or telling at the next talk."""

    CALL = "call"
    LOOK = "look"
    TELL = "tell"


class FindingKind(StrEnum):
    """What is believed. The lane says who deals with it."""

    PRESS = "press"
    SILENCE = "silence"
    KIT_UNHEARD = "kit_unheard"
    SENSOR_UNHEARD = "sensor_unheard"
    NOT_BACK_IN_BED = "not_back_in_bed"
    NOT_IN_BED = "not_in_bed"
    NOT_UP = "not_up"
    BATHROOM_TRIPS = "bathroom_trips"
    BED_MAT = "bed_mat"
    DOOR_AT_NIGHT = "door_at_night"
    NOT_BACK_HOME = "not_back_home"
    DOOR_OPEN = "door_open"
    LONG_LIE = "long_lie"
    SENSOR_FLAPPING = "sensor_flapping"
    SENSOR_MISLABELLED = "sensor_mislabelled"
    LESS_MOVEMENT = "less_movement"
    FEWER_OUTINGS = "fewer_outings"
    MORE_NIGHT_MOVEMENT = "more_night_movement"
    FALL = "fall"

    @property
    def lane(self) -> Lane:
        return Lane.KIT if self in _OF_THE_KIT else Lane.PERSON

    @property
    def urgency(self) -> Urgency:
        if self in _CALLS:
            return Urgency.CALL
        return Urgency.TELL if self in _TELLS else Urgency.LOOK


_OF_THE_KIT = frozenset(
    {
        FindingKind.KIT_UNHEARD,
        FindingKind.SENSOR_UNHEARD,
        FindingKind.BED_MAT,
        FindingKind.SENSOR_FLAPPING,
        FindingKind.SENSOR_MISLABELLED,
    }
)
_CALLS = frozenset(
    {
        FindingKind.PRESS,
        FindingKind.FALL,
        FindingKind.SILENCE,
        FindingKind.LONG_LIE,
        FindingKind.NOT_BACK_HOME,
        FindingKind.NOT_BACK_IN_BED,
        FindingKind.NOT_UP,
    }
)
_TELLS = frozenset(
    {
        FindingKind.BATHROOM_TRIPS,
        FindingKind.SENSOR_MISLABELLED,
        FindingKind.LESS_MOVEMENT,
        FindingKind.FEWER_OUTINGS,
        FindingKind.MORE_NIGHT_MOVEMENT,
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a detector believes of `home`: that something began `since`, or (`over`) that it ended `at`.

    `key` is the same whenever the same thing is found again, after a restart for instance, so that it is raised once.
    `evidence` holds what `explain` needs, as plain values.
    """

    kind: FindingKind
    home: str
    since: datetime
    at: datetime
    sensor: str | None = None
    over: bool = False
    strength: float = 1.0
    evidence: Mapping[str, str | float | int | bool | None] = field(default_factory=dict)
    number: int | None = None

    @property
    def key(self) -> str:
        what = f"{self.kind}/{self.sensor or '-'}/{self.since.timestamp():.3f}"
        return f"{self.home}/{what}/{'over' if self.over else 'began'}" + (f"/{self.number}" if self.number else "")
