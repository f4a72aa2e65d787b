"""One's own login: password, second factor, and where one is logged in."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import FileResponse, RedirectResponse, Response

from hub.web.access import Gate, Viewer
from hub.web.access.entrance import NotProved, TooSoon, Weak
from hub.web.login import WRONG_CODE, address, in_words, left_for_good, logged_out, offer, too_soon
from hub.web.page import STATIC, page, spoken_to
from hub.web.visitor import SESSION, TheGate, Who
from models.alert import Refused
from models.entrance import LEAST
from models.telling import say

routes = APIRouter(prefix="/account")

Text = Annotated[str, Form(max_length=400)]
WRONG = "account.wrong"


@routes.get("")
def mine(request: Request, gate: TheGate, who: Who, done: str = "") -> Response:
    return _page(request, gate, who, done=say("account.changed", spoken_to(request, who)) if done else "")


@routes.get("/worker.js")
def worker() -> Response:
    """A worker may only look after pages beside it, so it is not among the other static files."""
    allowed = {"service-worker-allowed": "/account"}
    return FileResponse(STATIC / "staff-worker.js", media_type="text/javascript", headers=allowed)


@routes.post("/password")
def password(request: Request, gate: TheGate, who: Who, old: Text = "", new: Text = "", again: Text = "") -> Response:
    try:
        gate.entrance.change_password(who, request.cookies[SESSION], old, new, again, address(request))
    except (TooSoon, NotProved, Weak) as no:
        return _page(request, gate, who, wrong=_said(no, spoken_to(request, who)), status=_status(no))
    return RedirectResponse("/account?done=password", 303)


@routes.post("/email")
def email(request: Request, gate: TheGate, who: Who, email: Text = "") -> Response:
    try:
        gate.reminding.choose_email(who, email.strip())
    except Refused as no:
        return _page(request, gate, who, wrong=str(no), status=400)
    return _page(request, gate, who, done="Kept.")


@routes.get("/second")
def second_form(request: Request, gate: TheGate, who: Who) -> Response:
    if gate.entrance.mine(who).second_since:
        return RedirectResponse("/account", 303)
    return _offer(request, gate, who)


@routes.post("/second")
def second(request: Request, gate: TheGate, who: Who, code: Text = "") -> Response:
    try:
        papers = gate.entrance.confirm(who.login, code)
    except NotProved:
        return _offer(request, gate, who, wrong=say(WRONG_CODE, spoken_to(request, who)), status=401)
    return page(request, "papers.html", viewer=who, papers=papers, onward="/account")


@routes.post("/second/drop")
def drop_second(request: Request, gate: TheGate, who: Who, old: Text = "") -> Response:
    try:
        gate.entrance.drop_second(who, old, address(request))
    except (TooSoon, NotProved, Weak) as no:
        return _page(request, gate, who, wrong=_said(no, spoken_to(request, who)), status=_status(no))
    return logged_out()


@routes.post("/leave-everywhere")
def leave_everywhere(gate: TheGate, who: Who) -> Response:
    gate.response.forget_browsers(who)
    gate.entrance.leave_everywhere(who)
    return left_for_good()


def _offer(request: Request, gate: Gate, who: Viewer, wrong: str = "", status: int = 200) -> Response:
    login, secret = gate.entrance.offered(who.login)
    shown = {"viewer": who, "csrf": who.csrf, "to": "/account/second", "wrong": wrong, **offer(login, secret)}
    return page(request, "setup.html", status=status, **shown)


def _page(request: Request, gate: Gate, who: Viewer, *, wrong: str = "", done: str = "", status: int = 200) -> Response:
    mine = gate.entrance.mine(who)
    told = {"mine": mine, "wrong": wrong, "done": done, "least": LEAST, "email": gate.reminding.email(who)}
    return page(request, "account.html", status=status, viewer=who, **told)


def _said(no: Exception, language: str) -> str:
    if isinstance(no, TooSoon):
        return too_soon(no, language)
    return in_words(no, language) if isinstance(no, Weak) else say(WRONG, language)


def _status(no: Exception) -> int:
    return 429 if isinstance(no, TooSoon) else 400
