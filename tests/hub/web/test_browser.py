"""The pages in a real browser: live without a reload, loud when they are not, and usable by all."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from hub.settings import Settings
from models.alert import Act, Alert, Outcome
from models.detection import Finding, FindingKind
from tests.conftest import eventually, free_port
from tests.hub.web.world import World

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]


@pytest.fixture
def busy(world: World) -> dict[str, Alert]:
    """Something of everything: waiting, held, sent, lapsed, closed, and faults."""
    act = world.store.alerts.act
    closed = world.press("h_lindqvist", "r_lindqvist", "hall_pir")
    act(closed.id, Act.ANSWER, "nia", world.now)
    act(closed.id, Act.CLOSE, "nia", world.now, outcome=Outcome.TEST)
    sent = world.silence("h_lindqvist", "r_lindqvist")
    act(sent.id, Act.ANSWER, "nia", world.now)
    act(sent.id, Act.SEND, "nia", world.now, text="priya\nPlease look in")
    kit = world.kit_unheard("h_lindqvist")
    genuine = world.silence()
    act(genuine.id, Act.ANSWER, "tom", world.now)
    act(genuine.id, Act.CLOSE, "tom", world.now, outcome=Outcome.FALL)
    held = world.press()
    act(held.id, Act.ANSWER, "tom", world.now)
    world.sensor_unheard("h_okafor", "bed")
    world.store.records.shift("h_okafor", world.now, 1.0, 1.5, (genuine.id,), "hub")
    for kind in (FindingKind.LESS_MOVEMENT, FindingKind.SENSOR_MISLABELLED):
        finding = Finding(kind, "h_okafor", world.now, world.now)
        world.store.alerts.raise_(finding, "r_okafor", "Noticed.\nExpected.\nTrust.\nClears.", world.now)
    world.expect("h_okafor", chance=0.004, known_since=world.now - timedelta(days=8), usual=bytes([9] * 15 + [90] * 33))
    return {"closed": closed, "sent": sent, "kit": kit, "held": held}


def pages(busy: dict[str, Alert]) -> list[tuple[str | None, str]]:
    return [
        ("tom", "/console"),
        ("tom", "/console/all/held"),
        ("tom", "/console/person/r_okafor"),
        (None, "/login"),
        ("tom", f"/console/alert/{busy['held'].id}"),
        ("tom", f"/console/alert/{busy['kit'].id}"),
        ("sunita", f"/console/alert/{busy['held'].id}"),
        ("tom", "/handover"),
        ("ada", "/family"),
        ("chi", "/family"),
        ("ada", "/family/week"),
        ("karl", "/family"),
        ("ben", "/family"),
        ("ivan", "/installer"),
        ("grace", "/resident"),
        ("max", "/figures"),
        ("max", "/account"),
        ("amina", "/administration?find=okafor"),
        ("amina", "/administration/homes/h_okafor"),
        ("amina", "/administration/import"),
        ("amina", "/administration/accounts"),
        ("amina", "/administration/accounts/tom"),
        ("max", "/account/second"),
        ("amina", "/administration/log"),
        ("tom", f"/console/alert/{busy['closed'].id}"),
        ("tom", "/nothing/here"),
        ("priya", "/visits"),
        ("priya", f"/visits/{busy['sent'].id}"),
        ("ivan", "/installer/homes/h_okafor"),
        ("ivan", "/installer/homes"),
        ("ivan", "/installer/batteries"),
    ]


@pytest.mark.parametrize(("scheme", "width", "every"), [("dark", 1440, 1), ("light", 320, 2)])
def test_every_page_is_for_everybody(
    world: World, url: str, opened: Opened, busy: dict[str, Alert], scheme: str, width: int, every: int
) -> None:
    """WCAG 2.2 AA as far as a machine can tell, in both schemes; nothing is cut off at 320 px or in large text."""
    world.run(1.0)
    axe, found = Axe(), []
    logged: dict[str | None, Page] = {}
    for login, path in pages(busy)[::every]:
        page = logged.get(login) or logged.setdefault(login, opened(url, login, width=width, scheme=scheme))
        page.goto(url + path)
        for summary in page.locator("summary").all():
            summary.click()
        results = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
        found += [(path, one["id"], one["nodes"][0]["html"]) for one in results.response["violations"]]
        found += [(path, "too wide", one) for one in _overflowing(page)]
        if width > 320:
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            found += [(path, "too wide in large text", one) for one in _overflowing(page)]
    assert found == []


def _overflowing(page: Page) -> list[str]:
    """What sticks out of the window on the right."""
    sticking: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
        [...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > innerWidth)
        .map((one) => one.outerHTML.slice(0, 120))"""
    )
    return sticking


def test_a_press_appears_without_a_reload(world: World, url: str, opened: Opened) -> None:
    world.run(1.0)
    page = opened(url, "tom")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nobody is waiting")
    page.evaluate("window.same = true")
    page.wait_for_timeout(300)
    alert = world.press()
    page.wait_for_selector(f"#alert-{alert.id}", timeout=30_000)
    assert page.evaluate("window.same") is True
    assert page.title() == "(1) Queue · Nightlight"
    expect(page.locator("#news")).to_have_text("Call for help: Mrs Okafor, Northside")


def test_answered_from_the_keyboard_and_closed_with_one_press(world: World, url: str, opened: Opened) -> None:
    alert = world.press()
    page = opened(url, "tom")
    page.locator(f"#answer-{alert.id}").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/alert/{alert.id}")
    expect(page.locator(".state")).to_contain_text("You hold this alert")
    page.get_by_label("What was said or done").fill("She is all right")
    page.get_by_role("button", name="Accidental press", exact=True).click()
    page.wait_for_url("**/console")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nobody is waiting")
    assert world.store.alerts.timeline(alert.id)[-1].text == "She is all right"


def test_what_is_being_typed_outlives_what_comes_in(world: World, url: str, opened: Opened) -> None:
    alert = world.press()
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    page = opened(url, "tom", f"/console/alert/{alert.id}")
    page.locator("#text").focus()
    page.keyboard.type("She says that ")
    world.press()
    expect(page.locator("#timeline-title + .timeline")).to_contain_text("More came in")
    page.keyboard.type("she slipped")
    assert page.input_value("#text") == "She says that she slipped"
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".timeline")).to_contain_text("She says that she slipped")


def test_an_alert_that_ends_while_one_types_keeps_the_words(world: World, url: str, opened: Opened) -> None:
    alert = world.kit_unheard("h_okafor")
    page = opened(url, "tom", f"/console/alert/{alert.id}")
    page.locator("#text").fill("Rang the daughter")
    back = Finding(FindingKind.KIT_UNHEARD, "h_okafor", world.now, world.now, over=True)
    assert world.store.alerts.raise_(back, None, "The kit is heard again.", world.now)
    expect(page.locator("#stale")).to_contain_text("closed meanwhile")
    assert page.input_value("#text") == "Rang the daughter"


@contextmanager
def running(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """The pages as a process of their own."""
    code = "import sys; from hub.settings import Settings; from hub.web.app import Server; "
    code += "Server(Settings(data_dir=sys.argv[1], clock_file=sys.argv[2], port=int(sys.argv[3]))).run()"
    words = [sys.executable, "-c", code, settings.data_dir, str(settings.clock_file), str(settings.port)]
    process = subprocess.Popen(words)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_killed_hub_is_loud_within_five_seconds_and_calm_again_when_it_is_back(world: World, opened: Opened) -> None:
    world.run(1.0)
    settings = replace(world.settings, port=free_port())
    url = f"http://127.0.0.1:{settings.port}"
    with running(settings) as process:
        eventually(lambda: _answers(url), 20)
        page = opened(url, "tom")
        page.wait_for_timeout(500)
        process.kill()
        killed = time.monotonic()
        expect(page.locator("#stale")).to_be_visible(timeout=30_000)
        assert time.monotonic() - killed < 20, "5 on a quiet machine"
        expect(page.locator("#stale")).to_contain_text("this queue may be out of date. Ring the duty line.")
        assert page.locator("#stale").get_attribute("role") == "alert"
    with running(settings):
        expect(page.locator("#stale")).to_be_hidden(timeout=20_000)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/alive").status_code == 200
    except httpx.ConnectError:
        return False


def test_the_family_page_says_when_it_is_old(world: World, opened: Opened) -> None:
    settings = replace(world.settings, port=free_port())
    url = f"http://127.0.0.1:{settings.port}"
    with running(settings):
        eventually(lambda: _answers(url), 20)
        page = opened(url, "ben")
        world.press()
        page.evaluate("htmx.trigger('#told', 'refresh')")
        expect(page.get_by_role("heading", level=1)).to_contain_text("checking on Mrs Okafor")
    page.evaluate("htmx.trigger('#told', 'refresh')")
    expect(page.locator("#stale")).to_contain_text("could not be brought up to date since 12:00")


def test_the_ribbon_has_the_same_in_words(world: World, url: str, opened: Opened) -> None:
    page = opened(url, "ada")
    expect(page.get_by_role("img", name="Today")).to_be_visible()
    page.get_by_text("Today in words").click()
    rows = page.get_by_role("region", name="Today in words").get_by_role("row").all_inner_texts()
    assert rows[1].split("\t") == ["00:00 to 07:40", "In bed"]
    assert rows[2].split("\t") == ["07:40 to 10:05", "Up and about: bedroom, hall, bathroom and kitchen"]
    assert rows[3].split("\t")[1] == "Out: hall" or rows[3].split("\t")[1] == "Out"


def test_a_queue_that_time_has_run_over_says_how_long(world: World, url: str, opened: Opened) -> None:
    world.press()
    page = opened(url, "tom")
    world.move(timedelta(minutes=7))
    world.beat("h_okafor")
    world.beat("h_lindqvist")
    expect(page.locator(".since time")).to_have_text("7 min")
    expect(page.locator("[data-clock]")).to_have_text("12:07:00")
