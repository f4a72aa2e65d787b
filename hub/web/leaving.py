"""The administrator's page for when somebody leaves the service, or is back."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.access import Gate, Viewer
from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.alert import Refused
from models.leaving import Why

routes = APIRouter(prefix="/administration/residents")

Text = Annotated[str, Form(max_length=200)]


@routes.get("/{resident}/leaving")
def leaving(request: Request, gate: TheGate, who: Who, resident: str) -> Response:
    return _shown(request, gate, who, resident)


@routes.post("/{resident}/leaving")
def leave(request: Request, gate: TheGate, who: Who, resident: str, why: Text = "", seen: Text = "") -> Response:
    try:
        gate.leaving.leave(who, resident, why, seen)
    except Refused as refused:
        return _shown(request, gate, who, resident, str(refused))
    return RedirectResponse(f"/administration/residents/{resident}/leaving", 303)


@routes.post("/{resident}/back")
def back(request: Request, gate: TheGate, who: Who, resident: str, seen: Text = "") -> Response:
    try:
        gate.leaving.come_back(who, resident, seen)
    except Refused as refused:
        return _shown(request, gate, who, resident, str(refused))
    return RedirectResponse(f"/administration/residents/{resident}/leaving", 303)


def _shown(request: Request, gate: Gate, who: Viewer, resident: str, refused: str = "") -> Response:
    left = gate.leaving.page(who, resident)
    given = {"viewer": who, "left": left, "whys": tuple(Why), "refused": refused}
    return page(request, "leaving.html", status=409 if refused else 200, **given)
