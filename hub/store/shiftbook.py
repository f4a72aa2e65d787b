"""The shift's book: rows are only added, each linked to the one before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, select

from hub.store import chain, schema
from hub.store.database import writing
from hub.store.once import reading
from models.alert import Act, State
from models.shift import Noted

_book, _alerts = schema.shiftbook, schema.alerts


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the book. `of` is the row that this is an answer to."""

    id: int
    at: datetime
    council: str
    actor: str
    what: Noted
    home: str | None = None
    alert: int | None = None
    of: int | None = None
    until: datetime | None = None
    text: str = ""


class AnsweredAlready(Exception):
    """Somebody else was first."""


class Shiftbook:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, row: Row) -> int:
        """The id that it got; `row.id` is not looked at. Raises AnsweredAlready where another answers the same row."""
        values = {name: getattr(row, name) for name in _COLUMNS} | {"what": row.what.value}
        with writing(self._engine, appends="acts") as connection:
            number = chain.add(connection, _book, values)
            if row.of is not None:
                answers = select(func.count()).where(_book.c.of == row.of)
                if connection.execute(answers).scalar_one() > 1:
                    raise AnsweredAlready(row.of)
            if row.what is Noted.UNMUTED and row.home:
                _wake(connection, row.home, row.actor, row.at)
            return number

    def row(self, number: int) -> Row | None:
        return next(iter(self._rows(_book.c.id == number)), None)

    def promises(self, council: str) -> list[Row]:
        """Those that nobody kept yet, the one that is due first."""
        return sorted(self._unanswered(council, Noted.PROMISED), key=lambda one: one.until or one.at)

    def handed_over(self, council: str) -> Row | None:
        """The last handing over that nobody took yet."""
        return next(reversed(self._unanswered(council, Noted.HANDED_OVER)), None)

    def latest(self, council: str, limit: int = 30) -> list[Row]:
        """Newest first."""
        mine = select(_book).where(_book.c.council == council).order_by(_book.c.id.desc()).limit(limit)
        return self._read(mine)

    def mutings(self, council: str, now: datetime) -> list[Row]:
        """Homes that are muted now, the latest row of each."""
        newest = select(func.max(_book.c.id)).where(_book.c.what.in_(_MUTING)).group_by(_book.c.home)
        mine = and_(_book.c.council == council, _book.c.id.in_(newest), _book.c.until > now)
        return self._rows(mine)

    def _unanswered(self, council: str, what: Noted) -> list[Row]:
        answered = select(_book.c.of).where(_book.c.of.is_not(None))
        return self._rows(and_(_book.c.council == council, _book.c.what == what.value, _book.c.id.not_in(answered)))

    def _rows(self, condition: Any) -> list[Row]:
        return self._read(select(_book).where(condition).order_by(_book.c.id))

    def _read(self, question: Any) -> list[Row]:
        with reading(self._engine) as connection:
            rows: Sequence[Any] = connection.execute(question).all()
        return [
            Row(r.id, r.at, r.council, r.actor, Noted(r.what), r.home, r.alert, r.of, r.until, r.text) for r in rows
        ]


_COLUMNS = ("at", "council", "actor", "home", "alert", "of", "until", "text")
_MUTING = (Noted.MUTED.value, Noted.AWAY.value, Noted.UNMUTED.value)


def muted_until(connection: Connection, home: str, now: datetime) -> datetime | None:
    """Until when this home is muted, if it is."""
    mine = and_(_book.c.home == home, _book.c.what.in_(_MUTING))
    until: datetime | None = connection.execute(
        select(_book.c.until).where(mine).order_by(_book.c.id.desc()).limit(1)
    ).scalar()
    return until if until and until > now else None


def _wake(connection: Connection, home: str, actor: str, now: datetime) -> None:
    """What waited for the muting to end is to be looked at now."""
    from hub.store.alerts import locked, note, save

    waiting = and_(_alerts.c.home == home, _alerts.c.state == State.RAISED.value, _alerts.c.round_began_at > now)
    for number in connection.execute(select(_alerts.c.id).where(waiting)).scalars().all():
        alert = locked(connection, number)
        woken = replace(alert, version=alert.version + 1, round_began_at=now, look_again_at=now)
        save(connection, alert, woken)
        note(connection, woken, now, Act.NOTE, actor, "The muting of the home was ended.")
