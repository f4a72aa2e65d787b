"""Three small pages: the resident's own, the installer's, and the responder's visits."""

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


@routes.get("/visits")
def visits(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "visits.html", viewer=who, visits=gate.visits(who, Purpose.ANSWER))


@routes.get("/visits/{alert_id}")
def visit(request: Request, gate: TheGate, who: Who, alert_id: int) -> Response:
    return page(request, "visit.html", viewer=who, sheet=gate.visit(who, Purpose.ANSWER, alert_id))
