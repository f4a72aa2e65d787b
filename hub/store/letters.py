"""Who is written to, as far as that stands on their record."""

from typing import Any

from sqlalchemy import Engine, Text, select, type_coerce

from hub.store import schema
from models.people import BY_LETTER, Contact, Resident

_SAID = f'"manner":"{BY_LETTER}"'


def by_letter(engine: Engine) -> tuple[list[Resident], list[Contact]]:
    """Those whose record says that they want to be told by letter; looked for as text, as few are."""
    with engine.connect() as connection:
        residents, contacts = (
            [one for one in connection.scalars(_asked(table)) if one.telling.manner == BY_LETTER]
            for table in (schema.residents, schema.contacts)
        )
    return residents, contacts


def _asked(table: Any) -> Any:
    return select(table.c.body).where(type_coerce(table.c.body, Text).contains(_SAID)).order_by(table.c.id)
