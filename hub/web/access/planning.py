"""For those who plan: tables of areas and months that have ended, each published once. Nothing here is anybody's."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.keyring import Keyring
from hub.settings import Settings
from hub.store.figures import stamps
from hub.store.health import Health
from hub.store.planning import Published
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.access.said import zone_of
from models.alert import Lane, Outcome
from models.figures import FALSE, Stamps, month
from models.home import Home
from models.planning import Counted, Figure, Measure, table
from models.privacy import Data, Purpose

HOUR = 60.0
KEY = "planning.key"
MONTHS = 24
NEEDED = frozenset({Outcome.FALL, Outcome.HELP_NEEDED})


@dataclass(frozen=True, slots=True)
class Tables:
    """`months` are those that may be asked for, the latest first."""

    name: str
    months: tuple[str, ...]
    figures: tuple[Figure, ...]


class PlanningDesk:
    def __init__(self, door: Door, settings: Settings) -> None:
        self._door, self._keyring = door, Keyring(settings.secrets)
        self._published, self._health = Published(door.records.engine), Health(door.records.engine)

    def tables(self, viewer: Viewer, name: str = "") -> Tables:
        """'2026-10', or the last month that has ended. Raises Hidden."""
        self._door.shown(viewer, Purpose.PLAN, (Data.FIGURES,))
        homes = self._door.all_homes(viewer)
        zone, now = zone_of(homes.values()), self._door.clock.now()
        months = _ended(now, zone)
        name = name or months[0]
        if name not in months:
            raise Hidden(f"month {name}")
        made = self._published.of(viewer.council, name) or self._publish(viewer.council, name, homes, zone)
        return Tables(name, months, tuple(made))

    def _publish(self, council: str, name: str, homes: dict[str, Home], zone: str) -> list[Figure]:
        secret = self._keyring.kept(KEY, lambda: secrets.token_bytes(32))
        figures = table(name, council, self._counted(name, homes, zone), secret)
        return self._published.publish(council, name, figures)

    def _counted(self, name: str, homes: dict[str, Home], zone: str) -> list[Counted]:
        year, number = map(int, name.split("-"))
        start, end = month(year, number, zone)
        there = {one: home for one, home in homes.items() if home.ended is None or home.ended >= start}
        alerts: dict[str, list[Stamps]] = {}
        for one in stamps(self._door.records.engine, start, end):
            if one.lane is Lane.PERSON:
                alerts.setdefault(one.home, []).append(one)
        deaf = self._health.unprotected(there, start, end)
        return [
            Counted(one, home.area, _measures(alerts.get(one, []), deaf.get(one, 0.0))) for one, home in there.items()
        ]


def _measures(alerts: list[Stamps], deaf: float) -> frozenset[Measure]:
    outcomes = {one.outcome for one in alerts}
    found = {
        Measure.HOMES: True,
        Measure.ALERTED: bool(alerts),
        Measure.HELPED: bool(outcomes & NEEDED),
        Measure.NEEDLESS: bool(outcomes & FALSE),
        Measure.DEAF: deaf >= HOUR,
    }
    return frozenset(measure for measure, true in found.items() if true)


def _ended(now: datetime, zone: str) -> tuple[str, ...]:
    here = now.astimezone(ZoneInfo(zone))
    whole = here.year * 12 + here.month - 1
    return tuple(f"{(whole - back) // 12}-{(whole - back) % 12 + 1:02}" for back in range(1, MONTHS + 1))
