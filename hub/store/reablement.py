"""Who was discharged into reablement, and alerts that were closed as being away: a question each."""

from datetime import datetime

from sqlalchemy import Engine, Text, select, type_coerce

from hub.store import schema
from models.alert import Outcome
from models.people import Resident

_alerts, _residents = schema.alerts, schema.residents


def discharged(engine: Engine) -> list[Resident]:
    """All with a day of discharge on record, whoever's."""
    named = type_coerce(_residents.c.body, Text).contains('"reablement":"', autoescape=True)
    with engine.connect() as connection:
        return list(connection.execute(select(_residents.c.body).where(named).order_by(_residents.c.id)).scalars())


def closed_as_away(engine: Engine, start: datetime, end: datetime) -> list[tuple[str, str | None, datetime, str]]:
    """Of each alert closed as that from `start` to before `end`: home, resident (None: of the home), when and why."""
    a = _alerts.c
    question = select(a.home, a.resident, a.closed_at, a.reason).where(
        a.outcome == Outcome.AWAY.value, a.closed_at >= start, a.closed_at < end
    )
    with engine.connect() as connection:
        return [(row.home, row.resident, row.closed_at, row.reason) for row in connection.execute(question)]
