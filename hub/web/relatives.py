"""A relative's own choices: what they are told without asking, and a break."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.access import Gate, Viewer
from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.alert import Refused
from models.languages import TEXTS
from models.notices import Preferences
from models.telling import Saying

routes = APIRouter(prefix="/family")

Text = Annotated[str, Form(max_length=400)]
Hour = Annotated[int, Form()]


@routes.get("/told")
def told(request: Request, gate: TheGate, who: Who, kept: str = "") -> Response:
    return _page(request, gate, who, done=Saying(who.telling.language)("told.kept") if kept else "")


@routes.post("/told")
def choose(
    request: Request,
    gate: TheGate,
    who: Who,
    called: Text = "",
    digest: Text = "",
    bed: Text = "",
    way: Text = "",
    language: Text = "",
    aloud: Text = "",
    digest_hour: Hour = 18,
    quiet_from: Hour = 22,
    quiet_until: Hour = 7,
) -> Response:
    told = called.strip(), bool(digest), digest_hour, bool(bed), way, quiet_from, quiet_until
    chosen = Preferences(*told, language=language, aloud=bool(aloud))
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


@routes.post("/answer")
def answer(gate: TheGate, who: Who, key: Text = "") -> Response:
    """What they do about the alert that is open; where it is over meanwhile, the page says that."""
    with suppress(Refused):
        gate.wanted.say(who, key)
    return RedirectResponse("/family", 303)


@routes.get("/sharing")
def sharing(request: Request, gate: TheGate, who: Who, kept: str = "") -> Response:
    done = Saying(who.telling.language)("share.asked") if kept else ""
    return page(request, "sharing.html", viewer=who, sharing=gate.wanted.sharing(who), done=done, wrong="")


@routes.post("/sharing")
def ask(request: Request, gate: TheGate, who: Who, text: Annotated[str, Form(max_length=10_000)] = "") -> Response:
    try:
        gate.wanted.ask(who, text.strip())
    except Refused as refused:
        shown = {"sharing": gate.wanted.sharing(who), "done": "", "wrong": str(refused)}
        return page(request, "sharing.html", status=400, viewer=who, **shown)
    return RedirectResponse("/family/sharing?kept=1", 303)


def _page(request: Request, gate: Gate, who: Viewer, *, wrong: str = "", done: str = "", status: int = 200) -> Response:
    mine = gate.relatives.choices(who)
    names = {language: texts["language"] for language, texts in TEXTS.items()}
    return page(request, "told.html", status=status, viewer=who, mine=mine, names=names, wrong=wrong, done=done)
