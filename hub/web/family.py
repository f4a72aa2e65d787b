"""The family's page: how things are, in one sentence, at the level the resident chose for this reader."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.privacy import Purpose

routes = APIRouter(prefix="/family")


@routes.get("")
def family(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "family.html", viewer=who, told=gate.reassurance(who, Purpose.REASSURE))


@routes.get("/now")
def now(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "reassurance.html", viewer=who, told=gate.reassurance(who, Purpose.REASSURE))
