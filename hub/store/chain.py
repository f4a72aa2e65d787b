"""Logs whose every row carries a link made of itself and the row before, so that a gap or a change shows."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, select, text

from hub.store.schema import to_us

START = "0" * 64
_LOCK = 0x6C6F67


def linked(previous: str, values: Sequence[object]) -> str:
    """The link of a row with `values` that follows one with the link `previous`."""
    plain = [to_us(value) if isinstance(value, datetime) else value for value in values]
    return hashlib.sha256(previous.encode() + msgspec.json.encode(plain)).hexdigest()


def add(connection: Connection, log: Table, row: dict[str, Any]) -> int:
    """Append `row` to a table with a `link` column, inside a writing transaction; its id."""
    link = linked(_last(connection, log), [row[name] for name in _names(log)])
    written = connection.execute(log.insert().values(**row, link=link)).inserted_primary_key
    assert written is not None
    return int(written[0])


def add_all(connection: Connection, log: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Append them in this order, in one go."""
    link, names, written = _last(connection, log), _names(log), []
    for row in rows:
        link = linked(link, [row[name] for name in names])
        written.append({**row, "link": link})
    if written:
        connection.execute(log.insert(), written)


def _last(connection: Connection, log: Table) -> str:
    """The link to go on from; until the transaction ends nobody else appends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    return connection.execute(select(log.c.link).order_by(log.c.id.desc()).limit(1)).scalar() or START


def broken_at(connection: Connection, log: Table) -> int | None:
    """The id of the first row that does not follow from the one before, or None while the chain holds."""
    previous = START
    for row in connection.execute(select(log).order_by(log.c.id)).mappings():
        if linked(previous, [row[name] for name in _names(log)]) != row["link"]:
            return int(row["id"])
        previous = row["link"]
    return None


def _names(log: Table) -> list[str]:
    return [column.name for column in log.columns if column.name not in ("id", "link")]
