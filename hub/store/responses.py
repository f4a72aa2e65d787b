"""What people said of attempts: those that an operator made by hand, and the word of somebody whom the hub reached."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, and_, insert, select, update

from hub.store import schema
from hub.store.alerts import Alerts, AttemptMade, attempt_made, changed, locked, note, save
from hub.store.once import reading
from models.alert import Act, Alert, Refused, State
from models.hours import Hours, reaches_into
from models.response import HOLDS, LEADS_ON, OUTSIDE, PATIENCE, Answer, Tried

_attempts = schema.attempts
WROTE = "Wrote: "
"""Begins a reply in somebody's own words, which are none of the answers."""
PAGE = "family"
"""Where a contact said something without being reached: no transport."""


class Responses:
    def __init__(self, engine: Engine) -> None:
        self._engine, self._alerts = engine, Alerts(engine)

    def attempt(self, attempt_id: int) -> AttemptMade | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(_attempts).where(_attempts.c.id == attempt_id)).first()
        return attempt_made(row) if row else None

    def made_by(self, transport: str, since: datetime) -> list[AttemptMade]:
        """Answered or not, the latest first."""
        t = _attempts.c
        mine = select(_attempts).where(t.transport == transport, t.at >= since)
        with reading(self._engine) as connection:
            return [attempt_made(row) for row in connection.execute(mine.order_by(t.id.desc()))]

    def tried(
        self,
        alert_id: int,
        step: int,
        who: str,
        transport: str,
        answer: Answer,
        actor: str,
        now: datetime,
        text: str = "",
        hold: timedelta = PATIENCE[State.ANSWERED],
    ) -> Alert:
        """An operator's own attempt, with what came of it. Raises Refused."""
        row = {"step": step, "who": who, "transport": transport, "actor": actor, "detail": "by hand"}
        said = {"answer": answer.value, "answered_at": now, "holds_until": _holds(answer, now), "finished_at": now}
        return self._alerts.again(lambda connection: _by_hand(connection, alert_id, row | said, now, text, hold))

    def volunteered(self, alert_id: int, who: str, answer: Answer, now: datetime, way: str = PAGE) -> None:
        """The word of a contact whom no attempt has reached, or who has something new to say. Raises Refused."""
        self._alerts.again(lambda connection: _volunteered(connection, alert_id, who, answer, now, way))

    def first_answers(self, people: Collection[str], since: datetime, hidden: Sequence[Hours] = ()) -> dict[str, int]:
        """How often each was the first of them to say what they would do about an alert, without those of which one of
        them said so in hours that are `hidden`.
        """
        t = _attempts.c
        helped = t.answer.in_([Answer.FINE.value, Answer.ON_THE_WAY.value, Answer.NEEDS_HELP.value])
        mine = select(t.alert, t.who, t.answered_at).where(t.who.in_([*people]), helped, t.answered_at >= since)
        with reading(self._engine) as connection:
            rows = connection.execute(mine.order_by(t.answered_at, t.id)).all()
        first = {row.alert: row.who for row in reversed(rows)}
        besides = {row.alert for row in rows if reaches_into(hidden, row.answered_at, row.answered_at)}
        return Counter(who for alert, who in first.items() if alert not in besides)

    def replied(self, attempt_id: int, answer: Answer, now: datetime) -> AttemptMade:
        """The word of whom an attempt reached: the first one said stands. Raises Refused for an alert that is over."""
        return self._alerts.again(lambda connection: _replied(connection, attempt_id, answer, now))

    def wrote(self, alert_id: int, who: str, text: str, now: datetime, *, let_go: bool) -> None:
        """Words that are none of the answers, for whoever holds the alert. With `let_go` the chain goes on that `who`
        had stopped, while nobody in the centre holds it. Raises Refused for one that is over.
        """
        self._alerts.again(lambda connection: _wrote(connection, alert_id, who, text, now, let_go=let_go))


def _wrote(connection: Connection, alert_id: int, who: str, text: str, now: datetime, *, let_go: bool) -> None:
    alert = locked(connection, alert_id)
    moved = changed(alert, Act.REPLY, who, now)
    if let_go and alert.state is State.RAISED and _let_go(connection, alert_id, who, now):
        moved = replace(moved, look_again_at=now)
    save(connection, alert, moved)
    note(connection, moved, now, Act.REPLY, who, WROTE + text)


def _let_go(connection: Connection, alert_id: int, who: str, now: datetime) -> bool:
    """Whether their own word stopped the chain until now."""
    t = _attempts.c
    mine = and_(t.alert == alert_id, t.who == who, t.holds_until > now)
    return connection.execute(update(_attempts).where(mine).values(holds_until=now)).rowcount > 0


def _volunteered(
    connection: Connection, alert_id: int, who: str, answer: Answer, now: datetime, way: str
) -> None:  # fmt: skip
    alert = locked(connection, alert_id)
    if alert.state is State.CLOSED:
        raise Refused("it is over: somebody has dealt with it already")
    said = {"answer": answer.value, "answered_at": now, "holds_until": _holds(answer, now), "finished_at": now}
    row = {"step": OUTSIDE, "who": who, "transport": way, "actor": who, "detail": "unasked"}
    if answer in LEADS_ON:
        _let_go(connection, alert.id, who, now)
    connection.execute(insert(_attempts).values(alert=alert.id, at=now, tried=Tried.SENT.value, **row, **said))
    moved = changed(alert, Act.REPLY, who, now)
    save(connection, alert, _looked_at(moved, answer, now))
    note(connection, moved, now, Act.REPLY, who, f"{answer}.")


def _by_hand(
    connection: Connection, alert_id: int, row: dict[str, Any], now: datetime, text: str, hold: timedelta
) -> Alert:
    alert, actor = locked(connection, alert_id), row["actor"]
    if alert.holder != actor:
        raise Refused(f"alert {alert.id} is held by {alert.holder or 'nobody'}: answer it before you ring")
    moved = changed(alert, Act.TRY, actor, now, hold=hold)
    save(connection, alert, moved)
    connection.execute(insert(_attempts).values(alert=alert.id, at=now, tried=Tried.SENT.value, **row))
    note(connection, moved, now, Act.TRY, actor, f"{row['who']}: {row['answer']}.\n{text}".strip())
    return moved


def _replied(connection: Connection, attempt_id: int, answer: Answer, now: datetime) -> AttemptMade:
    mine = _attempts.c.id == attempt_id
    row = connection.execute(select(_attempts).where(mine)).first()
    if row is None:
        raise LookupError(f"there is no attempt {attempt_id}")
    alert = locked(connection, row.alert)
    fresh = connection.execute(
        update(_attempts)
        .where(mine, _attempts.c.answer.is_(None))
        .values(answer=answer.value, answered_at=now, holds_until=_holds(answer, now))
    ).rowcount
    if fresh and alert.state is State.CLOSED:
        raise Refused("it is over: somebody has dealt with it already")
    if fresh and answer in LEADS_ON:
        _let_go(connection, alert.id, row.who, now)
    if fresh:
        moved = changed(alert, Act.REPLY, row.who, now)
        save(connection, alert, _looked_at(moved, answer, now))
        note(connection, moved, now, Act.REPLY, row.who, f"{answer}.")
    return attempt_made(connection.execute(select(_attempts).where(mine)).one())


def _looked_at(alert: Alert, answer: Answer, now: datetime) -> Alert:
    """While nobody in the centre holds the alert, that word decides when it is looked at again."""
    if alert.state is not State.RAISED:
        return alert
    return replace(alert, look_again_at=now if answer in LEADS_ON else _holds(answer, now))


def _holds(answer: Answer, now: datetime) -> datetime | None:
    return now + HOLDS[answer] if answer in HOLDS else None
