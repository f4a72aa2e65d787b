"""The cast at their browsers: a world with pages, a client that logs in as anybody, and a real Chromium."""

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from hub.web.visitor import SESSION
from models.register import Register
from tests.conftest import NOON, wanted
from tests.hub.web.world import PASSWORD, World, served, with_low_levels

QUIETLY = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENT = 120_000
"""In ms: what a page takes a second for, it may take two minutes for on a machine that does much else."""


@pytest.fixture
def world(tmp_path: Path, cast: Register) -> World:
    """Friday noon, the clock standing still, every home heard, nothing the matter, and two days of Mrs Okafor's."""
    made = World(tmp_path, with_low_levels(cast), NOON)
    made.two_days()
    return made


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with served(world.settings) as address:
        yield address


class Visitor:
    """Somebody at a browser without scripts: reads pages and sends the forms that they hold."""

    def __init__(self, url: str, login: str | None = None, password: str = PASSWORD) -> None:
        self.client = httpx.Client(base_url=url, timeout=60)
        if login:
            assert self.log_in(login, password).status_code == 303

    def log_in(self, login: str, password: str, back: str = "") -> httpx.Response:
        form = self.client.get("/login").text
        return self.client.post(
            "/login", data={"csrf": token(form), "login": login, "password": password, "back": back}
        )

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def see(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def post(self, path: str, *, csrf: str | None = None, **form: str) -> httpx.Response:
        """With the token of the session, which every page holds, unless another is given."""
        return self.client.post(path, data={"csrf": csrf if csrf is not None else self.csrf, **form})

    @property
    def csrf(self) -> str:
        page = self.client.get("/account", follow_redirects=True)
        return token(page.text)


def token(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page
    return found.group(1)


def words(page: str) -> str:
    """What a reader sees of a page, without its markup."""
    without = re.sub(r"<(script|style|head).*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", without)).split())


def logged_in(world: World, visit: Callable[..., Visitor], login: str) -> Visitor:
    """By a session, as if they had shown the second factor that their work asks for."""
    guest: Visitor = visit(None)
    guest.client.cookies.set(SESSION, world.session(login))
    return guest


@pytest.fixture
def visit(url: str) -> Iterator[Callable[[str | None], Visitor]]:
    """Log somebody in; nobody without a name."""
    visitors: list[Visitor] = []

    def enter(login: str | None = None) -> Visitor:
        visitors.append(Visitor(url, login))
        return visitors[-1]

    yield enter
    for one in visitors:
        one.client.close()


# Playwright keeps an event loop running in this thread while it is open, and asyncio.run() refuses beside one: so it
# must not outlive the file that asked for it.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = wanted("chromium-headless-shell")
    expect.set_options(timeout=PATIENT)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=list(QUIETLY))
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Browser, world: World) -> Iterator[Callable[..., Page]]:
    """A page in a fresh profile, with a session of somebody's. A fault of its scripts or policy fails the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def enter(url: str, login: str | None = None, path: str = "/", *, width: int = 1440, scheme: str = "dark") -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENT)
        contexts.append(context)
        if login:
            context.add_cookies([{"name": SESSION, "value": world.session(login), "url": url, "sameSite": "Strict"}])
        page = context.new_page()
        page.on("console", lambda said: faults.append(said.text) if "Security Policy" in said.text else None)
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.goto(url + path)
        return page

    yield enter
    for context in contexts:
        context.close()
    assert faults == []
