"""What was changed on the records, by whom: one hash-chained row for each change."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select

from hub.store import chain, schema
from hub.store.database import writing

_table = schema.amendments


@dataclass(frozen=True, slots=True)
class Amendment:
    """`what` kind of record, its `key`, and the change in words; `actor` is a login, or who typed a command."""

    at: datetime
    actor: str
    council: str
    what: str
    key: str
    text: str


def note(connection: Connection, amendments: Iterable[Amendment]) -> None:
    """Inside the transaction that makes the change."""
    chain.add_all(
        connection,
        _table,
        [
            {"at": a.at, "actor": a.actor, "council": a.council, "what": a.what, "key": a.key, "text": a.text}
            for a in amendments
        ],
    )


def keep(engine: Engine, amendments: Iterable[Amendment]) -> None:
    """Of what was changed already."""
    with writing(engine, appends="acts") as connection:
        note(connection, amendments)


def latest(engine: Engine, council: str, limit: int = 100, what: Sequence[str] = ()) -> list[Amendment]:
    """Newest first."""
    question: Any = select(_table).where(_table.c.council == council).order_by(_table.c.id.desc()).limit(limit)
    if what:
        question = question.where(_table.c.what.in_(what))
    with engine.connect() as connection:
        rows = connection.execute(question).all()
    return [Amendment(r.at, r.actor, r.council, r.what, r.key, r.text) for r in rows]
