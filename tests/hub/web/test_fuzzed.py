"""Every operation of the pages, by schemathesis from the schema that they themselves describe: nothing falls over."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import openapi

from hub.web.app import build
from hub.web.visitor import SESSION
from models.alert import Act
from tests.hub.web.world import World

EACH = 4
"""Examples of each operation: enough for a number that is too large, a text that is none, a field that is missing."""
ENDS_THE_SESSION = ("/logout", "/account/leave-everywhere", "/account/second/drop")
STREAMS = re.compile("/changes$")
WHO = (
    ("/administration", "amina"),
    ("/figures", "max"),
    ("/installer", "ivan"),
    ("/visits", "priya"),
    ("/family", "ada"),
    ("/resident", "grace"),
)


class Client:
    """Asks in this process, as whoever has business there, with the token that their forms carry."""

    def __init__(self, app: FastAPI, world: World) -> None:
        self._app, self._world = app, world
        self._sessions: dict[str, tuple[str, str]] = {}

    def ask(self, case: Any) -> httpx.Response:
        asked = case.as_transport_kwargs(base_url="http://hub.example")
        login = next((login for path, login in WHO if asked["url"].startswith(f"http://hub.example{path}")), "tom")
        return asyncio.run(self._ask(login, asked))

    async def _ask(self, login: str, asked: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport) as client:
            if login not in self._sessions:
                token = self._world.session(login)
                page = await client.get("http://hub.example/account", cookies={SESSION: token})
                csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
                assert csrf
                self._sessions[login] = (token, csrf.group(1))
            token, mine = self._sessions[login]
            data = {**asked["data"], "csrf": mine} if isinstance(asked.get("data"), dict) else {"csrf": mine}
            return await client.request(
                asked["method"],
                asked["url"],
                params=asked.get("params"),
                data=data if asked["method"] == "POST" else None,
                files=asked.get("files"),
                cookies={SESSION: token},
            )


def operations(app: FastAPI) -> list[Any]:
    schema = openapi.from_dict(app.openapi())
    found: list[Any] = [one.ok() for one in schema.get_all_operations()]  # type: ignore[union-attr]
    return [one for one in found if one.path not in ENDS_THE_SESSION and not STREAMS.search(one.path)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_no_operation_falls_over(world: World) -> None:
    alert = world.press()
    world.store.alerts.act(alert.id, Act.ANSWER, "tom", world.now)
    app = build(world.settings)
    client, fell, asked = Client(app, world), set[tuple[str, str, int]](), 0

    for operation in operations(app):

        @settings(
            max_examples=EACH,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy())
        def holds(case: Any) -> None:
            nonlocal asked
            asked += 1
            answer = client.ask(case)
            if answer.status_code >= 500:
                fell.add((case.method, case.path, answer.status_code))

        holds()
    assert fell == set()
    assert asked > 100, "the operations were found"
