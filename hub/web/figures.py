"""The manager's pages: a month in figures, with charts and as a file; and the bar on the console."""

import csv
import io
from collections.abc import Iterator

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hub.web.access.figures import Month
from hub.web.page import page
from hub.web.visitor import TheGate, Who
from hub.web.words import KIND
from models import reablement
from models.figures import SAID

routes = APIRouter(prefix="/figures")


@routes.get("")
def figures(request: Request, gate: TheGate, who: Who, month: str = "") -> Response:
    return page(
        request, "figures.html", viewer=who, month=gate.figures.month(who, month), said=SAID, reablement=reablement
    )


@routes.get("/bar")
def bar(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "bar.html", viewer=who, bar=gate.figures.bar(who))


@routes.get("/{month}.csv")
def as_file(gate: TheGate, who: Who, month: str) -> Response:
    shown = gate.figures.month(who, month)
    text = io.StringIO()
    csv.writer(text).writerows([("figure", "of", "value", "count", "all", "target"), *rows(shown)])
    named = {"content-disposition": f'attachment; filename="nightlight-{shown.name}.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=named)


def rows(month: Month) -> Iterator[tuple[object, ...]]:
    """Every figure of the month: its name, of what, its value, and where it is a share, how many of how many."""
    f = month.figures
    yield "homes", "", f.homes, "", "", ""
    yield "alerts", "people", f.people, "", "", ""
    yield "alerts", "kits", f.kits, "", "", ""
    for name, unit, shares in (
        ("answered_within_seconds", 1, f.answered),
        ("on_site_within_minutes", 60, f.on_site),
        ("repaired_within_hours", 3600, month.repaired),
    ):
        for one in shares:
            value = "" if one.share is None else f"{one.share:.4f}"
            yield name, int(one.within.total_seconds() // unit), value, one.met, one.all, one.goal
    for outcome, count in f.outcomes:
        yield "outcome", outcome, count, "", "", ""
    for wrong in f.false_alerts:
        kind = KIND.get(wrong.kind, wrong.kind)
        yield (
            "false_alerts_per_100_homes_and_30_days",
            f"{kind}, {wrong.home}",
            f"{wrong.rate:.3f}",
            wrong.count,
            wrong.homes,
            "",
        )
    yield "lapsed_claims", "", f.lapsed, "", "", ""
    yield "unprotected_minutes", "", f"{month.unprotected:.0f}", "", "", ""
    yield "reveals_of_codes", "", sum(count for _, count in month.reveals), "", "", ""
    for day, count in f.by_day:
        yield "alerts_of_day", day, count, "", "", ""
    for quarter in month.reablement:
        share, of = "" if quarter.share is None else f"{quarter.share:.4f}", quarter.discharged
        yield "reablement_at_home_on_day_91", quarter.name, share, quarter.at_home, of, ""
        yield "reablement_not_at_home_on_day_91", quarter.name, "", quarter.not_at_home, of, ""
        yield "reablement_day_91_cannot_be_said", quarter.name, "", quarter.unsaid, of, ""
        yield "reablement_day_91_to_come", quarter.name, quarter.to_come, "", "", ""
    for day, count in month.reveals:
        yield "reveals_of_codes_of_day", day, count, "", "", ""
