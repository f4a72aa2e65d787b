"""What holds and what does not, before anyone relies on it."""

import socket
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from hub.authority import Authority
from hub.broker import mosquitto
from hub.kits import short
from hub.reserve import MEGABYTE, reserve
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.away import Away
from hub.transports import Transport, transports
from models.people import WEB_PUSH, Account, Contact, Role
from models.response import CONTACTS, EMERGENCY, OPERATOR, PARTNER, RESIDENT, RESPONDER, SUPERVISOR, Step
from models.telling import plural

Finding = tuple[bool, str]
ROLES = frozenset({RESIDENT, CONTACTS, OPERATOR, SUPERVISOR, RESPONDER, EMERGENCY, PARTNER})
"""Whom a plan may name beside a contact."""
NEEDS = {
    "email": "smtp_host", "sms": "sms_url_file", "sip": "sip_url", "webhook": "webhook_url", "partner": "partner_url",
}  # fmt: skip
"""The setting that a way can't do without."""
Reached = Contact | Account
A_YEAR = timedelta(days=365)


def findings(settings: Settings) -> Iterable[Finding]:
    """(does it hold, what) for everything that can be told without serving."""
    yield True, "settings read"
    try:
        store = open_store(settings)
    except (SQLAlchemyError, OSError) as bad:
        yield False, f"the databases can't be opened: {bad}"
        return
    place = "" if settings.records_url else f" in {settings.data.resolve()}"
    yield True, f"databases open{place}, {plural(len(store.records.homes()), 'home')} on record"
    yield from _room(settings)
    yield from _series(settings, store)
    yield from _broker(settings)
    yield from _kits(settings, datetime.now(UTC))
    yield from _logs(store)
    yield from _people(settings, store)


def _room(settings: Settings) -> Iterable[Finding]:
    kept = reserve(settings)
    if not kept.size:
        return
    room = f"{kept.room // MEGABYTE} MB of room on the disk of {settings.data_dir}"
    if kept.used:
        yield False, f"{room}: it is full, and the hub lives on what it kept for that: make room"
    else:
        yield True, f"{room}; {(kept.held or 0) // MEGABYTE} MB more are kept for when it is full"


def _series(settings: Settings, store: Store) -> Iterable[Finding]:
    """Whether another place for observations has them all."""
    if not settings.to_influx:
        return
    try:
        store.series.reached()
    except Away as away:
        yield False, str(away)
        return
    waiting, refused = store.series.unsent()
    yield from ((False, f"InfluxDB refuses {plural(count, 'observation')}: {why}") for why, count in refused.items())
    if waiting:
        wait = plural(waiting, "observation waits", "observations wait")
        yield True, f"InfluxDB answers; {wait} to be sent there, which a running hub does"
    elif not refused:
        yield True, "InfluxDB answers, and lacks none of the observations"


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


def _kits(settings: Settings, now: datetime) -> Iterable[Finding]:
    """Whether kits get in, and which will not for much longer."""
    if settings.kits_port and mosquitto() is None:
        yield False, "kits_port is set, and only mosquitto can ask kits for certificates: install mosquitto"
    if settings.kits is None:
        return
    good = [one for one in Authority(settings.authority).ledger() if one.revoked_at is None]
    certified = plural(len(good), "certificate is", "certificates are")
    yield True, f"kits find the hub at {settings.kits[0]}:{settings.kits[1]}; {certified} good"
    for one in good:
        if one.until - now < A_YEAR:
            yield False, f"home {one.home}: its certificate {short(one)} ends on {one.until:%Y-%m-%d}: make a new kit"


def _logs(store: Store) -> Iterable[Finding]:
    broken = store.records.broken_logs()
    yield from ((False, text) for text in broken)
    if not broken:
        yield True, "the logs of alerts and of looks are whole"


def _people(settings: Settings, store: Store) -> Iterable[Finding]:
    records, ways = store.records, transports(settings)
    staff = {role: records.accounts_of(Role(role)) for role in (OPERATOR, SUPERVISOR)}
    operators = Counter(one.council for one in staff[OPERATOR])
    homes = records.homes()
    for council in sorted({home.council for home in homes} or {""}):
        whose = f" for the homes of {council}" if council else ""
        add = "" if operators[council] else ": add one with 'nightlight-hub account add LOGIN --role operator'"
        yield operators[council] > 0, f"{plural(operators[council], 'operator')} on record{whose}{add}"
    for home in homes:
        residents = records.residents_of(home.id)
        if not residents:
            yield False, f"home {home.id}: nobody lives there on record, so no plan can reach their contacts"
        theirs = {role: [one for one in accounts if one.council == home.council] for role, accounts in staff.items()}
        for resident in residents:
            contacts = records.contacts_of(resident.id)
            named: dict[str, Sequence[Reached]] = {one.id: [one] for one in contacts}
            for step in records.steps_of(resident.id):
                for wrong in _wrong(step, ways, {**named, **theirs, CONTACTS: contacts}):
                    yield False, f"a plan of {resident.id} {wrong}"


def _wrong(step: Step, ways: Mapping[str, Transport], people: Mapping[str, Sequence[Reached]]) -> Iterable[str]:
    """Why a step of a plan cannot be taken."""
    way = ways.get(step.transport)
    if way is None and not step.by_hand:
        yield f"wants '{step.transport}', and there is no such transport"
    if way is not None and not way.set_up:
        yield f"wants {step.transport}: set {NEEDS[step.transport]}"
    if step.who not in ROLES and step.who not in people:
        yield f"names '{step.who}', who is not their contact"
    elif way is not None and way.needs_address and step.transport != WEB_PUSH:  # browsers ask for that themselves
        addresses = [address.transport for one in people.get(step.who, ()) for address in one.addresses]
        if step.transport not in addresses:
            yield f"wants to reach '{step.who}' by {step.transport}, and no address for that is on record"
