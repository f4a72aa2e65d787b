"""To bed in the evening, and no sign of life in the morning: on a usual night, and on those when the clocks change."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import eventually
from tests.journeys.conftest import Service, Viewer, only_alert

HOUR = timedelta(hours=1)
LONDON = ZoneInfo("Europe/London")


def expected_by(grace: Viewer, evening: datetime) -> datetime | None:
    """What Mrs Okafor herself is told, of the next morning."""
    found = re.search(r"next sign of life is expected by (\d\d):(\d\d)", grace.see("/resident"))
    morning = evening.astimezone(LONDON) + timedelta(days=1)
    return morning.replace(hour=int(found[1]), minute=int(found[2]), second=0) if found else None


@pytest.mark.parametrize(
    "played",
    ["2026-11-20T22:29:00+00:00", "2026-10-24T21:29:00+00:00", "2026-03-28T22:29:00+00:00"],
    ids=["usual", "clocks-back", "clocks-forward"],
    indirect=True,
)
def test_no_sign_of_life_by_the_time_that_was_told(service: Service) -> None:
    kit, tom, ada, grace = service.kit, *(service.viewer(login) for login in ("tom", "ada", "grace"))
    assert kit
    evening = service.clock.now
    kit.says("bed", occupancy=True)
    eventually(lambda: service.counts().get("stored") == 1)
    service.clock.move(HOUR)
    kit.check_in()
    service.judged()
    eventually(lambda: expected_by(grace, evening) is not None, 15)
    due = expected_by(grace, evening)
    assert due
    assert due.hour < 10 or (due.hour, due.minute) == (10, 0), "a new home is held to its fixed limit as well"

    while service.clock.now + HOUR < due:
        service.clock.move(HOUR)
        kit.check_in()
        service.judged()
        eventually(lambda: "Mrs Okafor" not in tom.see("/console"))  # her kit, until it was heard after the jump
        if service.clock.now.hour == 3:
            service.kill("watch")
    eventually(lambda: expected_by(grace, evening) == due, 15)

    service.clock.move(due - service.clock.now + timedelta(minutes=1, seconds=30))
    kit.check_in()
    alert = only_alert(tom)
    page = tom.see(alert)
    assert "What was noticed No sign of life since 22:30" in page
    assert f"What was expected One was expected by {due:%H:%M}" in page
    assert "This home has been known since" in page
    assert "nothing unusual" not in ada.see("/family").lower()

    service.clock.move(timedelta(minutes=5))
    kit.move_in("bathroom")
    eventually(lambda: f"A sign of life at {due + timedelta(minutes=6):%H:%M}" in tom.see(alert))
    assert alert in tom.browser.get("/console/queue").text, "only a person may end it"
    raised = service.counts()["alerts"]
    assert isinstance(raised, dict)
    assert {kind: count for kind, count in raised.items() if kind != "kit_unheard"} == {"silence": 1}
