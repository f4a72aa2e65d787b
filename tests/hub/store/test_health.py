from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hub.store import Store
from models.detection import Finding, FindingKind
from models.health import Learned, Rhythm
from models.protection import Spell
from models.register import Register

HOME = "okafor-home"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def homes(store: Store, register: Register) -> None:
    store.records.load(register, {one.login: "-" for one in register.accounts})


def test_a_spell_lasts_until_it_is_ended_and_is_there_once(store: Store, t0: datetime) -> None:
    began = Spell(HOME, "kit_unheard", t0)
    store.health.begin([began, Spell(None, "hub_deaf", t0), Spell(HOME, "no_button", t0, sensor="pendant")])
    store.health.begin([Spell(HOME, "kit_unheard", t0 + HOUR)])
    assert [one.kind for one in store.health.lasting()] == ["kit_unheard", "hub_deaf", "no_button"]
    ended = Spell(HOME, "kit_unheard", t0, t0 + 2 * HOUR)
    store.health.end([ended, Spell(None, "hub_deaf", t0, t0 + HOUR)])
    store.health.end([Spell(HOME, "kit_unheard", t0, t0 + 9 * HOUR)])
    store.health.forget([Spell(HOME, "no_button", t0, sensor="pendant")])
    assert store.health.lasting() == []
    month = t0 - HOUR, t0 + 10 * HOUR
    assert store.health.spells(*month, HOME) == [ended, Spell(None, "hub_deaf", t0, t0 + HOUR)]
    assert [one.kind for one in store.health.spells(*month, "next-door")] == ["hub_deaf"]
    assert store.health.spells(t0 + 2 * HOUR, t0 + 3 * HOUR) == []
    assert store.health.spells(*month, kinds=["hub_deaf"]) == [Spell(None, "hub_deaf", t0, t0 + HOUR)]


def test_what_was_learned_comes_back(store: Store, t0: datetime) -> None:
    learned = Learned({"hall": Rhythm((1.0, 2.5), 3.0)}, t0)
    store.health.learn({HOME: Learned(), "next-door": Learned()})
    store.health.learn({HOME: learned})
    assert dict(store.health.learned()) == {HOME: learned, "next-door": Learned()}
    assert store.health.learned_of(HOME) == learned


def test_hops_of_a_test_press_come_in_any_order(store: Store, t0: datetime) -> None:
    store.health.test(HOME, "box", 7, t0, judged=t0 + HOUR)
    assert store.health.tests(HOME) == []
    store.health.test(HOME, "box", 7, t0 + HOUR, arrived=t0, stored=t0)
    store.health.test(HOME, "box", 7, t0, kept=0.004, sent=0.01, receipted=0.2)
    store.health.test(HOME, "box", 3, t0 - HOUR, arrived=t0 - HOUR)
    (last, before) = store.health.tests(HOME, 5)
    assert (last.number, last.noticed, last.judged, last.receipted) == (7, t0, t0 + HOUR, 0.2)
    assert (before.number, before.judged) == (3, None)
    assert store.health.last_tests() == {HOME: t0}


def test_a_test_press_that_is_asked_for_goes_out_as_an_order(store: Store, t0: datetime) -> None:
    assert store.health.asked_for_test(HOME) is None
    store.health.ask_for_test(HOME, t0)
    assert store.health.asked_for_test(HOME) == t0
    (order,) = store.alerts.orders()
    assert (order.home, order.order, order.open) == (HOME, "test", True)


def test_a_swap_keeps_the_sensor_and_forgets_the_old_battery(store: Store, t0: datetime) -> None:
    store.health.level([(HOME, "hall", t0, 40.0), (HOME, "bed", t0, 50.0)])
    version = store.records.version()
    store.health.swap(HOME, "hall", "zigbee:0x02", t0 + HOUR, "ivan")
    store.health.level([(HOME, "hall", t0 + 2 * HOUR, 100.0)])
    home = store.records.home(HOME)
    assert home
    assert [(one.id, one.source) for one in home.sensors][1] == ("hall", "zigbee:0x02")
    (swap,) = store.health.swaps(HOME)
    assert (swap.sensor, swap.was, swap.now, swap.actor) == ("hall", "", "zigbee:0x02", "ivan")
    assert store.health.levels(HOME) == {(HOME, "hall"): [(t0 + 2 * HOUR, 100.0)], (HOME, "bed"): [(t0, 50.0)]}
    assert store.records.version() != version
    assert store.records.broken_logs() == []
    with pytest.raises(LookupError):
        store.health.swap(HOME, "attic", "x", t0, "ivan")


def test_faults_of_open_alerts_say_since_when(store: Store, t0: datetime) -> None:
    flat = Finding(FindingKind.BATTERY_FLAT, HOME, t0, t0, "hall")
    lost = Finding(FindingKind.KIT_UNHEARD, HOME, t0 + HOUR, t0 + 2 * HOUR)
    for finding in (flat, lost):
        store.alerts.raise_(finding, None, "why", finding.at)
    (alert,) = store.alerts.open_alerts()
    number = alert.id
    assert store.alerts.faults_began() == {(number, "battery_flat"): t0, (number, "kit_unheard"): t0 + HOUR}
    store.alerts.raise_(replace(lost, at=t0 + 3 * HOUR, over=True), None, "back", t0 + 3 * HOUR)
    assert store.alerts.faults_began() == {(number, "battery_flat"): t0}
    store.alerts.raise_(replace(flat, at=t0 + 4 * HOUR, over=True), None, "good", t0 + 4 * HOUR)
    assert store.alerts.faults_began() == {}
