"""What is noticed in the history of homes: findings, each with its evidence.

A detector gives evidence; a home's settings say what is worth a call. Every detector is driven by two verbs:
`observe(batch)` when something arrived, and `overdue(now)` when time has passed and nothing did.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from models.alert import Lane

HELD_BACK = "held"
"""The stage of a fall that was not sure enough for its pendant: on record and told of, without an alert yet."""

SEATED = "in_chair"
"""The stage of a fall that speaks against it and does not end it: told where an alert is open, and raises none."""


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
    SENSOR_STUCK = "sensor_stuck"
    SENSOR_MISLABELLED = "sensor_mislabelled"
    LESS_MOVEMENT = "less_movement"
    FEWER_OUTINGS = "fewer_outings"
    MORE_NIGHT_MOVEMENT = "more_night_movement"
    SHORTER_OUTINGS = "shorter_outings"
    BROKEN_SLEEP = "broken_sleep"
    FALL = "fall"
    KIT_FLAPS = "kit_flaps"
    ON_BATTERY = "on_battery"
    SECOND_ROUTE = "second_route"
    KIT_HOT = "kit_hot"
    DISK_FULL = "disk_full"
    RADIO_OFFLINE = "radio_offline"
    WEAK_LINK = "weak_link"
    BATTERY_FLAT = "battery_flat"
    BATTERY_SOON = "battery_soon"
    NO_TEST = "no_test"
    TAMPERED = "tampered"
    WEAK_SUPPLY = "weak_supply"
    TWO_KITS = "two_kits"

    @property
    def lane(self) -> Lane:
        return Lane.KIT if self in _OF_THE_KIT else Lane.PERSON

    @property
    def urgency(self) -> Urgency:
        if self in _CALLS:
            return Urgency.CALL
        return Urgency.TELL if self in _TELLS else Urgency.LOOK


OF_THE_HEARTBEAT = frozenset(
    {
        FindingKind.KIT_FLAPS,
        FindingKind.ON_BATTERY,
        FindingKind.SECOND_ROUTE,
        FindingKind.KIT_HOT,
        FindingKind.DISK_FULL,
        FindingKind.RADIO_OFFLINE,
        FindingKind.WEAK_LINK,
        FindingKind.BATTERY_FLAT,
        FindingKind.BATTERY_SOON,
        FindingKind.NO_TEST,
        FindingKind.TAMPERED,
        FindingKind.WEAK_SUPPLY,
        FindingKind.TWO_KITS,
    }
)
"""What a kit says of itself, or should have: no detector finds these, `models.faults` does."""

_OF_THE_KIT = OF_THE_HEARTBEAT | frozenset(
    {
        FindingKind.KIT_UNHEARD,
        FindingKind.SENSOR_UNHEARD,
        FindingKind.BED_MAT,
        FindingKind.SENSOR_FLAPPING,
        FindingKind.SENSOR_STUCK,
        FindingKind.SENSOR_MISLABELLED,
    }
)
_CALLS = frozenset(
    {FindingKind.PRESS, FindingKind.FALL, FindingKind.SILENCE, FindingKind.LONG_LIE, FindingKind.NOT_BACK_HOME}
)
"""Somebody may be on the floor, or outside at night, and minutes count."""

_TELLS = frozenset(
    {
        FindingKind.NOT_IN_BED,
        FindingKind.BATHROOM_TRIPS,
        FindingKind.DOOR_AT_NIGHT,
        FindingKind.DOOR_OPEN,
        FindingKind.SENSOR_MISLABELLED,
        FindingKind.LESS_MOVEMENT,
        FindingKind.FEWER_OUTINGS,
        FindingKind.MORE_NIGHT_MOVEMENT,
        FindingKind.SHORTER_OUTINGS,
        FindingKind.BROKEN_SLEEP,
        FindingKind.SECOND_ROUTE,
        FindingKind.WEAK_LINK,
        FindingKind.BATTERY_SOON,
        FindingKind.WEAK_SUPPLY,
    }
)
"""Nobody is in danger by this alone. A door at night may be the cat's: that nobody is back is another finding, and so
is the silence of somebody who is not in bed. A kit that works, and soon will not, is an installer's and no operator's.
"""

_CALLS_FOR_A_WANDERER = frozenset({FindingKind.DOOR_AT_NIGHT, FindingKind.DOOR_OPEN, FindingKind.NOT_BACK_HOME})

WATCHED = (
    frozenset(FindingKind)
    - OF_THE_HEARTBEAT
    - {
        FindingKind.PRESS,
        FindingKind.FALL,
        FindingKind.SILENCE,
        FindingKind.KIT_UNHEARD,
        FindingKind.SENSOR_UNHEARD,
    }
)
"""What a hub watches for by default, beside what is always told of.

The criterion: on recorded homes that were not used for tuning, all kinds about the person that ask for a call or a
look, silence apart, come to about 0.3 a home and 30 days at most (`nightlight-sim evaluate detectors`). A kind that
would exceed it is made rarer, or told at the next talk. Those that need a bed mat could be counted only with invented
mats, where those who sleep in a chair seem to be up all night: there not being back in bed comes to 0.6 by itself. So
none of them calls.
"""


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

    @property
    def only_told(self) -> bool:
        """Whether it adds to an alert that is open, calls nobody again, and raises none."""
        return self.over or self.evidence.get("stage") == SEATED

    @property
    def urgency(self) -> Urgency:
        """That of its kind, but that a door is no small matter where somebody may wander."""
        wanders = bool(self.evidence.get("wanders")) and self.kind in _CALLS_FOR_A_WANDERER
        return Urgency.CALL if wanders else self.kind.urgency
