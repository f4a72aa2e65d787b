"""The pages asked from within this process: no server, no client, and so thousands of requests in seconds."""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

from fastapi import FastAPI

from hub.web.visitor import SESSION
from tests.hub.web.world import World


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()


async def answered(app: FastAPI, verb: str, address: str, cookie: str, form: dict[str, str], pieces: int = 0) -> Answer:
    """As a server would hand it to the application. Of a stream, which does not end, only so many `pieces` are read."""
    path, _, query = address.partition("?")
    body = urlencode(form).encode() if verb == "POST" else b""
    headers = [(b"host", b"hub.example"), (b"cookie", cookie.encode()), (b"content-length", str(len(body)).encode())]
    if body:
        headers.append((b"content-type", b"application/x-www-form-urlencoded"))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": verb, "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "headers": headers,
        "client": ("192.0.2.1", 1), "server": ("hub.example", 80), "root_path": "",
    }  # fmt: skip
    came: list[Any] = []

    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return left.pop() if left else await asyncio.Event().wait()  # the client stays until it has been answered

    enough = asyncio.Event()

    async def send(message: Any) -> None:
        came.append(message)
        if pieces and sum(1 for one in came if one.get("body")) >= pieces:
            enough.set()

    async def whole() -> None:
        with suppress(Exception):  # the fault page has been sent by then, and it is read
            await app(scope, receive, send)

    if pieces:
        works = [asyncio.create_task(whole()), asyncio.create_task(enough.wait())]
        await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
    else:
        await whole()
    told = {name.decode(): value.decode() for name, value in came[0]["headers"]}
    return Answer(came[0]["status"], told, b"".join(one.get("body", b"") for one in came[1:]))


class Inside:
    """Somebody with a session, and what else their browser keeps; forms carry its token."""

    def __init__(self, app: FastAPI, world: World, login: str, **kept: str) -> None:
        cookies = {SESSION: world.session(login), **kept}
        self._app, self._cookie = app, "; ".join(f"{name}={value}" for name, value in cookies.items())
        found = re.search(r'name="csrf" value="([^"]+)"', self.get("/account").text)
        assert found
        self._csrf = found.group(1)

    def get(self, path: str) -> Answer:
        return asyncio.run(answered(self._app, "GET", path, self._cookie, {}))

    def post(self, path: str, **form: str) -> Answer:
        return asyncio.run(answered(self._app, "POST", path, self._cookie, {"csrf": self._csrf, **form}))
