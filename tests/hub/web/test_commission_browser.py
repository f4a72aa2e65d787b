"""The installer's page on a phone: one thumb, the keyboard alone, and a signal that comes and goes."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from models.observation import What
from tests.conftest import eventually
from tests.hub.web.test_commission import PAGE, beat
from tests.hub.web.world import World

Opened = Callable[..., Page]

pytestmark = pytest.mark.browser


def nothing_found(page: Page) -> None:
    results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    assert [(one["id"], one["nodes"][0]["html"]) for one in results.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def names(world: World) -> list[str]:
    return [one.name for one in world.store.records.contacts_of("r_okafor")]


def test_what_is_said_without_a_signal_waits_on_the_phone_and_is_done_once(
    world: World, url: str, opened: Opened, tmp_path: Path
) -> None:
    beat(world)
    page = opened(url, "ivan", PAGE, width=360)
    kept = page.locator("#kept")
    expect(kept).to_have_text("Everything shown here is saved at the hub.")
    page.locator("#k-new summary").focus()
    page.keyboard.press("Enter")
    page.context.set_offline(True)
    for text in ("Jo March", "neighbour", "01632 960055"):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    expect(kept).to_contain_text("Typed and not sent")
    page.keyboard.press("Enter")
    expect(kept).to_contain_text("On this phone only, not yet at the hub: a contact.")
    assert "Jo March" not in names(world)
    page.locator("#test-bed").focus()
    page.keyboard.press("Enter")
    expect(kept).to_contain_text("a contact, test of bed")
    page.context.set_offline(False)
    expect(kept).to_have_text("Everything shown here is saved at the hub.", timeout=20_000)
    expect(page.locator("#contact li", has_text="Jo March")).to_be_visible()
    assert names(world).count("Jo March") == 1
    assert page.evaluate("localStorage.length") == 0, "nothing about anybody stays on the phone"
    page.screenshot(path=tmp_path / "phone.png", full_page=True)
    nothing_found(page)


def test_what_was_typed_outlives_a_reload_and_what_waits_a_dead_phone(world: World, url: str, opened: Opened) -> None:
    page = opened(url, "ivan", PAGE, width=360)
    page.locator("#k-way summary").click()
    page.get_by_label("Where the key safe is").fill("Key safe left of the porch")
    page.reload()
    expect(page.get_by_label("Where the key safe is")).to_have_value("Key safe left of the porch")
    page.get_by_label("The resident permits it").check()
    page.context.set_offline(True)
    page.get_by_role("button", name="Save the way in").click()
    expect(page.locator("#kept")).to_contain_text("not yet at the hub: the way in")
    context = page.context
    page.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(url + PAGE)
    expect(again.locator("#way_in")).to_contain_text("is written down", timeout=20_000)
    (grace,) = world.store.records.residents_of("h_okafor")
    assert grace.way_in == "Key safe left of the porch"


def test_a_sensor_turns_green_by_itself_and_a_refusal_is_said(world: World, url: str, opened: Opened) -> None:
    beat(world)
    page = opened(url, "ivan", PAGE, width=360, scheme="light")
    line = page.locator('[data-test="front_door"]')
    page.locator("#test-front_door").focus()
    page.keyboard.press("Enter")
    expect(line).to_contain_text("waiting")
    world.move(timedelta(seconds=1))
    world.saw("h_okafor", (world.now, "front_door", What.OPENED))
    beat(world)
    expect(line).to_contain_text(re.compile("green.*The hub had it after 1.0 s", re.DOTALL))
    expect(page.locator("#missing")).not_to_contain_text("front_door")
    page.locator("#k-new summary").click()
    for field, text in (("#k-name", "Jo"), ("#k-relation", "friend"), ("#k-phone", "none")):
        page.locator(field).fill(text)
    page.get_by_role("button", name="Save the contact").click()
    expect(page.get_by_role("alert")).to_contain_text("a contact was not saved: A telephone number has 6 to 20 digits.")
    eventually(lambda: page.evaluate("localStorage.length") == 0)
    nothing_found(page)
