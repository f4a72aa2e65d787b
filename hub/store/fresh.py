"""What is new: observations of one home and one outbox that came one after the other are one row until they settle.

A kit's message is so one row, whatever it holds: a row for each observation took the database five times as long, most
of it in its indexes. `body` is MessagePack of `Row`s, in order of arrival. That no number is there twice is seen to
inside the transaction that appends, and there is only ever one of those at a time (`series.py`).
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select

from hub.store.once import asked_by
from hub.store.row import Row, by_name
from hub.store.schema import fresh, to_us
from models.observation import URGENT

log = logging.getLogger(__name__)

AT_ONCE = 500
"""Rows of the table in one reading."""

_by_at = attrgetter("at", "seq")
_encoded = msgspec.msgpack.Encoder(enc_hook=dict).encode
_decoded = msgspec.msgpack.Decoder(list[Row]).decode

_COLUMNS = [column.name for column in fresh.columns]
_ADD = "INSERT INTO fresh ({}) SELECT {} WHERE {}"
_NOBODY_LIKE_IT = "NOT EXISTS (SELECT 1 FROM fresh WHERE home = {0} AND outbox = {0} AND last >= {0} AND first <= {0})"
_INSERT = {
    style: _ADD.format(", ".join(_COLUMNS), ", ".join([mark] * len(_COLUMNS)), _NOBODY_LIKE_IT.format(mark))
    for style, mark in (("qmark", "?"), ("pyformat", "%s"))
}
_BETWEEN = asked_by(fresh.c.seq, fresh.c.body, home=fresh.c.home).where(
    fresh.c.ends >= bindparam("first"), fresh.c.begins < bindparam("end")
)
_AFTER = select(fresh.c.seq, fresh.c.body).where(fresh.c.seq > bindparam("after")).order_by(fresh.c.seq)
_SOME = _AFTER.limit(bindparam("most"))
_CALLS = _AFTER.where(fresh.c.calls)
_GONE = delete(fresh).where(fresh.c.seq == bindparam("gone"))


def added(connection: Connection, rows: Sequence[Row]) -> bool:
    """Whether no number is near one of those here, so that all are new, as they nearly always are; else nothing was
    added. Their `seq` follows the last that was given out.
    """
    runs = _runs(rows)
    if sum(len({row.number for row in run}) for run in runs) < len(rows):
        return False
    # Past SQLAlchemy's own dressing of values, which takes longer than the database.
    values = [(*one, *one[1:5]) for one in map(_values, runs)]
    if not values or connection.exec_driver_sql(_INSERT[connection.dialect.paramstyle], values).rowcount == len(runs):
        return True
    connection.execute(delete(fresh).where(fresh.c.seq >= rows[0].seq))
    return False


def add(connection: Connection, rows: Sequence[Row]) -> None:
    """Those that are known to be new."""
    if rows:
        connection.execute(insert(fresh), [dict(zip(_COLUMNS, _values(run), strict=True)) for run in _runs(rows)])


def _runs(rows: Sequence[Row]) -> list[list[Row]]:
    return [list(run) for _, run in groupby(rows, by_name)]


def _values(rows: Sequence[Row]) -> tuple[Any, ...]:
    """In the order of the table's columns."""
    numbers, moments = [row.number for row in rows], [row.at for row in rows]
    calls = not URGENT.isdisjoint([row.what for row in rows])
    begins, ends = to_us(min(moments)), to_us(max(moments))
    one, first, last = rows[-1], min(numbers), max(numbers)
    return one.seq, one.home, one.outbox, first, last, begins, ends, len(rows), calls, _encoded(rows)


def unknown(connection: Connection, rows: Sequence[Row]) -> list[Row]:
    """The first of each name that is not here yet."""
    asked: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in rows:
        asked[by_name(row)].add(row.number)
    known = {name: _numbers(connection, *name, min(some), max(some)) for name, some in asked.items()}
    new: list[Row] = []
    for row in rows:
        mine = known[by_name(row)]
        if row.number not in mine:
            mine.add(row.number)
            new.append(row)
    return new


def _numbers(connection: Connection, home: str, outbox: str, first: int, last: int) -> set[int]:
    """At least those of the outbox that are within."""
    f = fresh.c
    within = (f.home == home) & (f.outbox == outbox) & (f.last >= first) & (f.first <= last)
    return {row.number for row in _all(connection.execute(select(f.seq, f.body).where(within)))}


def numbers(connection: Connection, home: str, outbox: str) -> set[int]:
    return _numbers(connection, home, outbox, 0, 2**63 - 1)


def read(connection: Connection, home: str, start: datetime, end: datetime) -> list[Row]:
    """Those with start <= at < end, in order of `at`; what was noticed at once, as it arrived."""
    found = _all(connection.execute(_BETWEEN, {"home": home, "first": to_us(start), "end": to_us(end)}))
    return sorted((row for row in found if start <= row.at < end), key=_by_at)


def newest(connection: Connection, home: str) -> list[Row]:
    """The last of a home by `at`, if there is one."""
    last = select(fresh.c.seq, fresh.c.body).where(fresh.c.home == home).order_by(fresh.c.ends.desc()).limit(1)
    return sorted(_all(connection.execute(last)), key=_by_at)[-1:]


def since(connection: Connection, seq: int, limit: int) -> tuple[int, list[Row]]:
    """At most `limit` of those after `seq`, in order of arrival; and how far that reaches."""
    rows: list[Row] = []
    while len(rows) < limit:
        some = connection.execute(_SOME, {"after": seq, "most": min(limit - len(rows), AT_ONCE)}).all()
        if not some:
            return seq, rows
        rows += [row for row in _all(some) if row.seq > seq]
        seq = some[-1].seq
    return rows[limit - 1].seq, rows[:limit]


def calls(connection: Connection, seq: int) -> list[Row]:
    """Of those after `seq` the calls for help, in order of arrival."""
    found = _all(connection.execute(_CALLS, {"after": seq}))
    return [row for row in found if row.seq > seq and row.what in URGENT]


def those(connection: Connection, seqs: Iterable[int]) -> list[Row]:
    """Those that are still here, in order of arrival."""
    wanted = sorted(seqs)
    found = [since(connection, seq - 1, 1)[1] for seq in wanted]
    return [row for seq, rows in zip(wanted, found, strict=True) for row in rows if row.seq == seq]


def many(connection: Connection, seq: int) -> int:
    """How many there are after `seq`."""
    first = connection.execute(_SOME, {"after": seq, "most": 1}).first()
    if first is None:
        return 0
    more = connection.scalar(select(func.sum(fresh.c.count)).where(fresh.c.seq > first.seq))
    return sum(row.seq > seq for row in _all([first])) + int(more or 0)


def counted(connection: Connection) -> dict[str, tuple[int, int]]:
    """For each home: rows, and distinct (outbox, number) among them."""
    rows: dict[str, int] = defaultdict(int)
    names: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for row in _all(connection.execute(select(fresh.c.seq, fresh.c.body))):
        rows[row.home] += 1
        names[row.home].add((row.outbox, row.number))
    return {home: (count, len(names[home])) for home, count in rows.items()}


def take(
    connection: Connection, home: str, before: datetime | None, doomed: Callable[[Row], bool], limit: int | None = None
) -> list[Row]:
    """Take out what a home noticed `before` then and is `doomed`, at most so many: which they were, as they arrived."""
    taken: list[Row] = []
    for seq, body in connection.execute(_held(home, before)).all():
        rows = _read(seq, body)
        fits = [row for row in rows if (before is None or row.at < before) and doomed(row)]
        fits = fits if limit is None else fits[: limit - len(taken)]
        if fits:
            taken += fits
            out = {row.seq for row in fits}
            connection.execute(_GONE, {"gone": seq})
            add(connection, [row for row in rows if row.seq not in out])
    return taken


def drop(connection: Connection, home: str, before: datetime | None) -> None:
    """All that a home noticed `before` then, where `take` has been: what is left of it does not read."""
    ended = fresh.c.home == home if before is None else (fresh.c.home == home) & (fresh.c.ends < to_us(before))
    connection.execute(delete(fresh).where(ended))


def _held(home: str, before: datetime | None) -> Select[Any]:
    f = fresh.c
    held = select(f.seq, f.body).where(f.home == home).order_by(f.seq)
    return held if before is None else held.where(f.begins < to_us(before))


def _all(found: Iterable[Any]) -> Iterator[Row]:
    for seq, body in found:
        yield from _read(seq, body)


def _read(seq: int, body: bytes) -> list[Row]:
    """None of what does not read: it costs only itself, and is named in the log."""
    try:
        return _decoded(body)
    except msgspec.DecodeError as bad:
        log.error("what came up to number %d can't be read (%s): bring it back from a backup", seq, bad)  # noqa: TRY400
        return []
