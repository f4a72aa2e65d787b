"""The records of homes and people as one document: what `nightlight-hub load` reads and a simulator writes."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import msgspec

from models.home import Home, beyond
from models.people import Account, Contact, Resident, Role
from models.privacy import Consent
from models.reablement import impossible
from models.response import ResponsePlan, too_silent


@dataclass(frozen=True, slots=True)
class PlanOf:
    """The plan agreed with `resident` for one kind of incident ('default' is for all others)."""

    resident: str
    plan: ResponsePlan


@dataclass(frozen=True, slots=True)
class Register:
    """Everything on record; ids tie it together."""

    homes: tuple[Home, ...] = ()
    residents: tuple[Resident, ...] = ()
    contacts: tuple[Contact, ...] = ()
    consents: tuple[Consent, ...] = ()
    plans: tuple[PlanOf, ...] = ()
    accounts: tuple[Account, ...] = ()


class BadRegister(ValueError):
    """The document can't be used; the text lists what to mend, a line each."""


def read_register(content: bytes, *, toml: bool = False) -> Register:
    """From JSON, or from TOML. Raises BadRegister, and then nothing of it should be used."""
    try:
        decode = msgspec.toml.decode if toml else msgspec.json.decode
        register = decode(content, type=Register)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRegister(f"the document does not read: {error}") from error
    wrong = mistakes(register)
    if wrong:
        raise BadRegister("\n".join(wrong))
    return register


def discharges(register: Register, today: date) -> list[str]:
    """Days of discharge that can't be, a line each."""
    return [f"resident {one.id}: {why}" for one in register.residents if (why := impossible(one.reablement, today))]


def write_register(register: Register) -> bytes:
    return msgspec.json.format(msgspec.json.encode(register), indent=1)


def mistakes(register: Register) -> list[str]:
    """What does not fit together, a line each."""
    homes = {home.id for home in register.homes}
    residents = {resident.id for resident in register.residents}
    people = residents | {contact.id for contact in register.contacts}
    named = [account for account in register.accounts if account.person]
    nameless = [one for one in register.accounts if one.role in (Role.CONTACT, Role.RESIDENT) and not one.person]
    return [
        *_twice("home", (home.id for home in register.homes)),
        *_twice("resident", (resident.id for resident in register.residents)),
        *_twice("contact", (contact.id for contact in register.contacts)),
        *_twice("account", (account.login for account in register.accounts)),
        *_astray(((f"resident {one.id}", one.home) for one in register.residents), homes),
        *_astray(((f"contact {one.id}", one.resident) for one in register.contacts), residents),
        *_astray(((f"the consent to {one.kind}", one.home) for one in register.consents), homes),
        *_astray(((f"the plan for {one.plan.kind}", one.resident) for one in register.plans), residents),
        *_astray(((f"account {one.login}", str(one.person)) for one in named), people),
        *(f"home {home.id}: {why}" for home in register.homes for why in beyond(home)),
        *(f"resident {one.resident}: {why}" for one in register.plans if (why := too_silent(one.plan))),
        *(f"account {one.login} is a {one.role}, so it must name the person" for one in nameless),
    ]


def _astray(references: Iterable[tuple[str, str]], known: set[str]) -> list[str]:
    return [f"{who} belongs to {whom}, which is not on record" for who, whom in references if whom not in known]


def _twice(kind: str, ids: Iterable[str]) -> list[str]:
    return [f"{kind} {one} is there {count} times" for one, count in Counter(ids).items() if count > 1]
