"""Observations whose past stands in InfluxDB. What is new stands in SQL, as everywhere.

Every observation is committed in SQL first, which numbers it, knows it when it comes again, and hands it to the watch:
nothing that lives depend on waits for InfluxDB. `hand_on` sends it there within seconds and goes on where it stopped,
for as long as it takes; days that are over are then deleted in SQL, where they are known to have been taken.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from hub.store import blocks, brought, fresh
from hub.store.away import Refused
from hub.store.database import add_all_new, upsert, writing
from hub.store.influx import KEEPS, Influx, days_kept
from hub.store.row import Row
from hub.store.schema import from_us, handed_on, marks, owed, refused, settled_numbers, to_us
from hub.store.series import (
    FOR_EVER,
    SETTLED_AT_ONCE,
    SqlSeries,
    besides,
    forget_fresh,
    know,
    noticed_by,
)
from hub.store.settled import NUMBER, OUTBOX, Columns, columns_of, joined
from models.observation import KINDS_OF, SensorKind, What

AT_ONCE = 5_000
AGAIN = 3600.0
"""Real seconds until one that was refused is offered again: whoever runs InfluxDB may have mended what was wrong."""
LONG_AGO = from_us(0)

_WHATS = {keep: frozenset(what for what in KINDS_OF if days_kept(what) == keep) for keep in KEEPS}


@dataclass(frozen=True, slots=True)
class _Doomed:
    """A deletion: of `what`, or of all, in the bucket of those kept so many days."""

    days: int
    what: What | None
    before: datetime | None


class InfluxSeries(SqlSeries):
    """`Series` in SQLite or PostgreSQL for what is new, and in InfluxDB for all."""

    def __init__(self, engine: Engine, influx: Influx) -> None:
        super().__init__(engine)
        self._influx = influx
        self._offered_at = time.monotonic()

    def hand_on(self) -> bool:
        with self._engine.connect() as connection:
            sent = _sent(connection)
            _, rows = fresh.since(connection, sent, AT_ONCE)
            due = connection.execute(select(owed)).all()  # after the rows: of one that came later all is known
        if due:
            self._pay()
            return True
        if rows:
            self._send(rows)
            with writing(self._engine) as connection:
                connection.execute(update(marks).where(marks.c.name == "sent").values(value=rows[-1].seq))
        elif time.monotonic() - self._offered_at > AGAIN:
            self._offer_again()
        return len(rows) == AT_ONCE

    def _pay(self) -> None:
        with self._engine.connect() as connection:
            due = connection.execute(select(owed).order_by(owed.c.id)).all()
        for one in due:
            before = None if one.before is None else from_us(one.before)
            self._influx.delete(one.days, one.home, None if one.what is None else What(one.what), before)
            with writing(self._engine) as connection:
                connection.execute(delete(owed).where(owed.c.id == one.id))

    def _send(self, rows: Sequence[Row]) -> None:
        for keep, whats in _WHATS.items():
            self._offer(keep, [row for row in rows if row.what in whats])

    def _offer(self, keep: int, rows: Sequence[Row]) -> None:
        """What is refused is found by halving, stays in SQL, and is told of."""
        if not rows:
            return
        try:
            self._influx.write(keep, rows)
        except Refused as why:
            if len(rows) > 1:
                half = len(rows) // 2
                self._offer(keep, rows[:half])
                self._offer(keep, rows[half:])
                return
            with writing(self._engine) as connection:
                add_all_new(connection, refused, [{"seq": rows[0].seq, "why": str(why)}])

    def _offer_again(self) -> None:
        self._offered_at = time.monotonic()
        with writing(self._engine) as connection:
            rows = fresh.those(connection, connection.scalars(select(refused.c.seq)))
            connection.execute(delete(refused))
        self._send(rows)

    def reached(self) -> None:
        self._influx.answers()

    def unsent(self) -> tuple[int, dict[str, int]]:
        with self._engine.connect() as connection:
            why = select(refused.c.why, func.count()).group_by(refused.c.why)
            return fresh.many(connection, _sent(connection)), {row[0]: row[1] for row in connection.execute(why)}

    def settle(self, home: str, before: datetime, seq: int) -> int:
        with writing(self._engine) as connection:
            last, stay = min(seq, _sent(connection)), set(connection.scalars(select(refused.c.seq)))

            def is_there(row: Row) -> bool:
                return row.seq <= last and row.seq not in stay

            old = fresh.take(connection, home, before, is_there, SETTLED_AT_ONCE)
            if old:
                columns = columns_of(old)
                _widen(connection, home, columns)
                know(connection, home, columns)
        return len(old)

    def bring(self, home: str, columns: Columns) -> int:
        """Sent on first: what is known here is there."""
        with self._engine.connect() as connection:
            new = self._new(connection, home, columns)
        for keep, whats in _WHATS.items():
            rows = _of(new, whats).rows(home)
            for start in range(0, len(rows), AT_ONCE):
                self._influx.write(keep, rows[start : start + AT_ONCE])
        with writing(self._engine) as connection:
            _widen(connection, home, new)
            know(connection, home, new)
            if len(new):
                brought.note(connection, home)
        return len(new)

    def _old(self, home: str, start: datetime, end: datetime, what: What | None = None) -> Columns:
        """InfluxDB is asked only for a time from which it holds what SQL does not."""
        with self._engine.connect() as connection:
            held = _held(connection, home)
        parts = [
            self._influx.read(keep, home, max(start, from_us(first)), min(end, from_us(last + 1)), what)
            for keep, (first, last) in held.items()
            if what is None or days_kept(what) == keep
        ]
        return joined([part for part in parts if len(part)]).ordered()

    def _newest(self, home: str) -> list[Row]:
        with self._engine.connect() as connection:
            held = _held(connection, home)
        last = [
            row
            for keep, (first, _) in held.items()
            for row in self._influx.read(keep, home, from_us(first), FOR_EVER, newest=True).rows(home)
        ]
        return sorted(last, key=lambda row: row.at)[-1:]

    def _forget(
        self, home: str, kinds: frozenset[SensorKind] | None, before: datetime | None, *, keep_counts: bool
    ) -> int:
        self._pay()
        whats = noticed_by(kinds)
        with self._engine.connect() as connection:
            new = fresh.read(connection, home, LONG_AGO, FOR_EVER)
            held = _held(connection, home)
        old = besides(_of(self._old(home, LONG_AGO, before or FOR_EVER), whats), new)
        doomed = list(_doomed(whats, before))
        if keep_counts and not len(old) and not any(_is_old(row, whats, before) for row in new):
            return 0
        if not keep_counts:
            self._delete(home, doomed)  # so that one who erases hears that it could not be done
        with writing(self._engine) as connection:
            gone = len(old) + forget_fresh(connection, home, whats, before, keep_counts=keep_counts)
            connection.execute(insert(owed), [_owing(home, one) for one in doomed])  # again: some may be on their way
            if keep_counts:
                blocks.count(connection, home, old)
            else:
                blocks.forget_counts(connection, home, whats, None if before is None else to_us(before))
            _narrow(connection, home, held, whats, before)
        self._pay()
        return gone

    def _delete(self, home: str, doomed: Sequence[_Doomed]) -> None:
        for one in doomed:
            self._influx.delete(one.days, home, one.what, one.before)

    def beginning(self) -> datetime | None:
        first = [row.arrived for row in self.since(0, 1)]
        with self._engine.connect() as connection:
            settled = connection.scalar(select(func.min(handed_on.c.first)))
        return min([*first, *([] if settled is None else [from_us(settled)])], default=None)

    def counts(self) -> dict[str, tuple[int, int]]:
        found = super().counts()
        with self._engine.connect() as connection:
            homes = list(connection.scalars(select(handed_on.c.home).distinct()))
        for home in homes:
            old = besides(self._old(home, LONG_AGO, FOR_EVER), self._fresh(home, LONG_AGO, FOR_EVER))
            names = {(outbox, number) for outbox, number in old.numbers[[OUTBOX, NUMBER]].T.tolist()}
            rows, distinct = found.get(home, (0, 0))
            if len(old):
                found[home] = (rows + len(old), distinct + len(names))
        return found


def _sent(connection: Connection) -> int:
    return int(connection.execute(select(marks.c.value).where(marks.c.name == "sent")).scalar_one())


def _held(connection: Connection, home: str) -> dict[int, tuple[int, int]]:
    """What InfluxDB may hold that SQL does not: from when to when, by the days that it is kept."""
    found = select(handed_on.c.days, handed_on.c.first, handed_on.c.last).where(handed_on.c.home == home)
    return {days: (first, last) for days, first, last in connection.execute(found)}


def _widen(connection: Connection, home: str, columns: Columns) -> None:
    held = _held(connection, home)
    for keep, whats in _WHATS.items():
        moments = _of(columns, whats).at
        if len(moments):
            first, last = int(moments.min()), int(moments.max())
            first, last = min(first, *held.get(keep, (first,))), max(last, *held.get(keep, (last,)))
            upsert(connection, handed_on, [{"home": home, "days": keep, "first": first, "last": last}])


def _of(columns: Columns, whats: frozenset[What] | None) -> Columns:
    if whats is None:
        return columns
    return columns.where(
        np.isin(columns.what, [code for code, name in enumerate(columns.whats) if What(name) in whats])
    )


def _is_old(row: Row, whats: frozenset[What] | None, before: datetime | None) -> bool:
    return (whats is None or row.what in whats) and (before is None or row.at < before)


def _doomed(whats: frozenset[What] | None, before: datetime | None) -> Iterator[_Doomed]:
    """As few deletions as there can be: one predicate of InfluxDB can't name two kinds."""
    for keep, held in _WHATS.items():
        if whats is None or held <= whats:
            yield _Doomed(keep, None, before)
        else:
            yield from (_Doomed(keep, what, before) for what in sorted(held & whats))


def _owing(home: str, one: _Doomed) -> dict[str, object]:
    before = None if one.before is None else to_us(one.before)
    return {"home": home, "days": one.days, "what": one.what and one.what.value, "before": before}


def _narrow(
    connection: Connection, home: str, held: dict[int, tuple[int, int]], whats: frozenset[What] | None,
    before: datetime | None,
) -> None:  # fmt: skip
    """InfluxDB need not be asked any more for what was deleted there."""
    mine = handed_on.c.home == home
    for keep, (_, last) in held.items():
        if whats is not None and not _WHATS[keep] <= whats:
            continue
        this = mine & (handed_on.c.days == keep)
        if before is None or to_us(before) > last:
            connection.execute(delete(handed_on).where(this))
        else:
            begin = func.max if connection.dialect.name == "sqlite" else func.greatest
            connection.execute(update(handed_on).where(this).values(first=begin(handed_on.c.first, to_us(before))))
    if whats is None and before is None:
        connection.execute(delete(settled_numbers).where(settled_numbers.c.home == home))
        blocks.marked(connection)
