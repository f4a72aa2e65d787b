"""After an alert: how it went, a letter to another service, and why it was raised, with a way to say it was wrong."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.links import BY_LINK
from hub.web.access import Viewer
from hub.web.console import refused_sheet
from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.afterwards import Went
from models.alert import Refused

routes = APIRouter()

Text = Annotated[str, Form(max_length=2_000)]


@routes.get(f"{BY_LINK}feedback/{{token}}")
def feedback(request: Request, gate: TheGate, token: str) -> Response:
    return page(request, "feedback.html", asked=gate.after.question(token), Went=Went)


@routes.post(f"{BY_LINK}feedback/{{token}}")
def went(request: Request, gate: TheGate, token: str, went: Text = "", text: Text = "") -> Response:
    if went not in set(Went):
        return page(request, "feedback.html", status=400, asked=gate.after.question(token), Went=Went)
    asked = gate.after.answer_by_link(token, Went(went), text.strip())
    return page(request, "feedback.html", asked=asked, Went=Went)


@routes.post("/console/alert/{alert_id}/feedback")
def told(
    request: Request, gate: TheGate, who: Who, alert_id: int, asked: Annotated[int, Form()] = 0, went: Text = "",
    text: Text = "",
) -> Response:  # fmt: skip
    try:
        gate.after.answer_told(who, asked, went, text.strip())
    except Refused as refused:
        return refused_sheet(request, gate, who, alert_id, refused, text)
    return RedirectResponse(f"/console/alert/{alert_id}", 303)


@routes.post("/console/alert/{alert_id}/refer")
def refer(
    request: Request, gate: TheGate, who: Who, alert_id: int, service: Text = "", text: Text = "", agreed: Text = ""
) -> Response:
    try:
        number = gate.after.refer(who, alert_id, service, text.strip(), agreed=agreed == "yes")
    except Refused as refused:
        return refused_sheet(request, gate, who, alert_id, refused, text)
    return RedirectResponse(f"/console/referral/{number}", 303)


@routes.get("/console/referral/{number}")
def referral(request: Request, gate: TheGate, who: Who, number: int) -> Response:
    return page(request, "referral.html", viewer=who, letter=gate.after.letter(who, number))


@routes.get("/why")
def whys(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "whys.html", viewer=who, past=gate.after.whys(who))


@routes.get("/why/{alert_id}")
def why(request: Request, gate: TheGate, who: Who, alert_id: int) -> Response:
    return _why(request, gate, who, alert_id)


@routes.post("/why/{alert_id}")
def challenge(request: Request, gate: TheGate, who: Who, alert_id: int, text: Text = "") -> Response:
    try:
        gate.after.challenge(who, alert_id, text.strip())
    except Refused as refused:
        return _why(request, gate, who, alert_id, str(refused))
    return RedirectResponse(f"/why/{alert_id}", 303)


@routes.get("/console/challenges")
def challenges(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "challenges.html", viewer=who, looked=gate.after.looked_into(who), refused="")


@routes.post("/console/challenges/{number}")
def decide(request: Request, gate: TheGate, who: Who, number: int, text: Text = "") -> Response:
    try:
        gate.after.decide(who, number, text.strip())
    except Refused as refused:
        looked = gate.after.looked_into(who)
        return page(request, "challenges.html", status=409, viewer=who, looked=looked, refused=str(refused))
    return RedirectResponse("/console/challenges", 303)


def _why(request: Request, gate: TheGate, who: Viewer, alert_id: int, refused: str = "") -> Response:
    told = gate.after.why(who, alert_id)
    return page(request, "raised.html", status=409 if refused else 200, viewer=who, why=told, refused=refused)
