"""The administrator's page of logins."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.access import Gate, Hidden, Viewer
from hub.web.access.accounts import Wrong
from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.people import Role

routes = APIRouter(prefix="/administration/accounts")

Text = Annotated[str, Form(max_length=200)]


@routes.get("")
def accounts(request: Request, gate: TheGate, who: Who, person: str = "", role: str = "") -> Response:
    """A record of somebody leads here, and says who it is."""
    typed = {"login": "", "name": "", "role": role if role in set(Role) else "", "person": person[:200]}
    return _list(request, gate, who, typed=typed)


@routes.post("")
def add(
    request: Request, gate: TheGate, who: Who, login: Text = "", name: Text = "", role: Text = "", person: Text = ""
) -> Response:
    typed = {"login": login.strip().lower(), "name": name, "role": role, "person": person.strip()}
    try:
        link = gate.accounts.add(who, **typed)
    except Wrong as wrong:
        return _list(request, gate, who, status=400, wrong=wrong, typed=typed)
    return _invited(request, gate, who, typed["login"], link)


@routes.get("/{login}")
def one(request: Request, gate: TheGate, who: Who, login: str) -> Response:
    return _one(request, gate, who, login)


@routes.post("/{login}")
def change(
    request: Request, gate: TheGate, who: Who, login: str,
    seen: Text = "", name: Text = "", role: Text = "", person: Text = "",
) -> Response:  # fmt: skip
    try:
        gate.accounts.change(who, login, seen, name, role, person.strip())
    except Wrong as wrong:
        return _one(request, gate, who, login, status=400 if wrong.field else 409, wrong=wrong)
    return RedirectResponse("/administration/accounts", 303)


@routes.post("/{login}/{deed}")
def do(request: Request, gate: TheGate, who: Who, login: str, deed: str) -> Response:
    desk = gate.accounts
    deeds = {
        "close": desk.close,
        "reopen": desk.reopen,
        "unlock": desk.unlock,
        "drop-second": desk.drop_second,
        "log-out": desk.end_sessions,
    }
    if deed == "invite":
        return _invited(request, gate, who, login, desk.invite(who, login))
    if deed not in deeds:
        raise Hidden("no such button")
    try:
        deeds[deed](who, login)
    except Wrong as wrong:
        return _one(request, gate, who, login, status=400, wrong=wrong)
    return RedirectResponse(f"/administration/accounts/{login}", 303)


def _invited(request: Request, gate: Gate, who: Viewer, login: str, link: str) -> Response:
    public = request.app.state.settings.public_url or str(request.base_url)
    hours = request.app.state.settings.invitation_hours
    account = gate.accounts.one(who, login).account
    return page(
        request, "invited.html", viewer=who, account=account, link=public.rstrip("/") + link, hours=f"{hours:g}"
    )


def _list(
    request: Request, gate: Gate, who: Viewer, *, status: int = 200, wrong: Wrong | None = None,
    typed: dict[str, str],
) -> Response:  # fmt: skip
    rows = gate.accounts.all(who)
    shown = {"rows": rows, "wrong": wrong, "typed": typed, "roles": list(Role)}
    return page(request, "accounts.html", status=status, viewer=who, **shown)


def _one(
    request: Request, gate: Gate, who: Viewer, login: str, *, status: int = 200, wrong: Wrong | None = None
) -> Response:
    row = gate.accounts.one(who, login)
    return page(request, "login_of.html", status=status, viewer=who, row=row, wrong=wrong, roles=list(Role))
