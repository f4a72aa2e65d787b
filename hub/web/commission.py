"""The installer's page for one home, which a phone goes on using while its signal comes and goes; and certificates.

Every form is posted by itself. A script keeps on the phone what could not be sent, and asks for JSON; without it each
form leads back to the page.
"""

from functools import partial
from secrets import token_hex
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response

from hub.web.access.commissioning import BASES, Paper, Refused, View
from hub.web.page import STATIC, page
from hub.web.paper import Paper as Printed
from hub.web.visitor import TheGate, Who
from hub.web.words import NO_CALL, place
from models.commission import QUESTIONS
from models.home import Home
from models.hours import local

routes = APIRouter(prefix="/installer/commission")


@routes.get("")
def homes(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "commissions.html", viewer=who, homes=gate.commissioning.homes(who))


@routes.get("/worker.js")
def worker() -> Response:
    """A worker may only look after pages beside it, so it is not among the other static files."""
    return FileResponse(STATIC / "commission-worker.js", media_type="text/javascript")


@routes.get("/{home}")
def one(request: Request, gate: TheGate, who: Who, home: str) -> Response:
    return _shown(request, who, gate.commissioning.view(who, home))


@routes.get("/{home}/state")
def state(gate: TheGate, who: Who, home: str) -> Response:
    """How the tests stand, for a page that is looked at while somebody walks about."""
    view = gate.commissioning.view(who, home)
    lines = [*view.tests, *view.plugs]
    tests = {line.name: {"colour": line.verdict.colour, "text": line.verdict.text} for line in lines}
    return JSONResponse({"tests": tests, "missing": view.missing, "kit": view.kit})


@routes.get("/{home}/kit.toml")
def settings(gate: TheGate, who: Who, home: str) -> Response:
    named = {"Content-Disposition": 'attachment; filename="kit.toml"'}
    return Response(gate.commissioning.settings(who, home), media_type="application/toml", headers=named)


@routes.get("/{home}/certificate/{number}")
def certificate(request: Request, gate: TheGate, who: Who, home: str, number: int) -> Response:
    here, paper = gate.commissioning.paper(who, home, number)
    return page(request, "certificate.html", viewer=who, home=here, paper=paper)


@routes.get("/{home}/certificate/{number}/pdf")
def printed(gate: TheGate, who: Who, home: str, number: int) -> Response:
    here, paper = gate.commissioning.paper(who, home, number)
    named = {"Content-Disposition": f'attachment; filename="{home}-certificate-{number}.pdf"'}
    return Response(_printed(here, paper), media_type="application/pdf", headers=named)


@routes.post("/{home}/certificate")
def issue(request: Request, gate: TheGate, who: Who, home: str) -> Response:
    try:
        number = gate.commissioning.issue(who, home)
    except Refused as refused:
        return _shown(request, who, gate.commissioning.view(who, home), refused=f"{refused}", status=409)
    return RedirectResponse(f"/installer/commission/{home}/certificate/{number}", 303)


@routes.post("/{home}/{step}")
async def say(
    request: Request, gate: TheGate, who: Who, home: str, step: str, post: Annotated[str, Form(max_length=64)] = ""
) -> Response:
    wants_json = "application/json" in request.headers.get("accept", "")
    given = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    try:
        gate.commissioning.say(who, home, step, post, given)
    except Refused as refused:
        if wants_json:
            return JSONResponse({"refused": f"{refused}"}, 409)
        return _shown(request, who, gate.commissioning.view(who, home), refused=f"{refused}", status=409)
    return (
        JSONResponse({"saved": post}) if wants_json else RedirectResponse(f"/installer/commission/{home}#{step}", 303)
    )


def _shown(request: Request, who: Who, view: View, *, refused: str = "", status: int = 200) -> Response:
    given = {
        "viewer": who,
        "view": view,
        "refused": refused,
        "questions": QUESTIONS,
        "bases": BASES,
        "fresh": partial(token_hex, 12),
    }
    response = page(request, "commission.html", status=status, **given)
    response.headers["keep-on-phone"] = "no" if view.proved else "yes"
    return response


def _printed(home: Home, paper: Paper) -> bytes:
    proved = paper.proved
    at = f"{local(proved.at, home.timezone):%d %B %Y, %H:%M}"
    made = Printed(f"Certificate {paper.number}: home {proved.home}", proved.at)
    made.say(f"Fitted and proved by {proved.by_name} ({proved.by}) on {at}. Area: {home.area}.")
    if paper.broken:
        made.heading("This certificate no longer holds")
        made.say("Since it was given, " + "; ".join(paper.broken) + ".")
    made.heading("Sensors, each set off and stored by the hub")
    rows = []
    for sensor in proved.sensors:
        test = proved.tests[sensor.id]
        radio = "-" if test.link is None else f"{test.link} of 255"
        when = "-" if test.passed_at is None else f"{local(test.passed_at, home.timezone):%d %b %H:%M:%S}"
        rows.append((sensor.id, str(place(sensor.kind)), place(sensor.room), when, f"{test.took or 0:.1f} s", radio))
    made.table(("Sensor", "Kind", "Room", "Stored", "After", "Radio"), rows, (22, 14, 16, 20, 10, 14))
    if not proved.calls:
        made.say(NO_CALL)
    made.heading("Plugs pulled and put back")
    plugs = [(name, f"{proved.tests[name].took or 0:.0f} s") for name in ("mains", "broadband")]
    made.table(("Plug", "Back after"), plugs, (30, 20))
    made.heading("Agreed to")
    made.say(", ".join(place(kind) for kind in proved.agreed) or "Calls for help alone.")
    return made.done()
