"""Somebody is found by name, by those who answer the contact centre's telephone, in their own council alone."""

from collections.abc import Callable

import pytest

from tests.hub.web.conftest import Visitor, words
from tests.hub.web.test_councils import ELSEWHERE
from tests.hub.web.world import HASH, World

Visit = Callable[..., Visitor]


def test_who_rings_about_somebody_is_helped_while_no_alert_is_open(world: World, visit: Visit) -> None:
    tom = visit("tom")
    assert "/console/find" in tom.see("/console")
    found = tom.see("/console/find?find=oKaF")
    assert 'href="/console/person/r_okafor"' in found
    assert "Larch" not in found, "a name and an area, and the rest against a reason"
    assert "key-safe" not in found
    assert tom.see("/console/find?find=h_okafor").count("/console/person/") == 1
    assert "Why do you need to see it?" in words(tom.see("/console/person/r_okafor"))
    assert ("tom", "looked for by name") in [(one.viewer, one.reason) for one in world.store.records.looks("h_okafor")]


def test_nobody_leafs_through_all(world: World, visit: Visit) -> None:
    tom = visit("tom")
    assert "Three letters at least." in words(tom.see("/console/find?find=ok"))
    assert "Nobody of that name" in words(tom.see("/console/find?find=nobody"))
    assert world.store.records.looks("h_okafor") == []


def test_who_saw_a_code_is_a_link_away_for_supervisors(world: World, visit: Visit) -> None:
    sunita = visit("sunita")
    assert 'href="/key-safe/h_okafor"' in sunita.see("/console/find?find=okafor")
    assert "What was done" in words(sunita.see("/key-safe/h_okafor"))


@pytest.mark.parametrize("login", ["karl", "ada", "priya", "ivan"])
def test_others_find_nobody(visit: Visit, login: str) -> None:
    assert visit(login).get("/console/find?find=okafor").status_code == 404


def test_another_council_finds_its_own_alone(world: World, visit: Visit) -> None:
    world.store.records.load(ELSEWHERE, {one.login: HASH for one in ELSEWHERE.accounts})
    west = visit("west_operator")
    assert "Nobody of that name" in words(west.see("/console/find?find=okafor"))
    assert "r_moor" in west.see("/console/find?find=garth")
    assert "Nobody of that name" in words(visit("tom").see("/console/find?find=garth"))
