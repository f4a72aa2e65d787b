"""Who is told how things are: by their own choice, by what stands on their record, or because they have a login."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, Text, exists, or_, select, type_coerce

from hub.store import schema
from hub.store.records import lasting
from models.notices import Preferences
from models.people import TOLD_BY, Contact, Resident, Role

_residents, _contacts, _chosen = schema.residents, schema.contacts, schema.preferences
_accounts, _browsers = schema.accounts, schema.subscriptions


@dataclass(frozen=True, slots=True)
class Reader:
    """A contact of somebody in `home` who is looked after: what they chose, whether they have a login, and whether a
    browser of theirs asked to be told things.
    """

    contact: Contact
    home: str
    chosen: Preferences | None
    login: bool
    browser: bool


_LOGIN = exists().where(
    _accounts.c.person == _contacts.c.id, _accounts.c.role == Role.CONTACT.value, _accounts.c.closed_at.is_(None)
)
_BROWSER = exists().where(_browsers.c.person == _contacts.c.id)


def _on_record(table: Any) -> ColumnElement[bool]:
    """Looked for as text, as few are told by it."""
    body = type_coerce(table.c.body, Text)
    return or_(*(body.contains(f'"manner":"{manner}"', autoescape=True) for manner in TOLD_BY))


_READERS = (
    select(_contacts.c.body, _residents.c.home, _chosen.c.body, _LOGIN, _BROWSER)
    .join(_residents, _residents.c.id == _contacts.c.resident)
    .outerjoin(_chosen, _chosen.c.person == _contacts.c.id)
    .where(lasting(_residents), or_(_chosen.c.person.is_not(None), _LOGIN, _on_record(_contacts)))
    .order_by(_contacts.c.id)
)


def readers(engine: Engine) -> list[Reader]:
    """All who may have to be told something."""
    with engine.connect() as connection:
        rows = connection.execute(_READERS).all()
    return [Reader(contact, home, chosen, bool(login), bool(browser)) for contact, home, chosen, login, browser in rows]


def residents(engine: Engine) -> list[Resident]:
    with engine.connect() as connection:
        told = select(_residents.c.body).where(_on_record(_residents)).order_by(_residents.c.id)
        return [one for one in connection.scalars(told) if one.telling.manner in TOLD_BY]
