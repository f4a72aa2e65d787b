"""The door: logging in and out, a code beside the password, and the link by which one sets a password of one's own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.access import Viewer
from hub.web.access.entrance import Closed, Entered, NotProved, TooSoon, Weak
from hub.web.page import page, spoken_to
from hub.web.qr import drawn
from hub.web.visitor import BEFORE, SESSION, TOLD_HERE, TheGate, drop, keep, new_token, visitor
from models.entrance import LEAST, as_link, typed_by_hand
from models.people import Role
from models.telling import say

HOME: dict[Role, str] = {
    Role.OPERATOR: "/console",
    Role.SUPERVISOR: "/console",
    Role.RESPONDER: "/visits",
    Role.INSTALLER: "/installer",
    Role.MANAGER: "/figures",
    Role.PLANNER: "/planning",
    Role.ADMINISTRATOR: "/administration",
    Role.CONTACT: "/family",
    Role.RESIDENT: "/resident",
}
WRONG, WRONG_CODE = "login.wrong", "login.code.wrong"

routes = APIRouter()

Maybe = Annotated[Viewer | None, Depends(visitor)]
Text = Annotated[str, Form(max_length=400)]


@routes.get("/")
def front(who: Maybe) -> Response:
    return RedirectResponse(HOME[who.role] if who else "/login", 303)


@routes.get("/login")
def form(request: Request, who: Maybe, next: str = "", left: str = "") -> Response:  # noqa: A002 - the word in the address
    if who:
        return RedirectResponse(_own(next) or HOME[who.role], 303)
    return _form(request, "login.html", back=_own(next), wrong="", login="", left=bool(left))


@routes.post("/login")
def log_in(
    request: Request, gate: TheGate, who: Maybe, login: Text = "", password: Text = "", back: Text = ""
) -> Response:
    try:
        entered = gate.entrance.enter(login, password, address(request))
    except (TooSoon, NotProved, Closed) as no:
        return _form(request, "login.html", _status(no), wrong=_said(request, no, WRONG), back=_own(back), login=login)
    if who:
        gate.entrance.leave(request.cookies[SESSION])
    return _onward(request, entered, back)


@routes.get("/login/code")
def code_form(request: Request, gate: TheGate, back: str = "") -> Response:
    if not gate.entrance.waits(_cookie(request), "second"):
        return RedirectResponse("/login", 303)
    return _form(request, "code.html", back=_own(back), wrong="")


@routes.post("/login/code")
def prove(request: Request, gate: TheGate, code: Text = "", back: Text = "") -> Response:
    try:
        entered = gate.entrance.prove(_cookie(request), code, address(request))
    except LookupError:
        return RedirectResponse("/login", 303)
    except (TooSoon, NotProved) as no:
        return _form(request, "code.html", _status(no), wrong=_said(request, no, WRONG_CODE), back=_own(back))
    return _onward(request, entered, back)


@routes.get("/login/set-up")
def set_up_form(request: Request, gate: TheGate) -> Response:
    try:
        login, secret = gate.entrance.offered_to(_cookie(request))
    except LookupError:
        return RedirectResponse("/login", 303)
    return _form(request, "setup.html", to="/login/set-up", wrong="", **offer(login, secret))


@routes.post("/login/set-up")
def set_up(request: Request, gate: TheGate, code: Text = "") -> Response:
    try:
        login, secret = gate.entrance.offered_to(_cookie(request))
        entered, papers = gate.entrance.confirm_to(_cookie(request), code, address(request))
    except LookupError:
        return RedirectResponse("/login", 303)
    except (TooSoon, NotProved) as no:
        wrong, shown = _said(request, no, WRONG_CODE), offer(login, secret)
        return _form(request, "setup.html", _status(no), to="/login/set-up", wrong=wrong, **shown)
    return _let_in(request, page(request, "papers.html", papers=papers, onward=HOME[entered.role]), entered)


@routes.get("/invitation/{token}")
def invitation(request: Request, gate: TheGate, token: str) -> Response:
    login = gate.entrance.invited(token)
    if login is None:
        return page(request, "expired.html", status=404)
    return _form(request, "invitation.html", token=token, login=login, wrong="", least=LEAST)


@routes.post("/invitation/{token}")
def accept(request: Request, gate: TheGate, who: Maybe, token: str, password: Text = "", again: Text = "") -> Response:
    login = gate.entrance.invited(token)
    if login is None:
        return page(request, "expired.html", status=404)
    try:
        gate.entrance.accept(token, password, again)
    except Weak as weak:
        return _form(
            request,
            "invitation.html",
            400,
            token=token,
            login=login,
            wrong=in_words(weak, spoken_to(request)),
            least=LEAST,
        )
    try:
        entered = gate.entrance.enter(login, password, address(request))
    except (TooSoon, Closed):
        return RedirectResponse("/login", 303)
    if who:
        gate.entrance.leave(request.cookies[SESSION])
    return _onward(request, entered, "")


@routes.post("/logout")
def log_out(request: Request, gate: TheGate, who: Maybe) -> Response:
    """Whoever leaves is told nothing more in this browser. A session that only runs out leaves that as it is."""
    if who:
        gate.response.forget_browser(who, request.cookies.get(TOLD_HERE, ""))
    gate.entrance.leave(_cookie(request))
    return left_for_good()


def logged_out(to: str = "/login") -> Response:
    response = RedirectResponse(to, 303)
    drop(response, SESSION)
    return response


def left_for_good() -> Response:
    """The page after it has the browser itself forget that it was to be told things."""
    response = logged_out("/login?left=1")
    drop(response, TOLD_HERE)
    return response


def address(request: Request) -> str:
    return request.client.host if request.client else ""


def offer(login: str, secret: bytes) -> dict[str, str]:
    """What a page shows of a secret that is to be kept in an app."""
    by_hand = typed_by_hand(secret)
    spaced = " ".join(by_hand[place : place + 4] for place in range(0, len(by_hand), 4))
    return {"qr": drawn(as_link(secret, login)), "secret": spaced}


def _onward(request: Request, entered: Entered, back: str) -> Response:
    own = _own(back)
    onward = {"second": f"/login/code?back={own}" if own else "/login/code", "set up": "/login/set-up"}
    response = RedirectResponse(onward.get(entered.stage) or own or HOME[entered.role], 303)
    return _let_in(request, response, entered)


def _let_in(request: Request, response: Response, entered: Entered) -> Response:
    settings = request.app.state.settings
    keep(response, SESSION, entered.token, secure=settings.secure_cookies, max_age=int(settings.session_hours * 3600))
    if entered.stage == "in":
        drop(response, BEFORE)
    return response


def _form(request: Request, template: str, status: int = 200, /, **shown: object) -> Response:
    """A page for somebody who is not in yet, whose forms carry a token all the same."""
    before = request.cookies.get(BEFORE) or new_token()
    response = page(request, template, status=status, csrf=before, **shown)
    keep(response, BEFORE, before, secure=request.app.state.settings.secure_cookies, max_age=3600)
    return response


def _status(no: Exception) -> int:
    return 429 if isinstance(no, TooSoon) else 401


def _said(request: Request, no: Exception, wrong: str) -> str:
    language = spoken_to(request)
    if isinstance(no, TooSoon):
        return too_soon(no, language)
    return say("login.closed" if isinstance(no, Closed) else wrong, language)


def too_soon(no: TooSoon, language: str) -> str:
    if no.seconds < 60:
        return say("login.wait.seconds", language, count=int(no.seconds) + 1)
    which = "locked" if no.locked else "minutes"
    return say(f"login.wait.{which}", language, count=int(no.seconds // 60) + 1)


def in_words(weak: Weak, language: str) -> str:
    return say(weak.key, language, **weak.given)


def _cookie(request: Request) -> str:
    return request.cookies.get(SESSION, "")


def _own(back: str) -> str:
    """Only a path of our own pages, never another site's address."""
    return back if back.startswith("/") and not back.startswith(("//", "/\\", "/login")) else ""
