"""Observations as a time series: only ever added to, until their retention ends.

What is new stands in rows, in order of arrival; what is over settles into blocks of a home's week (`blocks.py`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np
from msgspec import json
from sqlalchemy import Connection, Engine, bindparam, delete, func, select, update

from hub.store import blocks
from hub.store.blocks import SETTLED, Ranges, Summary
from hub.store.database import give_back, tidied, writing
from hub.store.once import asked_by, reading
from hub.store.row import Row, Stored
from hub.store.schema import from_us, marks, observations, to_us
from hub.store.settled import DAY_US, NUMBER, OUTBOX, WEEK_US, Columns, Ints, columns_of, joined
from models.observation import KINDS_OF, URGENT, SensorKind, What

__all__ = ["Columns", "Row", "Series", "SqlSeries", "Stored", "Summary"]

_SEQ = "seq"
_AT_ONCE = 500
"""Values in one IN list: well under what any database takes."""
SETTLED_AT_ONCE = 20_000
REMEMBERED = 200_000
FOR_EVER = datetime(2200, 1, 1, tzinfo=UTC)


_BETWEEN = (
    asked_by(observations, home=observations.c.home)
    .where(observations.c.at >= bindparam("first"), observations.c.at < bindparam("last"))
    .order_by(observations.c.at, observations.c.seq)
)
_SINCE = (
    select(observations)
    .where(observations.c.seq > bindparam("seq"))
    .order_by(observations.c.seq)
    .limit(bindparam("most"))
)
_CALLS = (
    select(observations)
    .where(observations.c.seq > bindparam("seq"), observations.c.what.in_([what.value for what in URGENT]))
    .order_by(observations.c.seq)
)
_LAST = (
    asked_by(observations.c.sensor, func.max(observations.c.at), home=observations.c.home, what=observations.c.what)
    .where(observations.c.at >= bindparam("first"))
    .group_by(observations.c.sensor)
)


class Series(Protocol):
    """What the hub asks of any store of observations."""

    def append(self, rows: Sequence[Row]) -> list[Row]:
        """Keep them, all or none, on the disk when this returns; the ones that were new, in order, with `seq` set."""

    def between(self, home: str, start: datetime, end: datetime) -> list[Row]:
        """Those with start <= at < end, in order of `at`."""

    def columns(self, home: str, start: datetime, end: datetime) -> Columns:
        """The same as `between`, as columns: a month of a home without an object for each observation."""

    def latest(self, home: str) -> Row | None: ...

    def last(self, home: str, what: What, since: datetime) -> dict[str, datetime]:
        """When each sensor of `home` noticed that last, of those that have since then."""

    def forget(self, home: str, kinds: frozenset[SensorKind] | None = None, before: datetime | None = None) -> int:
        """How many were deleted: all of `home`, or of that only what sensors of `kinds` notice, or what is `before`;
        with what was counted of them.
        """

    def age(self, home: str, kinds: frozenset[SensorKind], before: datetime) -> int:
        """As `forget`, but how many there were in each hour is kept."""

    def coarsen(self, home: str, hourly_from: datetime, kept_from: datetime) -> None:
        """Of what was counted: before `hourly_from` one figure a day is kept, before `kept_from` nothing."""

    def summaries(self, home: str, start: datetime, end: datetime) -> list[Summary]:
        """What was counted of the days from `start` to `end` (UTC)."""

    def settle(self, home: str, before: datetime, seq: int) -> int:
        """Pack what was noticed before then, and is not after `seq`, where it takes little room; how many it were."""

    def bring(self, home: str, columns: Columns) -> int:
        """Keep what another hub noticed or a table holds, all or none, as what has settled: nothing is raised for it.
        How many were new.
        """

    def hand_on(self) -> bool:
        """Where another place holds what settles: send it what it lacks, for one batch; whether there is more.
        Raises Away, and has lost nothing then.
        """

    def reached(self) -> None:
        """Raises Away where another place holds what settles and would not take it now."""

    def unsent(self) -> tuple[int, dict[str, int]]:
        """How many wait to be sent on, and how many will not be taken, by why."""

    def since(self, seq: int, limit: int) -> list[Row]:
        """At most `limit` of those after `seq` that have not settled, in order of arrival."""

    def after(self, seq: int, limit: int, wanted: Callable[[int, str], bool] | None = None) -> tuple[int, Stored]:
        """As `since`, but as columns and, with `wanted`, only those of which seq and home are; and how far that reaches
        with the rest.
        """

    def calls(self, seq: int) -> Stored:
        """Of those after `seq` that have not settled the calls for help, in order of arrival."""

    def beginning(self) -> datetime | None:
        """When the first observation was noticed or came, whichever is known."""

    def last_seq(self) -> int: ...

    def tidy(self) -> None:
        """What those who write would have to wait for now and then; seldom more than a moment, and nothing for them."""

    def counts(self) -> dict[str, tuple[int, int]]:
        """For each home: rows, and distinct (outbox, number)."""


class SqlSeries:
    """`Series` in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._numbers = _Settled()

    def append(self, rows: Sequence[Row]) -> list[Row]:
        if not rows:
            return []
        with writing(self._engine) as connection:
            seq, settled = _marks(connection)
            new = self._numbers.without(connection, settled, rows)
            fresh = _numbered(new, seq)
            if not _added(connection, fresh):
                fresh = _numbered(_unknown(connection, new), seq)
                _add(connection, fresh)
            if fresh:
                connection.execute(update(marks).where(marks.c.name == _SEQ).values(value=fresh[-1].seq))
        return fresh

    def between(self, home: str, start: datetime, end: datetime) -> list[Row]:
        fresh = self._fresh(home, start, end)
        old = besides(self._old(home, start, end), fresh)
        if not len(old):
            return fresh
        return sorted([*old.rows(home), *fresh], key=lambda row: row.at)

    def columns(self, home: str, start: datetime, end: datetime) -> Columns:
        fresh = self._fresh(home, start, end)
        old = besides(self._old(home, start, end), fresh)
        return joined([old, columns_of(fresh)]).ordered() if fresh else old

    def _fresh(self, home: str, start: datetime, end: datetime) -> list[Row]:
        return self._rows(_BETWEEN, home=home, first=to_us(start), last=to_us(end))

    def _old(self, home: str, start: datetime, end: datetime, what: What | None = None) -> Columns:
        """Of what has settled; with `what` at least all of that. Asked for after `_fresh`, so that what settles between
        the two is seen twice and not never.
        """
        first, last = to_us(start), to_us(end)
        with reading(self._engine) as connection:
            found = joined(list(blocks.read(connection, home, first // WEEK_US, last // WEEK_US, what)))
        return found.between(first, last)

    def _newest(self, home: str) -> list[Row]:
        """The last of what has settled, if anything has."""
        with reading(self._engine) as connection:
            old = blocks.newest(connection, home)
        return old.ordered().rows(home)[-1:] if old else []

    def latest(self, home: str) -> Row | None:
        newest = select(observations).where(observations.c.home == home).order_by(observations.c.at.desc()).limit(1)
        fresh = self._rows(newest)
        return max([*self._newest(home), *fresh], key=lambda row: row.at, default=None)

    def last(self, home: str, what: What, since: datetime) -> dict[str, datetime]:
        given = {"home": home, "what": what.value, "first": to_us(since)}
        with reading(self._engine) as connection:
            rows = connection.execute(_LAST, given)
            found = {sensor: from_us(at) for sensor, at in rows}
        for row in self._old(home, since, FOR_EVER, what).rows(home):
            if row.what is what:
                found[row.sensor] = max(row.at, found.get(row.sensor, row.at))
        return found

    def forget(self, home: str, kinds: frozenset[SensorKind] | None = None, before: datetime | None = None) -> int:
        gone = self._forget(home, kinds, before, keep_counts=False)
        give_back(self._engine)
        return gone

    def age(self, home: str, kinds: frozenset[SensorKind], before: datetime) -> int:
        return self._forget(home, kinds, before, keep_counts=True)

    def _forget(
        self, home: str, kinds: frozenset[SensorKind] | None, before: datetime | None, *, keep_counts: bool
    ) -> int:
        whats = noticed_by(kinds)
        with writing(self._engine) as connection:
            gone = forget_fresh(connection, home, whats, before, keep_counts=keep_counts)
            return gone + blocks.forget(connection, home, whats, before, keep_counts=keep_counts)

    def coarsen(self, home: str, hourly_from: datetime, kept_from: datetime) -> None:
        with writing(self._engine) as connection:
            blocks.coarsen(connection, home, to_us(hourly_from) // DAY_US, to_us(kept_from) // DAY_US)

    def summaries(self, home: str, start: datetime, end: datetime) -> list[Summary]:
        with reading(self._engine) as connection:
            return blocks.summed(connection, home, to_us(start) // DAY_US, to_us(end) // DAY_US)

    def settle(self, home: str, before: datetime, seq: int) -> int:
        o = observations.c
        old = select(observations).where(o.home == home, o.at < to_us(before), o.seq <= seq)
        with writing(self._engine) as connection:
            found = connection.execute(old.order_by(o.seq).limit(SETTLED_AT_ONCE))
            rows = [row_of(values) for values in found]
            if rows:
                blocks.settle(connection, home, rows)
        return len(rows)

    def bring(self, home: str, columns: Columns) -> int:
        with writing(self._engine) as connection:
            new = self._new(connection, home, columns)
            if len(new):
                blocks.add(connection, home, new)
                blocks.know(connection, home, numbers_of(new))
                blocks.marked(connection)
        return len(new)

    def _new(self, connection: Connection, home: str, columns: Columns) -> Columns:
        """Those that are not known yet, one of each name."""
        kept: list[Ints] = []
        for place, outbox in enumerate(columns.outboxes):
            mine = np.flatnonzero(columns.numbers[OUTBOX] == place)
            numbers, first = np.unique(columns.numbers[NUMBER][mine], return_index=True)
            known = np.zeros(len(numbers), bool)
            for low, high in blocks.known(connection, [(home, outbox)])[home, outbox]:
                known |= (numbers >= low) & (numbers <= high)
            named = (observations.c.home == home) & (observations.c.outbox == outbox)
            fresh = list(connection.scalars(select(observations.c.number).where(named)))
            kept.append(mine[first[~known & ~np.isin(numbers, np.array(fresh, np.int64))]])
        return columns.take(np.sort(np.concatenate(kept))) if kept else columns

    def tidy(self) -> None:
        tidied(self._engine)

    def hand_on(self) -> bool:
        return False

    def reached(self) -> None:
        pass

    def unsent(self) -> tuple[int, dict[str, int]]:
        return 0, {}

    def since(self, seq: int, limit: int) -> list[Row]:
        return self._rows(_SINCE, seq=seq, most=limit)

    def after(self, seq: int, limit: int, wanted: Callable[[int, str], bool] | None = None) -> tuple[int, Stored]:
        """Past SQLAlchemy's own dressing of rows, which takes longer than the database."""
        with reading(self._engine) as connection, connection.execute(_SINCE, {"seq": seq, "most": limit}) as result:
            assert result.cursor is not None
            found = result.cursor.fetchall()
        reached = found[-1][0] if found else seq
        if wanted is not None:
            found = [one for one in found if wanted(one[0], one[1])]
        return reached, Stored(*zip(*found, strict=True))

    def calls(self, seq: int) -> Stored:
        with reading(self._engine) as connection, connection.execute(_CALLS, {"seq": seq}) as result:
            assert result.cursor is not None
            return Stored(*zip(*result.cursor.fetchall(), strict=True))

    def beginning(self) -> datetime | None:
        first = [row.arrived for row in self.since(0, 1)]
        with reading(self._engine) as connection:
            settled = [from_us(week * WEEK_US) for week in blocks.weeks(connection)[:1]]
        return min([*settled, *first], default=None)

    def last_seq(self) -> int:
        with reading(self._engine) as connection:
            return _marks(connection)[0]

    def counts(self) -> dict[str, tuple[int, int]]:
        each = select(observations.c.home, observations.c.outbox, observations.c.number).distinct().subquery()
        distinct = select(each.c.home, func.count()).group_by(each.c.home)
        rows = select(observations.c.home, func.count()).group_by(observations.c.home)
        with reading(self._engine) as connection:
            settled = blocks.counted(connection)
            names = {row[0]: row[1] for row in connection.execute(distinct)}
            fresh = {home: (count, names[home]) for home, count in connection.execute(rows)}
        both = {home: (fresh.get(home, (0, 0)), settled.get(home, (0, 0))) for home in fresh.keys() | settled.keys()}
        return {home: (new[0] + old[0], new[1] + old[1]) for home, (new, old) in both.items()}

    def _rows(self, question: Any, **given: object) -> list[Row]:
        with reading(self._engine) as connection:
            return [row_of(values) for values in connection.execute(question, given)]


def besides(old: Columns, fresh: Sequence[Row]) -> Columns:
    """What is fresh as well is left out."""
    if not fresh or not len(old):
        return old
    named = {(row.outbox, row.number) for row in fresh}
    suspects = np.flatnonzero(np.isin(old.numbers[NUMBER], [row.number for row in fresh])).tolist()
    outbox, number = old.numbers[OUTBOX].tolist(), old.numbers[NUMBER].tolist()
    twice = [place for place in suspects if (old.outboxes[outbox[place]], number[place]) in named]
    return old.take(np.delete(np.arange(len(old)), twice)) if twice else old


def numbers_of(columns: Columns) -> dict[str, list[int]]:
    number, outbox = columns.numbers[NUMBER], columns.numbers[OUTBOX]
    return {name: number[outbox == place].tolist() for place, name in enumerate(columns.outboxes)}


def noticed_by(kinds: frozenset[SensorKind] | None) -> frozenset[What] | None:
    """What nothing but sensors of `kinds` notices."""
    return None if kinds is None else frozenset(what for what, by in KINDS_OF.items() if by <= kinds)


def forget_fresh(
    connection: Connection, home: str, whats: frozenset[What] | None, before: datetime | None, *, keep_counts: bool
) -> int:
    doomed = observations.c.home == home
    if whats is not None:
        doomed &= observations.c.what.in_([what.value for what in whats])
    if before is not None:
        doomed &= observations.c.at < to_us(before)
    if keep_counts:
        fresh = [row_of(values) for values in connection.execute(select(observations).where(doomed))]
        blocks.count(connection, home, columns_of(fresh))
    return connection.execute(delete(observations).where(doomed)).rowcount


class _Settled:
    """Which numbers have settled, read anew when something settles."""

    def __init__(self) -> None:
        self._mark = -1
        self._ranges: dict[tuple[str, str], Ranges] = {}

    def without(self, connection: Connection, mark: int, rows: Sequence[Row]) -> list[Row]:
        if mark != self._mark or len(self._ranges) > REMEMBERED:
            self._mark, self._ranges = mark, {}
        if mark:
            asked = list({(row.home, row.outbox) for row in rows} - self._ranges.keys())
            self._ranges |= blocks.known(connection, asked)
        return [row for row in rows if not self._holds(row)]

    def _holds(self, row: Row) -> bool:
        known = self._ranges.get((row.home, row.outbox))
        return known is not None and any(first <= row.number <= last for first, last in known)


def _marks(connection: Connection) -> tuple[int, int]:
    """The last `seq`, and how often something settled. Locked where it matters, so that appends from several machines
    take turns and `seq` is also the order of commits.
    """
    lock = connection.get_execution_options().get("writes", False)
    question = select(marks.c.name, marks.c.value).where(marks.c.name.in_((_SEQ, SETTLED))).order_by(marks.c.name)
    values = {row[0]: row[1] for row in connection.execute(question.with_for_update() if lock else question)}
    return values[_SEQ], values[SETTLED]


_COLUMNS = [column.name for column in observations.columns]
_INSERT = {
    style: f"INSERT INTO observations ({', '.join(_COLUMNS)}) VALUES ({', '.join([mark] * len(_COLUMNS))}) "  # noqa: S608
    "ON CONFLICT DO NOTHING"
    for style, mark in (("qmark", "?"), ("pyformat", "%s"))
}


def _numbered(rows: Sequence[Row], seq: int) -> list[Row]:
    return [
        Row(
            row.home, row.outbox, row.number, row.sensor, row.what, row.at, row.arrived, row.clock_trusted, place,
            row.evidence,
        )
        for place, row in enumerate(rows, seq + 1)
    ]  # fmt: skip


def _added(connection: Connection, rows: Sequence[Row]) -> bool:
    """Whether all of them were new, which they nearly always are; else nothing was added."""
    if not rows:
        return True
    with connection.begin_nested() as attempt:
        if _add(connection, rows) == len(rows):
            return True
        attempt.rollback()
    return False


def _add(connection: Connection, rows: Sequence[Row]) -> int:
    """Past SQLAlchemy's own dressing of values, which takes longer than the database."""
    if not rows:
        return 0
    done = connection.exec_driver_sql(_INSERT[connection.dialect.paramstyle], [_values(row) for row in rows])
    return done.rowcount


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


def _values(row: Row) -> tuple[Any, ...]:
    evidence = None if row.evidence is None else json.encode(dict(row.evidence)).decode()
    return (
        row.seq, row.home, row.outbox, row.number, row.sensor, row.what.value, to_us(row.at), to_us(row.arrived),
        row.clock_trusted, evidence,
    )  # fmt: skip


_WHATS = {what.value: what for what in What}


def row_of(values: Any) -> Row:
    seq, home, outbox, number, sensor, what, at, arrived, trusted, evidence = values
    return Row(home, outbox, number, sensor, _WHATS[what], from_us(at), from_us(arrived), bool(trusted), seq, evidence)
