"""The pages as one application: every answer carries the same protection, and every fault says so in plain words."""

import gc
import sys
from functools import cache
from socket import socket

import uvicorn
from anyio import to_thread
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.loops import take_short_turns
from hub.settings import Settings
from hub.web import (
    account,
    accounts,
    administration,
    afterwards,
    alive,
    aloud,
    commission,
    console,
    family,
    figures,
    handover,
    keysafe,
    leaving,
    letters,
    login,
    news,
    others,
    outages,
    planning,
    prepare,
    relatives,
    response,
    seeking,
    trying,
    upkeep,
    visits,
    ways,
    wishes,
)
from hub.web.access import Away, Hidden, ReasonNeeded, open_gate
from hub.web.changes import Changes
from hub.web.live import Live
from hub.web.page import STATIC, mark_of_stylesheet, page
from hub.web.visitor import Forged, LoggedOut, kept_by_any_database, own_form

PARTS = (
    login,
    account,
    accounts,
    administration,
    trying,
    leaving,
    console,
    seeking,
    outages,
    ways,
    family,
    relatives,
    figures,
    handover,
    others,
    planning,
    prepare,
    commission,
    response,
    upkeep,
    keysafe,
    visits,
    afterwards,
    wishes,
    letters,
    news,
    aloud,
    alive,
)

LARGEST = 64 * 1024
"""Bytes in one form."""
LARGEST_OF = {"/administration/import": 4 * 1024 * 1024, "/administration/import/keep": 8 * 1024 * 1024}
"""Where a form brings a file."""

PAGES_AT_ONCE = 6
GARBAGE = 20_000, 20, 50
"""How rarely Python looks for garbage: with a borough's homes in memory its own way takes a third of a page's time."""

PACKED = frozenset({"/family", "/family/now", "/family/week", "/family/ask", "/family/told", "/family/sharing"})
"""Compressed, as they are read on slow telephones. No word in them is chosen by whoever leads somebody there: nothing
of an address is said again, so nobody can try letter by letter how well it packs.
"""

PROTECTION = {
    "content-security-policy": "default-src 'none'; script-src 'self'; "
    f"style-src 'self' '{mark_of_stylesheet()}'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

SAID = frozenset({403, 404, 405, 413, 500, 503})
"""What has words of its own; all else could not be understood."""


@cache
def _pages() -> APIRouter:
    """All parts, with what each asks first. Working that out takes longer than most pages do, so it is kept."""
    pages = APIRouter(dependencies=[Depends(kept_by_any_database), Depends(own_form)])
    for part in PARTS:
        pages.include_router(part.routes)
    return pages


def build(settings: Settings) -> FastAPI:
    app = FastAPI(title="Nightlight", docs_url=None, redoc_url=None, openapi_url=None)
    gate = open_gate(settings)
    app.state.settings, app.state.gate = settings, gate
    app.state.changes = Changes(Live(gate))
    app.router.routes.extend(_pages().routes)
    # Only what holds no secret is compressed, and PACKED: how well a page packs would tell what is in it.
    app.mount("/static", GZipMiddleware(StaticFiles(directory=STATIC)))
    app.add_middleware(Protected)
    _answer_faults(app)
    return app


class Server(uvicorn.Server):
    """Serves what `build` made on the host and port of `settings`, and ends the open streams when it is told to go."""

    def __init__(self, settings: Settings) -> None:
        self._app = build(settings)
        super().__init__(
            uvicorn.Config(
                self._app,
                host=settings.host,
                port=settings.port,
                log_level="warning",
                lifespan="off",
                ws="none",
                server_header=False,
                timeout_graceful_shutdown=3,
            )
        )

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Few pages are made at once, and whoever waits for the interpreter gets it soon: else in a storm the consoles'
        queue, which asks the store a dozen things, would stand behind every page at each of them.
        """
        gc.set_threshold(*GARBAGE)
        to_thread.current_default_thread_limiter().total_tokens = PAGES_AT_ONCE
        take_short_turns()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._app.state.changes.end()
        await super().shutdown(sockets)


def _answer_faults(app: FastAPI) -> None:
    app.add_exception_handler(Hidden, lambda request, _: said(request, 404))
    app.add_exception_handler(ReasonNeeded, lambda request, _: said(request, 404))
    app.add_exception_handler(Away, lambda request, _: said(request, 503))
    app.add_exception_handler(Forged, lambda request, _: said(request, 403))
    app.add_exception_handler(LoggedOut, _to_login)
    app.add_exception_handler(RequestValidationError, _unclear)
    app.add_exception_handler(HTTPException, lambda request, fault: said(request, getattr(fault, "status_code", 500)))
    app.add_exception_handler(Exception, lambda request, _: said(request, 500))


def _unclear(request: Request, _: Exception) -> Response:
    return said(request, 404 if request.method == "GET" else 400)


def said(request: Request, status: int) -> Response:
    """A fault in plain words, without data and without a stack. Protected by itself: the outermost are past that."""
    key = f"fault.{status if status in SAID else 400}"
    response = page(request, "fault.html", status=status, key=key)
    response.headers.update(PROTECTION | {"cache-control": "no-store"})
    return response


def _to_login(request: Request, fault: Exception) -> Response:
    """A fragment asked for by a page that stands open sends the whole page to the login."""
    assert isinstance(fault, LoggedOut)
    if "hx-request" in request.headers:
        return PlainTextResponse("", 401, {"hx-redirect": "/login"})
    return RedirectResponse(fault.login, 303)


class Protected:
    """Headers on every answer; nothing about a person stays in a cache; no form larger than a form."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._packing = app, GZipMiddleware(app, minimum_size=1000, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _length(scope) > LARGEST_OF.get(scope["path"], LARGEST):
            await said(Request(scope), 413)(scope, receive, send)
            return
        packed = scope["method"] == "GET" and scope["path"] in PACKED
        await (self._packing if packed else self._app)(scope, receive, _protecting(scope, send))


def _length(scope: Scope) -> int:
    """A body without a said length is taken for too large: no browser's form is."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return sys.maxsize
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() else sys.maxsize


def _protecting(scope: Scope, send: Send) -> Send:
    keep = "public, max-age=31536000, immutable" if scope["path"].startswith("/static/") else "no-store"

    async def protected(message: Message) -> None:
        if message["type"] == "http.response.start":
            more = PROTECTION | {"cache-control": keep}
            names = {name.encode() for name in more}
            kept = [(name, value) for name, value in message["headers"] if name.lower() not in names]
            message = {**message, "headers": [*kept, *((n.encode(), v.encode()) for n, v in more.items())]}
        await send(message)

    return protected
