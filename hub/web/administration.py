"""The administrator's pages: homes and who belongs to them, files brought in, and the log of changes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from hub.desk import Checked
from hub.web.access import Gate, Viewer
from hub.web.access.administration import Meanwhile
from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.sheet import SHEETS, Mistake, template

routes = APIRouter(prefix="/administration")

Text = Annotated[str, Form(max_length=200)]
File = Annotated[str, Form(max_length=6_000_000)]
MEANWHILE = [Mistake(0, "", "Somebody else changed this meanwhile. What stands there now is shown; change it again.")]
NOT_TEXT = "this is no text in UTF-8: in a spreadsheet choose 'CSV UTF-8' when you save it"


@routes.get("")
def homes(request: Request, gate: TheGate, who: Who, find: str = "") -> Response:
    count, found = gate.administration.homes(who, find[:200])
    return page(request, "records.html", viewer=who, count=count, found=found, find=find)


@routes.get("/new")
def new(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "newhome.html", viewer=who, form=gate.administration.blank_home(who))


@routes.get("/homes/{home}")
def household(request: Request, gate: TheGate, who: Who, home: str, kept: str = "") -> Response:
    return _household(request, gate, who, home, kept=bool(kept))


async def typed(request: Request) -> dict[str, str]:
    """Which fields a form has is the sheet's to say."""
    return {name: str(value)[:5000] for name, value in (await request.form()).items() if name != "csrf"}


@routes.post("/records/{kind}")
def keep(
    request: Request, gate: TheGate, who: Who, kind: str, cells: Annotated[dict[str, str], Depends(typed)]
) -> Response:
    home = cells.pop("household", "")
    try:
        wrong = gate.administration.keep(who, kind, cells, cells.get("seen", ""))
    except Meanwhile:
        return _household(request, gate, who, home, ("", {}, MEANWHILE), status=409)
    if not wrong:
        return RedirectResponse(f"/administration/homes/{home or cells['id']}?kept=yes", 303)
    if home:
        return _household(request, gate, who, home, (kind, cells, wrong), status=400)
    form = gate.administration.blank_home(who, (kind, cells, wrong))
    return page(request, "newhome.html", status=400, viewer=who, form=form)


@routes.post("/contacts/{contact}/drop")
def drop(request: Request, gate: TheGate, who: Who, contact: str, home: Text = "", seen: Text = "") -> Response:
    try:
        wrong = gate.administration.drop_contact(who, contact, seen)
    except Meanwhile:
        wrong = MEANWHILE
    if wrong:
        return _household(request, gate, who, home, ("", {}, wrong), status=409)
    return RedirectResponse(f"/administration/homes/{home}", 303)


@routes.post("/contacts/{contact}/move")
def move(
    request: Request, gate: TheGate, who: Who, contact: str, by: Annotated[int, Form(ge=-1, le=1)] = 0,
    home: Text = "", seen: Text = "",
) -> Response:  # fmt: skip
    try:
        gate.administration.move_contact(who, contact, by, seen)
    except Meanwhile:
        return _household(request, gate, who, home, ("", {}, MEANWHILE), status=409)
    return RedirectResponse(f"/administration/homes/{home}?kept=yes", 303)


@routes.get("/import")
def bring(request: Request, gate: TheGate, who: Who) -> Response:
    gate.administration.log(who, 1)
    return page(request, "import.html", viewer=who, sheets=SHEETS, kind="residents", checked=None, text="")


@routes.get("/template/{kind}.csv")
def sheet(gate: TheGate, who: Who, kind: str) -> Response:
    gate.administration.check(who, kind, "")
    named = {"content-disposition": f'attachment; filename="nightlight-{kind}.csv"'}
    return Response(template(SHEETS[kind]), media_type="text/csv; charset=utf-8", headers=named)


@routes.post("/import")
def check(request: Request, gate: TheGate, who: Who, file: UploadFile, kind: Text = "") -> Response:
    try:
        text = file.file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        text, checked = "", Checked(mistakes=(Mistake(1, "", NOT_TEXT),))
    else:
        checked = gate.administration.check(who, kind, text)
    return _checked(request, who, kind, checked, text)


@routes.post("/import/keep")
def bring_in(request: Request, gate: TheGate, who: Who, kind: Text = "", text: File = "") -> Response:
    try:
        checked = gate.administration.bring_in(who, kind, text)
    except Meanwhile:
        checked = Checked(
            mistakes=(Mistake(1, "", "somebody else changed one of these meanwhile: check the file again"),)
        )
    if checked.mistakes:
        return _checked(request, who, kind, checked, text)
    return page(request, "imported.html", viewer=who, sheet=SHEETS[kind], checked=checked)


@routes.get("/log")
def log(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "amendments.html", viewer=who, log=gate.administration.log(who))


def _household(
    request: Request,
    gate: Gate,
    who: Viewer,
    home: str,
    typed: tuple[str, dict[str, str], list[Mistake]] | None = None,
    status: int = 200,
    *,
    kept: bool = False,
) -> Response:
    shown = gate.administration.household(who, home, typed)
    wrong = [f"{one.column + ': ' if one.column else ''}{one.text}" for one in (typed[2] if typed else ())]
    return page(request, "household.html", status=status, viewer=who, shown=shown, wrong=wrong, kept=kept)


def _checked(request: Request, who: Viewer, kind: str, checked: Checked, text: str) -> Response:
    status = 400 if checked.mistakes else 200
    shown = {"sheets": SHEETS, "kind": kind if kind in SHEETS else "residents", "checked": checked, "text": text}
    return page(request, "import.html", status=status, viewer=who, **shown)
