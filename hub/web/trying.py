"""What would other settings have done in a home last month? Asked before they are kept."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from hub.web.access import Gate, Viewer
from hub.web.administration import typed
from hub.web.page import page
from hub.web.visitor import TheGate, Who

routes = APIRouter(prefix="/administration/homes/{home}/try")


@routes.get("")
def blank(request: Request, gate: TheGate, who: Who, home: str) -> Response:
    return _trial(request, gate, who, home, {})


@routes.post("")
def trial(
    request: Request, gate: TheGate, who: Who, home: str, cells: Annotated[dict[str, str], Depends(typed)]
) -> Response:
    return _trial(request, gate, who, home, cells)


def _trial(request: Request, gate: Gate, who: Viewer, home: str, cells: dict[str, str]) -> Response:
    shown = gate.trying.trial(who, home, cells)
    status = 503 if shown.busy else 400 if shown.wrong else 200
    return page(request, "trying.html", status=status, viewer=who, shown=shown)
