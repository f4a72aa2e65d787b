"""What would these settings have done? Recorded observations through an engine, as if time passed.

The engine is the one that watches in earnest, so that whatever it does, the backtest says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

import numpy as np

from models.alert import Lane
from models.detection import Finding, FindingKind
from models.detection.batch import NO_SENSOR, Batch, Bools, Floats, Ints, utc
from models.detection.engine import Engine
from models.observation import CODE_OF, What

STEP = 300.0
"""Seconds between two looks at the homes: an alert is placed at the first look after it is due."""

ALIVE_EVERY = 3600.0
DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Kits:
    """What was wrong with kits meanwhile: homes that were not heard, as (home, from, until) in s since 1970; those that
    were `off`, and so noticed nothing either; and sensors that were dead, with since when and, where they came back,
    until when.
    """

    deaf: Sequence[tuple[int, float, float]] = ()
    off: Sequence[tuple[int, float, float]] = ()
    dead: Mapping[int, float] = field(default_factory=dict)
    back: Mapping[int, float] = field(default_factory=dict)


WELL = Kits()


@dataclass(frozen=True, slots=True)
class Happened:
    """Alerts about the person in one home: when each was raised, and when a sign of life ended it, if one did."""

    home: str
    days: float
    alerts: tuple[tuple[FindingKind, datetime, datetime | None], ...]

    @property
    def per_30_days(self) -> float:
        return len(self.alerts) * 30 / self.days


def backtest(engine: Engine, seen: Batch, start: datetime, until: datetime, kits: Kits = WELL) -> list[Happened]:
    """For every home of a fresh `engine`, in its order: the alerts that would have been raised from `start` to `until`.

    `seen` may begin earlier than `start`, so that the engine knows the home by then: it looks once an hour there.
    """
    before = seen.arrived <= start.timestamp()
    known_for = start.timestamp() - float(seen.arrived[before].min()) if before.any() else 0.0
    first = start - timedelta(seconds=ALIVE_EVERY) * ceil(known_for / ALIVE_EVERY)
    found = replay(engine, seen[before], first, start, kits, ALIVE_EVERY)
    found += replay(engine, seen[~before], start, until, kits)
    days = (until - start).total_seconds() / DAY
    mine: dict[str, list[Finding]] = {home.id: [] for home in engine.homes}
    for finding in found:
        mine[finding.home].append(finding)
    return [Happened(home, days, _alerts(each, start)) for home, each in mine.items()]


def _alerts(found: Sequence[Finding], start: datetime) -> tuple[tuple[FindingKind, datetime, datetime | None], ...]:
    over = {(one.kind, one.since): one.at for one in found if one.over}
    began = (one for one in found if about_the_person(one) and one.at >= start)
    return tuple((one.kind, one.at, over.get((one.kind, one.since))) for one in began)


def about_the_person(finding: Finding) -> bool:
    """A finding that something began, which no button pressed by a person says."""
    return finding.kind.lane is Lane.PERSON and finding.kind is not FindingKind.PRESS and not finding.over


def replay(
    engine: Engine, seen: Batch, start: datetime, until: datetime, kits: Kits = WELL, step: float = STEP
) -> list[Finding]:
    """Everything found from `start` to `until`, looking every `step` seconds. Between looks arrives what arrived
    meanwhile, and kits say that they and their sensors are alive, unless `kits` says otherwise.
    """
    news = seen[np.argsort(seen.arrived, kind="stable")]
    looks = np.arange(start.timestamp(), until.timestamp() + step, step)
    edges = np.searchsorted(news.arrived, looks, "right")
    found: list[Finding] = []
    for before, here, there, moment in zip(looks[:-1], edges[:-1], edges[1:], looks[1:], strict=True):
        found += engine.observe(joined(news[here:there], _alive(engine, float(before), float(moment), kits)))
        found += engine.overdue(utc(float(moment)))
    return found


def joined(first: Batch, second: Batch) -> Batch:
    columns = ("home", "sensor", "what", "at", "arrived", "number")
    return Batch(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in columns))


def _alive(engine: Engine, before: float, moment: float, kits: Kits) -> Batch:
    """What kits say of themselves at `moment`: heard until then; once an hour, which sensors are alive."""
    heard = np.ones(len(engine.homes), bool)
    since = np.ones(len(heard), np.int64)  # kits that were on all along say so
    for home, start, end in [*kits.deaf, *kits.off]:
        heard[home] &= not start <= moment < end
    for home, _, end in kits.off:
        since[home] = max(since[home], end if end <= moment else 0)
    homes = np.flatnonzero(heard)
    sensors = np.zeros(0, np.int64)
    if before // ALIVE_EVERY != moment // ALIVE_EVERY:
        sensors = np.flatnonzero(heard[engine.sensor_home] & _working(engine, moment, kits))
    whose: Ints = np.concatenate([homes, engine.sensor_home[sensors]])
    sensor: Ints = np.concatenate([np.full(len(homes), NO_SENSOR), sensors])
    what: Ints = np.where(sensor == NO_SENSOR, CODE_OF[What.HEARD], CODE_OF[What.ALIVE])
    at: Floats = np.full(len(whose), moment)
    number = np.where(sensor == NO_SENSOR, since[whose], 0)
    return Batch(whose, sensor, what, at, at.copy(), number)


def _working(engine: Engine, moment: float, kits: Kits) -> Bools:
    working = np.ones(len(engine.sensor_ids), bool)
    for sensor, since in kits.dead.items():
        working[sensor] = moment < since or moment >= kits.back.get(sensor, np.inf)
    return working
