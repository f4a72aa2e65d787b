"""What follows an alert: questions how it went and their answers, referrals on, and challenges with theirs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, and_, bindparam, delete, exists, func, select, update

from hub.store import chain, schema
from hub.store.database import writing
from hub.store.once import asked_by, reading
from models.afterwards import Service, Went

_feedback, _referrals, _challenges, _alerts = schema.feedback, schema.referrals, schema.challenges, schema.alerts


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody is asked how it went: by a link (`way` is a transport), or at the next call (`way` is ''). `person` is
    '' while nobody has said which of several residents it was.
    """

    id: int
    alert: int
    home: str
    person: str
    way: str
    asked_at: datetime
    sent_at: datetime | None
    went: Went | None
    words: str
    answered_at: datetime | None
    answered_by: str


@dataclass(frozen=True, slots=True)
class Referral:
    id: int
    alert: int
    at: datetime
    service: Service
    actor: str
    words: str
    resident: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A challenge (`answers` is 0), or the answer to one."""

    id: int
    alert: int
    at: datetime
    actor: str
    answers: int
    text: str


_AT_NEXT_CALL = (
    asked_by(_feedback, home=_feedback.c.home)
    .where(_feedback.c.way == "", _feedback.c.answered_at.is_(None))
    .order_by(_feedback.c.id.desc())
)
_REFERRALS = select(*[column for column in _referrals.c if column.name != "link"]).order_by(_referrals.c.id)
_REFERRED = _REFERRALS.where(_referrals.c.alert == bindparam("alert"))


class Afterwards:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ask(self, alert: int, home: str, person: str, way: str, now: datetime) -> int:
        row = {"alert": alert, "home": home, "person": person, "way": way, "asked_at": now}
        with writing(self._engine) as connection:
            key = connection.execute(_feedback.insert().values(**row, words="", answered_by="")).inserted_primary_key
            assert key is not None
            return int(key[0])

    def asked(self, alert: int) -> set[str]:
        """Who is asked about it."""
        return {one.person for one in self._asked(_feedback.c.alert == alert)}

    def unask(self, alert: int) -> None:
        """Of whoever was neither sent it nor has answered."""
        open_ = and_(_feedback.c.alert == alert, _feedback.c.sent_at.is_(None), _feedback.c.answered_at.is_(None))
        with writing(self._engine) as connection:
            connection.execute(delete(_feedback).where(open_))

    def question(self, asked: int) -> Asked | None:
        return next(iter(self._asked(_feedback.c.id == asked)), None)

    def to_send(self) -> list[Asked]:
        unsent = and_(_feedback.c.way != "", _feedback.c.sent_at.is_(None))
        return self._asked(and_(unsent, _feedback.c.answered_at.is_(None)))

    def at_next_call(self, home: str) -> list[Asked]:
        return self._read(_AT_NEXT_CALL, home=home)

    def answers(self, limit: int = 200) -> list[Asked]:
        """Newest first."""
        return self._asked(_feedback.c.answered_at.is_not(None), limit)[::-1]

    def sent(self, asked: int, now: datetime | None) -> None:
        """It is on its way; or (None) could not be sent, and is asked at the next call instead."""
        change = {"way": ""} if now is None else {"sent_at": now}
        with writing(self._engine) as connection:
            connection.execute(update(_feedback).where(_feedback.c.id == asked).values(change))

    def answer(self, asked: int, went: Went, words: str, by: str, now: datetime, person: str) -> bool:
        """The first answer stands; whether this was it."""
        said = {"went": went.value, "words": words, "answered_by": by, "answered_at": now, "person": person}
        fresh = and_(_feedback.c.id == asked, _feedback.c.answered_at.is_(None))
        with writing(self._engine) as connection:
            return connection.execute(update(_feedback).where(fresh).values(said)).rowcount == 1

    def refer(
        self, alert: int, service: Service, actor: str, words: str, now: datetime, resident: str | None = None
    ) -> int:
        row = {"alert": alert, "at": now, "service": service.value, "actor": actor, "words": words}
        row["resident"] = resident
        with writing(self._engine, appends="acts") as connection:
            return chain.add(connection, _referrals, row)

    def referral(self, number: int) -> Referral | None:
        with reading(self._engine) as connection:
            row = connection.execute(_REFERRALS.where(_referrals.c.id == number)).first()
        return _referral(row) if row else None

    def referrals(self, alert: int) -> list[Referral]:
        with reading(self._engine) as connection:
            return [_referral(row) for row in connection.execute(_REFERRED, {"alert": alert})]

    def say(self, alert: int, actor: str, text: str, now: datetime, answers: int = 0) -> int:
        """Raises LookupError for an answer to no challenge of that alert, or to one that has one."""
        row = {"alert": alert, "at": now, "actor": actor, "answers": answers, "text": text}
        t = _challenges
        with writing(self._engine, appends="acts") as connection:
            if answers:
                mine = and_(t.c.alert == alert, t.c.id == answers, t.c.answers == 0)
                told = connection.execute(select(t.c.id).where(t.c.answers == answers)).first()
                if told is not None or connection.execute(select(t.c.id).where(mine)).first() is None:
                    raise LookupError(f"{answers} is no challenge of alert {alert} that waits for an answer")
            return chain.add(connection, t, row)

    def said(self, alert: int | None = None) -> list[Said]:
        """Oldest first, about one alert or all."""
        t = _challenges
        question = select(t.c.id, t.c.alert, t.c.at, t.c.actor, t.c.answers, t.c.text).order_by(t.c.id)
        with reading(self._engine) as connection:
            rows = connection.execute(question if alert is None else question.where(t.c.alert == alert))
            return [Said(**row._mapping) for row in rows]

    def unanswered(self, homes: Collection[str]) -> int:
        """How many challenges of alerts in these homes wait for an answer."""
        asked, answer = _challenges, _challenges.alias()
        answered = exists().where(answer.c.alert == asked.c.alert, answer.c.answers == asked.c.id)
        here = and_(_alerts.c.id == asked.c.alert, _alerts.c.home.in_(list(homes)))
        question = select(func.count()).where(here, asked.c.answers == 0, ~answered)
        with reading(self._engine) as connection:
            return connection.execute(question).scalar_one()

    def _asked(self, condition: object, limit: int | None = None) -> list[Asked]:
        return self._read(select(_feedback).where(condition).order_by(_feedback.c.id.desc()).limit(limit))  # type: ignore[arg-type]

    def _read(self, question: Select[Any], **given: object) -> list[Asked]:
        """The newest first in the question, and last here."""
        with reading(self._engine) as connection:
            rows = connection.execute(question, given).mappings()
            return [Asked(**{**row, "went": Went(row["went"]) if row["went"] else None}) for row in rows][::-1]


def _referral(row: Any) -> Referral:
    return Referral(**{**row._mapping, "service": Service(row.service)})
