"""Every route there is, found by itself: nobody with no business there gets data, and nothing falls over."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from hub.store import schema
from hub.web.app import PARTS, build
from hub.web.visitor import SESSION
from models.alert import Act
from models.people import Account, Role
from tests.hub.web.test_councils import ELSEWHERE
from tests.hub.web.world import HASH, World

OPEN_TO_ALL = {
    "/",
    "/login",
    "/alive",
    "/logout",
    "/invitation/{token}",
    "/login/code",
    "/login/set-up",
    "/family/worker.js",
    "/account/worker.js",
    "/family/app.webmanifest",
    "/family/offline",
    "/installer/commission/worker.js",
}
"""They hold no data; tests/hub/web/test_entrance.py has what they do."""
Asked = tuple[str, str, dict[str, str]]
BY_LINK = re.compile("/by-link/")
"""Whoever was sent the link needs no login; a guessed one is not there."""
STREAMS = re.compile("/changes$")
DATA = re.compile("Okafor|Lindqvist|Larch|Birch Lane|960001|blood thinner|h_okafor|r_okafor|c_ada|Tom Brandt|Northside")
TYPED = {
    "text": "x", "reason": "x", "outcome": "test", "to": "priya", "shift": "1", "sensor": "pendant", "home": "h_okafor",
    "minutes": "60", "login": "tom", "name": "X", "role": "operator", "person": "c_ada", "kind": "homes", "seen": "x",
    "household": "h_okafor", "area": "X", "id": "h_okafor", "serial": "0123456789", "old": "x", "new": "x",
    "again": "x",
}  # fmt: skip
IN_PATH = {
    "home": "h_okafor", "login": "tom", "kind": "homes", "contact": "c_ada", "month": "2026-11", "token": "x",
    "deed": "close", "resident": "r_okafor", "sensor": "pendant",
}  # fmt: skip
ELSEWHERE_TOO = (
    Account("wes", "Wes Tarn", Role.ADMINISTRATOR, council="Westmoor"),
    Account("wim", "Wim Tarn", Role.MANAGER, council="Westmoor"),
)
OTHERS = ("west_operator", "west_supervisor", "west_responder", "west_installer", "wes", "wim", "karl")


@pytest.fixture
def app(world: World) -> FastAPI:
    """With one alert of ours, which is the first, answered by Tom, and something in the book."""
    accounts = (*ELSEWHERE.accounts, *ELSEWHERE_TOO)
    world.store.records.load(replace(ELSEWHERE, accounts=accounts), {one.login: HASH for one in accounts})
    alert = world.press()
    assert alert.id == 1
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    return build(world.settings)


def routes(verb: str) -> list[str]:
    """All that answer to it, with ids of ours where an id belongs."""
    found = [
        one for part in PARTS for one in part.routes.routes if isinstance(one, APIRoute) and verb in (one.methods or ())
    ]
    assert len(found) > 20, "the routes were found"
    return [one.path for one in found]


def filled(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda name: IN_PATH.get(name.group(1), "1"), path)


class Guests:
    """Clients in this process, with a session of somebody's or of nobody's."""

    def __init__(self, app: FastAPI, world: World) -> None:
        self._app, self._world = app, world

    def ask(self, login: str | None, asked: list[Asked]) -> Iterator[tuple[str, httpx.Response]]:
        cookies = {SESSION: self._world.session(login)} if login else {}
        yield from asyncio.run(self._all(cookies, asked))

    async def _all(self, cookies: dict[str, str], asked: list[Asked]) -> list[Any]:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.example", cookies=cookies) as client:
            csrf = re.search(r'name="csrf" value="([^"]+)"', (await client.get("/account")).text) if cookies else None
            mine = csrf.group(1) if csrf else "none"
            return [
                (path, await client.request(verb, path, data={"csrf": mine, **form} if verb == "POST" else None))
                for verb, path, form in asked
            ]


def contents(world: World) -> dict[str, list[str]]:
    """What nobody with no business here may have changed: our alerts, records and logins."""
    with world.store.records.engine.connect() as connection:
        tables = (schema.alerts, schema.timeline, schema.homes, schema.residents, schema.contacts, schema.plans,
                  schema.consents, schema.shiftbook, schema.invitations)  # fmt: skip
        kept = {table.name: sorted(map(str, connection.execute(table.select()))) for table in tables}
        logins = schema.accounts.select().with_only_columns(
            schema.accounts.c.login, schema.accounts.c.password_hash, schema.accounts.c.closed_at
        )
        return {**kept, "accounts": sorted(map(str, connection.execute(logins)))}


def test_logged_out_every_page_leads_to_the_login(world: World, app: FastAPI) -> None:
    asked: list[Asked] = [("GET", filled(path), {}) for path in routes("GET") if path not in OPEN_TO_ALL]
    for path, answer in Guests(app, world).ask(None, asked):
        if BY_LINK.match(path):
            assert (answer.status_code, DATA.search(answer.text)) == (404, None), path
            continue
        assert (answer.status_code, answer.text) == (303, ""), path
        assert answer.headers["location"].startswith("/login"), path


def test_logged_out_no_form_is_taken(world: World, app: FastAPI) -> None:
    before = contents(world)
    asked = [("POST", filled(path), TYPED) for path in routes("POST")]
    for path, answer in Guests(app, world).ask(None, asked):
        assert answer.status_code == (404 if BY_LINK.match(path) else 403), path
    assert contents(world) == before


def test_a_forged_form_is_refused_on_every_route(world: World, app: FastAPI) -> None:
    before, asked = contents(world), [filled(path) for path in routes("POST")]
    forged = [("POST", path, {**TYPED, "csrf": csrf}) for path, csrf in product(asked, ("", "guess"))]
    for login in ("tom", "amina"):
        for path, answer in Guests(app, world).ask(login, forged):
            assert answer.status_code == (404 if BY_LINK.match(path) else 403), (login, path)
    assert contents(world) == before


def test_what_no_database_could_keep_is_not_there_or_not_understood(world: World, app: FastAPI) -> None:
    paths = [re.sub(r"{\w+}", odd, path) for path in routes("GET") if "{" in path for odd in ("9" * 30, "%00")]
    forms: list[Asked] = [
        ("POST", "/handover/mute", {**TYPED, "text": "a\0b"}),
        ("POST", "/handover/over/9999/take", {}),
    ]
    for login in ("tom", "amina", "max", "ivan", "priya"):
        for path, answer in Guests(app, world).ask(login, [*(("GET", path, {}) for path in paths), *forms]):
            assert answer.status_code in (303, 400, 404), (login, path)
