"""What would other settings have done in a home last month? Asked before they are kept."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hub.web.access.trying import Busy
from hub.web.page import page
from hub.web.visitor import TheGate, Who

routes = APIRouter(prefix="/administration/homes/{home}/try")

Cell = Annotated[str | None, Query(max_length=20)]


@routes.get("")
def trial(
    request: Request,
    gate: TheGate,
    who: Who,
    home: str,
    false_alerts_a_month: Cell = None,
    quiet_hours: Cell = None,
    up_by_hour: Cell = None,
    may_wander: Cell = None,
) -> Response:
    given = {
        "false_alerts_a_month": false_alerts_a_month,
        "quiet_hours": quiet_hours,
        "up_by_hour": up_by_hour,
        "may_wander": may_wander,
    }
    typed = {name: value for name, value in given.items() if value is not None}
    try:
        shown, busy = gate.trying.trial(who, home, typed), False
    except Busy:
        shown, busy = gate.trying.trial(who, home, {}), True
    status = 503 if busy else 400 if shown.wrong else 200
    return page(request, "trying.html", status=status, viewer=who, shown=shown, busy=busy)
