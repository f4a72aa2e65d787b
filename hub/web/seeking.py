"""Finding somebody by name, for whoever answers the contact centre's telephone."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hub.web.page import page
from hub.web.visitor import TheGate, Who

routes = APIRouter(prefix="/console/find")


@routes.get("")
def find(request: Request, gate: TheGate, who: Who, find: str = "") -> Response:
    return page(request, "find.html", viewer=who, find=find[:200], sought=gate.seeking.people(who, find[:200]))
