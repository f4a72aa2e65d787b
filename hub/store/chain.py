"""Logs whose every row carries a link made of itself and the row before, so that a gap or a change shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Insert, Select, Table, select, type_coerce

from hub.store import schema
from hub.store.database import Logs
from hub.store.schema import to_us

START = "0" * 64
PIECE = 5000
_encode = msgspec.json.Encoder().encode


def linked(previous: str, values: Sequence[object]) -> str:
    """The link of a row with `values` that follows one with the link `previous`."""
    return _linked(previous, [to_us(value) if isinstance(value, datetime) else value for value in values])


def _linked(previous: str, plain: Sequence[object]) -> str:
    return sha256(previous.encode() + _encode(plain)).hexdigest()


def add(connection: Connection, log: Table, row: dict[str, Any]) -> int:
    """Append `row` to a table with a `link` column, inside a transaction that `appends`; its id."""
    link = linked(_last(connection, log), _counted(log, [row[name] for name in _names(log)]))
    written = connection.execute(_insert(log), {**row, "link": link}).inserted_primary_key
    assert written is not None
    _heads(connection)[log] = link
    return int(written[0])


def add_all(connection: Connection, log: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Append them in this order, in one go."""
    link, names, written = _last(connection, log), _names(log), []
    for row in rows:
        link = linked(link, _counted(log, [row[name] for name in names]))
        written.append({**row, "link": link})
    if written:
        connection.execute(_insert(log), written)
        _heads(connection)[log] = link


def undone(connection: Connection) -> None:
    """Part of the transaction was rolled back: what it appended may be gone."""
    _heads(connection).clear()


def _last(connection: Connection, log: Table) -> str:
    """The link to go on from; until the transaction ends nobody else appends."""
    appends = connection.get_execution_options().get("appends")
    assert appends == _logs(log), f"a transaction that appends to '{log.name}' has to begin by writing(appends=...)"
    return _heads(connection).get(log) or connection.execute(_newest(log)).scalar() or START


def _logs(log: Table) -> Logs:
    return "looks" if log is schema.looks else "acts"


def _heads(connection: Connection) -> dict[Table, str]:
    """What this transaction appended last."""
    heads: dict[Table, str] = connection.get_execution_options()["heads"]
    return heads


@cache
def _newest(log: Table) -> Select[Any]:
    return select(log.c.link).order_by(log.c.id.desc()).limit(1)


@cache
def _insert(log: Table) -> Insert:
    return log.insert()


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of a log and its link, which stands for every row up to it. Kept elsewhere, it shows a lost end."""

    rows: int
    id: int
    link: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What a walk along a log found: its head, or the first row that does not follow from the one before; and of a
    `kept` head, whether that row still stands there as it did.
    """

    head: Head
    broken_at: int | None = None
    kept: bool = True


def prove(connection: Connection, log: Table, kept: Head | None = None) -> Proof:
    """From the first row to the last, in pieces, so that a million rows need no memory."""
    previous, rows, last = START, 0, 0
    found = kept is None or kept.rows == 0
    columns = [type_coerce(log.c[name], BigInteger) if _is_moment(log.c[name]) else log.c[name] for name in _names(log)]
    question = select(log.c.id, log.c.link, *columns).order_by(log.c.id).execution_options(yield_per=PIECE)
    with connection.execute(question) as walk:
        for number, link, *values in walk:
            if _linked(previous, _counted(log, values)) != link:
                return Proof(Head(rows, last, previous), int(number), found)
            previous, rows, last = link, rows + 1, number
            if not found:
                found = kept is not None and (rows, last, link) == (kept.rows, kept.id, kept.link)
    return Proof(Head(rows, last, previous), None, found)


def logs() -> list[Table]:
    """Every table whose rows are linked."""
    return [table for table in schema.records.sorted_tables if "link" in table.c]


def _is_moment(column: Column[Any]) -> bool:
    return isinstance(column.type, schema.Moment)


def _counted(log: Table, values: Sequence[object]) -> Sequence[object]:
    """Of a row's values those that its link is made of."""
    later = _later(log)
    return [one for at, one in enumerate(values) if one is not None or at not in later] if later else values


@cache
def _later(log: Table) -> frozenset[int]:
    return frozenset(at for at, name in enumerate(_names(log)) if log.c[name].info.get(schema.LATER))


@cache
def _names(log: Table) -> list[str]:
    return [column.name for column in log.columns if column.name not in ("id", "link")]
