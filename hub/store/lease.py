"""Which of several hubs on one PostgreSQL is the active one: a row that it renews, and that fences off all others.

A hub that was taken for dead may only have slept. So every transaction of the active one reads its own number in that
row, under a lock that a successor has to wait for: what it began before is done before, and what it begins after is
refused by the database. Time is the database's, so that no machine's clock matters.
"""

import secrets
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from hub.store.database import writing
from hub.store.schema import leases

LASTS = 5.0
"""Seconds without a renewal after which another may take over."""
STAYS_BACK = 15.0
"""Seconds for which one that handed over does not take it up again, so that another can."""
HUB = "hub"


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

    def renew(self) -> bool:
        """Whether it should be handed over. Raises Fenced."""
        with writing(self.engine) as connection:
            mine = update(leases).where(leases.c.name == HUB, leases.c.number == self.number)
            row = connection.execute(
                mine.values(until=_now(connection) + LASTS).returning(leases.c.hand_over)
            ).one_or_none()
        if row is None:
            raise Fenced("another hub is the active one now")
        return bool(row[0])

    def let_go(self) -> None:
        """At once, so that nobody has to wait for its end."""
        with writing(self.engine) as connection:
            mine = update(leases).where(leases.c.name == HUB, leases.c.number == self.number)
            connection.execute(mine.values(until=_now(connection)))

    def fence(self, connection: Connection) -> None:
        """Inside each transaction that writes. Raises Fenced."""
        mine = select(leases.c.number).where(leases.c.name == HUB, leases.c.number == self.number)
        if connection.execute(mine.with_for_update(read=True, key_share=True)).first() is None:
            raise Fenced("another hub is the active one now: this one must not write any more")


def take(engine: Engine, holder: str, pid: int) -> Held | None:
    """None while another hub is the active one."""
    question = select(leases).where(leases.c.name == HUB)
    with engine.connect() as connection:  # first without a lock, which the active one would have to wait for
        if _is_taken(connection.execute(question).one_or_none(), holder, _now(connection)):
            return None
    with writing(engine) as connection:
        row = connection.execute(question.with_for_update()).one_or_none()
        now = _now(connection)
        if _is_taken(row, holder, now):
            return None
        number, session = (row.number + 1, row.session) if row else (1, f"nightlight-hub-{secrets.token_hex(4)}")
        mine = {"number": number, "holder": holder, "pid": pid, "until": now + LASTS, "hand_over": False}
        if row:
            connection.execute(update(leases).where(leases.c.name == HUB).values(mine))
        else:
            connection.execute(insert(leases), [{"name": HUB, "session": session, **mine}])
    return Held(engine, number, session)


def _is_taken(row: Any, holder: str, now: float) -> bool:
    if row is None:
        return False
    return bool(now < row.until or (row.hand_over and row.holder == holder and now < row.until + STAYS_BACK))


def standing(engine: Engine) -> Standing | None:
    with engine.connect() as connection:
        row = connection.execute(select(leases).where(leases.c.name == HUB)).one_or_none()
        return Standing(row.holder, row.pid, row.number, row.until - _now(connection)) if row else None


def ask_to_hand_over(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(update(leases).where(leases.c.name == HUB).values(hand_over=True))


def _now(connection: Connection) -> float:
    """Seconds since 1970 by the database's clock."""
    if connection.dialect.name != "postgresql":
        return time.time()
    return float(connection.scalar(select(func.extract("epoch", func.clock_timestamp()))) or 0.0)
