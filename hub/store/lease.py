"""Which of several hubs on one PostgreSQL is the active one: a row that it renews, and that fences off all others.

A hub that was taken for dead may only have slept. So every transaction of the active one reads its own number in that
row, under a lock that a successor has to wait for: what it began before is done before, and what it begins after is
refused by the database. Time is the database's, so that no machine's clock matters.

Where several watches share the homes, each share has a row of its own, and so has what such a hub does once. Those
of another number of watches have to end first.
"""

import secrets
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, func, insert, select, update

from hub.store.database import writing
from hub.store.schema import leases
from models.share import share_in

LASTS = 5.0
"""Seconds without a renewal after which another may take over."""
STAYS_BACK = 15.0
"""Seconds for which one that handed over does not take it up again, so that another can."""
HUB = "hub"
ONCE = "once"
"""What a hub of several watches does once."""


class Fenced(Exception):
    """Another hub is the active one now."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is, or was last, the active hub, and for how many seconds from now that holds."""

    holder: str
    pid: int
    number: int
    left: float


@dataclass(frozen=True, slots=True)
class Held:
    """This hub's turn. `session` is by what name the broker knows the active hub, whichever it is."""

    engine: Engine
    number: int
    session: str
    name: str = HUB

    def renew(self) -> bool:
        """Whether it should be handed over. Raises Fenced."""
        with writing(self.engine) as connection:
            mine = update(leases).where(self._mine)
            row = connection.execute(
                mine.values(until=_now(connection) + LASTS).returning(leases.c.hand_over)
            ).one_or_none()
        if row is None:
            raise Fenced("another hub is the active one now")
        return bool(row[0])

    def let_go(self) -> None:
        """At once, so that nobody has to wait for its end."""
        with writing(self.engine) as connection:
            mine = update(leases).where(self._mine)
            connection.execute(mine.values(until=_now(connection)))

    def fence(self, connection: Connection) -> None:
        """Inside each transaction that writes. Raises Fenced."""
        mine = select(leases.c.number).where(self._mine)
        if connection.execute(mine.with_for_update(read=True, key_share=True)).first() is None:
            raise Fenced("another hub is the active one now: this one must not write any more")

    @property
    def _mine(self) -> ColumnElement[bool]:
        return and_(leases.c.name == self.name, leases.c.number == self.number)


def take(engine: Engine, holder: str, pid: int, name: str = HUB) -> Held | None:
    """None while another hub is the active one."""
    question = select(leases).where(leases.c.name == name)
    with engine.connect() as connection:  # first without a lock, which the active one would have to wait for
        if _others_are_at_work(connection, name) or _is_taken(
            connection.execute(question).one_or_none(), holder, _now(connection)
        ):
            return None
    with writing(engine) as connection:
        row = connection.execute(question.with_for_update()).one_or_none()
        now = _now(connection)
        if _is_taken(row, holder, now):
            return None
        number, session = (row.number + 1, row.session) if row else (1, f"nightlight-hub-{secrets.token_hex(4)}")
        mine = {"number": number, "holder": holder, "pid": pid, "until": now + LASTS, "hand_over": False}
        if row:
            connection.execute(update(leases).where(leases.c.name == name).values(mine))
        else:
            connection.execute(insert(leases), [{"name": name, "session": session, **mine}])
    return Held(engine, number, session, name)


def _is_taken(row: Any, holder: str, now: float) -> bool:
    if row is None:
        return False
    return bool(now < row.until or (row.hand_over and row.holder == holder and now < row.until + STAYS_BACK))


def _others_are_at_work(connection: Connection, name: str) -> bool:
    """Those of another number of watches."""
    alive = connection.scalars(select(leases.c.name).where(leases.c.until > _now(connection)))
    return any(not _go_together(name, other) for other in alive)


def _go_together(one: str, other: str) -> bool:
    if ONCE in {one, other}:
        return HUB not in {one, other}
    return share_in(one)[1].count == share_in(other)[1].count


def at_work(engine: Engine, holder: str) -> list[int]:
    """The processes in which that hub is at work."""
    with engine.connect() as connection:
        mine = select(leases.c.pid).where(leases.c.holder == holder, leases.c.until > _now(connection))
        return list(connection.scalars(mine.order_by(leases.c.name)))


def standing(engine: Engine, name: str = HUB) -> Standing | None:
    with engine.connect() as connection:
        row = connection.execute(select(leases).where(leases.c.name == name)).one_or_none()
        return Standing(row.holder, row.pid, row.number, row.until - _now(connection)) if row else None


def ask_to_hand_over(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(update(leases).values(hand_over=True))


def _now(connection: Connection) -> float:
    """Seconds since 1970 by the database's clock."""
    if connection.dialect.name != "postgresql":
        return time.time()
    return float(connection.scalar(select(func.extract("epoch", func.clock_timestamp()))) or 0.0)
