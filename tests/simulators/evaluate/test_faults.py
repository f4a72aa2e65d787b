from datetime import UTC, datetime

import numpy as np
import pytest

from simulators.evaluate.faults import CLOCKS, FAULTS, caused
from simulators.evaluate.golden import golden
from simulators.evaluate.homes import DAY, HOUR, Recorded
from simulators.evaluate.nightlight import shipped
from simulators.evaluate.played import alerts, late, played, wall
from tests.simulators.evaluate.conftest import lived, without_rows

STEP = 1800.0
"""Coarse, so that weeks pass quickly."""


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    return caused(
        [lived(name, 34, luck) for luck, name in enumerate(("amber", "blue", "green"))], shipped().model, step=STEP
    )


@pytest.mark.parametrize("fault", [*FAULTS, *CLOCKS])
def test_no_fault_of_kit_clock_or_hub_causes_an_alert_about_the_person(found: dict[str, list[str]], fault: str) -> None:
    assert found[fault] == []


def test_someone_who_lies_on_the_floor_is_noticed_by_the_same_way_of_playing(home: Recorded) -> None:
    floor = home.first_midnight + 32 * DAY + 15 * HOUR
    one = played([without_rows(home, (home.t > floor) & (home.t < floor + 20 * HOUR))], shipped().model)
    assert any(-HOUR < each.since.timestamp() - floor <= 0 for each in alerts(one, STEP))


def test_what_arrives_late_is_judged_when_it_is_there(home: Recorded) -> None:
    one = played([home], shipped().model)
    night = one.start.timestamp() + 30 * DAY + 22 * HOUR
    assert len(alerts(late(one, [(0, night, night + 15 * HOUR)]), STEP)) == len(alerts(one, STEP))


def test_times_are_told_by_the_clock_of_the_recording(home: Recorded) -> None:
    one = played([home], None, "Europe/London", datetime(2026, 3, 2, tzinfo=UTC))
    first, last = (datetime.fromtimestamp(float(at), UTC) for at in one.seen.at[[0, -1]])
    for shown, recorded in ((first, home.t[0]), (last, home.t[-1])):
        assert wall(one, "green", shown).timestamp() == pytest.approx(recorded, abs=1)


def test_golden_alerts_hold_homes_and_times_only(home: Recorded) -> None:
    text = golden([home], shipped().model, STEP)
    assert "green: " in text
    assert not any(fit.name in text for fit in home.sensors)
    assert text == golden([home], shipped().model, STEP)


def test_moved_homes_keep_their_weekday_and_hour(home: Recorded) -> None:
    one = played([home], None, monday=datetime(2026, 6, 1, tzinfo=UTC))
    assert np.allclose(np.mod(one.seen.at - home.t, 7 * DAY), 0)
