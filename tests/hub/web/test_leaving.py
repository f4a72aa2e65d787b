"""Somebody leaves: all that goes on for them ends at once, what was recorded stays, and a mistake is taken back."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from hub.store.afterwards import Afterwards
from hub.store.key_safes import KeySafes
from hub.store.shiftbook import Row, Shiftbook
from hub.store.ways import Ways
from models.alert import Act, Outcome, State
from models.leaving import Why
from models.people import Resident
from models.register import Register
from models.shift import Noted
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.world import World

Visit = Callable[..., Visitor]
PATH = "/administration/residents/r_okafor/leaving"


def office(world: World, visit: Visit) -> Visitor:
    guest = visit(None)
    guest.client.cookies.set("nightlight_session", world.session("amina"))
    return guest


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found
    return found.group(1)


def leave(admin: Visitor, why: str = Why.DIED) -> int:
    return admin.post(PATH, why=why, seen=seen(admin.see(PATH))).status_code


def closed(world: World) -> int:
    alert = world.press()
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    world.store.alerts.act(alert.id, Act.CLOSE, "tom", world.now, outcome=Outcome.FALL)
    return alert.id


def test_nobody_leaves_while_an_alert_about_them_is_open(world: World, visit: Visit) -> None:
    admin, alert = office(world, visit), world.press()
    page = words(admin.see(PATH))
    assert f"First alert {alert.id} has to be closed at the console" in page
    assert leave(admin) == 409
    assert world.home("h_okafor").ended is None
    assert admin.post(PATH, why="gone", seen="x").status_code == 409


def test_all_that_went_on_for_them_ends_and_what_was_recorded_stays(world: World, visit: Visit) -> None:
    store, engine = world.store, world.store.records.engine
    ada, tom, admin = visit("ada"), visit("tom"), office(world, visit)
    KeySafes(engine).enter("h_okafor", b"sealed", "amina", world.now)
    Ways(engine).subscribe("c_ada", "https://push.example/1", "{}", world.now)
    Shiftbook(engine).write(Row(0, world.now, "", "tom", Noted.PROMISED, "h_okafor", until=world.now, text="Ring her"))
    past = closed(world)
    Afterwards(engine).ask(past, "h_okafor", "r_okafor", "", world.now)
    fault = world.sensor_unheard("h_okafor", "bed")
    page = words(admin.see(PATH))
    for text in ("login ada, ben, chi", "the key safe's code deleted", "1 promised call-back let go", "1 open fault"):
        assert text.replace("login ada, ben, chi", "logins ada, ben, chi") in page, page
    assert leave(admin) == 303
    assert "died; since 20 November 2026" in words(admin.see(PATH)).replace("Died", "died")
    assert [one.id for one in store.records.homes()] == ["h_lindqvist"]
    assert ada.get("/family").status_code == 303, "their login is closed"
    assert Ways(engine).subscriptions("c_ada") == []
    assert KeySafes(engine).sealed("h_okafor") is None
    assert Shiftbook(engine).promises("") == []
    assert Afterwards(engine).at_next_call("h_okafor") == []
    assert all(one.withdrawn_at == world.now for one in store.records.consents("h_okafor"))
    found = store.alerts.alert(fault.id)
    assert found
    assert (found.state, found.outcome) == (State.CLOSED, Outcome.CLEARED)
    assert "of 1 home heard" in words(tom.see("/console"))
    old = tom.post(f"/console/alert/{past}/look", reason="a complaint")
    assert "Died; the service ended on 20 November 2026" in words(old.text)
    assert "h_okafor ended" in words(admin.see("/administration?find=okafor"))
    assert store.records.broken_logs() == []
    assert leave(admin) == 409, "it is on record already"


def test_who_left_is_forgotten_when_that_is_asked_for(world: World, visit: Visit) -> None:
    admin, past = office(world, visit), closed(world)
    assert leave(admin) == 303
    assert 'href="/choices/r_okafor"' in admin.see(PATH)
    form = {"kind": "everything", "sure": "delete", "word": "in writing"}
    assert "was deleted" in words(admin.post("/choices/r_okafor/erase", **form).text)
    grace, ada = world.store.records.resident("r_okafor"), world.store.records.contact("c_ada")
    assert grace
    assert (grace.name, grace.address, grace.ended, ada) == ("", "", world.now, None)
    assert world.store.alerts.alert(past), "the record of care is kept"


def test_what_is_found_after_all_is_never_out_of_sight(world: World, visit: Visit) -> None:
    """An alert that was on its way as the home ended stands in the queue like any other."""
    assert leave(office(world, visit), Why.MOVED) == 303
    alert = world.press()
    tom = visit("tom")
    assert f'id="alert-{alert.id}"' in tom.see("/console")
    assert tom.post(f"/console/alert/{alert.id}/answer").status_code == 303


def test_one_of_two_leaves_and_the_other_is_looked_after_as_before(world: World, visit: Visit) -> None:
    other = Resident("r_abel", "h_okafor", "Abel Okafor", "Mr Okafor", "3 Larch Close")
    couple = replace(world.home("h_okafor"), people=2)
    world.store.records.load(Register(homes=(couple,), residents=(other,)), {})
    admin = office(world, visit)
    assert "Others are looked after in this home" in words(admin.see(PATH))
    assert leave(admin, Why.CARE) == 303
    assert world.home("h_okafor").ended is None
    assert world.store.records.living()["h_okafor"] == ("r_abel",)
    assert all(one.withdrawn_at is None for one in world.store.records.consents("h_okafor"))
    world.press("h_okafor", None)
    page = words(visit("tom").see("/console"))
    assert "Mr Okafor" in page
    assert "Mrs Okafor" not in page
    assert world.home("h_okafor").people == 1, "of whoever stays is said what they do"
    back = {"seen": seen(admin.see(PATH))}
    assert admin.post(f"{PATH.removesuffix('leaving')}back", **back).status_code == 303
    assert world.home("h_okafor").people == 2


def test_a_mistake_is_taken_back(world: World, visit: Visit) -> None:
    admin = office(world, visit)
    assert leave(admin) == 303
    back = {"seen": seen(admin.see(PATH))}
    assert admin.post(f"{PATH.removesuffix('leaving')}back", **back).status_code == 303
    assert world.home("h_okafor").ended is None
    grace = world.store.records.resident("r_okafor")
    assert grace
    assert (grace.ended, grace.ended_because) == (None, "")
    assert admin.post(f"{PATH.removesuffix('leaving')}back", **back).status_code == 409


def test_figures_count_a_home_that_ended_in_the_month_and_none_before(world: World, visit: Visit) -> None:
    closed(world)
    assert leave(office(world, visit)) == 303
    max_ = visit(None)
    max_.client.cookies.set("nightlight_session", world.session("max"))
    assert "November 2026 2 homes" in words(max_.see("/figures"))
    world.move(timedelta(days=30))
    page = words(max_.see("/figures"))
    assert "December 2026 1 home" in page


def test_nobody_else_ends_anything(world: World, visit: Visit) -> None:
    for login in ("tom", "sunita", "priya", "ivan", "karl", "grace", "ada"):
        guest = visit(login)
        assert guest.get(PATH).status_code == 404, login
        assert guest.post(PATH, why=Why.DIED, seen="x").status_code == 404, login
        assert guest.post(f"{PATH.removesuffix('leaving')}back", seen="x").status_code == 404, login
    assert world.home("h_okafor").ended is None
