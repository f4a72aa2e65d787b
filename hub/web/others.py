"""Two small pages: the resident's own, and the installer's."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.privacy import Purpose

routes = APIRouter()


@routes.get("/resident")
def resident(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "resident.html", viewer=who, own=gate.own(who, Purpose.OWN))


@routes.get("/installer")
def installer(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "installer.html", viewer=who, kits=gate.kits(who, Purpose.MAINTAIN))
