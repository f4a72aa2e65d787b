"""The pages in a real browser: live without a reload, loud when they are not, and usable by all."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, ViewportSize, expect

from hub.keyring import Keyring
from hub.links import Links, Matter
from hub.settings import Settings
from hub.store.accounts import NO_PASSWORD
from hub.store.afterwards import Afterwards
from hub.store.amendments import Amendment
from hub.store.relatives import Relatives
from hub.store.ways import Ways
from hub.web.access import Gate
from hub.web.access.entrance import hashed
from models.afterwards import Service
from models.alert import Act, Alert, Outcome
from models.detection import Finding, FindingKind
from models.home import Home
from models.notices import NoticeKind, Preferences
from models.people import Account, Role
from models.register import Register
from models.response import Tried
from tests.conftest import eventually, free_port
from tests.hub.web.world import PASSWORD, World, day_of_hers

pytestmark = pytest.mark.browser

Opened = Callable[..., Page]
Visited = tuple[str | None, str, Callable[[Page], None] | None]

WIDE, NARROW = ViewportSize(width=1440, height=900), ViewportSize(width=320, height=900)
WCAG = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
BY_SCHEME_AND_WIDTH = {"type": "rule", "values": ["color-contrast", "target-size", "scrollable-region-focusable"]}
FOUND = """async (only) => (await axe.run(document, { runOnly: only, resultTypes: ["violations"] })).violations
    .map((one) => [one.id, one.nodes[0].html])"""
STICKING = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
    [...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > innerWidth)
    .map((one) => one.outerHTML.slice(0, 120))"""
"""What sticks out of the window on the right."""


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
    attempt = world.store.alerts.intend(held, 1, "c_ada", "email", world.now)
    assert attempt
    world.store.alerts.finish(attempt, Tried.SENT, "told", world.now)
    act(held.id, Act.ANSWER, "tom", world.now)
    world.sensor_unheard("h_okafor", "bed")
    world.store.records.shift("h_okafor", world.now, 1.0, 1.5, (genuine.id,), "hub")
    for kind in (FindingKind.LESS_MOVEMENT, FindingKind.SENSOR_MISLABELLED):
        finding = Finding(kind, "h_okafor", world.now, world.now)
        world.store.alerts.raise_(finding, "r_okafor", "Noticed.\nExpected.\nTrust.\nClears.", world.now)
    midnight = world.now.replace(hour=0, minute=0)
    days = [day_of_hers(midnight - timedelta(days=back)) for back in range(4, -1, -1)]
    world.saw("h_okafor", *(one for day in days for one in day if one[0] <= world.now))
    world.expect("h_okafor", chance=0.004, known_since=world.now - timedelta(days=8), usual=bytes([9] * 15 + [90] * 33))
    _afterwards(world, closed, held)
    return {"closed": closed, "sent": sent, "kit": kit, "held": held}


def _afterwards(world: World, closed: Alert, held: Alert) -> None:
    """A letter, a question, a challenge, a way that fails, and a street without its network."""
    engine, now = world.store.records.engine, world.now
    after = Afterwards(engine)
    after.refer(held.id, Service.FALLS, "tom", "Three falls since May.", now)
    after.ask(closed.id, "h_lindqvist", "c_karl", "email", now)
    after.say(closed.id, "karl", "He meant to press it.", now)
    Relatives(engine).prefer("c_chi", Preferences(language="cy"))
    Relatives(engine).intend([("letter 1", "h_okafor", "r_okafor", NoticeKind.LETTER)], now)
    Ways(engine).failed("sms", "the SMS gateway does not answer", now)
    homes = tuple(Home(f"h_mill{number}", "Mill Lane", ()) for number in range(3))
    world.store.records.load(Register(homes=homes), {})
    for home in homes:
        world.beat(home.id)
        world.kit_unheard(home.id, minutes=0)


def invitation(world: World) -> str:
    """The end of a link for somebody who was never there yet."""
    accounts, soon = world.store.records.accounts, datetime.now(UTC) + timedelta(days=1)
    accounts.add(
        Account("zoe", "Zoe Hart", Role.OPERATOR), NO_PASSWORD, Amendment(world.now, "amina", "", "account", "zoe", "")
    )
    accounts.invite(hashed("zoes"), "zoe", "amina", soon, Amendment(world.now, "amina", "", "account", "zoe", ""))
    return "zoes"


def pages(world: World, busy: dict[str, Alert]) -> list[Visited]:
    """Whose page, where, and what is pressed there first, so that pages that follow on a form are seen as well."""
    links, soon = Links(Keyring(world.settings.secrets)), world.now + timedelta(days=1)
    past, outage = busy["closed"].id, Gate(world.store.records, world.store.alerts, world.store.series, world.clock)
    (card,) = outage.board.of("").outages
    return [
        ("tom", "/console", None),
        ("tom", "/console/all/held", None),
        ("tom", "/console/person/r_okafor", None),
        ("sunita", "/console/find?find=okafor", None),
        (
            "tom",
            f"/console/outage?id={quote(card.id)}",
            lambda page: _press(page, "Answer all"),
        ),
        ("tom", "/console/ways", None),
        ("tom", "/console/referral/1", None),
        ("sunita", "/console/challenges", None),
        ("sunita", "/key-safe/h_okafor", None),
        (None, "/login", lambda page: _log_in(page, "max", "wrong")),
        (None, "/invitation/gone", None),
        (None, f"/invitation/{invitation(world)}", None),
        (None, f"/by-link/feedback/{links.made(Matter.FEEDBACK, 1, soon)}", None),
        (None, f"/by-link/reply/{links.made(Matter.ATTEMPT, 1, soon)}", None),
        (None, "/login", lambda page: _log_in(page, "max", PASSWORD)),  # to set up a second factor
        ("tom", f"/console/alert/{busy['held'].id}", None),
        ("tom", f"/console/alert/{busy['kit'].id}", None),
        ("sunita", f"/console/alert/{busy['held'].id}", None),
        ("tom", "/handover", None),
        ("ada", "/family", None),
        ("chi", "/family", None),
        ("ada", "/family/week", None),
        ("chi", "/family/told", None),  # in Welsh
        ("ada", "/family/told", None),
        ("ada", "/family/ask", None),
        ("ada", "/family/sharing", None),
        ("ada", "/why", None),
        ("karl", "/family", None),
        ("karl", f"/why/{past}", None),
        ("ben", "/family", None),
        ("ivan", "/installer", None),
        ("grace", "/resident", None),
        ("max", "/figures", None),
        ("max", "/account", None),
        ("amina", "/administration?find=okafor", None),
        ("amina", "/administration/new", None),
        ("amina", "/administration/homes/h_okafor", None),
        ("amina", "/administration/homes/h_okafor", lambda page: _try(page, "x")),
        ("amina", "/administration/homes/h_okafor", lambda page: _try(page, "3")),
        ("amina", "/administration/residents/r_lindqvist/leaving", None),
        ("amina", "/administration/import", lambda page: _bring_in(page, "id,area\nh_x,Eastside\n", keep=False)),
        ("amina", "/administration/import", lambda page: _bring_in(page, "id,area\nh_x\n", keep=False)),
        ("amina", "/administration/import", lambda page: _bring_in(page, "id,area\nh_x,Eastside\n", keep=True)),
        ("amina", "/administration/accounts", None),
        ("amina", "/administration/accounts/tom", None),
        ("max", "/account/second", None),
        ("amina", "/administration/log", None),
        ("tom", f"/console/alert/{past}", None),
        ("tom", "/nothing/here", None),
        ("priya", "/visits", None),
        ("priya", f"/visits/{busy['sent'].id}", None),
        ("ivan", "/installer/homes/h_okafor", None),
        ("ivan", "/installer/homes", None),
        ("ivan", "/installer/batteries", None),
        ("max", "/planning", None),
        ("amina", "/choices", None),
        ("amina", "/letters", None),
        ("sunita", "/choices/r_okafor", _at_their_word),
        ("grace", "/choices/r_okafor/as/c_ada", None),
        ("grace", "/choices/r_okafor/as/c_chi/week", None),
        ("grace", "/choices/r_okafor", lambda page: _erase(page, "bed")),
        ("grace", "/choices/r_okafor", None),
    ]


def _log_in(page: Page, login: str, password: str) -> None:
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(password)
    _press(page, "Log in")


def _bring_in(page: Page, content: str, *, keep: bool) -> None:
    page.locator("select").select_option("homes")
    page.locator("input[type=file]").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    _press(page, "Check it")
    if keep:
        _press(page, "Import these")


def _try(page: Page, quiet_hours: str) -> None:
    page.locator("summary").first.click()
    page.get_by_label("Hours without a sign by day").fill(quiet_hours)
    _press(page, "What would it have done last month?")


def _at_their_word(page: Page) -> None:
    page.get_by_label("They said so on the telephone").check()
    _press(page, "Go on")


def _erase(page: Page, kind: str) -> None:
    page.locator("#erase-kind").select_option(kind)
    page.locator("#erase-sure").fill("delete")
    _press(page, "Delete it")


def _press(page: Page, name: str) -> None:
    """A form is sent; what follows on it is there before anybody looks."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


def test_every_page_is_for_everybody(world: World, url: str, opened: Opened, busy: dict[str, Alert]) -> None:
    """WCAG 2.2 AA as far as a machine can tell, and nothing is cut off at 320 px or in large text. Each page is loaded
    once: what the light scheme or a phone can change is looked at again by the rules about that alone.
    """
    world.run(1.0)
    found: list[tuple[str, ...]] = []
    logged: dict[str | None, Page] = {}
    for login, path, first in pages(world, busy):
        page = logged.get(login) or logged.setdefault(login, _watched(opened(url, login)))
        page.goto(url + path)
        if first:
            first(page)
        found += [(path, *one) for one in _wrong(page)]
    assert found == []


def _watched(page: Page) -> Page:
    page.add_init_script(AXE_SCRIPT)
    return page


def _wrong(page: Page) -> list[tuple[str, ...]]:
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = [("dark", *one) for one in page.evaluate(FOUND, WCAG)]
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    found += [("too wide in large text", one) for one in page.evaluate(STICKING)]
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size(NARROW)
    page.emulate_media(color_scheme="light")
    found += [("too wide", one) for one in page.evaluate(STICKING)]
    return found + [("light, narrow", *one) for one in page.evaluate(FOUND, BY_SCHEME_AND_WIDTH)]


def test_a_press_appears_without_a_reload(world: World, url: str, opened: Opened) -> None:
    world.run(1.0)
    page = opened(url, "tom")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nobody is waiting")
    page.evaluate("window.same = true")
    page.wait_for_timeout(300)
    alert = world.press()
    page.wait_for_selector(f"#alert-{alert.id}")
    assert page.evaluate("window.same") is True
    expect(page).to_have_title("(1) Queue · Nightlight")
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
    page.goto(f"{url}/console/alert/{alert.id}")
    page.get_by_label("Why do you need to see it?").fill("Her daughter asks what happened")
    _press(page, "Show it")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="Why this alert")).to_be_visible()
    expect(page.get_by_text("She is all right")).to_be_visible()
    expect(page.get_by_text("3 Larch Close")).to_be_hidden()


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
    world.find(Finding(FindingKind.PRESS, "h_lindqvist", world.now, world.now, sensor="hall_pir"), "r_lindqvist")
    expect(page.locator("#others")).to_contain_text("Somebody else waits for an answer: Call for help, Southside")
    expect(page).to_have_title(re.compile(r"^\(1\)"))
    expect(page.locator("body[data-played=call]")).to_have_count(1)
    page.locator("#others a").click()
    page.wait_for_url("**/console")
    page.goto(f"{url}/console/alert/{alert.id}")
    expect(page.locator("#text")).to_have_value("She says that she slipped")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".timeline")).to_contain_text("She says that she slipped")
    expect(page.locator("#text")).to_have_value("")
    page.get_by_role("button", name="I am still on it").click()
    expect(page.locator(".timeline")).to_contain_text("Still on it.")


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
        expect(page.locator("#stale")).to_be_visible()
        assert time.monotonic() - killed < 20, "5 on a quiet machine"
        expect(page.locator("#stale")).to_contain_text("this queue may be out of date. Ring the duty line.")
        assert page.locator("#stale").get_attribute("role") == "alert"
    with running(settings):
        expect(page.locator("#stale")).to_be_hidden()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/alive").status_code == 200
    except httpx.TransportError:
        return False


def _until(page: Page, said: str) -> None:
    """Asked anew from outside each time: what the page would ask itself again, its own policy forbids."""
    eventually(lambda: page.evaluate(said) is True, 30)


def _kept_anew(page: Page) -> bool:
    """A hub that takes longer than the worker waits for gives it nothing to keep: so the page is loaded again."""
    page.reload()
    kept: bool = page.evaluate("caches.open('nightlight-kept').then((kept) => kept.match(location.href)).then(Boolean)")
    return kept


def test_the_family_page_says_when_it_is_old(world: World, opened: Opened) -> None:
    settings = replace(world.settings, port=free_port())
    url = f"http://127.0.0.1:{settings.port}"
    with running(settings):
        eventually(lambda: _answers(url), 20)
        page = opened(url, "ben")
        world.press()
        page.evaluate("htmx.trigger('#told', 'refresh')")
        expect(page.get_by_role("heading", level=1)).to_contain_text("has been alerted about Mrs Okafor")
        _until(page, "navigator.serviceWorker.controller !== null")
        eventually(lambda: _kept_anew(page), 30)
    page.evaluate("htmx.trigger('#told', 'refresh')")
    expect(page.locator("#stale")).to_contain_text("could not be brought up to date since 12:00")
    page.reload()  # what the worker kept, which says itself that it is old
    expect(page.locator("#stale")).to_contain_text("could not be brought up to date since 12:00")
    expect(page.get_by_role("heading", level=1)).to_contain_text("has been alerted about Mrs Okafor")
    page.evaluate("HTMLFormElement.prototype.submit = () => {}")  # where it would go, nobody answers
    page.get_by_role("button", name="Log out").click()
    _until(page, "caches.has('nightlight-kept').then((kept) => !kept)")


def test_the_ribbon_has_the_same_in_words(world: World, url: str, opened: Opened) -> None:
    page = opened(url, "ada")
    expect(page.get_by_role("img", name="Today")).to_be_visible()
    page.get_by_text("Today in words").click()
    rows = page.get_by_role("region", name="Today in words").get_by_role("row")
    expect(rows.nth(1).get_by_role("cell")).to_have_text(["00:00 to 07:40", "In bed"])
    up = ["07:40 to 10:05", "Up and about: bedroom, hall, bathroom and kitchen"]
    expect(rows.nth(2).get_by_role("cell")).to_have_text(up)
    expect(rows.nth(3).get_by_role("cell").last).to_have_text(re.compile("^Out(: hall)?$"))
    page.keyboard.press("Tab")
    world.press()
    page.evaluate("htmx.trigger('#told', 'refresh')")
    expect(page.get_by_role("heading", level=1)).to_contain_text("The contact centre was alerted about")
    expect(rows.nth(1)).to_be_visible()
    expect(page.get_by_role("region", name="Today in words")).to_be_focused()


def test_a_queue_that_time_has_run_over_says_how_long(world: World, url: str, opened: Opened) -> None:
    world.press()
    page = opened(url, "tom")
    world.move(timedelta(minutes=7))
    world.beat("h_okafor")
    world.beat("h_lindqvist")
    expect(page.locator(".since time")).to_have_text("7 min")
    expect(page.locator("[data-clock]")).to_have_text("12:07:00")
