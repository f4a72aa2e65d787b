"""The responder's pages, made for a telephone in one hand: where to go, what to know, and a button for each moment."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.access import Hidden, Viewer
from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.alert import ON_SITE, Act, Refused
from models.privacy import Purpose

routes = APIRouter(prefix="/visits")

Text = Annotated[str, Form(max_length=2_000)]
STAMPS = {act.value.replace(" ", "-"): act for act in ON_SITE}


@routes.get("")
def visits(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "visits.html", viewer=who, visits=gate.visits(who, Purpose.ANSWER))


@routes.get("/now")
def visits_now(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "sent_to.html", viewer=who, visits=gate.visits(who, Purpose.ANSWER))


@routes.get("/{alert_id}")
def visit(request: Request, gate: TheGate, who: Who, alert_id: int) -> Response:
    return _visit(request, gate, who, alert_id)


@routes.get("/{alert_id}/now")
def visit_now(request: Request, gate: TheGate, who: Who, alert_id: int) -> Response:
    """What may change on the way. Of one that is over nothing but that, nor of another's."""
    gate.visits_desk.open_to(who)
    try:
        sheet, way = gate.visit(who, Purpose.ANSWER, alert_id), gate.visits_desk.of(who, alert_id)
    except Hidden:
        return page(request, "known.html", viewer=who, over=True)
    return page(request, "known.html", viewer=who, over=False, sheet=sheet, way=way)


@routes.post("/{alert_id}/code")
def code(gate: TheGate, who: Who, alert_id: int) -> Response:
    gate.key_safes.reveal(who, alert_id)
    return RedirectResponse(f"/visits/{alert_id}#key-safe", 303)


@routes.post("/{alert_id}/{stamp}")
def stamp(
    request: Request, gate: TheGate, who: Who, alert_id: int, stamp: str, text: Text = "", outcome: Text = "",
    ago: Annotated[float, Form(ge=0, le=86_400, allow_inf_nan=False)] = 0.0,
) -> Response:  # fmt: skip
    """A second time changes nothing, since a telephone that lost its signal sends again what it may have sent."""
    act = STAMPS.get(stamp, Act.RAISE)
    try:
        gate.visits_desk.stamp(who, alert_id, act, ago, text.strip(), outcome)
    except Refused as refused:
        return _visit(request, gate, who, alert_id, refused=str(refused))
    return RedirectResponse(f"/visits/{alert_id}", 303)


def _visit(request: Request, gate: TheGate, who: Viewer, alert_id: int, refused: str = "") -> Response:
    sheet, way = gate.visit(who, Purpose.ANSWER, alert_id), gate.visits_desk.of(who, alert_id)
    safe = gate.key_safes.of_visit(who, alert_id)
    given = {
        "viewer": who,
        "sheet": sheet,
        "way": way,
        "safe": safe,
        "refused": refused,
        "stamps": STAMPS,
        "over": False,
    }
    return page(request, "visit.html", status=409 if refused else 200, **given)
