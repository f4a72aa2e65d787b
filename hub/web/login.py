"""The door: logging in and out, slowed down for whoever keeps guessing, silent on what was wrong."""

import time
from collections.abc import Callable
from functools import cached_property
from threading import BoundedSemaphore, Lock
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.access import Gate, Viewer
from hub.web.page import page
from hub.web.visitor import BEFORE, SESSION, TheGate, drop, hashed, keep, new_token, visitor
from models.people import Role

HOME: dict[Role, str] = {
    Role.OPERATOR: "/console",
    Role.SUPERVISOR: "/console",
    Role.RESPONDER: "/visits",
    Role.INSTALLER: "/installer",
    Role.CONTACT: "/family",
    Role.RESIDENT: "/resident",
}
WRONG = "That login and password do not belong together. Please try again."

routes = APIRouter()


class Guessing:
    """Failures by login and address. After three each further one doubles the wait, up to a quarter of an hour."""

    FREE, LONGEST, REMEMBERED = 3, 900.0, 10_000

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failed: dict[tuple[str, str], tuple[int, float]] = {}
        self._lock = Lock()

    def wait(self, login: str, address: str) -> float:
        """Seconds until this login may be tried from there again."""
        with self._lock:
            count, last = self._failed.get((login, address), (0, 0.0))
        pause = min(2.0 ** (count - self.FREE), self.LONGEST) if count >= self.FREE else 0.0
        return max(0.0, last + pause - self._now())

    def failed(self, login: str, address: str) -> None:
        with self._lock:
            count, _ = self._failed.pop((login, address), (0, 0.0))
            self._failed[login, address] = (count + 1, self._now())
            if len(self._failed) > self.REMEMBERED:
                self._failed.pop(next(iter(self._failed)))

    def succeeded(self, login: str, address: str) -> None:
        with self._lock:
            self._failed.pop((login, address), None)


class Door:
    """Passwords. An unknown login costs as much time as a wrong password, and few are tried at once."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._at_once = BoundedSemaphore(2)

    @cached_property
    def _nobody(self) -> str:
        return self._hasher.hash(new_token())

    def knows(self, gate: Gate, login: str, password: str) -> bool:
        found = gate.account(login)
        with self._at_once:
            right = self._verified(found[1] if found else self._nobody, password)
        return right and found is not None

    def _verified(self, known: str, password: str) -> bool:
        try:
            return self._hasher.verify(known, password)
        except (VerificationError, InvalidHashError):
            return False


Maybe = Annotated[Viewer | None, Depends(visitor)]
Text = Annotated[str, Form(max_length=200)]


@routes.get("/")
def front(who: Maybe) -> Response:
    return RedirectResponse(HOME[who.role] if who else "/login", 303)


@routes.get("/login")
def form(request: Request, who: Maybe, next: str = "") -> Response:  # noqa: A002 - the word in the address
    if who:
        return RedirectResponse(_own(next) or HOME[who.role], 303)
    return _form(request, next)


def _form(request: Request, back: str, wrong: str = "", login: str = "", status: int = 200) -> Response:
    before = request.cookies.get(BEFORE) or new_token()
    shown = page(request, "login.html", status=status, csrf=before, back=_own(back), wrong=wrong, login=login)
    keep(shown, BEFORE, before, secure=request.app.state.settings.secure_cookies, max_age=3600)
    return shown


@routes.post("/login")
def log_in(
    request: Request, gate: TheGate, who: Maybe, login: Text = "", password: Text = "", back: Text = ""
) -> Response:
    address = request.client.host if request.client else ""
    guessing: Guessing = request.app.state.guessing
    pause = guessing.wait(login, address)
    if pause > 0:
        return _form(request, back, f"Too many tries. Please wait {int(pause) + 1} s and try again.", login, 429)
    if not request.app.state.door.knows(gate, login, password):
        guessing.failed(login, address)
        return _form(request, back, WRONG, login, 401)
    guessing.succeeded(login, address)
    if who:
        gate.end_session(hashed(request.cookies[SESSION]))
    return _welcome(request, gate, login, back)


def _welcome(request: Request, gate: Gate, login: str, back: str) -> Response:
    settings, token = request.app.state.settings, new_token()
    gate.open_session(hashed(token), login, new_token(), settings.session_hours)
    found = gate.account(login)
    response = RedirectResponse(_own(back) or HOME[found[0].role] if found else "/login", 303)
    keep(response, SESSION, token, secure=settings.secure_cookies, max_age=int(settings.session_hours * 3600))
    drop(response, BEFORE)
    return response


@routes.post("/logout")
def log_out(request: Request, gate: TheGate, who: Maybe) -> Response:
    if who:
        gate.end_session(hashed(request.cookies[SESSION]))
    response = RedirectResponse("/login", 303)
    drop(response, SESSION)
    return response


def _own(back: str) -> str:
    """Only a path of our own pages, never another site's address."""
    return back if back.startswith("/") and not back.startswith(("//", "/\\", "/login")) else ""
