"""The contact centre: the queue, and an alert from answer to outcome."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from hub.web.access import PAGE, ReasonNeeded, Viewer
from hub.web.page import macro, page
from hub.web.painted import painted, row
from hub.web.visitor import TheGate, Who, while_in
from models.alert import Act, Outcome, Refused
from models.privacy import Purpose

routes = APIRouter(prefix="/console")

PartName = Literal["calls", "looks", "held", "faults"]
TITLES: dict[PartName, str] = {
    "calls": "Who may need help",
    "looks": "To look in on",
    "held": "In hand",
    "faults": "Kit faults",
}

STILL = "Still on it."
NO_MORE = 286
"""What htmx takes for the end of asking again and again."""

Text = Annotated[str, Form(max_length=10_000)]


@routes.get("")
def queue(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "console.html", viewer=who, queue=painted(gate.board.queue(who, Purpose.QUEUE)))


@routes.get("/queue")
def queue_now(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "queue.html", viewer=who, queue=painted(gate.board.queue(who, Purpose.QUEUE)))


@routes.get("/all/{part}")
def everything(
    request: Request, gate: TheGate, who: Who, part: PartName, first: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """What a storm leaves no room for in the queue: a page of it, which does not move."""
    queue, shown = gate.board.page(who, Purpose.QUEUE, part, first)
    return page(
        request,
        "all.html",
        viewer=who,
        title=TITLES[part],
        part=shown,
        rows=[row(one, queue.now) for one in shown.rows],
        first=first,
        size=PAGE,
        now=queue.now,
        zone=queue.zone,
    )


@routes.get("/changes")
def changes(request: Request, gate: TheGate, who: Who, alert: int | None = None) -> Response:
    """Of the queue, or of one alert that stands open on a page."""
    gate.may(who, Purpose.QUEUE)
    events = request.app.state.changes.follow(who, alert)
    return StreamingResponse(while_in(events, request), media_type="text/event-stream")


@routes.get("/alert/{alert_id}")
def alert(request: Request, gate: TheGate, who: Who, alert_id: int) -> Response:
    return _sheet(request, gate, who, alert_id)


@routes.get("/alert/{alert_id}/now")
def alert_now(request: Request, gate: TheGate, who: Who, alert_id: int) -> Response:
    """What changes while one looks. A closed alert shows that it is, and nothing of the person."""
    try:
        sheet = gate.sheet(who, Purpose.ANSWER, alert_id)
    except ReasonNeeded:
        return page(request, "ended.html", viewer=who, alert_id=alert_id)
    return page(request, "changed.html", viewer=who, sheet=sheet, refused="", text="")


@routes.get("/alert/{alert_id}/strip")
def home_now(gate: TheGate, who: Who, alert_id: int) -> Response:
    """How the home is; of a closed alert nothing, and the page asks no more."""
    try:
        strip, zone = gate.strip(who, Purpose.ANSWER, alert_id)
    except ReasonNeeded:
        return Response(status_code=NO_MORE)
    return HTMLResponse(macro("strip.html", "strip", strip, zone))


@routes.post("/alert/{alert_id}/look")
def look(request: Request, gate: TheGate, who: Who, alert_id: int, reason: Text = "") -> Response:
    return _sheet(request, gate, who, alert_id, reason=reason.strip())


@routes.post("/alert/{alert_id}/answer")
def answer(request: Request, gate: TheGate, who: Who, alert_id: int, text: Text = "") -> Response:
    return _act(request, gate, who, alert_id, Act.ANSWER, text)


@routes.post("/alert/{alert_id}/note")
def note(request: Request, gate: TheGate, who: Who, alert_id: int, text: Text = "", still: Text = "") -> Response:
    """Whoever is still on it need not find words for that."""
    return _act(request, gate, who, alert_id, Act.NOTE, text.strip() or (STILL if still else ""))


@routes.post("/alert/{alert_id}/send")
def send(request: Request, gate: TheGate, who: Who, alert_id: int, text: Text = "", to: Text = "") -> Response:
    return _act(request, gate, who, alert_id, Act.SEND, text, responder=to)


@routes.post("/alert/{alert_id}/arrive")
def arrive(request: Request, gate: TheGate, who: Who, alert_id: int, text: Text = "") -> Response:
    return _act(request, gate, who, alert_id, Act.ARRIVE, text)


@routes.post("/alert/{alert_id}/close")
def close(request: Request, gate: TheGate, who: Who, alert_id: int, text: Text = "", outcome: Text = "") -> Response:
    chosen, reason = _chosen(outcome)
    return _act(request, gate, who, alert_id, Act.CLOSE, text, outcome=chosen, reason=reason)


@routes.post("/alert/{alert_id}/reopen")
def reopen(request: Request, gate: TheGate, who: Who, alert_id: int) -> Response:
    try:
        gate.reopen(who, alert_id)
    except Refused as refused:
        return _sheet(request, gate, who, alert_id, refused=str(refused))
    return RedirectResponse(f"/console/alert/{alert_id}", 303)


@routes.post("/alert/{alert_id}/correct")
def correct(request: Request, gate: TheGate, who: Who, alert_id: int, text: Text = "", outcome: Text = "") -> Response:
    try:
        gate.correct(who, alert_id, *_chosen(outcome), text.strip())
    except Refused as refused:
        return _sheet(request, gate, who, alert_id, refused=str(refused), text=text)
    return RedirectResponse(f"/console/alert/{alert_id}", 303)


@routes.post("/alert/{alert_id}/undo")
def undo(request: Request, gate: TheGate, who: Who, alert_id: int, shift: Annotated[int, Form()]) -> Response:
    """What became of alerts shifted how patiently this home is watched; a supervisor takes that back."""
    try:
        gate.undo(who, alert_id, shift)
    except Refused as refused:
        return _sheet(request, gate, who, alert_id, refused=str(refused))
    return RedirectResponse(f"/console/alert/{alert_id}", 303)


@routes.post("/alert/{alert_id}/undo-falls")
def undo_falls(request: Request, gate: TheGate, who: Who, alert_id: int, sensor: Text = "") -> Response:
    """False falls made a pendant have to be surer; a supervisor takes that back."""
    try:
        gate.undo_falls(who, alert_id, sensor)
    except Refused as refused:
        return _sheet(request, gate, who, alert_id, refused=str(refused))
    return RedirectResponse(f"/console/alert/{alert_id}", 303)


@routes.post("/alert/{alert_id}/said")
def said(request: Request, gate: TheGate, who: Who, alert_id: int, kind: Text = "") -> Response:
    """What was to be mentioned at the next talk has been."""
    try:
        gate.said(who, alert_id, kind)
    except Refused as refused:
        return _sheet(request, gate, who, alert_id, refused=str(refused))
    return RedirectResponse(f"/console/alert/{alert_id}#mention-title", 303)


@routes.get("/person/{resident}")
def person(request: Request, gate: TheGate, who: Who, resident: str) -> Response:
    return _person(request, gate, who, resident)


@routes.post("/person/{resident}")
def look_at_person(request: Request, gate: TheGate, who: Who, resident: str, reason: Text = "") -> Response:
    return _person(request, gate, who, resident, reason.strip())


def _chosen(said: str) -> tuple[Outcome | None, str]:
    """An outcome and its reason, as a button or a choice says them."""
    what, _, reason = said.partition("|")
    return (Outcome(what) if what in set(Outcome) else None), reason


def _person(request: Request, gate: TheGate, who: Viewer, resident: str, reason: str = "") -> Response:
    try:
        shown = gate.person(who, resident, reason)
    except ReasonNeeded:
        return page(request, "why.html", viewer=who)
    return page(request, "person.html", viewer=who, person=shown)


def _act(
    request: Request,
    gate: TheGate,
    who: Viewer,
    alert_id: int,
    act: Act,
    text: str,
    *,
    outcome: Outcome | None = None,
    responder: str | None = None,
    reason: str = "",
) -> Response:
    try:
        gate.act(who, alert_id, act, text=text.strip(), outcome=outcome, responder=responder, reason=reason)
    except Refused as refused:
        return _sheet(request, gate, who, alert_id, refused=str(refused), text=text)
    return RedirectResponse("/console" if act is Act.CLOSE else f"/console/alert/{alert_id}", 303)


def refused_sheet(request: Request, gate: TheGate, who: Viewer, alert_id: int, refused: Refused, text: str) -> Response:
    """The alert's page again, with why nothing was done and what was typed."""
    return _sheet(request, gate, who, alert_id, refused=str(refused), text=text)


def _sheet(
    request: Request, gate: TheGate, who: Viewer, alert_id: int, *, reason: str = "", refused: str = "", text: str = ""
) -> Response:
    """For a closed alert the reason is asked first; what was refused is said, with the typed text kept."""
    purpose = Purpose.REASON if reason else Purpose.ANSWER
    status = 409 if refused else 200
    try:
        sheet = gate.sheet(who, purpose, alert_id, reason)
    except ReasonNeeded:
        closed = gate.closed(who, Purpose.QUEUE, alert_id)
        shown = {"closed": closed, "reopening": gate.reopening(who, closed), "refused": refused, "text": text}
        return page(request, "reason.html", status=status, viewer=who, **shown)
    return page(request, "alert.html", status=status, viewer=who, sheet=sheet, refused=refused, text=text)
