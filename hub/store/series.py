"""Observations as a time series: only ever added to, until their retention ends.

What is new stands in order of arrival (`fresh.py`); what is over settles into blocks of a home's week (`blocks.py`).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Protocol

import numpy as np
from sqlalchemy import Connection, Engine, bindparam, select, update

from hub.store import blocks, brought, fresh
from hub.store.blocks import SETTLED, Ranges, Summary
from hub.store.database import give_back, tidied, writing
from hub.store.once import reading
from hub.store.row import Row, by_name
from hub.store.schema import from_us, marks, to_us
from hub.store.settled import DAY_US, NUMBER, OUTBOX, WEEK_US, Columns, Ints, columns_of, joined
from models.observation import KINDS_OF, SensorKind, What

__all__ = ["Columns", "Row", "Series", "SqlSeries", "Summary"]

_SEQ = "seq"
SETTLED_AT_ONCE = 20_000
REMEMBERED = 200_000
FOR_EVER = datetime(2200, 1, 1, tzinfo=UTC)


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

    def brought(self) -> dict[str, int]:
        """Homes to whose past something was brought, and how often, until what is usual there was `learned` from it."""

    def learned(self, homes: Mapping[str, int]) -> None:
        """From what was brought that often; what was since is still to be."""

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

    def after(self, seq: int, limit: int) -> tuple[int, list[Row]]:
        """As `since`, and how far that reaches."""

    def calls(self, seq: int) -> list[Row]:
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
            kept = _numbered(new, seq)
            if not fresh.added(connection, kept):
                kept = _numbered(fresh.unknown(connection, new), seq)
                fresh.add(connection, kept)
            if kept:
                connection.execute(_COUNTED, {"last": kept[-1].seq})
        return kept

    def between(self, home: str, start: datetime, end: datetime) -> list[Row]:
        new = self._fresh(home, start, end)
        old = besides(self._old(home, start, end), new)
        if not len(old):
            return new
        return sorted([*old.rows(home), *new], key=lambda row: row.at)

    def columns(self, home: str, start: datetime, end: datetime) -> Columns:
        new = self._fresh(home, start, end)
        old = besides(self._old(home, start, end), new)
        return joined([old, columns_of(new)]).ordered() if new else old

    def _fresh(self, home: str, start: datetime, end: datetime) -> list[Row]:
        with reading(self._engine) as connection:
            return fresh.read(connection, home, start, end)

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
        with reading(self._engine) as connection:
            new = fresh.newest(connection, home)
        return max([*self._newest(home), *new], key=lambda row: row.at, default=None)

    def last(self, home: str, what: What, since: datetime) -> dict[str, datetime]:
        found: dict[str, datetime] = {}
        fresh, old = self._fresh(home, since, FOR_EVER), self._old(home, since, FOR_EVER, what)
        mine = old.where(np.isin(old.what, [code for code, name in enumerate(old.whats) if name == what]))
        for row in [*fresh, *mine.rows(home)]:
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
        with writing(self._engine) as connection:
            rows = fresh.take(connection, home, before, lambda row: row.seq <= seq, SETTLED_AT_ONCE)
            if rows:
                columns = columns_of(rows)
                blocks.add(connection, home, columns)
                know(connection, home, columns)
        return len(rows)

    def bring(self, home: str, columns: Columns) -> int:
        with writing(self._engine) as connection:
            new = self._new(connection, home, columns)
            if len(new):
                blocks.add(connection, home, new)
                know(connection, home, new)
                brought.note(connection, home)
        return len(new)

    def brought(self) -> dict[str, int]:
        return brought.noted(self._engine)

    def learned(self, homes: Mapping[str, int]) -> None:
        brought.learned(self._engine, homes)

    def _new(self, connection: Connection, home: str, columns: Columns) -> Columns:
        """Those that are not known yet, one of each name."""
        kept: list[Ints] = []
        for place, outbox in enumerate(columns.outboxes):
            mine = np.flatnonzero(columns.numbers[OUTBOX] == place)
            numbers, first = np.unique(columns.numbers[NUMBER][mine], return_index=True)
            known = np.zeros(len(numbers), bool)
            for low, high in blocks.known(connection, [(home, outbox)])[home, outbox]:
                known |= (numbers >= low) & (numbers <= high)
            new = list(fresh.numbers(connection, home, outbox))
            kept.append(mine[first[~known & ~np.isin(numbers, np.array(new, np.int64))]])
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
        return self.after(seq, limit)[1]

    def after(self, seq: int, limit: int) -> tuple[int, list[Row]]:
        with reading(self._engine) as connection:
            return fresh.since(connection, seq, limit)

    def calls(self, seq: int) -> list[Row]:
        with reading(self._engine) as connection:
            return fresh.calls(connection, seq)

    def beginning(self) -> datetime | None:
        first = [row.arrived for row in self.since(0, 1)]
        with reading(self._engine) as connection:
            settled = [from_us(week * WEEK_US) for week in blocks.weeks(connection)[:1]]
        return min([*settled, *first], default=None)

    def last_seq(self) -> int:
        with reading(self._engine) as connection:
            return _marks(connection)[0]

    def counts(self) -> dict[str, tuple[int, int]]:
        with reading(self._engine) as connection:
            settled, new = blocks.counted(connection), fresh.counted(connection)
        both = [(home, new.get(home, (0, 0)), settled.get(home, (0, 0))) for home in new.keys() | settled.keys()]
        return {home: (some[0] + more[0], some[1] + more[1]) for home, some, more in both}


def besides(old: Columns, new: Sequence[Row]) -> Columns:
    """What is fresh as well is left out."""
    if not new or not len(old):
        return old
    named = {(row.outbox, row.number) for row in new}
    suspects = np.flatnonzero(np.isin(old.numbers[NUMBER], [row.number for row in new])).tolist()
    outbox, number = old.numbers[OUTBOX].tolist(), old.numbers[NUMBER].tolist()
    twice = [place for place in suspects if (old.outboxes[outbox[place]], number[place]) in named]
    return old.take(np.delete(np.arange(len(old)), twice)) if twice else old


def know(connection: Connection, home: str, columns: Columns) -> None:
    """That these have settled."""
    number, outbox = columns.numbers[NUMBER], columns.numbers[OUTBOX]
    numbers = {name: number[outbox == place].tolist() for place, name in enumerate(columns.outboxes)}
    blocks.know(connection, home, numbers)
    blocks.marked(connection)


def noticed_by(kinds: frozenset[SensorKind] | None) -> frozenset[What] | None:
    """What nothing but sensors of `kinds` notices."""
    return None if kinds is None else frozenset(what for what, by in KINDS_OF.items() if by <= kinds)


def forget_fresh(
    connection: Connection, home: str, whats: frozenset[What] | None, before: datetime | None, *, keep_counts: bool
) -> int:
    gone = fresh.take(connection, home, before, lambda row: whats is None or row.what in whats)
    if whats is None:
        fresh.drop(connection, home, before)
        if before is None:
            brought.forget(connection, home)
    if keep_counts:
        blocks.count(connection, home, columns_of(gone))
    return len(gone)


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
        new: list[Row] = []
        for name, some in groupby(rows, by_name):
            new += _besides(list(some), self._ranges.get(name, ()))
        return new


def _besides(rows: list[Row], known: Ranges) -> list[Row]:
    low, high = min(row.number for row in rows), max(row.number for row in rows)
    near = [(first, last) for first, last in known if first <= high and low <= last]
    return [row for row in rows if not any(first <= row.number <= last for first, last in near)] if near else rows


_MARKS = select(marks.c.name, marks.c.value).where(marks.c.name.in_((_SEQ, SETTLED)))
_LOCKED = _MARKS.order_by(marks.c.name).with_for_update()
_COUNTED = update(marks).where(marks.c.name == _SEQ).values(value=bindparam("last"))


def _marks(connection: Connection) -> tuple[int, int]:
    """The last `seq`, and how often something settled. Locked where it matters, so that appends from several machines
    take turns and `seq` is also the order of commits.
    """
    lock = connection.get_execution_options().get("writes", False)
    values = {row[0]: row[1] for row in connection.execute(_LOCKED if lock else _MARKS)}
    return values[_SEQ], values[SETTLED]


def _numbered(rows: Sequence[Row], seq: int) -> list[Row]:
    return [
        Row(
            row.home, row.outbox, row.number, row.sensor, row.what, row.at, row.arrived, row.clock_trusted, place,
            row.evidence,
        )
        for place, row in enumerate(rows, seq + 1)
    ]  # fmt: skip
