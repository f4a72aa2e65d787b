"""The shift's book: promises that come back, homes that are muted without being lost, and two who sign."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from hub.web.access import Gate, Viewer
from models.alert import Act, Outcome, State
from models.detection import Finding, FindingKind
from models.observation import What
from models.people import Account, Role
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.test_councils import ELSEWHERE
from tests.hub.web.world import HASH, World

Visit = Callable[..., Visitor]


def test_one_hands_over_and_another_takes_over(world: World, visit: Visit) -> None:
    press, silence = world.press(), world.silence("h_lindqvist", "r_lindqvist")
    world.store.alerts.act(silence.id, Act.ANSWER, "nia", world.now)
    tom, nia = visit("tom"), visit("nia")
    page = words(tom.see("/handover"))
    assert "Open alerts 2 Call for help: Mrs Okafor since 12:00; nobody holds it" in page
    assert "No sign of life: Mr Lindqvist since 12:00; held by Nia Evans" in page
    assert tom.post("/handover/over", text="Quiet night").status_code == 303
    offered = re.search(r"/handover/over/(\d+)/take", nia.see("/handover"))
    assert offered
    assert "/take" not in tom.see("/handover"), "who hands over can't take over"
    assert tom.post(offered.group()).status_code == 409
    assert nia.post("/handover/over").status_code == 409, "one waits already"
    assert nia.post(offered.group(), text="Seen").status_code == 303
    assert nia.post(offered.group()).status_code == 409
    page = words(nia.see("/handover"))
    assert (
        f"Tom Brandt handed over. Open alerts: {press.id}, {silence.id}; call-backs: none; muted: none. Quiet" in page
    )
    assert "Nia Evans took over." in page
    assert world.store.records.broken_logs() == []


def test_a_promised_call_back_comes_back_and_is_told_to_all_when_it_is_late(world: World, visit: Visit) -> None:
    tom, nia = visit("tom"), visit("nia")
    form = {"home": "h_okafor", "text": "Ring Mrs Okafor about her hip", "minutes": "30"}
    assert tom.post("/handover/promise", **{**form, "text": " "}).status_code == 409
    assert tom.post("/handover/promise", **{**form, "minutes": "40000"}).status_code == 409
    assert tom.post("/handover/promise", **form).status_code == 303
    assert "Due at 12:30: Mrs Okafor" in words(nia.see("/handover"))
    assert nia.see("/handover/due").strip() == ""
    quiet = nia.see("/console")
    world.move(timedelta(minutes=31))
    assert "Due now: ring Mrs Okafor. Ring Mrs Okafor about her hip promised by Tom Brandt" in words(
        nia.see("/handover/due")
    )
    world.move(timedelta(minutes=5))
    assert "has not been made" not in quiet
    assert "A call-back promised for 12:30 has not been made" in words(nia.see("/console"))
    keep = re.search(r"/handover/promise/\d+/keep", nia.see("/handover"))
    assert keep
    assert nia.post(keep.group(), text="").status_code == 409, "what came of it?"
    assert nia.post(keep.group(), text="She is well").status_code == 303
    assert nia.post(keep.group(), text="She is well").status_code == 409
    assert "has not been made" not in nia.see("/console")
    assert nia.see("/handover/due").strip() == ""


def test_a_muted_home_keeps_its_alerts_in_sight_and_wakes_them_in_the_end(world: World, visit: Visit) -> None:
    tom = visit("tom")
    form = {"home": "h_okafor", "text": "She is in hospital", "minutes": "240"}
    assert tom.post("/handover/mute", **{**form, "text": ""}).status_code == 409, "a reason is needed"
    assert tom.post("/handover/mute", **{**form, "minutes": "20000"}).status_code == 409, "and a limit"
    assert tom.post("/handover/mute", **form).status_code == 303
    until = world.now + timedelta(hours=4)
    alert = world.silence()
    assert (alert.state, alert.look_again_at) == (State.RAISED, until), "it is there, and has a next look"
    assert world.store.alerts.due(world.now + timedelta(hours=3)) == []
    page = words(tom.see("/console"))
    assert "The home is muted until 16:00." in page
    assert "waits until 16:00: the home is muted" in words(tom.see("/handover"))
    assert [one.id for one in world.store.alerts.due(until)] == [alert.id], "nobody can forget it"
    assert tom.post("/handover/unmute", home="h_okafor").status_code == 303
    assert [one.id for one in world.store.alerts.due(world.now)] == [alert.id]
    assert tom.post("/handover/unmute", home="h_okafor").status_code == 409


def test_a_press_is_never_muted(world: World, visit: Visit) -> None:
    tom = visit("tom")
    tom.post("/handover/mute", home="h_okafor", text="Builders", minutes="240")
    silence = world.silence()
    assert world.store.alerts.due(world.now) == []
    press = world.press()
    assert press.id == silence.id, "it grows"
    assert [one.id for one in world.store.alerts.due(world.now)] == [press.id]
    world.store.alerts.act(press.id, Act.ANSWER, "tom", world.now)
    world.store.alerts.act(press.id, Act.CLOSE, "tom", world.now, outcome=Outcome.TEST)
    again = world.press()
    assert [one.id for one in world.store.alerts.due(world.now)] == [again.id]


def test_a_long_lie_is_never_muted(world: World, visit: Visit) -> None:
    visit("tom").post("/handover/mute", home="h_okafor", text="She is in hospital", minutes="10080")
    lies = world.find(Finding(FindingKind.LONG_LIE, "h_okafor", world.now, world.now), "r_okafor")
    assert [one.id for one in world.store.alerts.due(world.now)] == [lies.id], "she may be back, and on the floor"


def test_a_home_muted_as_away_in_which_somebody_lives_is_told_to_who_is_on_shift(world: World, visit: Visit) -> None:
    tom, nia = visit("tom"), visit("nia")
    for home, away in (("h_okafor", {"away": "yes"}), ("h_lindqvist", {})):
        assert tom.post("/handover/mute", home=home, text="In hospital", minutes="10080", **away).status_code == 303
    world.silence()
    assert "The home is muted until 12:00 on" in words(tom.see("/console")), "the day, not only the hour"
    somebody = "Mrs Okafor is muted as away. Signs of life in several hours: somebody seems to be home."
    for hours in (1, 3):
        at = world.now + timedelta(hours=hours)
        world.saw("h_okafor", (at, "hall_pir", What.MOVED), (at + timedelta(minutes=9), "kitchen_pir", What.MOVED))
        world.saw("h_lindqvist", (at, "hall_pir", What.MOVED))
    world.move(timedelta(hours=4))
    assert nia.see("/handover/due").strip() == "", "who waters the plants in the morning and in the evening"
    for minutes in (5, 70):
        at = world.now + timedelta(minutes=minutes)
        world.saw("h_okafor", (at, "hall_pir", What.MOVED))
        world.saw("h_lindqvist", (at, "hall_pir", What.MOVED))
    world.move(timedelta(hours=2))
    assert somebody in (due := words(nia.see("/handover/due")))
    assert "Lindqvist" not in due, "whose home was muted for another reason"
    assert "somebody seems to be home. End the muting?" in words(nia.see("/handover"))
    assert [one.data for one in world.store.records.looks("h_okafor") if one.reason == "muted as away"]
    assert nia.post("/handover/unmute", home="h_okafor").status_code == 303
    assert nia.see("/handover/due").strip() == ""


def test_whether_somebody_is_there_is_read_once_a_minute_for_all_on_shift(world: World) -> None:
    tom, nia = (Viewer(Account(login, login.title(), Role.OPERATOR), "-") for login in ("tom", "nia"))
    store, real = world.store, [1e9]
    desk = Gate(store.records, store.alerts, store.series, world.clock, lambda: real[0]).handovers
    world.move(timedelta(minutes=30))
    for home in ("h_okafor", "h_lindqvist"):
        desk.mute(tom, home, timedelta(days=7), "In hospital", away=True)
    world.move(timedelta(hours=6))

    def moved(home: str, *hours: int) -> None:
        world.saw(home, *((world.now - timedelta(hours=one), "hall_pir", What.MOVED) for one in hours))

    def told(who: Viewer) -> list[str | None]:
        return [one.row.home for one in desk.mutings(who, lived_in_only=True)]

    moved("h_okafor", 5, 4, 3)
    assert told(tom) == []
    moved("h_okafor", 2)
    assert told(nia) == [], "read less than a minute ago"
    real[0] += 61
    assert told(tom) == told(nia) == ["h_okafor"]
    looks = [one.viewer for one in store.records.looks("h_okafor") if one.reason == "muted as away"]
    assert sorted(looks) == ["nia", "tom"], "each look is told of, also where nothing was read for it"
    moved("h_lindqvist", 5, 4, 3, 2)
    assert told(nia) == ["h_okafor"]
    desk.unmute(tom, "h_okafor")
    assert told(nia) == ["h_lindqvist"], "what is written in the book has all read again"


def test_who_is_not_on_shift_and_another_council_meet_nothing(world: World, visit: Visit) -> None:
    world.store.records.load(ELSEWHERE, {one.login: HASH for one in ELSEWHERE.accounts})
    tom, west = visit("tom"), visit("west_operator")
    tom.post("/handover/promise", home="h_okafor", text="Ring her", minutes="15")
    tom.post("/handover/over", text="")
    world.move(timedelta(minutes=30))
    page = words(west.see("/handover"))
    assert "Okafor" not in page
    assert "Tom" not in page
    assert west.see("/handover/due").strip() == ""
    assert "has not been made" not in west.see("/console")
    for path, form in (
        ("promise", {"home": "h_okafor", "text": "x", "minutes": "15"}),
        ("mute", {"home": "h_okafor", "text": "x", "minutes": "60"}),
        ("unmute", {"home": "h_okafor"}),
        ("promise/1/keep", {"text": "x"}),
        ("over/2/take", {"text": "x"}),
    ):
        assert west.post(f"/handover/{path}", **form).status_code == 404, path
    for guest in map(visit, ("priya", "ivan", "karl", "grace")):
        assert guest.get("/handover").status_code == guest.get("/handover/due").status_code == 404
        assert guest.post("/handover/mute", home="h_okafor", text="x", minutes="60").status_code == 404


@pytest.mark.browser
def test_the_handover_by_keyboard(world: World, url: str, opened: Callable[..., Page]) -> None:
    world.press()
    tom = opened(url, "tom", "/console")
    tom.get_by_role("link", name="Handover").press("Enter")
    tom.wait_for_url("**/handover")
    tom.get_by_label("Whom to ring, and why").focus()
    tom.keyboard.type("Ring her daughter")
    tom.locator("#p-home").focus()
    tom.keyboard.type("h_okafor")
    with tom.expect_navigation():
        tom.keyboard.press("Enter")
    expect(tom.locator(".promise")).to_contain_text("Ring her daughter")
    tom.get_by_label("What the next shift should know").focus()
    tom.keyboard.type("Mind the stairs")
    tom.keyboard.press("Enter")
    expect(tom.get_by_text("Until then you are on shift")).to_be_visible()
    world.move(timedelta(minutes=31))
    nia = opened(url, "nia", "/console")
    expect(nia.locator("#due")).to_contain_text("ring Mrs Okafor")
    nia.get_by_role("link", name="say what came of it").press("Enter")
    nia.get_by_label("What came of it").fill("She comes at four")
    nia.keyboard.press("Enter")
    expect(nia.locator(".promise")).to_have_count(0)
    nia.get_by_role("button", name="I have read this page and take over").press("Enter")
    expect(nia.get_by_text("Nia Evans took over")).to_be_visible()
