"""One shift hands over to the next."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.access import Gate, Viewer
from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.alert import Refused

routes = APIRouter(prefix="/handover")

Text = Annotated[str, Form(max_length=2000)]
Minutes = Annotated[int, Form(ge=1, le=60 * 24 * 30)]
IN: dict[int, str] = {15: "15 minutes", 30: "half an hour", 60: "an hour", 120: "2 hours", 240: "4 hours",
                      480: "8 hours", 1440: "a day", 4320: "3 days", 10080: "7 days"}  # fmt: skip


@routes.get("")
def handover(request: Request, gate: TheGate, who: Who, home: str = "", alert: int | None = None) -> Response:
    return _page(request, gate, who, home=home, alert=alert)


@routes.get("/due")
def due(request: Request, gate: TheGate, who: Who) -> Response:
    due, lived_in = gate.handovers.promises(who, due_only=True), gate.handovers.mutings(who, lived_in_only=True)
    return page(request, "due.html", viewer=who, due=due, lived_in=lived_in)


@routes.post("/promise")
def promise(
    request: Request, gate: TheGate, who: Who, home: Text = "", text: Text = "", minutes: Minutes = 30,
    alert: Annotated[str, Form(pattern=r"^\d{0,15}$")] = "",
) -> Response:  # fmt: skip
    try:
        gate.handovers.promise(who, home.strip(), int(alert) if alert else None, timedelta(minutes=minutes), text)
    except Refused as refused:
        return _page(request, gate, who, refused=str(refused), home=home, text=text, status=409)
    return RedirectResponse("/handover", 303)


@routes.post("/promise/{number}/keep")
def keep(request: Request, gate: TheGate, who: Who, number: int, text: Text = "") -> Response:
    try:
        gate.handovers.keep(who, number, text)
    except Refused as refused:
        return _page(request, gate, who, refused=str(refused), text=text, status=409)
    return RedirectResponse("/handover", 303)


@routes.post("/mute")
def mute(
    request: Request, gate: TheGate, who: Who, home: Text = "", text: Text = "", minutes: Minutes = 60,
    away: Text = "",
) -> Response:  # fmt: skip
    try:
        gate.handovers.mute(who, home.strip(), timedelta(minutes=minutes), text, away=bool(away))
    except Refused as refused:
        return _page(request, gate, who, refused=str(refused), home=home, text=text, status=409)
    return RedirectResponse("/handover", 303)


@routes.post("/unmute")
def unmute(request: Request, gate: TheGate, who: Who, home: Text = "") -> Response:
    try:
        gate.handovers.unmute(who, home)
    except Refused as refused:
        return _page(request, gate, who, refused=str(refused), status=409)
    return RedirectResponse("/handover", 303)


@routes.post("/over")
def hand_over(request: Request, gate: TheGate, who: Who, text: Text = "") -> Response:
    try:
        gate.handovers.hand_over(who, text)
    except Refused as refused:
        return _page(request, gate, who, refused=str(refused), text=text, status=409)
    return RedirectResponse("/handover", 303)


@routes.post("/over/{number}/take")
def take_over(request: Request, gate: TheGate, who: Who, number: int, text: Text = "") -> Response:
    try:
        gate.handovers.take_over(who, number, text)
    except Refused as refused:
        return _page(request, gate, who, refused=str(refused), text=text, status=409)
    return RedirectResponse("/handover", 303)


def _page(
    request: Request,
    gate: Gate,
    who: Viewer,
    *,
    refused: str = "",
    home: str = "",
    alert: int | None = None,
    text: str = "",
    status: int = 200,
) -> Response:
    shown = {
        "over": gate.handovers.page(who),
        "refused": refused,
        "home": home,
        "alert": alert,
        "text": text,
        "spans": IN,
    }
    return page(request, "handover.html", status=status, viewer=who, **shown)
