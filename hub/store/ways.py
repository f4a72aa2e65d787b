"""Ways to reach people: those that are broken, and the browsers that asked to be told things."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, delete, insert, or_, select, update

from hub.store import schema
from hub.store.database import upsert, writing
from hub.store.once import once, reading
from hub.store.version import next_version

_faults = schema.way_faults

DISK = "disk"
"""No way to reach people, but what the hub itself lacks: told, taken and ended like one of theirs."""


def of_staff(login: str) -> str:
    """Whose a browser of staff is: no contact's id holds an @."""
    return f"@{login}"


@dataclass(frozen=True, slots=True)
class WayFault:
    """A transport that does not work: since when, how often it was tried in vain, and why the last time. `holder` of
    `council` sees to it, until when; `ended` when it worked again.
    """

    id: int
    transport: str
    began: datetime
    failures: int
    why: str
    holder: str = ""
    council: str = ""
    held_until: datetime | None = None
    ended: datetime | None = None

    def held(self, now: datetime) -> bool:
        return self.held_until is not None and self.held_until > now


_STANDING = select(_faults).where(_faults.c.ended.is_(None)).order_by(_faults.c.transport)


class Ways:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def failed(self, transport: str, why: str, now: datetime) -> None:
        """One fault for as long as it lasts, however often it is tried in vain."""
        with writing(self._engine) as connection:
            more = update(_faults).where(_faults.c.transport == transport, _faults.c.ended.is_(None))
            if not connection.execute(more.values(failures=_faults.c.failures + 1, why=why)).rowcount:
                row = {"transport": transport, "began": now, "failures": 1, "why": why, "holder": "", "council": ""}
                connection.execute(insert(_faults).values(row))

    def works(self, transport: str, now: datetime) -> None:
        if any(one.transport == transport for one in self._standing()):
            standing = (_faults.c.transport == transport, _faults.c.ended.is_(None))
            with writing(self._engine) as connection:
                connection.execute(update(_faults).where(*standing).values(ended=now))

    @once
    def broken(self) -> list[WayFault]:
        return self._standing()

    def _standing(self) -> list[WayFault]:
        return self._some(_STANDING)

    def latest(self, limit: int) -> list[WayFault]:
        """Standing or over, newest first."""
        return self._some(select(_faults).order_by(_faults.c.id.desc()).limit(limit))

    def take(self, fault: int, login: str, council: str, now: datetime, until: datetime) -> bool:
        """Somebody sees to it; False where it is over, or somebody else does already."""
        free = or_(_faults.c.held_until.is_(None), _faults.c.held_until <= now, _faults.c.holder == login)
        taken = update(_faults).where(_faults.c.id == fault, _faults.c.ended.is_(None), free)
        with writing(self._engine) as connection:
            done = connection.execute(taken.values(holder=login, council=council, held_until=until))
            return bool(done.rowcount)

    def _some(self, question: Select[Any]) -> list[WayFault]:
        with reading(self._engine) as connection:
            return [WayFault(**row._mapping) for row in connection.execute(question)]

    def told(self, people: Sequence[str]) -> bool:
        """Whether a browser of any of these asked to be told."""
        if not people:
            return False
        theirs = select(schema.subscriptions.c.endpoint).where(schema.subscriptions.c.person.in_(people)).limit(1)
        with reading(self._engine) as connection:
            return connection.execute(theirs).first() is not None

    def subscribe(self, person: str, endpoint: str, content: str, now: datetime) -> None:
        """A browser is one person's: the last one that asked in it."""
        row = {"endpoint": endpoint, "person": person, "content": content, "made_at": now}
        with writing(self._engine) as connection:
            upsert(connection, schema.subscriptions, [row])
            next_version(connection)

    def unsubscribe(self, endpoint: str, person: str | None = None) -> None:
        """That browser, if it is that `person`'s; without a person whosever it is: it is gone."""
        table = schema.subscriptions
        theirs = () if person is None else (table.c.person == person,)
        self._unsubscribe(table.c.endpoint == endpoint, *theirs)

    def unsubscribe_all(self, person: str) -> None:
        self._unsubscribe(schema.subscriptions.c.person == person)

    def _unsubscribe(self, *those: ColumnElement[bool]) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(schema.subscriptions).where(*those))
            next_version(connection)

    def subscriptions(self, person: str) -> list[str]:
        table = schema.subscriptions
        with reading(self._engine) as connection:
            return list(connection.execute(select(table.c.content).where(table.c.person == person)).scalars())
