"""Observations as a time series: only ever added to, until their retention ends."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from hub.store.database import writing
from hub.store.schema import from_us, marks, observations, to_us
from models.observation import KINDS_OF, Evidence, SensorKind, What

_SEQ = "seq"
_AT_ONCE = 500
"""Values in one IN list: well under what any database takes."""


@dataclass(frozen=True, slots=True)
class Row:
    """One observation as stored. (`home`, `outbox`, `number`) names it for ever; `seq` is its place in arrival."""

    home: str
    outbox: str
    number: int
    sensor: str
    what: What
    at: datetime
    arrived: datetime
    clock_trusted: bool = True
    seq: int = 0
    evidence: Evidence | None = None


class Series(Protocol):
    """What the hub asks of any store of observations."""

    def append(self, rows: Sequence[Row]) -> list[Row]:
        """Keep them, all or none, on the disk when this returns; the ones that were new, in order, with `seq` set."""

    def between(self, home: str, start: datetime, end: datetime) -> list[Row]:
        """Those with start <= at < end, in order of `at`."""

    def latest(self, home: str) -> Row | None: ...

    def last(self, home: str, what: What, since: datetime) -> dict[str, datetime]:
        """When each sensor of `home` noticed that last, of those that have since then."""

    def forget(self, home: str, kinds: frozenset[SensorKind] | None = None, before: datetime | None = None) -> int: ...

    def since(self, seq: int, limit: int) -> list[Row]:
        """At most `limit` of those after `seq`, in order of arrival."""

    def last_seq(self) -> int: ...

    def counts(self) -> dict[str, tuple[int, int]]:
        """For each home: rows, and distinct (outbox, number)."""


class SqlSeries:
    """`Series` in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, rows: Sequence[Row]) -> list[Row]:
        if not rows:
            return []
        with writing(self._engine) as connection:
            seq = _last_seq(connection, lock=True)
            fresh = [replace(row, seq=seq + place) for place, row in enumerate(_unknown(connection, rows), 1)]
            if fresh:
                connection.execute(insert(observations), [_values(row) for row in fresh])
                connection.execute(update(marks).where(marks.c.name == _SEQ).values(value=fresh[-1].seq))
        return fresh

    def between(self, home: str, start: datetime, end: datetime) -> list[Row]:
        at = observations.c.at
        mine = observations.c.home == home
        return self._rows(
            select(observations).where(mine, at >= to_us(start), at < to_us(end)).order_by(at, observations.c.seq)
        )

    def latest(self, home: str) -> Row | None:
        newest = select(observations).where(observations.c.home == home).order_by(observations.c.at.desc()).limit(1)
        return next(iter(self._rows(newest)), None)

    def last(self, home: str, what: What, since: datetime) -> dict[str, datetime]:
        o = observations.c
        mine = (o.home == home) & (o.what == what.value) & (o.at >= to_us(since))
        with self._engine.connect() as connection:
            rows = connection.execute(select(o.sensor, func.max(o.at)).where(mine).group_by(o.sensor))
            return {sensor: from_us(at) for sensor, at in rows}

    def forget(self, home: str, kinds: frozenset[SensorKind] | None = None, before: datetime | None = None) -> int:
        """How many were deleted: all of `home`, or of that only what sensors of `kinds` notice, or what is `before`."""
        doomed = delete(observations).where(observations.c.home == home)
        if kinds is not None:
            whats = [what.value for what, noticed_by in KINDS_OF.items() if noticed_by <= kinds]
            doomed = doomed.where(observations.c.what.in_(whats))
        if before is not None:
            doomed = doomed.where(observations.c.at < to_us(before))
        with writing(self._engine) as connection:
            return connection.execute(doomed).rowcount

    def since(self, seq: int, limit: int) -> list[Row]:
        column = observations.c.seq
        return self._rows(select(observations).where(column > seq).order_by(column).limit(limit))

    def last_seq(self) -> int:
        with self._engine.connect() as connection:
            return _last_seq(connection)

    def counts(self) -> dict[str, tuple[int, int]]:
        each = select(observations.c.home, observations.c.outbox, observations.c.number).distinct().subquery()
        distinct = select(each.c.home, func.count()).group_by(each.c.home)
        rows = select(observations.c.home, func.count()).group_by(observations.c.home)
        with self._engine.connect() as connection:
            names = {row[0]: row[1] for row in connection.execute(distinct)}
            return {home: (count, names[home]) for home, count in connection.execute(rows)}

    def _rows(self, question: Any) -> list[Row]:
        with self._engine.connect() as connection:
            return [_row(values) for values in connection.execute(question)]


def _last_seq(connection: Connection, *, lock: bool = False) -> int:
    """Locking it makes appends from several machines take turns, so that `seq` is also the order of commits."""
    question = select(marks.c.value).where(marks.c.name == _SEQ)
    return int(connection.execute(question.with_for_update() if lock else question).scalar_one())


def _unknown(connection: Connection, rows: Sequence[Row]) -> list[Row]:
    """The first of each name that is not stored yet."""
    numbers: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in rows:
        numbers[row.home, row.outbox].add(row.number)
    stored = {
        (home, outbox, n) for (home, outbox), asked in numbers.items() for n in _stored(connection, home, outbox, asked)
    }
    fresh: list[Row] = []
    for row in rows:
        name = (row.home, row.outbox, row.number)
        if name not in stored:
            stored.add(name)
            fresh.append(row)
    return fresh


def _stored(connection: Connection, home: str, outbox: str, numbers: set[int]) -> Iterable[int]:
    mine = (observations.c.home == home) & (observations.c.outbox == outbox)
    asked = sorted(numbers)
    for start in range(0, len(asked), _AT_ONCE):
        some = observations.c.number.in_(asked[start : start + _AT_ONCE])
        yield from connection.execute(select(observations.c.number).where(mine, some)).scalars()


def _values(row: Row) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "home": row.home,
        "outbox": row.outbox,
        "number": row.number,
        "sensor": row.sensor,
        "what": row.what.value,
        "at": to_us(row.at),
        "arrived": to_us(row.arrived),
        "clock_trusted": row.clock_trusted,
        "evidence": None if row.evidence is None else dict(row.evidence),
    }


def _row(values: Any) -> Row:
    seq, home, outbox, number, sensor, what, at, arrived, trusted, evidence = values
    return Row(home, outbox, number, sensor, What(what), from_us(at), from_us(arrived), bool(trusted), seq, evidence)
