"""A relative's own choices: what they are told without asking, and a break."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.access import Gate, Viewer
from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.alert import Refused
from models.notices import Preferences

routes = APIRouter(prefix="/family")

Text = Annotated[str, Form(max_length=400)]
Hour = Annotated[int, Form()]


@routes.get("/told")
def told(request: Request, gate: TheGate, who: Who, kept: str = "") -> Response:
    return _page(request, gate, who, done="Kept." if kept else "")


@routes.post("/told")
def choose(
    request: Request,
    gate: TheGate,
    who: Who,
    called: Text = "",
    digest: Text = "",
    bed: Text = "",
    way: Text = "",
    digest_hour: Hour = 18,
    quiet_from: Hour = 22,
    quiet_until: Hour = 7,
) -> Response:
    chosen = Preferences(called.strip(), bool(digest), digest_hour, bool(bed), way, quiet_from, quiet_until)
    try:
        gate.relatives.choose(who, chosen)
    except Refused as refused:
        return _page(request, gate, who, wrong=str(refused), status=400)
    return RedirectResponse("/family/told?kept=1", 303)


@routes.post("/break")
def rest(request: Request, gate: TheGate, who: Who, days: Annotated[int, Form()] = 0) -> Response:
    """None ends it."""
    try:
        gate.relatives.rest(who, days)
    except Refused as refused:
        return _page(request, gate, who, wrong=str(refused), status=400)
    return RedirectResponse("/family/told?kept=1", 303)


def _page(request: Request, gate: Gate, who: Viewer, *, wrong: str = "", done: str = "", status: int = 200) -> Response:
    mine = gate.relatives.choices(who)
    return page(request, "told.html", status=status, viewer=who, mine=mine, wrong=wrong, done=done)
