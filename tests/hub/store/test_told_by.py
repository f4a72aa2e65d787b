"""Who may have to be told something, found in one question, on each kind of database."""

from dataclasses import replace
from datetime import UTC, datetime

from hub.store import Store, told_by
from hub.store.relatives import Relatives
from hub.store.ways import Ways
from models.notices import Preferences
from models.people import BY_LETTER, Account, Role, Telling
from models.register import Register

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_by_choice_by_record_or_by_a_login_and_nobody_else(store: Store, register: Register) -> None:
    ada, karl = register.contacts
    ife = replace(ada, id="ife", telling=Telling(BY_LETTER))
    odd = replace(ada, id="odd", name='"manner":"by letter"', telling=Telling("spoken"))
    second = Account("ada2", "Ada Okafor", Role.CONTACT, person="ada")
    neil = Account("neil", "Neil Brandt", Role.RESIDENT, person="karl")
    more = replace(register, contacts=(ada, karl, ife, odd), accounts=(*register.accounts, second, neil))
    store.records.load(more, {one.login: "-" for one in more.accounts})
    engine, chosen = store.records.engine, Preferences("Dad", bed=True)
    Relatives(engine).prefer("karl", chosen)
    Ways(engine).subscribe("karl", "https://push.example/1", "{}", NOW)
    found = told_by.readers(engine)
    assert [(one.contact.id, one.home, one.chosen, one.login, one.browser) for one in found] == [
        ("ada", "okafor-home", None, True, False),
        ("ife", "okafor-home", None, False, False),
        ("karl", "next-door", chosen, False, True),
    ]
    assert store.records.login_of("ada") == "ada"
    assert store.records.login_of("karl") is None
    gone = replace(register.residents[1], ended=NOW)
    store.records.load(Register(residents=(gone,)), {})
    assert [one.contact.id for one in told_by.readers(engine)] == ["ada", "ife"]
