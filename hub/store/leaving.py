"""Somebody leaves: all that goes on for them ends in one transaction, and what was recorded of them stays.

A home in which nobody is looked after any more is watched no longer; what its kit still sends is set aside. Where
somebody stays, one fewer lives there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, or_, select, update

from hub.store import chain, schema
from hub.store.alerts import changed, locked, note, save
from hub.store.amendments import Amendment
from hub.store.database import writing
from hub.store.register import Change, apply
from models.alert import Act, Lane, State
from models.home import Home
from models.key_safe import Deed
from models.leaving import Ends, Why
from models.people import Account, Resident
from models.shift import Noted

_alerts, _accounts, _book = schema.alerts, schema.accounts, schema.shiftbook
OVER = "The service in this home ended."


class StillOpen(Exception):
    """Somebody answers, or has to answer, an alert about them."""

    def __init__(self, alerts: Sequence[int]) -> None:
        super().__init__(", ".join(map(str, alerts)))
        self.alerts = tuple(alerts)


@dataclass(frozen=True, slots=True)
class Leaving:
    """`resident` as they were seen. `real` is the real moment, by which logins are closed."""

    resident: Resident
    home: Home
    why: Why
    at: datetime
    real: datetime
    actor: str


def ends(engine: Engine, resident: Resident) -> Ends:
    with engine.connect() as connection:
        return _ends(connection, resident)


def leave(engine: Engine, leaving: Leaving) -> Ends:
    """What ended. Raises StillOpen and Overtaken, and then nothing did."""
    with writing(engine, appends="acts") as connection:
        found = _ends(connection, leaving.resident)
        if found.alerts:
            raise StillOpen(found.alerts)
        ended = replace(leaving.resident, ended=leaving.at, ended_because=leaving.why.value)
        changes = [Change("residents", (ended.id,), leaving.resident, ended)]
        notes = [_noted(leaving, "resident", ended.id, "is looked after no longer")]
        notes += _close_logins(connection, leaving, found.logins)
        _forget_ways(connection, leaving)
        if found.last:
            changes += _of_the_home(connection, leaving)
            notes.append(_noted(leaving, "home", leaving.home.id, "ended: nobody is looked after there any more"))
            _end_the_home(connection, leaving)
        elif (left := leaving.home.people - 1) > 0:
            changes.append(_in_all(leaving.home, left))
            notes.append(_noted(leaving, "home", leaving.home.id, f"in all, {left} live there now"))
        apply(connection, changes, notes)
        return found


def come_back(engine: Engine, resident: Resident, home: Home, actor: str, at: datetime) -> None:
    """It was a mistake, or they are back: they are looked after again. Logins, consents, codes and kits are given anew.
    Raises Overtaken.
    """
    back = replace(resident, ended=None, ended_because="")
    changes = [Change("residents", (back.id,), resident, back)]
    notes = [Amendment(at, actor, home.council, "resident", back.id, "is looked after again")]
    if home.ended is not None:
        changes.append(Change("homes", (home.id,), home, replace(home, ended=None)))
        notes.append(Amendment(at, actor, home.council, "home", home.id, "is watched again"))
    else:
        changes.append(_in_all(home, home.people + 1))
        notes.append(Amendment(at, actor, home.council, "home", home.id, f"in all, {home.people + 1} live there now"))
    with writing(engine, appends="acts") as connection:
        apply(connection, changes, notes)


def _in_all(home: Home, people: int) -> Change:
    return Change("homes", (home.id,), home, replace(home, people=people))


def _noted(leaving: Leaving, what: str, key: str, text: str) -> Amendment:
    return Amendment(leaving.at, leaving.actor, leaving.home.council, what, key, text)


def _ends(connection: Connection, resident: Resident) -> Ends:
    home, people = resident.home, _people(connection, resident)
    others = connection.execute(select(schema.residents.c.body).where(schema.residents.c.home == home)).scalars()
    last = not any(one.id != resident.id and one.ended is None for one in others)
    alerts = connection.execute(select(_alerts.c.id, _alerts.c.lane).where(*_open_about(resident, last))).all()
    return Ends(
        last,
        tuple(row.id for row in alerts if row.lane == Lane.PERSON.value),
        tuple(sorted(one.login for one in _logins(connection, people))),
        len(people) - 1,
        sum(row.lane == Lane.KIT.value for row in alerts) if last else 0,
        len(_consents(connection, home)) if last else 0,
        len(_promises(connection, home)) if last else 0,
        last and connection.execute(select(func.count()).where(schema.key_safes.c.home == home)).scalar_one() > 0,
    )


def _open_about(resident: Resident, last: bool) -> Sequence[Any]:
    mine = or_(_alerts.c.resident == resident.id, _alerts.c.resident.is_(None))
    about = mine if last else and_(mine, _alerts.c.lane == Lane.PERSON.value)
    return _alerts.c.home == resident.home, _alerts.c.state != State.CLOSED.value, about


def _people(connection: Connection, resident: Resident) -> list[str]:
    """They themselves, and their contacts."""
    contacts = select(schema.contacts.c.id).where(schema.contacts.c.resident == resident.id)
    return [resident.id, *connection.execute(contacts).scalars()]


def _logins(connection: Connection, people: Sequence[str]) -> list[Account]:
    """Those that are still open."""
    theirs = select(_accounts.c.body).where(_accounts.c.person.in_(people), _accounts.c.closed_at.is_(None))
    return list(connection.execute(theirs).scalars())


def _close_logins(connection: Connection, leaving: Leaving, logins: Sequence[str]) -> list[Amendment]:
    connection.execute(update(_accounts).where(_accounts.c.login.in_(logins)).values(closed_at=leaving.real))
    for table in (schema.sessions, schema.invitations):
        connection.execute(delete(table).where(table.c.login.in_(logins)))
    return [_noted(leaving, "account", login, "closed: the service ended") for login in logins]


def _forget_ways(connection: Connection, leaving: Leaving) -> None:
    """Browsers of theirs are told nothing more, nobody is sent a notice, and nobody is asked how it went."""
    people = _people(connection, leaving.resident)
    told, asked = schema.subscriptions, schema.feedback
    for chosen in (schema.preferences, schema.notices, schema.breaks):
        connection.execute(delete(chosen).where(chosen.c.person.in_(people)))
    connection.execute(delete(told).where(told.c.person.in_(people)))
    connection.execute(delete(asked).where(asked.c.person.in_(people), asked.c.answered_at.is_(None)))


def _of_the_home(connection: Connection, leaving: Leaving) -> list[Change]:
    withdrawn = [
        Change("consents", (one.home, one.about), one, replace(one, withdrawn_at=leaving.at, paused_until=None))
        for one in _consents(connection, leaving.home.id)
    ]
    return [Change("homes", (leaving.home.id,), leaving.home, replace(leaving.home, ended=leaving.at)), *withdrawn]


def _consents(connection: Connection, home: str) -> list[Any]:
    mine = connection.execute(select(schema.consents.c.body).where(schema.consents.c.home == home)).scalars()
    return [one for one in mine if one.withdrawn_at is None]


def _promises(connection: Connection, home: str) -> list[Any]:
    kept = select(_book.c.of).where(_book.c.of.is_not(None))
    mine = _book.c.home == home, _book.c.what == Noted.PROMISED.value, _book.c.id.not_in(kept)
    return list(connection.execute(select(_book).where(*mine)))


def _end_the_home(connection: Connection, leaving: Leaving) -> None:
    home, at, actor = leaving.home.id, leaving.at, leaving.actor
    for number in (
        connection.execute(select(_alerts.c.id).where(*_open_about(leaving.resident, last=True))).scalars().all()
    ):
        alert = locked(connection, number)
        cleared = changed(alert, Act.CLEAR, actor, at)
        save(connection, alert, cleared)
        note(connection, cleared, at, Act.CLEAR, actor, OVER)
    findings, orders = schema.findings, schema.orders
    lasting = findings.c.home == home, findings.c.over.is_(False), findings.c.ended_at.is_(None)
    connection.execute(update(findings).where(*lasting).values(ended_at=at))
    connection.execute(update(orders).where(orders.c.home == home, orders.c.sent_at.is_(None)).values(dropped=True))
    for row in _promises(connection, home):
        chain.add(connection, _book, {**_of_book(leaving, Noted.KEPT), "alert": row.alert, "of": row.id})
    chain.add(connection, _book, _of_book(leaving, Noted.UNMUTED))
    connection.execute(delete(schema.key_safes).where(schema.key_safes.c.home == home))
    done = {"home": home, "at": at, "deed": Deed.WITHDRAW.value, "actor": actor, "alert": 0, "responder": ""}
    chain.add(connection, schema.key_safe_log, {**done, "until": None, "text": f"{OVER} The code was deleted."})


def _of_book(leaving: Leaving, what: Noted) -> dict[str, Any]:
    row = {"at": leaving.at, "council": leaving.home.council, "actor": leaving.actor, "what": what.value}
    return {**row, "home": leaving.home.id, "alert": None, "of": None, "until": None, "text": OVER}
