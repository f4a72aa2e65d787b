"""The depot's page: a home's kit is made, fetched as an archive, and shut out when it is lost."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.privacy import Purpose
from models.spoken import HELP_IS_COMING

routes = APIRouter(prefix="/installer/kits")


@routes.get("")
def kits(request: Request, gate: TheGate, who: Who, home: str = "") -> Response:
    made = gate.kits_of(who, Purpose.MAINTAIN, home.strip())
    return page(request, "prepare.html", viewer=who, made=made, spoken=HELP_IS_COMING)


@routes.post("/{home}")
def make(gate: TheGate, who: Who, home: str, speaks: Annotated[str, Form(max_length=8)] = "") -> Response:
    """A new kit's archive. It is kept by nobody on the way: it holds the home's secret key."""
    if speaks and speaks not in HELP_IS_COMING:
        raise HTTPException(400)
    packed = gate.new_kit(who, Purpose.MAINTAIN, home, speaks)
    named = {"Content-Disposition": f'attachment; filename="{home}-kit.zip"', "Cache-Control": "no-store"}
    return Response(packed, media_type="application/zip", headers=named)


@routes.post("/{home}/revoke")
def revoke(gate: TheGate, who: Who, home: str, serial: Annotated[str, Form(min_length=8, max_length=64)]) -> Response:
    gate.shut_out(who, Purpose.MAINTAIN, home, serial)
    return RedirectResponse(f"/installer/kits?home={home}", 303)
