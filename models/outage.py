"""Faults that began together, folded into one card: by area, and a mass outage over several areas into a single one.

Whoever shows faults asks `fold` with all that stand, shows a card for each `Outage`, and leaves out the rows of the
alerts that it names (`Outage.alerts`). What is not part of an outage stays a row of its own. Nothing is kept between
calls: the same faults give the same cards.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from math import inf

from models.detection import FindingKind
from models.health import Why

TOGETHER = timedelta(minutes=15)
"""Faults that begin within this of the first of them are taken to have one cause."""
AT_LEAST = 3
"""Homes of one area that make an outage."""
MASS = 10
"""Homes, wherever they are, that make a mass outage."""
HOUR = timedelta(hours=1)
LONG_AGO = 12.0
"""Hours."""

TOGETHER_ARE_ONE = frozenset({FindingKind.KIT_UNHEARD, FindingKind.ON_BATTERY})
"""A power cut takes some kits off the air and leaves others on their battery: one cause, one card."""

LOST: dict[str, tuple[str, str]] = {
    Why.POWER: ("lost its mains power", "lost their mains power"),
    Why.PATH: ("lost its path", "lost their path"),
    Why.KIT: ("has a kit that stopped", "have a kit that stopped"),
    Why.BACKLOG: ("is behind with what it noticed", "are behind with what they noticed"),
    Why.NEVER: ("was never heard", "were never heard"),
    FindingKind.ON_BATTERY: ("lost its mains power", "lost their mains power"),
    FindingKind.KIT_FLAPS: ("comes and goes", "come and go"),
    FindingKind.SECOND_ROUTE: ("runs on its second route", "run on their second route"),
    FindingKind.RADIO_OFFLINE: ("lost its radio", "lost their radio"),
    FindingKind.KIT_HOT: ("has a hot kit", "have a hot kit"),
    FindingKind.DISK_FULL: ("has a full card", "have a full card"),
    FindingKind.NO_TEST: ("had no test press", "had no test press"),
    FindingKind.SENSOR_UNHEARD: ("has a silent sensor", "have silent sensors"),
    FindingKind.BATTERY_FLAT: ("has a flat battery", "have flat batteries"),
}
"""What befell a home, and several, by the reason for being unheard or the kind of the fault."""


@dataclass(frozen=True, slots=True)
class Risk:
    """What makes it matter sooner that a home can't be heard."""

    alert_open: bool = False
    """An alert about a person is open there."""
    alone: bool = False
    may_wander: bool = False
    on_record: bool = False
    """Risks or medical notes stand in the resident's record."""
    last_sign: datetime | None = None


@dataclass(frozen=True, slots=True)
class Down:
    """A standing fault of one home. `cause` is a `Why` where the home is unheard, else the kind of the fault."""

    home: str
    area: str
    kind: FindingKind
    cause: str
    since: datetime
    risk: Risk = Risk()
    alert: int | None = None
    sensor: str = ""


@dataclass(frozen=True, slots=True)
class Outage:
    """Faults with one cause; `homes` has one entry a home, those at highest risk first. More than one area is a mass
    outage.
    """

    areas: tuple[str, ...]
    since: datetime
    homes: tuple[Down, ...]

    @property
    def id(self) -> str:
        """The same while the outage lasts, whichever homes join it."""
        return f"outage-{int(self.since.timestamp())}-{'-'.join(self.areas[:1])}"

    @property
    def alerts(self) -> frozenset[int]:
        return frozenset(one.alert for one in self.homes if one.alert is not None)

    @property
    def what(self) -> str:
        """'14 homes lost their path', or by cause where there are several, the most frequent first."""
        counts = _counted(said(one) for one in self.homes)
        if len(counts) == 1:
            return f"{_homes(len(self.homes))} {many(self.homes[0])}"
        parts = ", ".join(f"{count} {many(next(o for o in self.homes if said(o) == one))}" for one, count in counts)
        return f"{_homes(len(self.homes))} in trouble: {parts}"

    @property
    def where(self) -> str:
        return self.areas[0] if len(self.areas) == 1 else f"{len(self.areas)} areas"


def said(one: Down) -> str:
    return LOST.get(one.cause, ("has a fault", "have a fault"))[0]


def many(one: Down) -> str:
    return LOST.get(one.cause, ("has a fault", "have a fault"))[1]


def fold(faults: Iterable[Down], now: datetime) -> tuple[list[Outage], list[Down]]:
    """The outages, the largest first, and the faults that are part of none."""
    outages: list[Outage] = []
    alone: list[Down] = []
    for _, same in groupby(sorted(faults, key=lambda one: (_class(one), one.since)), key=_class):
        for together in _bursts(list(same)):
            some, rest = _areas(together, now)
            outages += some
            alone += rest
    return sorted(outages, key=lambda one: (-len(one.homes), one.since, one.areas)), alone


def _class(one: Down) -> str:
    return FindingKind.KIT_UNHEARD if one.kind in TOGETHER_ARE_ONE else one.kind


def _bursts(faults: Sequence[Down]) -> list[list[Down]]:
    """In order of time, cut wherever one begins too long after the first."""
    bursts: list[list[Down]] = []
    for one in faults:
        if bursts and one.since - bursts[-1][0].since <= TOGETHER:
            bursts[-1].append(one)
        else:
            bursts.append([one])
    return bursts


def _areas(burst: Sequence[Down], now: datetime) -> tuple[list[Outage], list[Down]]:
    areas = sorted({one.area for one in burst})
    if len(areas) > 1 and _size(burst) >= MASS:
        return [_outage(burst, now)], []
    each = [[one for one in burst if one.area == area] for area in areas]
    some = [_outage(mine, now) for mine in each if _size(mine) >= AT_LEAST]
    return some, [one for mine in each if _size(mine) < AT_LEAST for one in mine]


def _size(faults: Iterable[Down]) -> int:
    return len({one.home for one in faults})


def _outage(faults: Sequence[Down], now: datetime) -> Outage:
    first = {one.home: one for one in sorted(faults, key=lambda one: one.since, reverse=True)}
    homes = sorted(first.values(), key=lambda one: _at_risk(one, now))
    return Outage(tuple(sorted({one.area for one in faults})), min(one.since for one in faults), tuple(homes))


def _at_risk(one: Down, now: datetime) -> tuple[object, ...]:
    """Sort key: an open alert first, then by how much speaks for haste, then whose last sign of life is the oldest."""
    risk = one.risk
    quiet = (now - risk.last_sign) / HOUR if risk.last_sign else inf
    haste = 2 * risk.may_wander + risk.alone + risk.on_record + (quiet > LONG_AGO)
    return (not risk.alert_open, -haste, -quiet, one.home)


def _counted(words: Iterable[str]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _homes(count: int) -> str:
    return "1 home" if count == 1 else f"{count} homes"
