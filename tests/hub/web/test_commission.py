"""An installer's page for one home, without scripts: said twice is done once, and nobody else sees it."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from msgspec import structs

from hub.authority import Authority
from hub.store import amendments
from hub.store.fittings import Fittings
from hub.store.key_safes import KeySafes
from hub.store.records import Beat
from hub.web.access import Viewer, open_gate
from hub.web.words import NO_CALL
from models.commission import configured
from models.key_safe import Deed, Done, permitted
from models.observation import SensorKind, What
from models.people import Account, Level, Role
from models.privacy import agreed, felt_may_leave
from models.register import Register
from models.wire import Heartbeat, Order, SensorHealth, encode, mark_of
from tests.conftest import NOON
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.world import HASH, World

Visit = Callable[..., Visitor]
PAGE = "/installer/commission/h_okafor"
TAKEN = [("front_door", What.OPENED), ("hall_pir", What.MOVED), ("kitchen_pir", What.MOVED)]
TAKEN += [("bathroom_pir", What.MOVED), ("bed", What.LAY_DOWN), ("pendant", What.PRESSED)]
NO = {"people": "no", "pets": "no", "visits": "no", "may_wander": "no", "slow": "no"}
ACCEPT = {"accept": "application/json"}


def said(ivan: Visitor, step: str, post: str = "", **form: str) -> tuple[int, dict[str, str]]:
    post = post or f"post-{step}-{sorted(form.items())}".encode().hex()[-60:]
    answer = ivan.client.post(f"{PAGE}/{step}", data={"csrf": ivan.csrf, "post": post, **form}, headers=ACCEPT)
    return answer.status_code, answer.json()


def beat(world: World, **more: object) -> None:
    home = world.home("h_okafor")
    consents = [one for one in world.store.records.consents() if one.home == home.id]
    told = Heartbeat("box", world.now, world.now, keeps_to=mark_of(configured(consents, home).text))
    told = structs.replace(told, **more)
    world.store.records.beat([Beat(home.id, encode(told), world.now, world.now, online=told.online)])


def state(ivan: Visitor) -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = json.loads(ivan.see(f"{PAGE}/state"))
    return found


def walk(world: World, ivan: Visitor, *names: str) -> None:
    for number, (sensor, what) in enumerate(one for one in TAKEN if one[0] in names):
        said(ivan, "test", f"walk-{number}-{world.now:%H%M%S}", name=sensor)
        world.move(timedelta(seconds=1))
        world.saw("h_okafor", (world.now, sensor, what))
        beat(world, health={sensor: SensorHealth(link=120)})
        assert state(ivan)["tests"][sensor]["colour"] == "green"


def pull(world: World, ivan: Visitor, name: str) -> None:
    said(ivan, "test", f"pull-{name}-{world.now:%H%M%S}", name=name)
    for online in (False, True):
        world.move(timedelta(seconds=30))
        beat(world)
        if not online:
            world.store.records.beat([Beat("h_okafor", None, None, None, online=False)])
        state(ivan)


def test_from_a_list_to_a_certificate_and_what_breaks_it(world: World, visit: Visit) -> None:
    ivan = visit("ivan")
    beat(world)
    assert said(ivan, "answers", **(NO | {"visits": "yes"}))[0] == 200
    assert world.home("h_okafor").visits
    walk(world, ivan, *(name for name, _ in TAKEN if name != "bed"))
    said(ivan, "test", name="bed")
    world.move(timedelta(seconds=20))
    beat(world, sensors={"bed": world.now - timedelta(seconds=19)})
    red = state(ivan)["tests"]["bed"]
    assert (red["colour"], red["text"][:34]) == ("red", "The kit heard it, the hub did not.")
    pull(world, ivan, "mains")
    pull(world, ivan, "broadband")
    refused = ivan.post(f"{PAGE}/certificate")
    assert refused.status_code == 409
    assert "bed (bedroom) has not passed its test." in words(refused.text)
    walk(world, ivan, "bed")
    answer = ivan.post(f"{PAGE}/certificate")
    assert answer.status_code == 303, words(answer.text)
    assert ivan.post(f"{PAGE}/certificate").headers["location"] == answer.headers["location"], "pressed twice"
    paper = answer.headers["location"]
    assert "Ivan Petrov" in words(ivan.see(paper))
    assert "20 November 2026" in words(ivan.see(paper)), "it is read years later"
    assert "120 of 255" in words(ivan.see(paper))
    printed = ivan.get(f"{paper}/pdf")
    assert (printed.headers["content-type"], printed.content[:5]) == ("application/pdf", b"%PDF-")
    door = next(one for one in world.home("h_okafor").sensors if one.id == "front_door")
    assert said(ivan, "sensor", was="front_door", id="front_door", kind="door", room="porch")[0] == 200
    assert "no longer holds" in words(ivan.see(paper))
    assert world.home("h_okafor").sensor("front_door") == replace(door, room="porch", is_exit=False)
    assert world.store.records.broken_logs() == []


def test_what_is_said_twice_is_done_once(world: World, visit: Visit) -> None:
    ivan = visit("ivan")
    for _ in range(2):
        assert said(ivan, "sensor", "the-same-post", id="porch_pir", kind="motion", room="porch") == (
            200,
            {"saved": "the-same-post"},
        )
    assert [one.id for one in world.home("h_okafor").sensors].count("porch_pir") == 1
    for _ in range(2):
        said(ivan, "contact", "one-neighbour", name="Jo March", relation="neighbour", phone="01632 960055")
    (jo,) = [one for one in world.store.records.contacts_of("r_okafor") if one.name == "Jo March"]
    assert jo.level is Level.NOTHING, "until the resident lets them see something"
    said(ivan, "remove", "take-it-out", id="porch_pir")
    said(ivan, "sensor", "the-same-post", id="porch_pir", kind="motion", room="porch")
    assert world.home("h_okafor").sensor("porch_pir") is None, "a late repeat brings nothing back"


def test_contacts_are_rung_in_the_order_in_which_they_were_entered_until_one_is_moved(
    world: World, visit: Visit
) -> None:
    ivan, tom, alert = visit("ivan"), visit("tom"), world.press()
    tom.post(f"/console/alert/{alert.id}/answer")

    def rung() -> list[str]:
        offered = re.findall(r'<option value="\d+ (c_\w+)"', tom.see(f"/console/alert/{alert.id}"))
        return [one.name for one in map(world.store.records.contact, offered) if one and one.relation == "friend"]

    def move(name: str, to: str) -> int:
        (one,) = [one for one in world.store.records.contacts_of("r_okafor") if one.name == name]
        return said(ivan, "turn", f"move-{name}-{to}".lower(), contact=one.id, to=to)[0]

    posts = sorted((f"friend-{number}" for number in range(3)), key=lambda post: sha256(post.encode()).hexdigest())
    for name, post in zip(("First", "Second", "Third"), reversed(posts), strict=True):
        said(ivan, "contact", post, name=name, relation="friend", phone="01632 960055")
    assert rung() == ["First", "Second", "Third"]
    assert move("Third", "earlier") == 200
    assert rung() == ["First", "Third", "Second"]
    assert move("First", "later") == 200
    assert rung() == ["Third", "First", "Second"]
    page = words(ivan.see(PAGE))
    assert page.index("Third, friend") < page.index("First, friend") < page.index("Second, friend")
    karls = world.store.records.contacts_of("r_lindqvist")[0].id
    assert said(ivan, "turn", contact=karls, to="later")[0] == 409


def test_two_sensors_with_each_others_names_are_told_of(world: World, visit: Visit) -> None:
    ivan = visit("ivan")
    beat(world)
    world.move(timedelta(seconds=1))
    said(ivan, "test", name="kitchen_pir")
    world.saw("h_okafor", (world.now, "hall_pir", What.MOVED), (world.now, "front_door", What.OPENED))
    assert state(ivan)["tests"]["kitchen_pir"]["colour"] == "waiting"
    world.move(timedelta(seconds=20))
    red = state(ivan)["tests"]["kitchen_pir"]
    assert (red["colour"], "the hub had hall_pir (hall). If that" in red["text"]) == ("red", True)


def test_where_two_live_the_page_asks_whose_pendant_it_is(world: World, visit: Visit) -> None:
    ivan, (grace,) = visit("ivan"), world.store.records.residents_of("h_okafor")
    assert "Who wears it" not in ivan.see(PAGE), "nobody else lives there"
    world.store.records.load(Register(residents=(replace(grace, id="r_emeka", called="Mr Okafor"),)), {})
    new = {"id": "his", "kind": "pendant", "room": "worn"}
    assert said(ivan, "sensor", **new)[0] == 200
    page = words(ivan.see(PAGE))
    assert ("Whose pendant his is, is not said." in page, "Whose pendant pendant is" in page) == (True, False)
    assert said(ivan, "sensor", was="his", **new, wearer="r_lindqvist")[0] == 200
    assert "Whose pendant his is, is not said." in words(ivan.see(PAGE)), "Karl's father lives elsewhere"
    assert said(ivan, "sensor", was="his", **new, wearer="r_emeka")[0] == 200
    worn = {one.id: one.wearer for one in world.home("h_okafor").sensors if one.kind is SensorKind.PENDANT}
    assert worn == {"pendant": "r_okafor", "his": "r_emeka"}
    page = ivan.see(PAGE)
    assert "Whose pendant" not in words(page)
    assert '<option value="r_emeka" selected>Mr Okafor' in page


def test_who_takes_the_only_pendant_out_is_told_that_nobody_can_call_any_more(world: World, visit: Visit) -> None:
    ivan, alone = visit("ivan"), "without it nobody in this home can"
    assert ivan.see(PAGE).count(alone) == 1
    said(ivan, "sensor", id="cord", kind="pull_cord", room="bathroom")
    assert alone not in ivan.see(PAGE)
    for one in ("cord", "pendant"):
        assert NO_CALL not in ivan.see(PAGE)
        said(ivan, "remove", id=one)
    assert NO_CALL in ivan.see(PAGE)
    told = [one.text for one in amendments.latest(world.store.records.engine, "", 9)]
    assert "changed while fitting; sensors out: pendant" in told


def test_consent_is_given_by_somebody_on_a_basis_until_a_day_and_withdrawn(world: World, visit: Visit) -> None:
    ivan = visit("ivan")

    def bed() -> tuple[str, bool]:
        one = next(c for c in world.store.records.consents() if (c.home, c.kind) == ("h_okafor", SensorKind.BED))
        return one.decided_by, one.withdrawn_at is None

    assert said(ivan, "consent", kind="bed", decision="withdraw")[0] == 200
    assert bed() == ("the resident", False)
    good = {"kind": "bed", "decided_by": "Ada Okafor", "basis": "attorney", "review": "2027-05-01"}
    for wrong in (
        {"decided_by": ""},
        {"basis": "because"},
        {"review": "2026-01-01"},
        {"review": "soon"},
        {"kind": "x"},
    ):
        code, told = said(ivan, "consent", **(good | wrong))
        assert (code, bool(told["refused"])) == (409, True)
    assert said(ivan, "consent", **good)[0] == 200
    assert bed() == ("Ada Okafor", True)
    assert "an attorney decided" in words(ivan.see(PAGE))
    assert "No consent to bed" not in words(ivan.see(PAGE))


@pytest.mark.parametrize(
    ("step", "form", "text"),
    [
        ("sensor", {"id": "hall_pir", "kind": "motion", "room": "porch", "was": ""}, "already"),
        ("sensor", {"id": "kit", "kind": "motion", "room": "hall"}, "name"),
        ("sensor", {"id": "x", "kind": "camera", "room": "hall"}, "kind"),
        ("sensor", {"id": "x", "kind": "door", "room": ""}, "room"),
        ("answers", {"people": "yes"}, "all five"),
        ("contact", {"name": "Jo", "relation": "friend", "phone": "ring me"}, "telephone"),
        ("phone", {"phone": "ring me"}, "6 to 20"),
        ("phone", {"phone": ""}, "say so"),
        ("phone", {"phone": "01632 960055", "none": "yes"}, "not both"),
        ("phone", {"none": "yes"}, "the office removes it"),
        ("way_in", {"way_in": "Key safe by the door, 4711", "permitted": "yes"}, "code"),
        ("way_in", {"way_in": "Key safe by the door"}, "permission"),
        ("code", {"code": "4711", "permitted_by": "the resident"}, "permission"),
        ("code", {"code": " ", "permitted_by": "the resident", "permitted": "yes"}, "1 to 60"),
        ("test", {"name": "no_such"}, "no sensor"),
    ],
)
def test_what_cant_be_done_says_why_and_changes_nothing(
    world: World, visit: Visit, step: str, form: dict[str, str], text: str
) -> None:
    before, ivan, records = world.home("h_okafor"), visit("ivan"), world.store.records
    living = records.residents_of("h_okafor")
    code, told = said(ivan, step, **form)
    assert (code, text in told["refused"].lower()) == (409, True), told
    assert (world.home("h_okafor"), records.residents_of("h_okafor")) == (before, living)


def test_a_home_that_nobody_reaches_or_gets_into_has_no_certificate(world: World, visit: Visit) -> None:
    ivan, (grace,) = visit("ivan"), world.store.records.residents_of("h_okafor")
    unreached, shut = "Mrs Okafor is rung first, and no number", "Nobody who is sent gets in"
    keyless = [replace(one, keyholder=False) for one in world.store.records.contacts_of("r_okafor")]
    world.store.records.load(Register(residents=(replace(grace, phone=""),), contacts=tuple(keyless)), {})

    def lacks() -> tuple[bool, bool]:
        page = words(ivan.see(PAGE))
        return unreached in page, shut in page

    assert lacks() == (True, True)
    assert said(ivan, "phone", none="yes")[0] == 200
    assert said(ivan, "code", code="4711", permitted_by="Mrs Okafor", permitted="yes")[0] == 200
    assert lacks() == (False, False)
    assert said(ivan, "phone", phone="01632 960055")[0] == 200
    (grace,) = world.store.records.residents_of("h_okafor")
    assert (grace.phone, "01632" in ivan.see(PAGE)) == ("01632 960055", False)
    KeySafes(world.store.records.engine).note(Done(0, "h_okafor", world.now, Deed.WITHDRAW, "sunita"))
    assert lacks() == (False, True), "what may not be shown lets nobody in"
    assert said(ivan, "contact", name="Jo", relation="friend", phone="01632 960056", keyholder="yes")[0] == 200
    assert lacks() == (False, False)


def test_a_way_in_is_taken_down_and_not_shown_to_the_installer(world: World, visit: Visit) -> None:
    ivan = visit("ivan")
    assert said(ivan, "way_in", way_in="Key safe left of the porch", permitted="yes")[0] == 200
    (grace,) = world.store.records.residents_of("h_okafor")
    assert grace.way_in == "Key safe left of the porch"
    page = ivan.see(PAGE)
    assert "porch" not in page
    assert "01632" not in page


def test_a_code_is_kept_sealed_with_who_permitted_it_and_shown_on_no_page(world: World, visit: Visit) -> None:
    ivan = visit("ivan")
    for _ in range(2):
        assert said(ivan, "code", "the-code", code="4711", permitted_by="Mrs Okafor", permitted="yes")[0] == 200
    safes = KeySafes(world.store.records.engine)
    sealed = safes.sealed("h_okafor")
    assert sealed
    assert b"4711" not in sealed
    assert [one.deed for one in safes.log("h_okafor")] == [Deed.ENTER, Deed.PERMIT], "twice is once"
    given = permitted(safes.log("h_okafor"))
    assert given
    assert (given.actor, "Mrs Okafor" in given.text) == ("ivan", True)
    page = ivan.see(PAGE)
    assert "A code of the key safe is on record" in words(page)
    assert "4711" not in page
    assert visit("karl").post(f"{PAGE}/code", post="a-post-of-mine", code="1").status_code == 404
    assert world.store.records.broken_logs() == []


def test_the_seconds_around_a_fall_are_agreed_to_by_themselves(world: World, visit: Visit) -> None:
    ivan, good = (
        visit("ivan"),
        {"kind": "pendant", "decided_by": "Mrs Okafor", "basis": "resident", "review": "2027-05-01"},
    )
    before = [one for one in world.store.records.consents() if one.home == "h_okafor"]
    assert not felt_may_leave(before, "h_okafor")
    assert "not agreed, and needs not be" in words(ivan.see(PAGE))
    assert said(ivan, "consent", "felt-agreed", felt="yes", **good)[0] == 200
    assert felt_may_leave(world.store.records.consents(), "h_okafor")
    assert "The seconds around a fall: agreed" in words(ivan.see(PAGE))
    assert said(ivan, "consent", "felt-no-more", felt="yes", kind="pendant", decision="withdraw")[0] == 200
    assert not felt_may_leave(world.store.records.consents(), "h_okafor")
    assert agreed(world.store.records.consents(), "h_okafor") == agreed(before, "h_okafor"), "the pendant itself stays"


def test_a_kit_whose_certificate_was_revoked_is_said_to_be_turned_away(world: World, visit: Visit) -> None:
    world.settings = replace(world.settings, kits_host="hub.example.org", kits_port=8883)
    gate, authority = open_gate(world.settings), Authority(world.settings.authority)
    ivan = Viewer(Account("ivan", "Ivan Petrov", Role.INSTALLER), "")
    authority.issue("h_okafor", "ivan", NOON)
    world.beat("h_okafor", online=False)
    assert "revoked" not in gate.commissioning.view(ivan, "h_okafor").kit
    authority.revoke("h_okafor", "sunita", NOON)
    assert "was revoked, so the hub turns it away" in gate.commissioning.view(ivan, "h_okafor").kit
    authority.issue("h_okafor", "ivan", NOON)
    assert "revoked" not in gate.commissioning.view(ivan, "h_okafor").kit, "another kit speaks for it"


def test_the_radios_margin_is_kept_also_where_the_kit_tells_it_later(world: World, visit: Visit) -> None:
    ivan = visit("ivan")
    beat(world)
    said(ivan, "test", name="bed")
    world.saw("h_okafor", (world.now, "bed", What.LAY_DOWN))
    assert state(ivan)["tests"]["bed"] == {"colour": "green", "text": "The hub had it after 0.0 s."}
    beat(world, health={"bed": SensorHealth(link=77)})
    assert state(ivan)["tests"]["bed"]["text"] == "The hub had it after 0.0 s, radio 77 of 255."
    beat(world, health={"bed": SensorHealth(link=12)})
    assert "radio 77 of 255" in state(ivan)["tests"]["bed"]["text"], "as it was at the test"


def test_a_test_tells_the_kit_to_listen_closely(world: World, visit: Visit) -> None:
    said(visit("ivan"), "test", name="bed")
    assert [(one.home, one.order) for one in world.store.alerts.orders()] == [("h_okafor", Order.WALK)]


def test_it_works_without_scripts_and_lists_every_home(world: World, visit: Visit) -> None:
    ivan = visit("ivan")
    assert ivan.post(f"{PAGE}/answers", post="a-post-of-mine", **NO).headers["location"] == f"{PAGE}#answers"
    assert "h_okafor Northside being fitted" in words(ivan.see("/installer/commission"))
    assert Fittings(world.store.records.engine).of("h_okafor")[1].answered_at == NOON


def test_karl_tom_and_another_councils_installer_see_nothing(world: World, visit: Visit) -> None:
    other = Account("ines", "Ines Vidal", Role.INSTALLER, council="elsewhere")
    world.store.records.load(Register(accounts=(other,)), {"ines": HASH})
    for login in ("karl", "tom", "ada", "priya", "ines"):
        somebody = visit(login)
        for path in (PAGE, f"{PAGE}/state", f"{PAGE}/kit.toml", f"{PAGE}/certificate/1", f"{PAGE}/certificate/1/pdf"):
            assert somebody.get(path).status_code == 404, (login, path)
        for step in ("answers", "test", "consent", "certificate"):
            assert somebody.post(f"{PAGE}/{step}", post="a-post-of-mine", name="bed", **NO).status_code == 404
    assert "okafor" not in visit("ines").see("/installer/commission")
    assert Fittings(world.store.records.engine).of("h_okafor")[0] == 0
