"""After an alert: how it went, a letter to another service, and why it was raised, with a way to say it was wrong."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.links import BY_LINK
from hub.web.access import Viewer
from hub.web.access.afterwards import Letter
from hub.web.console import refused_sheet
from hub.web.page import page
from hub.web.paper import Paper
from hub.web.visitor import TheGate, Who
from hub.web.words import KIND, clock, date
from models.afterwards import Went
from models.alert import Refused
from models.telling import Saying

routes = APIRouter()

Text = Annotated[str, Form(max_length=2_000)]


@routes.get(f"{BY_LINK}feedback/{{token}}")
def feedback(request: Request, gate: TheGate, token: str) -> Response:
    return _feedback(request, gate, token)


@routes.post(f"{BY_LINK}feedback/{{token}}")
def went(request: Request, gate: TheGate, token: str, went: Text = "", text: Text = "") -> Response:
    if went not in set(Went):
        return _feedback(request, gate, token, 400)
    gate.after.answer_by_link(token, Went(went), text.strip())
    return _feedback(request, gate, token)


@routes.post("/console/alert/{alert_id}/feedback")
def told(
    request: Request, gate: TheGate, who: Who, alert_id: int, asked: Annotated[int, Form()] = 0, went: Text = "",
    text: Text = "", about: Text = "",
) -> Response:  # fmt: skip
    try:
        gate.after.answer_told(who, asked, went, text.strip(), about)
    except Refused as refused:
        return refused_sheet(request, gate, who, alert_id, refused, text)
    return RedirectResponse(f"/console/alert/{alert_id}", 303)


@routes.post("/console/alert/{alert_id}/refer")
def refer(
    request: Request, gate: TheGate, who: Who, alert_id: int, service: Text = "", text: Text = "", agreed: Text = "",
    about: Text = "",
) -> Response:  # fmt: skip
    try:
        number = gate.after.refer(who, alert_id, service, text.strip(), about, agreed=agreed == "yes")
    except Refused as refused:
        return refused_sheet(request, gate, who, alert_id, refused, text)
    return RedirectResponse(f"/console/referral/{number}", 303)


@routes.get("/console/referral/{number}")
def referral(request: Request, gate: TheGate, who: Who, number: int) -> Response:
    return page(request, "referral.html", viewer=who, letter=gate.after.letter(who, number))


@routes.get("/console/referral/{number}/pdf")
def printed(gate: TheGate, who: Who, number: int) -> Response:
    letter = gate.after.letter(who, number)
    named = {"content-disposition": f'attachment; filename="referral-{number}.pdf"'}
    return Response(_printed(letter), media_type="application/pdf", headers=named)


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


@routes.get("/console/challenges/waiting")
def challenges_waiting(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "challenged.html", viewer=who, waiting=gate.after.waiting(who))


@routes.post("/console/challenges/{number}")
def decide(request: Request, gate: TheGate, who: Who, number: int, text: Text = "") -> Response:
    try:
        gate.after.decide(who, number, text.strip())
    except Refused as refused:
        looked = gate.after.looked_into(who)
        return page(request, "challenges.html", status=409, viewer=who, looked=looked, refused=str(refused))
    return RedirectResponse("/console/challenges", 303)


def _feedback(request: Request, gate: TheGate, token: str, status: int = 200) -> Response:
    asked = gate.after.question(token)
    say = Saying(gate.after.language_of(asked))
    return page(request, "feedback.html", status=status, asked=asked, Went=Went, t=say)


def _why(request: Request, gate: TheGate, who: Viewer, alert_id: int, refused: str = "") -> Response:
    told = gate.after.why(who, alert_id)
    return page(request, "raised.html", status=409 if refused else 200, viewer=who, why=told, refused=refused)


def _printed(letter: Letter) -> bytes:
    """What the page says, in its order."""
    made, who, raised = (
        Paper(f"Referral to: {letter.referral.service}", letter.referral.at),
        letter.resident,
        letter.alert,
    )
    made.say(f"{date(letter.referral.at, letter.zone)}, reference {letter.referral.id}")
    if who:
        made.heading("Who")
        facts = (("Name", who.name), ("Address", who.address), ("Telephone", who.phone),
                 ("Speaking with them", who.speak_with), ("How to tell them things", letter.telling))  # fmt: skip
        made.table(("", ""), [one for one in facts if one[1]], (30, 70))
    made.heading("What happened")
    what = f"{KIND.get(raised.kind, raised.kind)}, {date(raised.raised_at, letter.zone)}"
    ended = f": {letter.outcome}" if letter.outcome else ""
    made.say(f"{what} at {clock(raised.raised_at, letter.zone)}{ended}.")
    if letter.referral.words:
        made.heading("Why we refer them")
        made.say(letter.referral.words)
    made.say(f"They agreed to this referral. Made by {letter.by}, contact centre.")
    return made.done()
