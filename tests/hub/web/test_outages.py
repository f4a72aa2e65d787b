"""Homes that fell out of hearing together: one card, a page with all of them, and one answer."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest

from models.alert import Act, State
from models.home import Home
from models.people import Resident
from models.register import Register
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.world import World

Visit = Callable[..., Visitor]
COUNT = 8


@pytest.fixture
def down(world: World) -> list[int]:
    """Eight homes of one street lose their path within a minute; in the last one somebody has pressed."""
    homes = [Home(f"h_{n}", "Mill Lane", (), people=2) for n in range(COUNT)]
    living = tuple(
        Resident(f"r_{n}", f"h_{n}", f"Resident {n}", f"Resident {n}", f"{n} Mill Lane") for n in range(COUNT)
    )
    world.store.records.load(Register(homes=tuple(homes), residents=living), {})
    for home in homes:
        world.beat(home.id)
    world.press(f"h_{COUNT - 1}", f"r_{COUNT - 1}")
    first = world.kit_unheard("h_0")
    return [first.id, *(world.kit_unheard(home.id, minutes=0).id for home in homes[1:])]


def address(page: str) -> str:
    return unescape(page.split('href="/console/outage?')[1].split('"', maxsplit=1)[0])


def test_the_card_leads_to_all_of_them_and_they_are_answered_together(
    world: World, visit: Visit, down: list[int]
) -> None:
    tom, nia = visit("tom"), visit("nia")
    queue = tom.see("/console")
    assert f"See all {COUNT}, or answer them together" in words(queue)
    path = f"/console/outage?{address(queue)}"
    page = words(tom.see(path))
    assert page.index(f"Resident {COUNT - 1}") < page.index("Resident 0"), "where an alert about the person is open"
    assert all(f"Resident {n}" in page for n in range(COUNT))
    outage = tom.see(path).split('name="id" value="')[1].split('"')[0]
    nia.post(f"/console/alert/{down[0]}/answer")
    answered = words(tom.post("/console/outage", id=unescape(outage), text="Rang the network.").text)
    assert f"{COUNT - 1} alerts are yours for 30 minutes" in answered
    held = world.store.alerts.some(down)
    assert [one.holder for one in held] == ["nia", *["tom"] * (COUNT - 1)]
    assert held[1].look_again_at == world.now + timedelta(minutes=30)
    assert world.store.alerts.timeline(down[1])[-1].text == "Rang the network."
    world.move(timedelta(minutes=20))
    tom.post("/console/outage", id=unescape(outage))
    again = world.store.alerts.some(down)
    assert (again[1].look_again_at, again[0].holder) == (world.now + timedelta(minutes=30), "nia")
    assert world.store.alerts.timeline(down[1])[-1].act is Act.NOTE


def test_an_outage_that_is_over_is_said_to_be(world: World, visit: Visit, down: list[int]) -> None:
    tom = visit("tom")
    assert tom.get("/console/outage?id=outage-1-Nowhere").headers["location"] == "/console"
    answer = tom.post("/console/outage", id="outage-1-Nowhere", text="Rang the network.")
    assert answer.status_code == 409
    assert "Rang the network." in words(answer.text)
    assert {one.state for one in world.store.alerts.some(down)} == {State.RAISED}


def test_nobody_with_no_business_there_sees_or_answers_one(world: World, visit: Visit, down: list[int]) -> None:
    path = f"/console/outage?{address(visit('tom').see('/console'))}"
    for login in ("karl", "ada", "grace", "priya", "ivan"):
        guest = visit(login)
        assert guest.get(path).status_code == 404, login
        assert guest.post("/console/outage", id="x").status_code == 404, login
    assert {one.holder for one in world.store.alerts.some(down)} == {None}
