"""Ways to reach people that fail or failed, and who sees to them."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.access import Gate, Viewer
from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.alert import Refused

routes = APIRouter(prefix="/console/ways")


@routes.get("")
def ways(request: Request, gate: TheGate, who: Who) -> Response:
    return _shown(request, gate, who)


@routes.post("/{fault}/take")
def take(request: Request, gate: TheGate, who: Who, fault: int) -> Response:
    try:
        gate.ways.take(who, fault)
    except Refused as refused:
        return _shown(request, gate, who, str(refused))
    return RedirectResponse("/console/ways", 303)


def _shown(request: Request, gate: Gate, who: Viewer, refused: str = "") -> Response:
    now, zone, shown = gate.ways.latest(who)
    given = {"viewer": who, "now": now, "zone": zone, "ways": shown, "refused": refused}
    return page(request, "ways.html", status=409 if refused else 200, **given)
