"""Resident, contact, operator, responder, installer; and who stands how to whom."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum


class Role(StrEnum):
    """In what capacity somebody looks or acts."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    RESPONDER = "responder"
    INSTALLER = "installer"
    MANAGER = "manager"
    PLANNER = "planner"
    ADMINISTRATOR = "administrator"
    CONTACT = "contact"
    RESIDENT = "resident"


OF_ONE_HOME = frozenset({Role.CONTACT, Role.RESIDENT})
"""Those who have business with one home alone: all others work for homes."""


class Level(StrEnum):
    """How much of the resident's life a contact may see, as they chose. With nothing they may still be called on."""

    NOTHING = "nothing"
    ALL_IS_WELL = "all_is_well"
    PARTS_OF_DAY = "parts_of_day"
    ROOMS = "rooms"
    TIMES = "times"


POST = "post"
"""The way of a letter, and an address that one can be sent to."""
WEB_PUSH = "webpush"
"""The way to a browser that somebody asked to be told in."""
PUSH = "push"
PUSHES = frozenset({WEB_PUSH, PUSH})
"""A locked screen shows what comes by them to whoever is near: so that there is something to read, and not what."""
BY_LETTER = "by letter"
READ_ALOUD, SPOKEN_CALL = "by email, read aloud", "sip"
TOLD_BY = {
    BY_LETTER: POST, "by email": "email", READ_ALOUD: "email", "by text message": "sms", "by telephone": SPOKEN_CALL,
}  # fmt: skip
"""Manners of telling by which somebody is told without having asked for it on a page, and the way of each."""


@dataclass(frozen=True, slots=True)
class Telling:
    """How a person wants to be told things. For `TOLD_BY`, somebody is told how things are by that way."""

    manner: str = "in writing"
    language: str = "en"
    large_print: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """One way to reach a person: the name of a transport, and where it should go."""

    transport: str
    to: str


@dataclass(frozen=True, slots=True)
class Resident:
    """Who lives in the home and is looked after."""

    id: str
    home: str
    name: str
    called: str
    address: str
    phone: str = ""
    telling: Telling = Telling()
    speak_with: str = ""
    medical_notes: str = ""
    risks: str = ""
    way_in: str = ""
    ended: datetime | None = None
    """Since then they are looked after no longer, for the reason in `ended_because` (models/leaving.py)."""
    ended_because: str = ""
    reablement: date | None = None
    """When they were discharged from hospital into reablement. Nothing else of it is kept, and no diagnosis."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A relative or neighbour of one resident, at the level of detail the resident agreed to: nothing until then."""

    id: str
    resident: str
    name: str
    relation: str
    level: Level = Level.NOTHING
    keyholder: bool = False
    addresses: tuple[Address, ...] = ()
    telling: Telling = Telling()
    paused_until: datetime | None = None
    """Until then the resident shares nothing with them."""
    turn: int = 0
    """Whose lowest is, is rung first; 0 of one who was given none yet, and comes after all others."""


def in_order(contacts: Iterable[Contact]) -> list[Contact]:
    """As they are rung: by turn, of equal ones keyholders first."""
    return sorted(contacts, key=lambda one: (one.turn, not one.keyholder, one.id))


def moved(contacts: Sequence[Contact], contact: str, by: int) -> list[Contact]:
    """One resident's contacts, in order, with that one `by` places later, counted from 1 anew. Raises ValueError."""
    place = [one.id for one in contacts].index(contact)
    left = [*contacts[:place], *contacts[place + 1 :]]
    left.insert(max(place + by, 0), contacts[place])
    return [replace(each, turn=turn) for turn, each in enumerate(left, 1)]


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can log in. `person` is the id of the contact or resident that this account is; of all others,
    `council` says whose homes they work for.
    """

    login: str
    name: str
    role: Role
    person: str | None = None
    addresses: tuple[Address, ...] = ()
    council: str = ""


def international(number: str, country_code: int) -> str:
    """+441632960051 for a telephone number as people and gateways write it: 01632 960051, +44 (0)1632 960051,
    0044 1632 960051 or 441632960051. `country_code` is of those written without one; '' for what has no digit.
    """
    dialled = re.sub(r"[^+0-9]", "", re.sub(r"(?<=[0-9])\s*\(0\)", "", number))
    if not dialled.strip("+"):
        return ""
    called = re.sub(rf"^(00|(?={country_code}))", "+", dialled)
    whole = called if called.startswith("+") else f"+{country_code}{called}"
    return re.sub(rf"^\+{country_code}0", f"+{country_code}", whole)
