"""What relatives chose to be told, the notices that are sent to them, and until when somebody has a break."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, insert, select, update

from hub.store import schema
from hub.store.database import add_all_new, upsert, writing
from hub.store.once import reading
from hub.store.version import next_version
from models.notices import NoticeKind, Preferences, by_record
from models.people import POST, SPOKEN_CALL, Contact, Telling

_preferences, _notices, _breaks = schema.preferences, schema.notices, schema.breaks


class Sent(StrEnum):
    """How far a notice is. `LISTED` is a letter that waits for somebody to print and post it. `RANG` is a telephone
    that nobody has picked up, as far as is known, since it was rung at `finished_at`. `UNKNOWN` is what was under way
    when the hub stopped, by a way that may not go twice.
    """

    INTENDED = "intended"
    LISTED = "listed"
    SENDING = "sending"
    RANG = "rang"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"


_TO_SEND = {"state": Sent.INTENDED.value, "way": ""}


@dataclass(frozen=True, slots=True)
class Notice:
    """`key` names it for ever: whoever was sent the same key twice shows it once. `tried` are ways that failed."""

    id: int
    key: str
    home: str
    person: str
    kind: NoticeKind
    at: datetime
    state: Sent
    way: str
    tried: tuple[str, ...]
    detail: str
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Break:
    """From `began` until `until` a contact is passed over, unless there is nobody else."""

    id: int
    person: str
    began: datetime
    until: datetime


class Relatives:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def preferences(self, person: str) -> Preferences | None:
        return self.all_preferences([person]).get(person)

    def all_preferences(self, people: Collection[str] | None = None) -> dict[str, Preferences]:
        """By contact, of those who chose something themselves."""
        question = select(_preferences.c.person, _preferences.c.body)
        if people is not None:
            question = question.where(_preferences.c.person.in_([*people]))
        return {row.person: row.body for row in self._all(question)}

    def prefer(self, person: str, chosen: Preferences) -> None:
        with writing(self._engine) as connection:
            upsert(connection, _preferences, [{"person": person, "body": chosen}])
            next_version(connection)

    def chosen_by(self, contact: Contact) -> Preferences:
        """What they chose themselves, else what stands on their record, else what holds for everybody."""
        return self.preferences(contact.id) or by_record(contact.telling) or Preferences()

    def telling(self, contact: Contact) -> Telling:
        """How they want to be told: in the language that they chose themselves, else as stands on their record."""
        chosen = self.preferences(contact.id)
        return replace(contact.telling, language=chosen.language) if chosen and chosen.language else contact.telling

    def known(self, keys: Collection[str]) -> set[str]:
        return {row.key for row in self._all(select(_notices.c.key).where(_notices.c.key.in_([*keys])))}

    def intend(self, notices: Sequence[tuple[str, str, str, NoticeKind]], now: datetime) -> None:
        """Rows of (key, home, person, kind). A key that is there already is left as it is."""
        rows = [
            {"key": key, "home": home, "person": person, "kind": kind.value, "at": now, "tried": (), "detail": "",
             **({"state": Sent.LISTED.value, "way": POST} if kind is NoticeKind.LETTER else _TO_SEND)}
            for key, home, person, kind in notices
        ]  # fmt: skip
        if rows:
            with writing(self._engine) as connection:
                add_all_new(connection, _notices, rows)

    def in_state(self, state: Sent, limit: int = 1000) -> list[Notice]:
        """The oldest first."""
        mine = select(_notices).where(_notices.c.state == state.value).order_by(_notices.c.id).limit(limit)
        return [_notice(row) for row in self._all(mine)]

    def last(self, person: str, kind: NoticeKind) -> datetime | None:
        """When they were told something of that kind last."""
        mine = select(_notices.c.at).where(_notices.c.person == person, _notices.c.kind == kind.value)
        return next((row.at for row in self._all(mine.order_by(_notices.c.id.desc()).limit(1))), None)

    def notice(self, number: int) -> Notice | None:
        return next((_notice(row) for row in self._all(select(_notices).where(_notices.c.id == number))), None)

    def letter(self, number: int) -> Notice | None:
        """One that waits to be posted."""
        found = self.notice(number)
        return found if found and found.state is Sent.LISTED else None

    def begin(self, notice: int, way: str) -> None:
        self._change(notice, state=Sent.SENDING.value, way=way)

    def again(self, notice: int, tried: Sequence[str], detail: str) -> None:
        """By another way than those that were tried."""
        self._change(notice, state=Sent.INTENDED.value, tried=tuple(tried), detail=detail)

    def finish(self, notice: int, state: Sent, detail: str, now: datetime, tried: Sequence[str] = ()) -> None:
        more = {"tried": tuple(tried)} if tried else {}
        self._change(notice, state=state.value, detail=detail, finished_at=now, **more)

    def rang(self, notice: int, now: datetime) -> None:
        """Unless it was picked up before that was known."""
        self._change(notice, _notices.c.state == Sent.SENDING.value, state=Sent.RANG.value, finished_at=now)

    def picked_up(self, notice: int, now: datetime) -> None:
        under_way = _notices.c.state.in_((Sent.SENDING.value, Sent.RANG.value)) & (_notices.c.way == SPOKEN_CALL)
        self._change(notice, under_way, state=Sent.SENT.value, finished_at=now)

    def of_person(self, person: str, limit: int = 10) -> list[Notice]:
        """The latest first."""
        mine = select(_notices).where(_notices.c.person == person).order_by(_notices.c.id.desc()).limit(limit)
        return [_notice(row) for row in self._all(mine)]

    def rest(self, person: str, now: datetime, until: datetime) -> None:
        with writing(self._engine) as connection:
            connection.execute(update(_breaks).where(_going_on(now, [person])).values(until=now))
            if until > now:
                connection.execute(insert(_breaks).values(person=person, began=now, until=until))
            next_version(connection)

    def breaks(self, people: Collection[str] | None = None) -> dict[str, list[Break]]:
        """All there were, by contact."""
        found: dict[str, list[Break]] = {}
        every = select(_breaks)
        for row in self._all(every if people is None else every.where(_breaks.c.person.in_([*people]))):
            found.setdefault(row.person, []).append(Break(row.id, row.person, row.began, row.until))
        return found

    def resting(self, people: Collection[str], at: datetime) -> dict[str, Break]:
        """Of `people`, who had a break at that moment."""
        rows = self._all(select(_breaks).where(_going_on(at, people))) if people else ()
        return {row.person: Break(row.id, row.person, row.began, row.until) for row in rows}

    def _change(self, notice: int, *only: ColumnElement[bool], **values: Any) -> None:
        with writing(self._engine) as connection:
            connection.execute(update(_notices).where(_notices.c.id == notice, *only).values(**values))

    def _all(self, question: Any) -> Sequence[Any]:
        with reading(self._engine) as connection:
            return connection.execute(question).all()


def _going_on(at: datetime, people: Collection[str]) -> Any:
    return and_(_breaks.c.person.in_([*people]), _breaks.c.began <= at, _breaks.c.until > at)


def _notice(row: Any) -> Notice:
    told = dict(row._mapping)
    return Notice(**{**told, "kind": NoticeKind(told["kind"]), "state": Sent(told["state"])})
