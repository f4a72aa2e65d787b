"""Who sent a request: the session behind its cookie, and the proof that a form came from our own page."""

import asyncio
import hmac
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response

from hub.links import BY_LINK
from hub.web.access import Gate, Hidden, Viewer

SESSION = "nightlight_session"
BEFORE = "nightlight_before_login"
TOLD_HERE = "nightlight_told_here"
"""The mark of what this browser is told by, so that whoever logs out in it is told nothing more there."""
TOLD_FOR = 365 * 24 * 3600
LONGEST_NUMBER = 18
"""Digits."""
ASK_EVERY = 10.0
"""Seconds after which an open stream looks again whether its session lasts."""


class LoggedOut(Exception):
    """Nobody is logged in; `back` is where they wanted to go."""

    def __init__(self, back: str) -> None:
        super().__init__(back)
        self.back = back

    @property
    def login(self) -> str:
        return f"/login?next={quote(self.back)}" if self.back not in ("", "/") else "/login"


class Forged(Exception):
    """A form without the token of its session."""


def new_token() -> str:
    return secrets.token_urlsafe(32)


def gate_of(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate


async def the_gate(request: Request) -> Gate:
    """What asks nothing of the store needs no thread of its own, for which a page in a storm would have to wait."""
    return gate_of(request)


def visitor(request: Request) -> Viewer | None:
    token = request.cookies.get(SESSION)
    return gate_of(request).entrance.viewer(token) if token else None


async def viewer(request: Request, who: Annotated[Viewer | None, Depends(visitor)]) -> Viewer:
    if who is None:
        raise LoggedOut(request.url.path if request.method == "GET" else "/")
    return who


async def while_in(events: AsyncGenerator[bytes, None], request: Request) -> AsyncIterator[bytes]:
    """A stream ends with the session that asked for it; while it is open, the session is in use."""
    clock = asyncio.get_running_loop().time
    asked = clock()
    async with aclosing(events):
        async for event in events:
            if clock() - asked > ASK_EVERY:
                if await asyncio.to_thread(visitor, request) is None:
                    return
                asked = clock()
            yield event


async def kept_by_any_database(request: Request) -> None:
    """No number is that large, and no text holds that character: a database would fall over what is none of its."""
    said = [*request.path_params.values(), *request.query_params.values()]
    if any("\0" in str(one) or (len(str(one)) > LONGEST_NUMBER and str(one).isdecimal()) for one in said):
        raise Hidden("address")


async def own_form(request: Request, who: Annotated[Viewer | None, Depends(visitor)]) -> None:
    """Every POST carries the token of its session or, before login, of the page it was typed on. Behind a link that
    somebody was sent, the secret in the address is that token.
    """
    if request.method in ("GET", "HEAD") or request.url.path.startswith(BY_LINK):
        return
    expected = who.csrf if who else request.cookies.get(BEFORE, "")
    form = await request.form()
    if any("\0" in str(value) for value in form.values()):
        raise RequestValidationError([])
    given = form.get("csrf", "")
    if not expected or not hmac.compare_digest(str(given).encode(), expected.encode()):
        raise Forged


def keep(response: Response, name: str, value: str, *, secure: bool, max_age: int) -> None:
    response.set_cookie(name, value, max_age=max_age, httponly=True, samesite="strict", secure=secure, path="/")


def drop(response: Response, name: str) -> None:
    response.delete_cookie(name, httponly=True, samesite="strict", path="/")


Who = Annotated[Viewer, Depends(viewer)]
TheGate = Annotated[Gate, Depends(the_gate)]
