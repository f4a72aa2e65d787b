"""Operators at their consoles, in a real browser: a fall by keyboard alone, a storm, a lapse."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from models.alert import Act, Alert, State
from models.detection import Finding, FindingKind
from models.register import Register
from tests.conftest import okafor_home
from tests.hub.conftest import Hand
from tests.hub.test_escalate import Desk
from tests.hub.web.world import World

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]


def test_a_fall_by_keyboard_alone(world: World, url: str, opened: Opened) -> None:
    page = opened(url, "tom")
    sound = page.locator("#sound-state")
    expect(sound).to_have_text("No sound yet: click or press a key")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    expect(sound).to_have_text("Sound is on")
    alert = world.find(Finding(FindingKind.FALL, "h_okafor", world.now, world.now, sensor="pendant"), "r_okafor")
    expect(page.locator(f"#alert-{alert.id}")).to_be_visible()
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    expect(page.locator("body[data-played=call]")).to_have_count(1)
    page.keyboard.press("m")
    expect(sound).to_contain_text("Muted until ")
    page.keyboard.press("j")
    expect(page.locator(f"#open-{alert.id}")).to_be_focused()
    page.keyboard.press("a")
    page.wait_for_url(f"**/console/alert/{alert.id}")
    expect(page.locator(".state")).to_contain_text("You hold this alert")
    page.keyboard.press("t")
    page.keyboard.type("she says a chair tipped; quite calm?")
    assert page.input_value("#text") == "she says a chair tipped; quite calm?", "keys do nothing while one types"
    page.keyboard.press("Tab")
    page.keyboard.press("s")
    expect(page.locator("#responder")).to_be_focused()
    page.keyboard.type("Pri")
    page.keyboard.press("Tab")
    with page.expect_navigation():  # the page that was there before is brought up to date as well
        page.keyboard.press("Enter")
    expect(page.locator(".state")).to_contain_text("Priya Nair was sent")
    page.keyboard.press("c")
    _more_comes_in(world, page, page.locator("fieldset.close button").first)
    _closes_though_nobody_spoke(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Nobody is waiting")
    closed = world.store.alerts.alert(alert.id)
    assert closed
    assert (closed.state, closed.outcome) == (State.CLOSED, "genuine fall")
    assert any("a chair tipped" in entry.text for entry in world.store.alerts.timeline(alert.id))


def _closes_though_nobody_spoke(page: Page) -> None:
    asked: list[str] = []

    def all_the_same(question: Dialog) -> None:
        asked.append(question.message)
        question.accept()

    page.once("dialog", all_the_same)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console")
    assert "It is not on record that anybody has spoken with Mrs Okafor, or was there." in asked[0]
    expect(page.locator("#done")).to_contain_text("Closed: Perhaps a fall, Grace Okafor, as “Genuine fall”.")


def _more_comes_in(world: World, page: Page, chosen: Locator) -> None:
    """The page is brought up to date under what has the focus, and leaves it there."""
    expect(chosen).to_be_focused()
    lead = page.locator("#lead")
    said = lead.inner_text()
    world.move(timedelta(minutes=1))
    world.press()
    expect(lead).not_to_have_text(said)
    expect(page.locator("#timeline-title + .timeline")).to_contain_text("More came in")
    expect(chosen).to_be_focused()


def test_a_storm_leaves_the_console_usable(world: World, url: str, opened: Opened) -> None:
    homes = [okafor_home(f"s_{number:03}") for number in range(130)]
    world.store.records.load(Register(homes=tuple(homes)), {})
    page = opened(url, "tom")
    first = world.press()
    _a_hand_holds_back_what_is_seen_and_nothing_that_is_heard(world, page, first, homes[65].id, homes[66].id)
    page.locator(f"#open-{first.id}").focus()
    for home in homes[:65]:
        world.find(Finding(FindingKind.KIT_UNHEARD, home.id, world.now, world.now, evidence={"ever_heard": True}), None)
    for home in homes[67:]:
        world.press(home.id, None)
    expect(page.get_by_role("heading", level=1)).to_have_text("66 people wait for an answer")
    expect(page.get_by_role("heading", name=re.compile("65 homes"))).to_be_visible()
    expect(page.locator("#list-calls > li")).to_have_count(60)
    expect(page.get_by_role("button", name="Keys", exact=True)).to_be_visible()  # and not "Keys?" to who hears it
    assert page.locator(".queue li").count() <= 70, "a list that nobody can look over is not shown"
    expect(page.locator(f"#open-{first.id}")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator(f"#open-{first.id}")).to_be_focused()
    page.get_by_role("link", name="See them all").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Who may need help: 66 alerts")


def _a_hand_holds_back_what_is_seen_and_nothing_that_is_heard(
    world: World, page: Page, first: Alert, one: str, other: str
) -> None:
    page.locator(f"#answer-{first.id}").hover()
    page.mouse.down()
    second = world.press(one, None)
    expect(page).to_have_title(re.compile(r"^\(2\)"))
    assert page.locator(f"#alert-{second.id}").count() == 0, "nothing moves under the hand"
    page.get_by_role("heading", level=1).hover()
    page.mouse.up()
    expect(page.locator(f"#alert-{second.id}")).to_be_visible()
    page.mouse.down()
    third = world.press(other, None)
    expect(page.locator(f"#alert-{third.id}")).to_be_visible(timeout=8000)  # a hand on nothing holds up nothing
    page.mouse.up()


def test_a_lapse_comes_back_red_and_goes_to_one_alone(world: World, url: str, opened: Opened) -> None:
    alert = world.press()
    tom, nia = opened(url, "tom"), opened(url, "nia")
    tom.locator(f"#answer-{alert.id}").hover()
    tom.mouse.down()
    world.press()
    world.move(timedelta(minutes=1))
    expect(nia.locator(f"#alert-{alert.id}")).to_contain_text("pressed twice")
    expect(tom.locator("[data-clock]")).to_contain_text("12:01")  # it has heard of the second press
    tom.mouse.up()  # nothing moved under the hand meanwhile
    expect(nia.locator("#list-held")).to_contain_text("Tom Brandt holds it")
    world.move(timedelta(minutes=4))
    desk = Desk(world.store, Hand(world.folder / "clock", world.now))
    desk.turn()
    row = nia.locator(f"#list-calls #alert-{alert.id}")
    expect(row).to_contain_text("Lapsed by Tom Brandt")
    expect(row).to_have_class(re.compile("lapsed"))
    expect(tom.locator(".state")).to_contain_text("Lapsed by Tom Brandt")
    stale = tom.locator("button.answer")
    nia.keyboard.press("a")
    nia.wait_for_url(f"**/console/alert/{alert.id}")
    expect(nia.locator(".state")).to_contain_text("You hold this alert")
    expect(stale).to_have_count(0)
    expect(tom.locator(".state")).to_contain_text("Nia Evans holds this alert")
    acts = [entry.actor for entry in world.store.alerts.timeline(alert.id) if entry.act is Act.ANSWER]
    assert acts == ["tom", "nia"]
