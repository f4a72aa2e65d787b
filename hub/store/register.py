"""The records of homes and people as an administrator changes them: all or nothing, and nobody's change overwritten."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Table, and_, delete, select

from hub.store import schema
from hub.store.amendments import Amendment, note
from hub.store.database import upsert, writing
from hub.store.version import next_version
from models.register import PlanOf

TABLES: dict[str, Table] = {
    "homes": schema.homes,
    "residents": schema.residents,
    "contacts": schema.contacts,
    "consents": schema.consents,
    "plans": schema.plans,
}
_FEW = 200
"""Keys that are asked for one by one; of more, all rows are read."""


@dataclass(frozen=True, slots=True)
class Change:
    """From what was seen (None: nothing there) to what is to be (None: gone)."""

    kind: str
    key: tuple[str, ...]
    before: Any
    after: Any


class Overtaken(Exception):
    """Somebody else changed this record since it was seen, and so nothing was changed."""

    def __init__(self, change: Change) -> None:
        super().__init__(", ".join(change.key))
        self.change = change


def all_of(engine: Engine, kind: str) -> dict[tuple[str, ...], Any]:
    """Every record of a kind, by its key."""
    with engine.connect() as connection:
        return _present(connection, kind, None)


def keep(engine: Engine, changes: Sequence[Change], amendments: Iterable[Amendment]) -> None:
    """Raises Overtaken, and then nothing was changed."""
    with writing(engine, appends="acts") as connection:
        apply(connection, changes, amendments)


def apply(connection: Connection, changes: Sequence[Change], amendments: Iterable[Amendment]) -> None:
    """Inside a writing transaction, which Overtaken ends."""
    for kind in TABLES:
        _keep(connection, kind, [one for one in changes if one.kind == kind])
    note(connection, amendments)
    next_version(connection)


def _keep(connection: Connection, kind: str, changes: Sequence[Change]) -> None:
    if not changes:
        return
    table = TABLES[kind]
    present = _present(connection, kind, [one.key for one in changes])
    for one in changes:
        if present.get(one.key) != one.before:
            raise Overtaken(one)
        if one.after is None:
            connection.execute(delete(table).where(_is(table, one.key)))
    upsert(connection, table, [_row(kind, one) for one in changes if one.after is not None])


def _present(connection: Connection, kind: str, keys: Sequence[tuple[str, ...]] | None) -> dict[tuple[str, ...], Any]:
    table = TABLES[kind]
    names = [column.name for column in table.primary_key]
    question = select(*(table.c[name] for name in names), table.c.body)
    if keys is not None and len(keys) <= _FEW:
        question = question.where(table.c[names[0]].in_([key[0] for key in keys]))
    rows = connection.execute(question).all()
    return {tuple(row[:-1]): _from(kind, row) for row in rows}


def _from(kind: str, row: Any) -> Any:
    return PlanOf(row.resident, row.body) if kind == "plans" else row.body


def _row(kind: str, change: Change) -> dict[str, Any]:
    names = [column.name for column in TABLES[kind].primary_key]
    owner = {"residents": "home", "contacts": "resident"}.get(kind)
    body = change.after.plan if kind == "plans" else change.after
    more = {owner: getattr(body, owner)} if owner else {}
    return {**dict(zip(names, change.key, strict=True)), **more, "body": body}


def _is(table: Table, key: tuple[str, ...]) -> Any:
    names = [column.name for column in table.primary_key]
    return and_(*(table.c[name] == part for name, part in zip(names, key, strict=True)))
