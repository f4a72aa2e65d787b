"""What the figures are computed from: the stamps of alerts, and when codes of key safes were shown, a question each."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, case, func, select

from hub.store import schema
from models.alert import Act, Lane, Outcome
from models.figures import Stamps
from models.key_safe import Deed

_alerts, _timeline, _safes = schema.alerts, schema.timeline, schema.key_safe_log


def stamps(engine: Engine, start: datetime, end: datetime) -> list[Stamps]:
    """Of all alerts raised from `start` to before `end`, whoever's."""
    a = _alerts.c
    first = {
        "answered_at": _first(Act.ANSWER),
        "sent_at": _first(Act.SEND),
        "arrived_at": _first(Act.ARRIVE),
        "lapses": func.sum(case((_timeline.c.act == Act.LAPSE.value, 1), else_=0)).label("lapses"),
    }
    question = (
        select(a.id, a.home, a.lane, a.kind, a.raised_at, a.closed_at, a.outcome, *first.values())
        .join(_timeline, _timeline.c.alert == a.id)
        .where(a.raised_at >= start, a.raised_at < end)
        .group_by(a.id)
        .order_by(a.id)
    )
    with engine.connect() as connection:
        return [_stamps(row) for row in connection.execute(question)]


def reveals(engine: Engine, start: datetime, end: datetime) -> list[tuple[str, datetime]]:
    """Each time a code was shown from `start` to before `end`: of which home, and when."""
    s = _safes.c
    question = select(s.home, s.at).where(s.deed == Deed.REVEAL.value, s.at >= start, s.at < end).order_by(s.id)
    with engine.connect() as connection:
        return [(row.home, row.at) for row in connection.execute(question)]


def _first(act: Act) -> Any:
    moment = func.min(case((_timeline.c.act == act.value, _timeline.c.at)), type_=schema.Moment())
    return moment.label(f"{act.value}_first")


def _stamps(row: Any) -> Stamps:
    return Stamps(
        row.id,
        row.home,
        Lane(row.lane),
        row.kind,
        row.raised_at,
        row.answer_first,
        row.send_first,
        row.arrive_first,
        row.closed_at,
        Outcome(row.outcome) if row.outcome else None,
        int(row.lapses),
    )
