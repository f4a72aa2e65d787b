"""The office's list of letters to print and post."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.access.letters import TO_POST
from hub.web.letter import printed
from hub.web.news import on_a_page
from hub.web.page import page
from hub.web.shown import News
from hub.web.visitor import TheGate, Who
from hub.web.wishes import named
from models.notices import NoticeKind

routes = APIRouter(prefix="/letters")


@routes.get("")
def waiting(request: Request, gate: TheGate, who: Who) -> Response:
    now, letters = gate.letters.waiting(who)
    missed = gate.reminding.not_reached(who, NoticeKind.POSTING)
    return page(request, "letters.html", viewer=who, now=now, letters=letters, reason=TO_POST, not_reached=missed)


@routes.get("/{number}.pdf")
def letter(gate: TheGate, who: Who, number: int, reason: str = "") -> Response:
    """`reason` is why somebody reads another's letter; without one there is nothing."""
    envelope, told = gate.letters.made(who, number, reason)
    if isinstance(told, News):
        made = on_a_page(told, large=told.large_print, envelope=envelope)
    else:
        made = printed(told, large=told.large_print, envelope=envelope)
    return Response(made, media_type="application/pdf", headers=named(f"nightlight-letter-{number}.pdf"))


@routes.post("/{number}/posted")
def posted(gate: TheGate, who: Who, number: int) -> Response:
    gate.letters.posted(who, number)
    return RedirectResponse("/letters", 303)
