"""What the figures are computed from: the stamps of alerts and of faults, and when codes of key safes were shown, a
question each.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, case, func, select

from hub.store import schema
from models.alert import Act, Lane, Outcome
from models.detection import FindingKind
from models.figures import Fault, Stamps
from models.key_safe import Deed

_alerts, _timeline, _findings, _safes = schema.alerts, schema.timeline, schema.findings, schema.key_safe_log
_OF_KITS = [kind.value for kind in FindingKind if kind.lane is Lane.KIT]


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


def faults(engine: Engine, start: datetime, end: datetime) -> list[Fault]:
    """Those that an alert told of, first found from `start` to before `end`. What was told of again, since it went on
    after its alert was closed, is one fault.
    """
    f = _findings.c
    found, ended = func.min(f.at, type_=schema.Moment()), func.max(f.ended_at, type_=schema.Moment())
    question = (
        select(f.home, f.kind, f.sensor, found.label("found"), ended.label("ended"))
        .where(f.kind.in_(_OF_KITS), f.over.is_(False), f.alert.is_not(None), f.since < end)
        .group_by(f.home, f.kind, f.sensor, f.since)
        .having(found >= start, found < end)
        .order_by(found)
    )
    with engine.connect() as connection:
        return [Fault(r.home, FindingKind(r.kind), r.sensor, r.found, r.ended) for r in connection.execute(question)]


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
