from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from models.detection import FindingKind
from simulators.evaluate.faults import (
    BEFORE_NEITHER,
    CLOCKS,
    FAULTS,
    KNOWN_AFTER,
    ZONE,
    caused,
    long_enough,
    unaccounted,
)
from simulators.evaluate.homes import DAY, HOUR, Recorded, first_weeks
from simulators.evaluate.nightlight import shipped
from simulators.evaluate.played import Told, alerts, late, learned, played, wall, without
from simulators.recording import BadRecording
from tests.simulators.evaluate.conftest import without_rows

STEP = 1800.0
"""Coarse, so that weeks pass quickly."""

LOOK, WEEKS = 300.0, 7.0

HOLDS = (
    "the hub restarts every 31 hours",
    "nine hours arrive late",
    "a third of all arrives twice",
    "the busiest sensor dies",
    "the second busiest sensor dies",
    "the third busiest sensor dies",
    "the busiest sensor is dead for three days",
    "clocks go forward",
    "clocks go back",
)
"""What else is played may still do harm; a fault that is made harmless is added here, and stays."""


@pytest.fixture(scope="module")
def found(twenty: list[Recorded]) -> dict[str, list[str]]:
    """In ten of them: the command plays them in all."""
    return caused([first_weeks(home, WEEKS) for home in twenty[::2]], shipped().model, step=LOOK)


@pytest.mark.parametrize("fault", HOLDS)
def test_no_fault_of_kit_clock_or_hub_causes_an_alert_about_the_person(found: dict[str, list[str]], fault: str) -> None:
    assert found[fault] == []


def test_every_fault_is_played(found: dict[str, list[str]]) -> None:
    assert set(HOLDS) <= set(found) == {*FAULTS, *CLOCKS}


def test_homes_in_which_no_fault_would_be_played_are_not_said_to_stand_all(home: Recorded) -> None:
    short = first_weeks(home, 4)
    assert long_enough([short, home]) == [home]
    with pytest.raises(BadRecording, match="35 days"):
        long_enough([short])


NINE = datetime(2026, 5, 4, 9, tzinfo=UTC)


def told(since: float, at: float, over: float | None = None) -> Told:
    moments = [hours if hours is None else NINE + timedelta(hours=hours) for hours in (since, at, over)]
    assert moments[0] is not None
    assert moments[1] is not None
    return Told("h", FindingKind.SILENCE, moments[0], moments[1], moments[2])


@pytest.mark.parametrize(
    ("disturbed", "caused_by_it"),
    [
        (told(0, 5, 9), False),  # as without the fault
        (told(-3, 3, 9), False),  # begun earlier, since what was last seen came from a dead sensor
        (told(-3, -2, 9), True),  # and told of while somebody was about
        (told(10, 12), True),  # told of anew after it had ended
    ],
)
def test_what_would_have_been_told_of_anyway_was_not_caused(disturbed: Told, caused_by_it: bool) -> None:
    well = [told(0, 4, 9)]
    assert bool(unaccounted([disturbed], well)) is caused_by_it
    assert unaccounted([replace(disturbed, home="other")], well)


def test_someone_who_lies_on_the_floor_is_noticed_by_the_same_way_of_playing(home: Recorded) -> None:
    floor = home.first_midnight + 32 * DAY + 15 * HOUR
    one = played([without_rows(home, (home.t > floor) & (home.t < floor + 20 * HOUR))], shipped().model)
    assert any(-HOUR < each.since.timestamp() - floor <= 0 for each in alerts(one, STEP))


@pytest.mark.parametrize("sensor", [0, 3, 4, 5])
def test_someone_on_the_floor_is_noticed_with_a_sensor_dead(home: Recorded, sensor: int) -> None:
    floor = home.first_midnight + 36 * DAY + 15 * HOUR
    lying = without_rows(home, (home.t > floor) & (home.t < floor + 40 * HOUR))
    well = played([lying], shipped().model)
    one = without(well, {sensor: well.start.timestamp() + KNOWN_AFTER})
    found = [each.at.timestamp() - floor for each in alerts(one, STEP)]
    assert any(0 < delay < 24 * HOUR for delay in found)


def test_a_sensor_may_come_back(home: Recorded) -> None:
    well = played([home], None)
    since = well.start.timestamp() + KNOWN_AFTER
    one = without(well, {4: since}, 3 * DAY)
    said = one.seen.at[one.seen.sensor == 4] - since
    assert (said < 0).any()
    assert said[said >= 0].min() >= 3 * DAY


def test_what_arrives_late_is_judged_when_it_is_there(home: Recorded) -> None:
    one = played([home], shipped().model)
    night = one.start.timestamp() + 30 * DAY + 22 * HOUR
    assert len(alerts(late(one, [(0, night, night + 15 * HOUR)]), STEP)) == len(alerts(one, STEP))


def test_what_was_only_learned_tells_of_nothing(home: Recorded) -> None:
    floor = home.first_midnight + 20 * DAY + 15 * HOUR
    one = played([without_rows(home, (home.t > floor) & (home.t < floor + 20 * HOUR))], shipped().model)
    assert alerts(one, STEP)
    assert alerts(one, STEP, 24 * DAY, learned(one, 24 * DAY)) == []


def test_times_are_told_by_the_clock_of_the_recording(home: Recorded) -> None:
    one = played([home], None, ZONE, BEFORE_NEITHER)
    first, last = (datetime.fromtimestamp(float(at), UTC) for at in one.seen.at[[0, -1]])
    for shown, recorded in ((first, home.t[0]), (last, home.t[-1])):
        assert wall(one, "green", shown).timestamp() == pytest.approx(recorded, abs=1)


def test_moved_homes_keep_their_weekday_and_hour(home: Recorded) -> None:
    one = played([home], None, monday=datetime(2026, 6, 1, tzinfo=UTC))
    assert np.allclose(np.mod(one.seen.at - home.t, 7 * DAY), 0)
