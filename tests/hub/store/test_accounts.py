"""Who may log in: on each kind of database."""

from datetime import datetime, timedelta

import pytest

from hub.store import Store
from hub.store.accounts import IN, Session, TakenAlready
from hub.store.amendments import Amendment
from models.entrance import Tries
from models.people import Account, Role
from models.register import Register


@pytest.fixture(autouse=True)
def people(store: Store, register: Register) -> None:
    store.records.load(register, {"tom": "hash-of-tom", "ada": "hash-of-ada"})


@pytest.fixture
def amendment(t0: datetime) -> Amendment:
    return Amendment(t0, "sam", "", "account", "tom", "changed")


def open_session(store: Store, token: str, login: str, at: datetime, hours: float = 1) -> Session:
    made = Session(login, "csrf", IN, "192.0.2.1", at, at, at + timedelta(hours=hours))
    store.records.accounts.open_session(token, made)
    return made


def test_sessions_open_expire_and_end(store: Store, t0: datetime) -> None:
    accounts = store.records.accounts
    made = [open_session(store, name, "tom", t0, hours) for name, hours in (("1", 1), ("2", 2), ("3", 2))]
    assert accounts.session("1") == made[0]
    accounts.used("3", t0 + timedelta(minutes=50))
    assert accounts.end_expired_sessions(t0 + timedelta(hours=1), t0 - timedelta(minutes=1)) == 1, "one is too old"
    assert accounts.session("1") is None
    assert accounts.end_expired_sessions(t0 + timedelta(hours=1), t0 + timedelta(minutes=10)) == 1, "one is not used"
    assert (accounts.session("2"), len(accounts.sessions("tom"))) == (None, 1)
    accounts.end_session("3")
    assert accounts.sessions("tom") == []


def test_a_new_password_ends_all_sessions_but_ones_own(store: Store, t0: datetime, amendment: Amendment) -> None:
    for token in ("here", "there"):
        open_session(store, token, "tom", t0)
    open_session(store, "hers", "ada", t0)
    store.records.accounts.set_password("tom", "new", amendment, keep="here")
    assert [store.records.accounts.session(token) is None for token in ("here", "there", "hers")] == [
        False,
        True,
        False,
    ]
    found = store.records.accounts.find("tom")
    assert found
    assert found.password_hash == "new"


def test_a_login_is_added_once_and_changed_only_as_it_was_seen(
    store: Store, amendment: Amendment, t0: datetime
) -> None:
    accounts, tom = store.records.accounts, Account("tom", "Tom", Role.OPERATOR)
    with pytest.raises(TakenAlready):
        accounts.add(tom, "x", amendment)
    found = accounts.find("tom")
    assert found
    version, seen = store.records.version(), found.account
    open_session(store, "t", "tom", t0)
    assert not accounts.change(tom, tom, amendment), "it is not what is on record"
    assert accounts.change(Account("tom", "Tom", Role.SUPERVISOR), seen, amendment)
    assert store.records.version() != version
    assert accounts.sessions("tom") == [], "who does other work logs in anew"
    assert [one.login for one in store.records.accounts_of(Role.SUPERVISOR)] == ["tom"]


def test_a_closed_login_is_nobodys_colleague_and_has_a_name(store: Store, t0: datetime, amendment: Amendment) -> None:
    accounts = store.records.accounts
    open_session(store, "t", "tom", t0)
    accounts.close("tom", t0, amendment)
    assert store.records.accounts_of(Role.OPERATOR) == []
    assert accounts.sessions("tom") == []
    assert accounts.names()["tom"] == "Tom Reed"
    accounts.close("tom", None, amendment)
    assert len(store.records.accounts_of(Role.OPERATOR)) == 1


def test_a_code_is_good_once_and_each_recovery_code_is(store: Store, t0: datetime, amendment: Amendment) -> None:
    accounts = store.records.accounts
    accounts.offer_second("tom", b"sealed")
    accounts.take_second("tom", t0, 7, ["a", "b"], amendment)
    assert [accounts.use_step("tom", step) for step in (7, 8, 8, 6)] == [False, True, False, False]
    assert [accounts.use_recovery("tom", code, amendment) for code in ("a", "a", "c", "b")] == [
        True,
        False,
        False,
        True,
    ]
    accounts.drop_second("tom", amendment)
    found = accounts.find("tom")
    assert found
    assert (found.second, found.second_since, found.recovery) == (None, None, ())


def test_wrong_tries_are_counted_and_forgotten(store: Store) -> None:
    accounts = store.records.accounts
    for at in (1.0, 2.0):
        accounts.failed(("pair", "place"), at, 0.0)
    assert accounts.tries(["pair", "other"]) == {"pair": Tries(2, 2.0)}
    accounts.forgive(["pair"])
    accounts.failed(("new",), 9.0, 5.0)
    assert accounts.tries(["pair", "place", "new"]) == {"new": Tries(1, 9.0)}


def test_an_invitation_holds_until_another_or_its_time(store: Store, t0: datetime, amendment: Amendment) -> None:
    accounts = store.records.accounts
    accounts.invite("one", "tom", "sam", t0 + timedelta(hours=1), amendment)
    assert accounts.invited("one", t0) == "tom"
    accounts.invite("two", "tom", "sam", t0 + timedelta(hours=1), amendment)
    assert (accounts.invited("one", t0), accounts.invited("two", t0)) == (None, "tom")
    assert accounts.invited("two", t0 + timedelta(hours=1)) is None


def test_every_change_is_a_link_of_the_log(store: Store, t0: datetime, amendment: Amendment) -> None:
    for number in range(3):
        store.records.accounts.set_password("tom", str(number), amendment)
    assert store.records.broken_logs() == []
