"""Recorded homes as rows for an engine, and what kits and clocks do to them on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from zoneinfo import ZoneInfo

import numpy as np

from models.detection import Finding, FindingKind
from models.detection.backtest import ALIVE_EVERY, STEP, Kits, about_the_person, joined, replay
from models.detection.batch import Batch, Floats, Ints, utc
from models.detection.engine import Engine
from models.detection.prior import Prior
from models.home import Home
from simulators.evaluate.homes import DAY, HOUR, Recorded, as_home

WEEK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Played:
    """Homes with the rows that they sent; a row's sensor is its place among the sensors of all homes."""

    homes: tuple[Home, ...]
    seen: Batch
    start: datetime
    until: datetime
    moved: tuple[float, ...]
    """Seconds by which each home's recording was moved."""

    kits: Kits
    """When an installation was known to be dead, its homes were not heard."""

    prior: Prior | None
    restarts: tuple[datetime, ...] = ()
    """When the engine begins anew from its snapshot."""

    watched_for: tuple[FindingKind, ...] = ()

    def engine(self, now: datetime | None = None) -> Engine:
        return Engine(self.homes, now or self.start, prior=self.prior, watched_for=self.watched_for)


def played(
    recorded: Sequence[Recorded], prior: Prior | None, zone: str = "UTC", monday: datetime | None = None
) -> Played:
    """All homes moved by whole weeks into the week of `monday` (by default that of the earliest), by the clock of
    `zone`. A wall time that the clocks skip is taken as an hour later.
    """
    homes = tuple(as_home(each, zone) for each in recorded)
    first = monday.timestamp() if monday else min(_monday(each) for each in recorded)
    moved = tuple(first - _monday(each) for each in recorded)
    sensors = np.cumsum([0, *(len(home.sensors) for home in homes)])
    parts = [
        _rows(place, one, _moments(one.t + moved[place], zone), int(sensors[place]))
        for place, one in enumerate(recorded)
    ]
    seen = reduce(joined, parts)
    seen, until = seen[np.argsort(seen.at, kind="stable")], seen.at.max() + STEP
    start = min(first, np.floor(seen.at.min() / DAY) * DAY)
    return Played(homes, seen, utc(start), utc(until), moved, Kits(off=_dead(recorded, moved, zone)), prior)


def _dead(recorded: Sequence[Recorded], moved: Sequence[float], zone: str) -> list[tuple[int, float, float]]:
    spells = [(place, _moments(spell + moved[place], zone)) for place, one in enumerate(recorded) for spell in one.dead]
    return [(place, float(start), float(end)) for place, (start, end) in spells]


def _monday(recorded: Recorded) -> float:
    day = recorded.first_midnight / DAY
    return (day - (day + 3) % 7) * DAY


def _moments(wall: Floats, zone: str) -> Floats:
    """UTC of wall times, by the zone's offset in each hour."""
    hour, place = np.unique(np.floor(wall / HOUR), return_inverse=True)
    starts = [datetime.fromtimestamp(each * HOUR, UTC).replace(tzinfo=ZoneInfo(zone)) for each in hour.tolist()]
    shift = np.array([start.timestamp() for start in starts]) - hour * HOUR
    moments: Floats = wall + shift[place]
    return moments


def _rows(place: int, recorded: Recorded, at: Floats, first_sensor: int) -> Batch:
    count = len(at)
    number: Ints = np.arange(1, count + 1)
    return Batch(np.full(count, place), recorded.sensor + first_sensor, recorded.what, at, at.copy(), number)


@dataclass(frozen=True, slots=True)
class Told:
    """An alert about the person: since when things were amiss, when it was raised, and what ended it when."""

    home: str
    kind: FindingKind
    since: datetime
    at: datetime
    over: datetime | None


def learned(one: Played, after: float) -> bytes:
    """The engine as it is `after` seconds on, having looked at the homes once an hour only."""
    engine, known = one.engine(), one.start + timedelta(seconds=after)
    replay(engine, _arrived(one, None, known), one.start, known, one.kits, ALIVE_EVERY)
    return engine.snapshot().tobytes()


def alerts(one: Played, step: float = STEP, after: float = 0.0, known: bytes | None = None) -> list[Told]:
    """Alerts about the person while a home was recorded, `after` seconds from the start on, when what was `known` by
    then was as `learned` says.
    """
    found: list[Finding] = []
    first, last = span(one)
    place = {home.id: index for index, home in enumerate(one.homes)}
    for part in _parts(one, step, one.start + timedelta(seconds=after), known):
        found += part
    over = {(each.home, each.kind, each.since): each.at for each in found if each.over}
    return [
        Told(each.home, each.kind, each.since, each.at, over.get((each.home, each.kind, each.since)))
        for each in found
        if about_the_person(each)
        and each.since.timestamp() >= first[place[each.home]]
        and each.at.timestamp() <= last[place[each.home]]
    ]


def _parts(one: Played, step: float, start: datetime, known: bytes | None) -> Iterator[list[Finding]]:
    """What was found from restart to restart."""
    engine = _renewed(one, known, start) if known else one.engine()
    for until in [*(moment for moment in one.restarts if moment > start), one.until]:
        begun = start if start > one.start else None
        yield replay(engine, _arrived(one, begun, until), start, until, one.kits, step)
        start, engine = until, _renewed(one, engine.snapshot().tobytes(), until)


def _arrived(one: Played, start: datetime | None, until: datetime) -> Batch:
    arrived = one.seen.arrived
    since = arrived > start.timestamp() if start else np.ones(len(arrived), bool)
    return one.seen[since & (arrived <= until.timestamp())]


def span(one: Played) -> tuple[Floats, Floats]:
    """The first and the last observation of each home."""
    first, last = np.full(len(one.homes), np.inf), np.full(len(one.homes), -np.inf)
    np.minimum.at(first, one.seen.home, one.seen.at)
    np.maximum.at(last, one.seen.home, one.seen.at)
    return first, last


def wall(one: Played, home: str, at: datetime) -> datetime:
    """By the clock of the recording, and as long ago."""
    place = next(index for index, each in enumerate(one.homes) if each.id == home)
    local = at.astimezone(ZoneInfo(one.homes[place].timezone)).replace(tzinfo=UTC)
    return local - timedelta(seconds=one.moved[place])


def _renewed(one: Played, known: bytes, now: datetime) -> Engine:
    engine = one.engine(now)
    engine.restore(known)
    return engine


def late(one: Played, spells: Sequence[tuple[int, float, float]]) -> Played:
    """What a home noticed between two moments all arrives at the second; (home, from, until) each."""
    arrived = one.seen.arrived.copy()
    for home, start, end in spells:
        arrived[(one.seen.home == home) & (one.seen.at >= start) & (one.seen.at < end)] = end
    kits = replace(one.kits, deaf=[*one.kits.deaf, *spells])
    return replace(one, seen=replace(one.seen, arrived=arrived), kits=kits)


def twice(one: Played, every: int = 3) -> Played:
    """Every third row comes again within the hour, after others."""
    again = one.seen[::every]
    again = replace(again, arrived=again.arrived + HOUR / 2)
    return replace(one, seen=joined(one.seen, again))


def without(one: Played, dead: Mapping[int, float], lasting: float = np.inf) -> Played:
    """Each sensor of `dead` says nothing from then on for so many seconds, not even that it is alive."""
    kept = np.ones(len(one.seen), bool)
    for sensor, since in dead.items():
        kept &= (one.seen.sensor != sensor) | (one.seen.at < since) | (one.seen.at >= since + lasting)
    back = {sensor: since + lasting for sensor, since in dead.items()}
    return replace(one, seen=one.seen[kept], kits=replace(one.kits, dead=dead, back=back))
