"""A responder on a doorstep, in a real browser as wide as a telephone, with a signal that comes and goes."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from models.alert import Act
from tests.conftest import eventually
from tests.hub.web.world import World

pytestmark = pytest.mark.browser


def test_a_code_is_shown_and_a_stamp_outlives_a_lost_signal(
    world: World, url: str, opened: Callable[..., Page]
) -> None:
    office = opened(url, "sunita", "/key-safe/h_okafor")
    office.get_by_label("Who gave it").fill("Mrs Okafor")
    office.get_by_label("How").fill("asked at a visit")
    office.get_by_role("button", name="Put it on record").click()
    office.get_by_label("Code", exact=True).fill("4711C")
    office.get_by_role("button", name="Keep it").click()
    expect(office.get_by_text("A code is on record.")).to_be_visible()
    assert "4711C" not in office.content()

    alert = world.press()
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    world.store.alerts.act(alert.id, Act.SEND, "tom", world.now, text="priya")
    page = opened(url, "priya", f"/visits/{alert.id}", width=360)
    page.get_by_role("button", name="Show the code").click()
    expect(page.locator(".code")).to_have_text("4711C")
    page.wait_for_load_state()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.context.set_offline(True)
    page.get_by_role("button", name="I am on my way").click()
    expect(page.locator("#unsent")).to_contain_text("Not sent yet")
    assert [one.act for one in world.store.alerts.timeline(alert.id)][-1] is Act.SEND
    page.context.set_offline(False)
    eventually(lambda: [one.act for one in world.store.alerts.timeline(alert.id)][-1] is Act.SET_OUT, 20)
    expect(page.locator("#unsent")).to_be_hidden()
    expect(page.locator(".stamps li.done")).to_have_count(2)
