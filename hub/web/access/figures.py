"""Figures of a council's own homes: of a month, and of today for the bar on the console."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hub.store.figures import faults, reveals, stamps
from hub.store.health import Health
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.access.reablement import of_council
from hub.web.access.said import zone_of
from models.figures import REPAIRED, Figures, Share, by_day, figures, month, repaired, today
from models.privacy import Data, Purpose
from models.reablement import Quarter

EARLIEST = 2020
FRESH = 10.0
"""Real seconds for which the bar's figures are shown again."""


@dataclass(frozen=True, slots=True)
class Month:
    """`reveals` are codes shown on each day; `before` and `after` name the months beside it, '' where there is none.
    `reablement` is of quarters, and as things stand now whichever month it is.
    """

    name: str
    title: str
    zone: str
    now: datetime
    figures: Figures
    repaired: tuple[Share, ...]
    unprotected: float
    reveals: tuple[tuple[str, int], ...]
    before: str
    after: str
    reablement: tuple[Quarter, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """Today, for whoever is on shift."""

    figures: Figures
    since: datetime


class FiguresOf:
    def __init__(self, door: Door) -> None:
        self._door, self._health = door, Health(door.records.engine)
        self._bars: dict[str, tuple[float, Bar]] = {}

    def month(self, viewer: Viewer, name: str = "") -> Month:
        """'2026-11', or this one. Raises Hidden."""
        self._may(viewer)
        every, now = self._door.all_homes(viewer), self._door.clock.now()
        zone = zone_of(every.values())
        here = now.astimezone(ZoneInfo(zone))
        year, number = _read(name) if name else (here.year, here.month)
        if not (EARLIEST, 1) <= (year, number) <= (here.year, here.month):
            raise Hidden(f"month {name}")
        start, end = month(year, number, zone)
        homes = {one: home for one, home in every.items() if home.ended is None or home.ended >= start}
        made = figures(stamps(self._door.records.engine, start, end), homes, start, end, now, zone)
        shown = [at for home, at in reveals(self._door.records.engine, start, end) if home in homes]
        wrong = faults(self._door.records.engine, start, end)
        before, after = _beside(year, number, -1), _beside(year, number, 1)
        return Month(
            f"{year}-{number:02}",
            f"{start.astimezone(ZoneInfo(zone)):%B %Y}",
            zone,
            now,
            made,
            tuple(repaired(wrong, homes, goal, now) for goal in REPAIRED),
            sum(self._health.unprotected(homes, start, min(end, now)).values()),
            tuple(by_day(shown, start, min(end, now), zone)),
            before if before >= f"{EARLIEST}-01" else "",
            after if after <= f"{here:%Y-%m}" else "",
            of_council(self._door, every, now),
        )

    def bar(self, viewer: Viewer) -> Bar:
        """Raises Hidden."""
        self._may(viewer)
        real = self._door.real_now()
        known = self._bars.get(viewer.council)
        if known and 0 <= real - known[0] < FRESH and known[1].figures.end <= self._door.clock.now():
            return known[1]
        homes, now = self._door.homes(viewer), self._door.clock.now()
        zone = zone_of(homes.values())
        start, _ = today(now, zone)
        end = now + timedelta(microseconds=1)
        made = figures(stamps(self._door.records.engine, start, end), homes, start, end, now, zone)
        bar = Bar(replace(made, end=now), start)
        self._bars[viewer.council] = (real, bar)
        return bar

    def _may(self, viewer: Viewer) -> None:
        self._door.shown(viewer, Purpose.COUNT, (Data.FIGURES,))


def _read(name: str) -> tuple[int, int]:
    try:
        read = datetime.strptime(name, "%Y-%m")  # noqa: DTZ007 - a month's name, which has no zone
    except ValueError as bad:
        raise Hidden(f"month {name}") from bad
    return read.year, read.month


def _beside(year: int, number: int, by: int) -> str:
    whole = year * 12 + number - 1 + by
    return f"{whole // 12}-{whole % 12 + 1:02}"
