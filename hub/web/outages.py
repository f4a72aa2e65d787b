"""An outage of many homes as a page of its own: those at highest risk first, and one answer for all of them."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.access import Gate, Viewer
from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.alert import Refused

routes = APIRouter(prefix="/console/outage")

Id = Annotated[str, Query(max_length=300)]
Text = Annotated[str, Form(max_length=10_000)]


@routes.get("")
def outage(request: Request, gate: TheGate, who: Who, id: Id = "") -> Response:  # noqa: A002 - it is called so in the address
    return _shown(request, gate, who, id)


@routes.post("")
def answer(request: Request, gate: TheGate, who: Who, id: Text = "", text: Text = "") -> Response:  # noqa: A002
    try:
        count = gate.outages.answer(who, id, text.strip())
    except Refused as refused:
        return _shown(request, gate, who, id, refused=str(refused), text=text)
    return _shown(request, gate, who, id, answered=count)


def _shown(
    request: Request, gate: Gate, who: Viewer, outage: str, *, refused: str = "", text: str = "", answered: int = 0
) -> Response:
    found = gate.outages.page(who, outage)
    if found is None and not refused:
        return RedirectResponse("/console", 303)
    queue, card = found or (None, None)
    given = {"viewer": who, "queue": queue, "card": card, "refused": refused, "text": text, "answered": answered}
    return page(request, "outage.html", status=409 if refused else 200, **given)
