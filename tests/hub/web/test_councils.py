"""Two councils on one hub: neither sees anything of the other, not by a guessed id, not by a count, not by a moment."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.kits import Depot
from hub.store.records import Aside
from hub.web.access import Gate, Hidden, Viewer
from models.alert import Act
from models.observation import SensorKind
from models.people import Account, Resident, Role
from models.privacy import Consent, Purpose
from models.register import Register
from tests.conftest import NOON, okafor_home
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.world import HASH, World

Visit = Callable[..., Visitor]

ELSEWHERE = Register(
    homes=(replace(okafor_home("h_moor", "Moorend"), council="Westmoor"),),
    residents=(Resident("r_moor", "h_moor", "Edith Garth", "Mrs Garth", "9 Moor Row"),),
    consents=tuple(Consent("h_moor", kind, "the resident", "agreed", NOON - timedelta(days=9)) for kind in SensorKind),
    accounts=tuple(
        Account(f"west_{role}", f"West {role.title()}", role, council="Westmoor")
        for role in (Role.OPERATOR, Role.SUPERVISOR, Role.RESPONDER, Role.INSTALLER)
    ),
)
THEIRS = ("Garth", "Moor", "h_moor", "r_moor", "West ")
OURS = ("Okafor", "Lindqvist", "Northside", "Southside", "h_okafor", "h_lindqvist", "Priya")


@pytest.fixture
def both(world: World) -> World:
    world.store.records.load(ELSEWHERE, {one.login: HASH for one in ELSEWHERE.accounts})
    world.beat("h_moor")
    return world


def test_the_queue_holds_and_counts_ones_own_council_alone(both: World, visit: Visit) -> None:
    ours, theirs = both.press(), both.press("h_moor", "r_moor")
    both.kit_unheard("h_moor")
    tom, west = visit("tom").see("/console"), visit("west_operator").see("/console")
    assert re.findall(r'id="alert-(\d+)"', tom) == [str(ours.id)]
    assert "1 person waits" in tom
    assert "2 of 2 homes heard" in words(tom)
    assert str(theirs.id) in re.findall(r'id="alert-(\d+)"', west)
    assert "0 of 1 home heard, 1 not" in words(west)
    assert not [word for word in THEIRS if word in tom]
    assert not [word for word in OURS if word in west]


def test_a_guessed_alert_of_another_council_is_not_there_for_any_look_or_act(both: World, visit: Visit) -> None:
    theirs = both.press("h_moor", "r_moor")
    both.store.alerts.act(theirs.id, Act.ANSWER, "west_operator", both.now)
    before = both.store.alerts.alert(theirs.id)
    page = f"/console/alert/{theirs.id}"
    for login in ("tom", "sunita"):
        guest = visit(login)
        missing = guest.get("/console/alert/999")
        for path in (page, f"{page}/now", f"/visits/{theirs.id}"):
            answer = guest.get(path)
            assert (answer.status_code, answer.text) == (404, missing.text), path
        for act in ("answer", "note", "send", "arrive", "close", "look", "undo", "undo-falls"):
            form = {"text": "x", "outcome": "test", "to": "priya", "reason": "x", "shift": "1", "sensor": "pendant"}
            assert guest.post(f"{page}/{act}", **form).status_code == 404, act
    assert both.store.alerts.alert(theirs.id) == before
    assert [one.viewer for one in both.store.records.looks("h_moor")] == []


def test_only_ones_own_responders_can_be_sent(both: World, visit: Visit) -> None:
    ours = both.press()
    tom = visit("tom")
    tom.post(f"/console/alert/{ours.id}/answer")
    assert "West Responder" not in tom.see(f"/console/alert/{ours.id}")
    assert tom.post(f"/console/alert/{ours.id}/send", to="west_responder").status_code == 409
    assert tom.post(f"/console/alert/{ours.id}/send", to="priya").status_code == 303


def test_what_happens_elsewhere_leaves_no_mark_on_a_queue(both: World, visit: Visit) -> None:
    def mark(guest: Visitor) -> str:
        found = re.search(r'data-mark="([^"]+)"', guest.see("/console/queue"))
        assert found
        return found.group(1)

    tom, west = visit("tom"), visit("west_operator")
    before, theirs_before = mark(tom), mark(west)
    assert before != theirs_before
    alert = both.press("h_moor", "r_moor")
    both.store.alerts.act(alert.id, Act.ANSWER, "west_operator", both.now)
    assert mark(tom) == before
    assert mark(west) != theirs_before
    both.press()
    assert mark(tom) != before


def test_an_installer_meets_only_their_councils_kits_and_messages(both: World, visit: Visit) -> None:
    both.kit_unheard("h_moor")
    both.store.records.set_aside([Aside(both.now, "h_moor", "unreadable", "it was cut off"), *_ours(both)])
    ivan, west = visit("ivan").see("/installer"), visit("west_installer").see("/installer")
    assert "2 homes in all" in ivan
    assert "unreadable 1" in words(ivan)
    assert not [word for word in THEIRS if word in ivan]
    assert "h_moor" in west
    assert not [word for word in OURS if word in west]


def _ours(world: World) -> list[Aside]:
    return [Aside(world.now, "h_okafor", "unreadable", "it was cut off")]


def test_a_kit_of_another_councils_home_is_neither_made_nor_shut_out(both: World) -> None:
    settings = replace(both.settings, kits_host="hub.example", kits_port=8883)
    store = both.store
    gate = Gate(store.records, store.alerts, store.series, both.clock, depot=Depot(settings))
    ivan = Viewer(Account("ivan", "Ivan Petrov", Role.INSTALLER), "-")
    west = Viewer(Account("west_installer", "West Installer", Role.INSTALLER, council="Westmoor"), "-")
    assert gate.new_kit(west, Purpose.MAINTAIN, "h_moor")
    made = gate.kits_of(west, Purpose.MAINTAIN, "h_moor").certificates
    unknown = gate.kits_of(ivan, Purpose.MAINTAIN, "h_nowhere")
    assert gate.kits_of(ivan, Purpose.MAINTAIN, "h_moor") == replace(unknown, asked="h_moor")
    with pytest.raises(Hidden):
        gate.new_kit(ivan, Purpose.MAINTAIN, "h_moor")
    with pytest.raises(Hidden):
        gate.shut_out(ivan, Purpose.MAINTAIN, "h_moor", made[0].serial)
    assert gate.kits_of(west, Purpose.MAINTAIN, "h_moor").certificates == made
