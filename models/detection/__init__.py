"""What is noticed in the history of homes: findings, each with its evidence.

A detector gives evidence; a home's settings say what is worth a call. Every detector is driven by two verbs:
`observe(batch)` when something arrived, and `overdue(now)` when time has passed and nothing did.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from models.alert import Lane


class FindingKind(StrEnum):
    """What is believed. The lane says who deals with it."""

    PRESS = "press"
    SILENCE = "silence"
    KIT_UNHEARD = "kit_unheard"
    SENSOR_UNHEARD = "sensor_unheard"

    @property
    def lane(self) -> Lane:
        return Lane.KIT if self in (FindingKind.KIT_UNHEARD, FindingKind.SENSOR_UNHEARD) else Lane.PERSON


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
