"""Who is told things by what stands on their record; looked for as text, as few are."""

from typing import Any

from sqlalchemy import Engine, Text, or_, select, type_coerce

from hub.store import schema
from models.people import TOLD_BY, Contact, Resident


def residents(engine: Engine) -> list[Resident]:
    return _told(engine, schema.residents)


def contacts(engine: Engine) -> list[Contact]:
    return _told(engine, schema.contacts)


def _told(engine: Engine, table: Any) -> list[Any]:
    said = [type_coerce(table.c.body, Text).contains(f'"manner":"{manner}"') for manner in TOLD_BY]
    with engine.connect() as connection:
        bodies = connection.scalars(select(table.c.body).where(or_(*said)).order_by(table.c.id))
        return [one for one in bodies if one.telling.manner in TOLD_BY]
