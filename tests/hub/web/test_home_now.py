"""Is it real? The home now, the person's own page, and what was mentioned."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from hub.store.records import Beat
from models.alert import Act, Outcome
from models.detection import Finding, FindingKind
from models.observation import What
from models.protection import Spell, Unprotected
from models.register import Register
from models.wire import Heartbeat, SensorHealth, encode
from tests.conftest import with_armchair
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.world import World

Visit = Callable[..., Visitor]


def test_the_strip_says_how_the_home_is(world: World, visit: Visit) -> None:
    alert = world.press()
    world.saw("h_okafor", (world.now - timedelta(minutes=1), "pendant", What.WORN))
    last = {sensor.id: world.now for sensor in world.home("h_okafor").sensors}
    health = {"hall_pir": SensorHealth(link=9)}
    beat = Heartbeat("box", world.now, world.now, sensors=last, on_mains=False, kit_battery=71.0, health=health)
    world.store.records.beat([Beat("h_okafor", encode(beat), world.now, world.now, on_mains=False)])
    kept = world.store.health
    kept.test("h_okafor", "box", 7, world.now, arrived=world.now - timedelta(hours=9), receipted=0.31)
    lost = world.now - timedelta(days=2)
    kept.begin([spell := Spell("h_okafor", Unprotected.KIT_UNHEARD, lost)])
    kept.end([replace(spell, ended=lost + timedelta(minutes=12))])
    page = visit("tom").see(f"/console/alert/{alert.id}")
    text = words(page)
    for told in (
        "Who is in somebody is in: the kitchen at 11:38 was the last sign",
        "Bed got up 07:40",
        "Front door closed 11:11",
        "Mains ▲ off: the kit runs on its battery, battery at 71 %",
        "weak in the hall",
        "Pendant worn, last moved 11:59",
        "Sensors all 6 report",
        "Test press came through 03:00, 0.3 s there and back",
        "Unprotected 12 min this month",
        "The last hours by room, 06:00 to 12:00",
        "kitchen 11:12 to 12:00 Up and about",
        "Out",
    ):
        assert told in text, told


def test_a_chair_is_shown_as_taken_and_doubted_where_another_room_reports(world: World, visit: Visit) -> None:
    world.store.records.load(Register(homes=(with_armchair(world.home("h_okafor")),)), {})
    alert = world.press()
    world.saw("h_okafor", (world.now - timedelta(minutes=18), "armchair", What.SAT_DOWN))
    world.beat("h_okafor")
    strip = f"/console/alert/{alert.id}/strip"
    text = words(visit("tom").see(strip))
    assert "Armchair taken since 11:42" in text
    assert "lounge 11:42 to 12:00 In the chair" in text
    world.saw("h_okafor", (world.now - timedelta(minutes=2), "hall_pir", What.MOVED))
    assert "Armchair ▲ taken since 11:42, but another room reported 11:58" in words(visit("tom").see(strip))


def test_a_press_is_said_to_be_the_pendants_and_not_of_a_room_called_worn(world: World, visit: Visit) -> None:
    world.saw("h_okafor", (world.now - timedelta(minutes=4), "pendant", What.PRESSED))
    text = words(visit("tom").see(f"/console/alert/{world.press().id}/strip"))
    assert "the pendant at 11:56 was the last sign" in text
    assert "pendant pressed" in text
    assert " worn " not in text


def test_the_strip_is_brought_up_to_date_until_the_alert_is_over(world: World, visit: Visit) -> None:
    alert = world.press()
    tom, strip = visit("tom"), f"/console/alert/{alert.id}/strip"
    assert f'hx-get="{strip}"' in tom.see(f"/console/alert/{alert.id}")
    assert "Who is in" in words(tom.see(strip))
    assert visit("karl").get(strip).status_code == 404
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    world.store.alerts.act(alert.id, Act.CLOSE, "tom", world.now, outcome=Outcome.TEST)
    over = tom.get(strip)
    assert (over.status_code, over.text) == (286, ""), "htmx asks no more"


def test_who_went_out_is_said_to_be_out(world: World, visit: Visit) -> None:
    world.move(timedelta(hours=1))
    world.saw("h_okafor", (world.now - timedelta(minutes=50), "front_door", What.OPENED))
    world.beat("h_okafor")
    alert = world.silence()
    text = words(visit("tom").see(f"/console/alert/{alert.id}"))
    assert "probably nobody is in: the front door at 12:10 was the last" in text


def test_a_fault_of_the_kit_shows_its_health_and_nothing_of_the_person(world: World, visit: Visit) -> None:
    alert = world.kit_unheard("h_okafor")
    text = words(visit("tom").see(f"/console/alert/{alert.id}"))
    assert "The home now" in text
    assert "Mains the kit can't tell" in text
    for hidden in ("Who is in", "Bed got up", "The last hours by room"):
        assert hidden not in text


def test_a_home_that_is_not_heard_is_not_known(world: World, visit: Visit) -> None:
    alert = world.press()
    world.move(timedelta(minutes=30))
    text = words(visit("tom").see(f"/console/alert/{alert.id}"))
    assert "▲ not known who is in" in text
    assert "Bed got up" not in text


def test_a_persons_page_is_live_while_an_alert_is_open_and_else_wants_a_reason(world: World, visit: Visit) -> None:
    tom, page = visit("tom"), "/console/person/r_okafor"
    for asked in (tom.see(page), tom.post(page, reason="  ").text):
        assert "No alert is open here" in asked
        for hidden in ("Okafor", "Larch", "blood"):
            assert hidden not in asked
    shown = words(tom.post(page, reason="Her daughter rang about Sunday").text)
    assert "you look because of: Her daughter rang about Sunday" in shown
    alert = world.press()
    shown = words(tom.see(page))
    for told in (
        "Grace Okafor",
        "Hard of hearing on the left",
        "Takes a blood thinner.",
        "Neighbour at number 5",
        f"you look because of: alert {alert.id}",
        "Who is in",
        "Call for help",
    ):
        assert told in shown, told
    looks = {(one.purpose, one.reason) for one in world.store.records.looks("h_okafor")}
    assert ("a stated reason", "Her daughter rang about Sunday") in looks
    assert ("answer an alert", f"alert {alert.id}") in looks


def test_nobody_else_has_business_on_a_persons_page(world: World, visit: Visit) -> None:
    world.press()
    before = len(world.store.records.looks("h_okafor"))
    for who in ("karl", "ada", "grace", "priya", "ivan"):
        assert visit(who).get("/console/person/r_okafor").status_code == 404, who
    assert visit("tom").get("/console/person/r_nobody").status_code == 404
    assert visit(None).get("/console/person/r_okafor").status_code == 303
    assert len(world.store.records.looks("h_okafor")) == before


def test_what_was_mentioned_is_marked_as_said_by_whom_until_it_is_found_again(world: World, visit: Visit) -> None:
    def less_movement() -> None:
        finding = Finding(FindingKind.LESS_MOVEMENT, "h_okafor", world.now, world.now)
        world.store.alerts.raise_(finding, "r_okafor", "Less movement.\nExpected.\nTrust.\nClears.", world.now)

    less_movement()
    alert = world.press()
    tom, page = visit("tom"), f"/console/alert/{alert.id}"
    assert "Mark as said" in tom.see(page)
    assert tom.post(f"{page}/said", kind="less_movement").status_code == 303
    text = words(tom.see(page))
    assert "said by Tom Brandt, 12:00" in text
    assert "Mark as said" not in text
    assert tom.post(f"{page}/said", kind="less_movement").status_code == 409
    assert tom.post(f"{page}/said", kind="nonsense").status_code == 409
    assert visit("priya").post(f"{page}/said", kind="less_movement").status_code == 404
    world.move(timedelta(days=1))
    less_movement()
    assert "Mark as said" in tom.see(page)
    assert world.store.records.broken_logs() == []


def test_a_closed_alert_offers_nothing_to_mark(world: World, visit: Visit) -> None:
    finding = Finding(FindingKind.LESS_MOVEMENT, "h_okafor", world.now, world.now)
    world.store.alerts.raise_(finding, "r_okafor", "Less movement.\nExpected.\nTrust.\nClears.", world.now)
    alert = world.press()
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    world.store.alerts.act(alert.id, Act.CLOSE, "tom", world.now, outcome=Outcome.TEST)
    shown = visit("tom").post(f"/console/alert/{alert.id}/look", reason="To see what it was").text
    assert "To mention at the next talk" in shown
    assert "Mark as said" not in shown
