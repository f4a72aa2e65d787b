"""What the resident decides: by themselves, or by somebody who writes down what they said."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from hub.voice import Speechless, spoken
from hub.web.access import Gate, ReasonNeeded, Viewer
from hub.web.access.administration import Meanwhile
from hub.web.access.wishes import MAY_DECIDE_FOR
from hub.web.letter import letter, printed
from hub.web.page import page, spoken_to
from hub.web.sound import played
from hub.web.visitor import TheGate, Who
from models.alert import Refused
from models.hours import day_to_look_again
from models.languages import TEXTS
from models.notices import NoticeKind
from models.people import Level, Role
from models.telling import Saying, say
from models.wishes import SHARING_PAUSES, WORDS, Decision

routes = APIRouter(prefix="/choices")

Text = Annotated[str, Form(max_length=400)]
Hours = Annotated[int, Form(ge=0, le=1000)]
SURE = {texts["choose.sure"] for texts in TEXTS.values()}
MEANWHILE = "somebody else changed this meanwhile: look at what holds now"


@routes.get("")
def mine(request: Request, gate: TheGate, who: Who) -> Response:
    """A resident comes to their own; whoever keeps decisions to what is to be looked at again."""
    if who.role is not Role.RESIDENT:
        now, due = gate.choosing.reviews(who)
        missed = gate.reminding.not_reached(who, NoticeKind.REVIEW)
        return page(request, "reviews.html", viewer=who, now=now, due=due, not_reached=missed)
    return RedirectResponse(f"/choices/{gate.choosing.own(who)}", 303)


@routes.get("/{resident}")
def choices(
    request: Request, gate: TheGate, who: Who, resident: str, word: str = "", done: str = ""
) -> Response:  # fmt: skip
    return _choices(request, gate, who, resident, word, done=bool(done))


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

    def now(stands_in: Viewer) -> dict[str, object]:
        return {"told": gate.family.reassurance(stands_in), "wanted": gate.wanted.of(stands_in)}

    return _seen_as(request, gate, who, resident, contact, word, "reassurance.html", now)


@routes.get("/{resident}/as/{contact}/week")
def week_as(request: Request, gate: TheGate, who: Who, resident: str, contact: str, word: str = "") -> Response:
    def week(stands_in: Viewer) -> dict[str, object]:
        return {"week": gate.family.week(stands_in)}

    return _seen_as(request, gate, who, resident, contact, word, "days.html", week)


@routes.get("/{resident}/as/{contact}/ask")
def asks_as(request: Request, gate: TheGate, who: Who, resident: str, contact: str, word: str = "") -> Response:
    def ask(stands_in: Viewer) -> dict[str, object]:
        return {"answers": gate.family.questions(stands_in)}

    return _seen_as(request, gate, who, resident, contact, word, "asked.html", ask)


@routes.get("/{resident}/as/{contact}/sharing")
def shares_as(request: Request, gate: TheGate, who: Who, resident: str, contact: str, word: str = "") -> Response:
    def sharing(stands_in: Viewer) -> dict[str, object]:
        return {"sharing": gate.wanted.sharing(stands_in)}

    return _seen_as(request, gate, who, resident, contact, word, "carers.html", sharing)


@routes.get("/{resident}/as/{contact}/why")
def past_as(request: Request, gate: TheGate, who: Who, resident: str, contact: str, word: str = "") -> Response:
    def past(stands_in: Viewer) -> dict[str, object]:
        return {"past": gate.after.whys(stands_in)}

    return _seen_as(request, gate, who, resident, contact, word, "raisings.html", past)


@routes.get("/{resident}/letter.pdf")
def on_paper(gate: TheGate, who: Who, resident: str, word: str = "", large: str = "") -> Response:
    shown = gate.choosing.of(who, resident, word)
    made = printed(shown, large=bool(large) or shown.large_print)
    return Response(made, media_type="application/pdf", headers=named("nightlight-letter.pdf"))


@routes.get("/{resident}/letter.wav")
def aloud(request: Request, gate: TheGate, who: Who, resident: str, word: str = "") -> Response:
    shown = gate.choosing.of(who, resident, word)
    try:
        return played(request, spoken(letter(shown).text, shown.language))
    except Speechless as why:
        raise HTTPException(503, str(why)) from why


@routes.get("/{resident}/everything.zip")
def everything(gate: TheGate, who: Who, resident: str, word: str = "") -> Response:
    made = gate.choosing.export(who, resident, word)
    return Response(made, media_type="application/zip", headers=named("nightlight-everything.zip"))


@routes.post("/{resident}/erase")
def erase(
    request: Request, gate: TheGate, who: Who, resident: str, kind: Text = "", sure: Text = "", word: Text = ""
) -> Response:
    """`sure` is typed, so that nobody deletes by a slip."""
    ended, desk = kind == "everything", gate.choosing
    if sure.strip().casefold() not in SURE:
        asked = say("choose.untyped", who.telling.language, sure=say("choose.sure", who.telling.language))
        return _refused(request, gate, who, resident, word, Refused(asked))
    try:
        told = desk.end_service(who, resident, word) if ended else desk.erase(who, resident, word, kind)
    except (Refused, Meanwhile) as why:
        return _refused(request, gate, who, resident, word, why)
    return page(request, "erased.html", viewer=who, told=told, resident=resident, word=word, ended=ended, t=Saying())


@routes.post("/{resident}/decision")
def decided_for(
    request: Request, gate: TheGate, who: Who, resident: str,
    about: Text = "", decided: Text = "", maker: Text = "", standing: Text = "", capacity: Text = "",
    consulted: Text = "", least: Text = "", review: Text = "", deed: Text = "", word: Text = "",
) -> Response:  # fmt: skip
    try:
        now = gate.choosing.of(who, resident, word).now
        made = Decision(about, decided, maker, standing, capacity, consulted, least, now, _day(review))
        gate.choosing.decided_for(who, resident, word, made, deed)
    except (Refused, Meanwhile) as why:
        return _refused(request, gate, who, resident, word, why)
    return _back(resident, word)


@routes.post("/{resident}/decision/{number}/end")
def end_decision(gate: TheGate, who: Who, resident: str, number: int, word: Text = "") -> Response:
    gate.choosing.end_decision(who, resident, word, number)
    return _back(resident, word)


def _seen_as(
    request: Request, gate: Gate, who: Viewer, resident: str, contact: str, word: str, part: str,
    made: Callable[[Viewer], dict[str, object]],
) -> Response:  # fmt: skip
    try:
        relative, stands_in = gate.choosing.seeing_as(who, resident, word, contact)
    except ReasonNeeded:
        return _word(request, who, resident)
    theirs = Saying(spoken_to(request, stands_in))
    shown = {"relative": relative, "resident": resident, "part": part, "theirs": theirs, **made(stands_in)}
    return page(request, "seen_as.html", status=200, viewer=who, word=word, **shown)


def _day(text: str) -> datetime:
    again = day_to_look_again(text)
    if again is None:
        raise Refused("say when it is looked at again: a day, as 2027-03-01")
    return again


def named(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}


def _choices(
    request: Request, gate: Gate, who: Viewer, resident: str, word: str, refused: str = "", status: int = 200,
    *, done: bool = False,
) -> Response:  # fmt: skip
    try:
        shown = gate.choosing.of(who, resident, word)
    except ReasonNeeded:
        return _word(request, who, resident)
    told: dict[str, object] = {"own": who.role is Role.RESIDENT, "decides": who.role in MAY_DECIDE_FOR}
    told |= {"levels": list(Level), "sharing_pauses": SHARING_PAUSES, "spoken": WORDS}
    return page(request, "choices.html", status=status, viewer=who, choices=shown, refused=refused, done=done, **told)


def _refused(request: Request, gate: Gate, who: Viewer, resident: str, word: str, why: Exception) -> Response:
    text = str(why) if isinstance(why, Refused) else MEANWHILE
    return _choices(request, gate, who, resident, word, text, 409)


def _word(request: Request, who: Viewer, resident: str) -> Response:
    return page(request, "word.html", viewer=who, resident=resident, spoken=WORDS)


def _back(resident: str, word: str) -> Response:
    """The page says first what was just decided."""
    return RedirectResponse(f"/choices/{resident}?done=yes" + (f"&word={word}" if word in WORDS else ""), 303)
