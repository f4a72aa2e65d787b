"""Ways to reach people: those that are broken, and the browsers that asked to be told things."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, insert, select, update

from hub.store import schema
from hub.store.database import upsert, writing


@dataclass(frozen=True, slots=True)
class Way:
    """A transport that does not work, since when, how often it was tried in vain, and why the last time."""

    transport: str
    broken_since: datetime
    failures: int
    why: str


class Ways:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def failed(self, transport: str, why: str, now: datetime) -> None:
        table = schema.ways
        with writing(self._engine) as connection:
            more = update(table).where(table.c.transport == transport).values(failures=table.c.failures + 1, why=why)
            if not connection.execute(more).rowcount:
                row = {"transport": transport, "broken_since": now, "failures": 1, "why": why}
                connection.execute(insert(table).values(row))

    def works(self, transport: str) -> None:
        table = schema.ways
        with self._engine.connect() as connection:
            known = connection.execute(select(table.c.transport).where(table.c.transport == transport)).first()
        if known is not None:
            with writing(self._engine) as connection:
                connection.execute(delete(table).where(table.c.transport == transport))

    def broken(self) -> list[Way]:
        with self._engine.connect() as connection:
            return [Way(**row._mapping) for row in connection.execute(select(schema.ways).order_by("transport"))]

    def subscribe(self, person: str, endpoint: str, content: str, now: datetime) -> None:
        """A browser is one person's: the last one that asked in it."""
        row = {"endpoint": endpoint, "person": person, "content": content, "made_at": now}
        with writing(self._engine) as connection:
            upsert(connection, schema.subscriptions, [row])

    def unsubscribe(self, endpoint: str, person: str | None = None) -> None:
        """That browser, if it is that `person`'s; without a person whosever it is: it is gone."""
        table = schema.subscriptions
        mine = table.c.endpoint == endpoint
        with writing(self._engine) as connection:
            connection.execute(delete(table).where(mine if person is None else mine & (table.c.person == person)))

    def subscriptions(self, person: str) -> list[str]:
        table = schema.subscriptions
        with self._engine.connect() as connection:
            return list(connection.execute(select(table.c.content).where(table.c.person == person)).scalars())
