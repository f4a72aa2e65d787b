"""What the resident decides: by themselves, or by somebody who writes down what they said."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.access import Gate, ReasonNeeded, Viewer
from hub.web.access.administration import Meanwhile
from hub.web.page import page
from hub.web.visitor import TheGate, Who
from hub.web.words import MEASURED, WHY
from models.alert import Refused
from models.people import Level, Role
from models.wishes import SHARING_PAUSES, WORDS

routes = APIRouter(prefix="/choices")

Text = Annotated[str, Form(max_length=400)]
Hours = Annotated[int, Form(ge=0, le=1000)]
MEANWHILE = "somebody else changed this meanwhile: look at what holds now"


@routes.get("")
def mine(gate: TheGate, who: Who) -> Response:
    return RedirectResponse(f"/choices/{gate.choosing.own(who)}", 303)


@routes.get("/{resident}")
def choices(request: Request, gate: TheGate, who: Who, resident: str, word: str = "") -> Response:
    return _choices(request, gate, who, resident, word)


@routes.post("/{resident}/kind")
def decide(
    request: Request, gate: TheGate, who: Who, resident: str,
    kind: Text = "", deed: Text = "", hours: Hours = 0, word: Text = "",
) -> Response:  # fmt: skip
    try:
        gate.choosing.decide(who, resident, word, kind, deed, hours)
    except (Refused, Meanwhile) as why:
        return _refused(request, gate, who, resident, word, why)
    return _back(resident, word)


@routes.post("/{resident}/contact")
def share(
    request: Request, gate: TheGate, who: Who, resident: str,
    contact: Text = "", deed: Text = "", value: Text = "", word: Text = "",
) -> Response:  # fmt: skip
    try:
        gate.choosing.share(who, resident, word, contact, deed, value)
    except (Refused, Meanwhile) as why:
        return _refused(request, gate, who, resident, word, why)
    return _back(resident, word)


@routes.get("/{resident}/as/{contact}")
def seen_as(request: Request, gate: TheGate, who: Who, resident: str, contact: str, word: str = "") -> Response:
    """The relative's own page, made as it is made for them; its buttons do nothing."""
    try:
        relative, stands_in = gate.choosing.seeing_as(who, resident, word, contact)
    except ReasonNeeded:
        return _word(request, who, resident)
    told = gate.family.reassurance(stands_in)
    wanted = gate.wanted.of(stands_in)
    shown: dict[str, object] = {"told": told, "wanted": wanted, "relative": relative, "resident": resident}
    return page(request, "seen_as.html", status=200, viewer=who, word=word, **shown)


def _choices(
    request: Request, gate: Gate, who: Viewer, resident: str, word: str, refused: str = "", status: int = 200
) -> Response:
    try:
        shown = gate.choosing.of(who, resident, word)
    except ReasonNeeded:
        return _word(request, who, resident)
    told = {"measured": MEASURED, "why": WHY, "levels": list(Level), "sharing_pauses": SHARING_PAUSES, "spoken": WORDS}
    own = who.role is Role.RESIDENT
    return page(request, "choices.html", status=status, viewer=who, choices=shown, refused=refused, own=own, **told)


def _refused(request: Request, gate: Gate, who: Viewer, resident: str, word: str, why: Exception) -> Response:
    text = str(why) if isinstance(why, Refused) else MEANWHILE
    return _choices(request, gate, who, resident, word, text, 409)


def _word(request: Request, who: Viewer, resident: str) -> Response:
    return page(request, "word.html", viewer=who, resident=resident, spoken=WORDS)


def _back(resident: str, word: str) -> Response:
    return RedirectResponse(f"/choices/{resident}" + (f"?word={word}" if word in WORDS else ""), 303)
