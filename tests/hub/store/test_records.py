from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hub.store import Store
from hub.store.records import SET_ASIDE_LIMIT, Aside, Beat, Expectation, Shift
from models.alert import Lane
from models.health import Heard
from models.observation import SensorKind
from models.people import Role
from models.privacy import NOTHING, Agreed, Consent, agreed, felt_may_leave
from models.register import PlanOf, Register
from models.response import DEFAULT_PLANS, Incident, ResponsePlan, Step, gently
from models.wire import Heartbeat, encode

HASHES = {"tom": "hash-of-tom", "ada": "hash-of-ada"}


@pytest.fixture(autouse=True)
def people(store: Store, register: Register) -> None:
    store.records.load(register, HASHES)


def test_everything_comes_back(store: Store, register: Register) -> None:
    records = store.records
    assert records.homes() == sorted(register.homes, key=lambda home: home.id)
    assert records.home("okafor-home") == register.homes[0]
    assert records.resident("grace") == register.residents[0]
    assert records.residents_of("next-door") == [register.residents[1]]
    assert records.contact("ada") == replace(register.contacts[0], turn=1)
    assert records.contacts_of("neil") == [replace(register.contacts[1], turn=1)]
    assert sorted(map(str, records.consents())) == sorted(map(str, register.consents))
    assert records.account("tom") == (register.accounts[0], "hash-of-tom")
    assert records.accounts_of(Role.OPERATOR) == [register.accounts[0]]
    assert records.logins() == {"tom", "ada"}


def test_what_stands_in_all_homes_is_what_stands_in_each(store: Store, register: Register, t0: datetime) -> None:
    """Also where somebody's words look like a date of withdrawal, or one is only paused."""
    given = [
        Consent("okafor-home", SensorKind.PENDANT, "grace", 'said: "withdrawn_at":"never"', t0),
        Consent("okafor-home", SensorKind.PENDANT, "grace", "asked", t0, felt=True),
        Consent("okafor-home", SensorKind.BED, "grace", "asked", t0, withdrawn_at=t0),
        Consent("okafor-home", SensorKind.DOOR, "grace", "asked", t0, paused_until=t0),
        Consent("next-door", SensorKind.PENDANT, "neil", "asked", t0, withdrawn_at=t0),
        Consent("next-door", SensorKind.PENDANT, "neil", "asked", t0, felt=True),
    ]
    store.records.load(Register(consents=tuple(given)), {})
    stands, consents = store.records.agreed(), store.records.consents()
    for home in register.homes:
        each = Agreed(agreed(consents, home.id), felt_may_leave(consents, home.id))
        assert stands.get(home.id, NOTHING) == each
    assert stands["okafor-home"].felt
    assert not stands["next-door"].felt


def test_what_is_not_there_is_none(store: Store) -> None:
    records = store.records
    assert (records.home("x"), records.resident("x"), records.contact("x"), records.account("x")) == (None,) * 4
    assert (records.snapshots.latest(), records.heartbeat("okafor-home")) == (None,) * 2


def test_loading_again_keeps_passwords_and_changes_the_version(store: Store, register: Register) -> None:
    before = store.records.version()
    store.records.load(register, {"tom": "another"})
    assert store.records.version() != before
    account = store.records.account("tom")
    assert account is not None
    assert account[1] == "hash-of-tom"


def test_contacts_are_rung_in_the_order_of_the_file_until_a_turn_says_otherwise(
    store: Store, register: Register
) -> None:
    ada = register.contacts[0]
    zoe, bob, key = (replace(ada, id=name, keyholder=name == "key") for name in ("zoe", "bob", "key"))

    def rung() -> list[str]:
        return [one.id for one in store.records.contacts_of("grace")]

    store.records.load(Register(contacts=(zoe, bob, key)), {})
    assert rung() == ["ada", "zoe", "bob", "key"]
    store.records.load(Register(contacts=(replace(ada, name="Ada Bell"), zoe)), {})
    assert rung() == ["ada", "zoe", "bob", "key"], "who has a turn keeps it"
    store.records.load(Register(contacts=(replace(ada, turn=9), replace(key, turn=2))), {})
    assert rung() == ["key", "zoe", "bob", "ada"], "of equal ones a keyholder first"


def test_the_plan_is_the_most_particular_that_was_agreed(store: Store, register: Register) -> None:
    family = ResponsePlan("default", (Step("ada", "email"),))
    door = ResponsePlan("silence", (Step("operator", "email"),))
    store.records.load(Register(plans=(PlanOf("grace", family), PlanOf("grace", door))), {})
    plan = store.records.plan
    assert plan("grace", "silence", Lane.PERSON) == door
    assert plan("grace", "press", Lane.PERSON) == family
    assert plan("grace", "not_up", Lane.PERSON) == gently(family), "a late morning rings nobody at once"
    assert plan("grace", "kit_unheard", Lane.KIT) == DEFAULT_PLANS[Incident.FAULT], "nobody is woken for a flat battery"
    assert plan("neil", "press", Lane.PERSON) == plan(None, "press", Lane.PERSON) == DEFAULT_PLANS[Incident.PRESS]


def test_what_is_heard_only_moves_forward(store: Store, t0: datetime) -> None:
    beat = Heartbeat("o1", t0, t0, sensors={"hall": t0})
    told = encode(beat)
    store.records.beat([Beat("okafor-home", told, t0, t0)])
    store.records.beat([Beat("okafor-home", told, t0 - timedelta(hours=1), t0 - timedelta(hours=1), on_mains=True)])
    assert store.records.heard() == {"next-door": Heard(None, None), "okafor-home": Heard(t0, t0, True, True)}
    assert store.records.heartbeat("okafor-home") == beat


def test_a_last_will_says_only_that_the_connection_dropped(store: Store, t0: datetime) -> None:
    store.records.beat([Beat("okafor-home", encode(Heartbeat("o1", t0, t0)), t0, t0, on_mains=False)])
    store.records.beat(
        [Beat("okafor-home", None, None, None, online=False), Beat("next-door", None, None, None, False)]
    )
    heard = store.records.heard()
    assert heard["okafor-home"] == Heard(t0, t0, False, False)
    assert heard["next-door"] == Heard(None, None, False)


def test_set_aside_is_counted_and_bounded(store: Store, t0: datetime) -> None:
    many = [Aside(t0, "okafor-home", "json", f"number {n}", b"x" * 9000) for n in range(60)]
    store.records.set_aside([*many, Aside(t0, None, "consent", "", None, count=7)])
    assert store.records.set_aside_counts() == {"json": 60, "consent": 7}
    assert store.records.set_aside_counts("okafor-home") == {"json": 60}
    recent = store.records.set_aside_recent(100)
    assert len(recent) == 60
    assert recent[0].text == "number 59"
    assert len(recent[0].raw or b"") == 4096


def test_the_oldest_set_aside_go_first(store: Store, t0: datetime) -> None:
    few = SET_ASIDE_LIMIT // 2
    for batch in range(3):
        store.records.set_aside([Aside(t0, None, "json", str(batch)) for _ in range(few)])
    kept = store.records.set_aside_recent(SET_ASIDE_LIMIT * 2)
    assert len(kept) == SET_ASIDE_LIMIT
    assert {one.text for one in kept} == {"1", "2"}
    assert store.records.set_aside_counts() == {"json": 3 * few}


def test_a_nul_from_outside_is_no_trouble(store: Store, t0: datetime) -> None:
    store.records.set_aside([Aside(t0, None, "json", "a\0b", b"\0\xff")])
    assert store.records.set_aside_recent(1) == [Aside(t0, None, "json", "a?b", b"\0\xff")]


def test_looks_are_kept_in_a_chain(store: Store, t0: datetime) -> None:
    store.records.look("tom", Role.OPERATOR, "okafor-home", "exact times", "answer an alert", "alert 1", t0)
    store.records.look("tom", Role.OPERATOR, "okafor-home", "the way in", "answer an alert", "", t0)
    assert [look.data for look in store.records.looks("okafor-home")] == ["the way in", "exact times"]
    assert store.records.looks("next-door") == []
    assert store.records.broken_logs() == []


def test_turns_and_snapshots_are_replaced(store: Store, t0: datetime) -> None:
    for note in ("", "the database is away"):
        store.records.turned("watch", 12.5, t0, note)
        store.records.snapshots.save(len(note), note.encode())
    assert store.records.loops()["watch"].note == "the database is away"
    assert store.records.snapshots.latest() == (20, b"the database is away")


def test_what_is_expected_is_kept_once_a_home(store: Store, t0: datetime) -> None:
    assert store.records.expectation("okafor-home") is None
    first = Expectation("okafor-home", t0, t0 + timedelta(hours=3), 0.001, t0 - timedelta(days=9), bytes(range(48)))
    second = Expectation("okafor-home", t0, t0 + timedelta(hours=4))
    for one in (first, second):
        store.records.expect([one])
        assert store.records.expectation("okafor-home") == one


def test_a_snapshot_is_read_by_who_made_it(store: Store) -> None:
    store.records.snapshots.save(7, b"state", "this prior")
    assert store.records.snapshots.latest("this prior") == (7, b"state")
    assert store.records.snapshots.latest("another prior") is None


def test_a_shift_is_undone_only_while_it_is_the_last(store: Store, t0: datetime) -> None:
    records = store.records
    assert (records.latest_shift(), records.shifts()) == (0, [])
    records.shift("okafor-home", t0, 1.0, 0.7, (4, 9), "hub")
    (first,) = records.shifts("okafor-home")
    assert first == Shift(first.id, "okafor-home", t0, 1.0, 0.7, (4, 9), "hub")
    records.shift("next-door", t0, 1.0, 1.5, (5,), "hub")
    records.shift("okafor-home", t0, 0.7, 1.0, (), "sunita", first.id)
    with pytest.raises(LookupError):
        records.shift("okafor-home", t0, 0.7, 1.0, (), "sunita", first.id)
    assert [one.undoes for one in records.shifts()] == [None, None, first.id]
    assert records.latest_shift() == records.shifts()[-1].id
    assert records.broken_logs() == []
