"""What holds and what does not, before anyone relies on it."""

import socket
from collections.abc import Iterable

from sqlalchemy.exc import SQLAlchemyError

from hub.broker import mosquitto
from hub.settings import Settings
from hub.store import Store, open_store
from hub.transports import TRANSPORTS
from models.people import Contact, Resident, Role
from models.response import Step

Finding = tuple[bool, str]


def findings(settings: Settings) -> Iterable[Finding]:
    """(does it hold, what) for everything that can be told without serving."""
    yield True, "settings read"
    try:
        store = open_store(settings)
    except (SQLAlchemyError, OSError) as bad:
        yield False, f"the databases can't be opened: {bad}"
        return
    yield True, f"databases open, {len(store.records.homes())} homes on record"
    yield from _broker(settings)
    yield from _logs(store)
    yield from _people(settings, store)


def _broker(settings: Settings) -> Iterable[Finding]:
    if settings.broker_host is None:
        yield True, f"own broker: {'mosquitto' if mosquitto() else 'amqtt (slower; install mosquitto)'}"
        return
    host, port = settings.broker
    try:
        socket.create_connection((host, port), timeout=5).close()
        yield True, f"a broker answers at {host}:{port}"
    except OSError as bad:
        yield False, f"no broker at {host}:{port}: {bad}"


def _logs(store: Store) -> Iterable[Finding]:
    broken = store.records.broken_logs()
    yield from ((False, text) for text in broken)
    if not broken:
        yield True, "the logs of alerts and of looks are whole"


def _people(settings: Settings, store: Store) -> Iterable[Finding]:
    records = store.records
    operators = len(records.accounts_of(Role.OPERATOR))
    yield operators > 0, f"{operators} operators on record"
    for home in records.homes():
        residents = records.residents_of(home.id)
        if not residents:
            yield False, f"home {home.id}: nobody lives there on record, so no plan can reach their contacts"
        for resident in residents:
            for step in records.steps_of(resident.id):
                yield from _step(settings, resident, records.contacts_of(resident.id), step)


def _step(settings: Settings, resident: Resident, contacts: Iterable[Contact], step: Step) -> Iterable[Finding]:
    """Only what is wrong with a step of a plan."""
    if step.transport not in TRANSPORTS:
        yield False, f"a plan of {resident.id}: there is no transport '{step.transport}'"
    if step.transport == "email" and settings.smtp_host is None:
        yield False, f"a plan of {resident.id} wants email: set smtp_host"
    if step.who not in (Role.OPERATOR, Role.SUPERVISOR) and step.who not in {one.id for one in contacts}:
        yield False, f"a plan of {resident.id} names '{step.who}', who is not their contact"
