"""Who is the active hub is decided by the database, and whoever is it no more can't write."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from hub.lease import Holding
from hub.notices import Notices
from hub.process import noticing
from hub.settings import Settings, checked
from hub.store import Store, open_store
from hub.store.database import writing
from hub.store.lease import Fenced, ask_to_hand_over, standing, take
from hub.store.schema import leases
from models.detection import Finding, FindingKind
from models.register import Register
from models.settings import BadSettings
from tests.conftest import eventually
from tests.hub.conftest import T0

PRESS = Finding(FindingKind.PRESS, "okafor-home", T0, T0, "pendant")


@pytest.fixture(autouse=True)
def _none_runs_out_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a slow machine is about something else."""
    monkeypatch.setattr("hub.store.lease.LASTS", LONG)


LONG = 3600.0


def run_out(store: Store) -> None:
    with writing(store.records.engine) as connection:
        connection.execute(update(leases).values(until=leases.c.until - 2 * LONG))


def test_one_is_active_until_its_lease_runs_out(store: Store) -> None:
    engine = store.records.engine
    north = take(engine, "north", 1)
    assert north
    assert take(engine, "south", 2) is None
    assert not north.renew()
    run_out(store)
    south = take(engine, "south", 2)
    assert south
    assert (south.number, south.session) == (2, north.session), "the broker knows both by the same name"
    now = standing(engine)
    assert now
    assert (now.holder, now.pid) == ("south", 2)
    assert 0 < now.left <= LONG
    with pytest.raises(Fenced):
        north.renew()
    north.let_go()
    assert take(engine, "north", 1) is None, "letting go of what is another's changes nothing"


def test_one_that_slept_can_raise_nothing_any_more(store: Store, register: Register) -> None:
    store.records.load(register, {one.login: "-" for one in register.accounts})
    north = take(store.records.engine, "north", 1)
    assert north
    store.records.engine.update_execution_options(fence=north.fence)
    store.alerts.raise_(PRESS, None, "Help was called for.", T0)
    other = store.records.engine.execution_options(fence=None)
    with writing(other) as connection:
        connection.execute(update(leases).values(until=0))
    south = take(other, "south", 2)
    assert south
    with pytest.raises(Fenced):
        store.alerts.raise_(replace(PRESS, since=T0 + timedelta(hours=1)), None, "Again.", T0)
    with pytest.raises(Fenced):
        store.records.snapshots.save(1, b"old")
    assert len(store.alerts.open_alerts()) == 1
    store.records.engine.update_execution_options(fence=south.fence)
    store.records.snapshots.save(1, b"new")


def test_one_that_slept_sends_no_relative_what_another_sends(tmp_path: Path) -> None:
    settings = Settings(data_dir=str(tmp_path / "data"))
    store = open_store(settings)
    north = take(store.records.engine, "north", 1)
    assert north
    notices = noticing(settings, north)._work
    assert isinstance(notices, Notices)
    notices._relatives.begin(1, "email")
    run_out(store)
    assert take(store.records.engine, "south", 2)
    with pytest.raises(Fenced):
        notices._relatives.begin(1, "email")


def test_one_that_was_asked_hands_over_and_stays_back(store: Store) -> None:
    engine = store.records.engine
    north = take(engine, "north", 1)
    assert north
    ask_to_hand_over(engine)
    assert north.renew()
    north.let_go()
    assert take(engine, "north", 1) is None
    south = take(engine, "south", 2)
    assert south
    assert not south.renew()


def test_one_that_cannot_renew_gives_up_by_itself(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    held = take(store.records.engine, "north", 1)
    assert held
    monkeypatch.setattr("hub.lease.RENEW_EVERY", 0.01)
    holding = Holding(held)
    assert holding.lost == ""
    run_out(store)
    assert take(store.records.engine, "south", 2)
    holding.start()
    eventually(lambda: holding.lost == "another hub is the active one now")
    silent = Holding(held)
    silent._good_until = 0.0
    assert "does not answer" in silent.lost


def test_several_hubs_need_one_postgresql() -> None:
    with pytest.raises(BadSettings, match="name it in records_url"):
        checked(Settings(hub_name="north"), "hub.toml")
    with pytest.raises(BadSettings, match="name a series_url"):
        checked(Settings(hub_name="north", records_url="postgresql+psycopg://hub@db/hub"), "hub.toml")
