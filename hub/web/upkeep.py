"""The installer's pages of homes and their kits: all of them, one of them, and the batteries to take along."""

import csv
import io
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.web.page import page
from hub.web.upkeep_shown import Batteries
from hub.web.visitor import TheGate, Who
from models.alert import Refused
from models.hours import local
from models.privacy import Purpose

routes = APIRouter(prefix="/installer")

COLUMNS = ("area", "home", "sensor", "exchange now", "level %", "flat from", "flat before", "by")


@routes.get("/homes")
def homes(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "homes_and_kits.html", viewer=who, all=gate.upkeep.homes(who, Purpose.MAINTAIN))


@routes.get("/homes/{home}")
def home(request: Request, gate: TheGate, who: Who, home: str) -> Response:
    return _home(request, gate, who, home)


def _home(request: Request, gate: TheGate, who: Who, home: str, refused: str = "") -> Response:
    kit = gate.upkeep.home(who, Purpose.MAINTAIN, home)
    return page(request, "kit_of_home.html", status=409 if refused else 200, viewer=who, kit=kit, refused=refused)


@routes.get("/homes/{home}/test")
def test(request: Request, gate: TheGate, who: Who, home: str) -> Response:
    return page(request, "test_press.html", viewer=who, test=gate.upkeep.test(who, Purpose.MAINTAIN, home))


@routes.post("/homes/{home}/test")
def ask_for_test(gate: TheGate, who: Who, home: str) -> Response:
    gate.upkeep.ask_for_test(who, Purpose.MAINTAIN, home)
    return RedirectResponse(f"/installer/homes/{home}#test", 303)


@routes.post("/homes/{home}/swap")
def swap(
    request: Request,
    gate: TheGate,
    who: Who,
    home: str,
    sensor: Annotated[str, Form(max_length=64)],
    source: Annotated[str, Form()] = "",
) -> Response:
    try:
        gate.upkeep.swap(who, Purpose.MAINTAIN, home, sensor, source)
    except Refused as why:
        return _home(request, gate, who, home, str(why))
    return RedirectResponse(f"/installer/homes/{home}#swaps", 303)


@routes.get("/batteries")
def batteries(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "batteries.html", viewer=who, all=gate.upkeep.batteries(who, Purpose.MAINTAIN))


@routes.get("/batteries.csv")
def batteries_csv(gate: TheGate, who: Who) -> Response:
    content = _table(gate.upkeep.batteries(who, Purpose.MAINTAIN))
    named = {"Content-Disposition": 'attachment; filename="batteries.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=named)


def _table(found: Batteries) -> str:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for one in found.rows:
        told = one.forecast
        dates = [f"{local(at, one.zone):%Y-%m-%d}" if at else "" for at in (told.earliest, told.latest)]
        level = "" if told.level is None else f"{told.level:.0f}"
        rows.writerow(map(_cell, (one.area, one.home, one.sensor, "yes" if one.due else "", level, *dates, told.basis)))
    return text.getvalue()


def _cell(text: str) -> str:
    """A spreadsheet would take what begins so for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text
