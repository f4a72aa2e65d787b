"""The records of homes and people as an administrator changes them: all or nothing, and nobody's change overwritten."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, Table, and_, delete, select

from hub.store import schema
from hub.store.amendments import Amendment, note
from hub.store.database import upsert, writing
from hub.store.version import next_version
from models.people import Contact, moved
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


def turned(contacts: Sequence[Contact], contact: str, by: int) -> list[Change]:
    """What has to change for one contact to be rung so many places later among a resident's. Raises ValueError."""
    before = {one.id: one for one in contacts}
    after = moved(contacts, contact, by)
    return [Change("contacts", (one.id,), before[one.id], one) for one in after if one != before[one.id]]


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
    left = [one for one in changes if one.after is not None]
    if kind == "contacts":
        numbered = in_turn(connection, [one.after for one in left])
        left = [replace(change, after=contact) for change, contact in zip(left, numbered, strict=True)]
    upsert(connection, table, [_row(kind, one) for one in left])


def in_turn(connection: Connection, entered: Sequence[Contact]) -> list[Contact]:
    """Those `entered`, of whom who has no turn keeps the one on record, or comes after all others, as entered."""
    if all(one.turn for one in entered):
        return list(entered)
    known = _known(connection, {one.resident for one in entered})
    turns = {one.id: one.turn for one in known}
    numbered = [replace(one, turn=one.turn or turns.get(one.id, 0)) for one in entered]
    last = defaultdict[str, int](int)
    for one in (*known, *numbered):
        last[one.resident] = max(last[one.resident], one.turn)
    for place, one in enumerate(numbered):
        if not one.turn:
            last[one.resident] += 1
            numbered[place] = replace(one, turn=last[one.resident])
    return numbered


def _known(connection: Connection, residents: AbstractSet[str]) -> Sequence[Contact]:
    """The contacts of those residents; where there are many, everybody's."""
    table = schema.contacts
    few = len(residents) <= _FEW
    question = select(table.c.body).where(table.c.resident.in_(residents)) if few else select(table.c.body)
    return connection.execute(question).scalars().all()


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
