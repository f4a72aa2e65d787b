"""The office's page of a key safe, where a code is written and never read; and what the console decides about it."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.access import Viewer
from hub.web.console import refused_sheet
from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.alert import Refused

routes = APIRouter()

Text = Annotated[str, Form(max_length=500)]


@routes.get("/key-safe/{home_id}")
def key_safe(request: Request, gate: TheGate, who: Who, home_id: str) -> Response:
    return _page(request, gate, who, home_id)


@routes.post("/key-safe/{home_id}/code")
def enter(request: Request, gate: TheGate, who: Who, home_id: str, code: Text = "") -> Response:
    try:
        gate.key_safes.enter(who, home_id, code.strip())
    except Refused as refused:
        return _page(request, gate, who, home_id, str(refused))
    return RedirectResponse(f"/key-safe/{home_id}", 303)


@routes.post("/key-safe/{home_id}/permit")
def permit(request: Request, gate: TheGate, who: Who, home_id: str, by: Text = "", basis: Text = "") -> Response:
    try:
        gate.key_safes.permit(who, home_id, by.strip(), basis.strip())
    except Refused as refused:
        return _page(request, gate, who, home_id, str(refused))
    return RedirectResponse(f"/key-safe/{home_id}", 303)


@routes.post("/key-safe/{home_id}/withdraw")
def withdraw(gate: TheGate, who: Who, home_id: str) -> Response:
    gate.key_safes.withdraw(who, home_id)
    return RedirectResponse(f"/key-safe/{home_id}", 303)


@routes.post("/console/alert/{alert_id}/key-safe")
def decide(
    request: Request, gate: TheGate, who: Who, alert_id: int, responder: Text = "", allow: Text = ""
) -> Response:
    try:
        gate.key_safes.decide(who, alert_id, responder, allow=allow == "yes")
    except Refused as refused:
        return refused_sheet(request, gate, who, alert_id, refused, "")
    return RedirectResponse(f"/console/alert/{alert_id}", 303)


def _page(request: Request, gate: TheGate, who: Viewer, home_id: str, refused: str = "") -> Response:
    safe = gate.key_safes.office(who, home_id)
    return page(request, "keysafe.html", status=409 if refused else 200, viewer=who, safe=safe, refused=refused)
