"""For those who plan: areas and months as tables, and as a file."""

import csv
import io
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hub.web.page import page
from hub.web.visitor import TheGate, Who
from models.planning import LEAST, Measure, lines

routes = APIRouter(prefix="/planning")


@routes.get("")
def planning(request: Request, gate: TheGate, who: Who, month: str = "") -> Response:
    tables = gate.planning.tables(who, month)
    shown: dict[str, Any] = {
        "tables": tables,
        "lines": lines(tables.figures),
        "measures": list(Measure),
        "least": LEAST,
    }
    return page(request, "planning.html", viewer=who, **shown)


@routes.get("/{month}.csv")
def as_file(gate: TheGate, who: Who, month: str) -> Response:
    tables = gate.planning.tables(who, month)
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(("month", "area", *Measure))
    for area, values in lines(tables.figures):
        shown = ["" if values[one] is None else values[one] for one in Measure]
        sheet.writerow((tables.name, area, *shown))
    named = {"content-disposition": f'attachment; filename="nightlight-areas-{tables.name}.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=named)
