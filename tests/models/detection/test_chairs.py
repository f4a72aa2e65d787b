"""What a mat in a chair says of silence, and mats that mislead, by a clock moved by hand."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from models.detection import Finding, FindingKind
from models.detection.batch import batch
from models.detection.engine import Engine
from models.detection.explain import explain
from models.home import Sensor
from models.observation import SensorKind, What
from tests.conftest import NOON, okafor_home, with_armchair

PLAIN = okafor_home()
HOME = with_armchair(PLAIN)
MIN, HOUR = timedelta(minutes=1), timedelta(hours=1)
MISLEADING = (FindingKind.SENSOR_FLAPPING, FindingKind.SENSOR_STUCK, FindingKind.LONG_LIE)
Story = list[tuple[float, str, What]]
SITS, STANDS, MOVED = What.SAT_DOWN, What.STOOD_UP, What.MOVED
BLINKS: Story = [(n / 30 + late, "armchair", what) for n in range(20) for late, what in ((0.0, SITS), (0.003, STANDS))]
"""Every two minutes, for ten seconds."""
TAKEN: Story = [(0.1, "armchair", SITS), *((1 + n / 4, "kitchen_pir", MOVED) for n in range(50))]


class Lived:
    """The story's hours begin at noon; looked at every five minutes until that hour."""

    def __init__(self, story: Story, until: float) -> None:
        self.engine, self.found, now = Engine([HOME], NOON, watched_for=MISLEADING), list[Finding](), NOON
        rows = [
            self.engine.row(HOME.id, sensor, what, NOON + hours * HOUR, NOON + hours * HOUR, number)
            for number, (hours, sensor, what) in enumerate(sorted(story), 1)
        ]
        seen = batch(rows)
        while now < NOON + until * HOUR:
            before, now = now, now + 5 * MIN
            self.found += self.engine.observe(seen[(seen.at > before.timestamp()) & (seen.at <= now.timestamp())])
            fresh = self.engine.beat(HOME.id, now, now, {sensor.id: now for sensor in HOME.sensors})
            self.found += self.engine.observe(fresh) + self.engine.overdue(now)

    @property
    def said(self) -> list[tuple[FindingKind, bool]]:
        return [(one.kind, one.over) for one in self.found]

    def first(self, kind: FindingKind) -> tuple[Finding, str]:
        one = next(one for one in self.found if one.kind is kind and not one.over)
        return one, explain(one, HOME).sentence


def test_a_chair_is_a_sign_of_life_in_its_room_and_explains_a_silence_that_waits_no_longer() -> None:
    moves: Story = [(0.2, "lounge_pir", MOVED)]
    sat, said = Lived([*moves, (0.3, "armchair", SITS)], 5).first(FindingKind.SILENCE)
    assert sat.at - sat.since < 3 * HOUR + 10 * MIN, "the home's own limit"
    assert said.startswith(
        "No sign of life since 12:18 (lounge chair). By the lounge chair somebody has sat in it since"
    )
    assert "Whoever sits may be asleep, but a mat may stick: nobody waits longer for it." in said
    _, said = Lived([*moves, (0.3, "armchair", SITS), (0.5, "armchair", STANDS)], 5).first(FindingKind.SILENCE)
    assert "asleep" not in said


def test_a_mat_that_blinks_is_told_of_and_is_no_sign_of_life() -> None:
    home = Lived(
        [(0.05, "hall_pir", MOVED), *BLINKS, *((hours + 1, sensor, what) for hours, sensor, what in BLINKS)], 8
    )
    told, said = home.first(FindingKind.SENSOR_FLAPPING)
    assert told.sensor == "armchair"
    assert said.startswith("The lounge chair comes and goes within seconds, since 12:")
    assert "not even as a sign of life" in said
    silence, _ = home.first(FindingKind.SILENCE)
    assert silence.since - told.since < timedelta(seconds=1), "what it said later counts for nothing"
    still = home.engine.still_wrong(told.kind, HOME.id, "armchair", NOON + 8 * HOUR)
    assert still
    assert (still.key, explain(still, HOME).sentence) == (told.key, said)


def test_a_mat_that_rests_as_a_person_does_is_believed_again() -> None:
    rests: Story = [(3 + n + late, "armchair", what) for n in range(6) for late, what in ((0, SITS), (0.8, STANDS))]
    home = Lived([*BLINKS, *rests], 12)
    assert [over for kind, over in home.said if kind is FindingKind.SENSOR_FLAPPING] == [False, True]
    assert home.engine.latest_sign(HOME.id) == (NOON + 8.8 * HOUR, "armchair")
    assert home.engine.still_wrong(FindingKind.SENSOR_FLAPPING, HOME.id, "armchair", NOON + 12 * HOUR) is None


def test_a_mat_that_says_taken_while_others_report_is_stuck_until_it_is_left() -> None:
    home = Lived(TAKEN, 13.5)
    told, said = home.first(FindingKind.SENSOR_STUCK)
    assert (told.sensor, told.since) == ("armchair", NOON + 0.1 * HOUR)
    assert said.startswith("The lounge chair says that somebody sits on it, while other rooms report, since 12:06")
    home = Lived([*TAKEN, (13.6, "armchair", STANDS), (13.7, "kitchen_pir", MOVED)], 15)
    assert [over for kind, over in home.said if kind is FindingKind.SENSOR_STUCK] == [False, True]


def test_who_sits_for_long_and_is_seen_nowhere_else_is_no_fault() -> None:
    home = Lived([(0.1, "armchair", SITS), *((1 + n / 4, "lounge_pir", MOVED) for n in range(50))], 14)
    assert FindingKind.SENSOR_STUCK not in {kind for kind, _ in home.said}


@pytest.mark.parametrize("chair", [[], [(hour + 0.1, "armchair", SITS if hour % 2 else STANDS) for hour in range(12)]])
def test_a_chair_makes_no_long_stay_in_one_room_come_later(chair: Story) -> None:
    """The second clock is of all other rooms: a mat beside the sensor that goes on reporting is none of them."""
    home = Lived([(0.05, "hall_pir", MOVED), *((0.1 + n / 5, "lounge_pir", MOVED) for n in range(60)), *chair], 13)
    told, _ = home.first(FindingKind.LONG_LIE)
    assert told.at - NOON < 6.3 * HOUR


def test_a_mat_that_is_not_heard_makes_silence_no_longer_where_motion_is_noticed_beside_it() -> None:
    beside = Engine([HOME], NOON)
    without = Engine([replace(HOME, sensors=(*PLAIN.sensors, HOME.sensors[-1]))], NOON)
    assert not beside._fitted["tells"][beside.sensor_index[HOME.id, "armchair"]]
    assert without._fitted["tells"][without.sensor_index[HOME.id, "armchair"]]
    assert np.count_nonzero(beside._fitted["tells"]) == len(HOME.sensors) - 2, "nor is it a pendant's"


def test_a_chair_goes_on_to_mislead_when_sensors_are_added_until_somebody_stands_up() -> None:
    before = Lived(TAKEN, 13.5)
    more = replace(HOME, sensors=(Sensor("cellar", SensorKind.MOTION, "cellar"), *HOME.sensors))
    after = Engine([more], NOON + 14 * HOUR, watched_for=MISLEADING)
    assert after.restore(before.engine.snapshot())
    now = NOON + 14 * HOUR
    assert after.observe(after.beat(HOME.id, now, now, {})) + after.overdue(now) == []
    after.observe(batch([after.row(HOME.id, "armchair", STANDS, now + MIN, now + MIN, 1)]))
    assert after.latest_sign(HOME.id)[1] == "kitchen_pir", "what it says is not believed"
    found = after.observe(after.beat(HOME.id, now + 2 * MIN, now + 2 * MIN, {})) + after.overdue(now + 2 * MIN)
    assert [(one.kind, one.over) for one in found] == [(FindingKind.SENSOR_STUCK, True)]


@pytest.mark.parametrize("story", [BLINKS, [*TAKEN, (13.6, "armchair", STANDS)]], ids=["blinks", "sticks"])
def test_in_whatever_order_and_batches_it_comes_the_same_is_found(story: Story) -> None:
    """As it is all heard at once, and before that in disorder, and twice."""
    told = []
    for step in (1, 5):
        of = Engine([HOME], NOON, watched_for=MISLEADING)
        rows = [of.row(HOME.id, s, what, NOON + h * HOUR, NOON + h * HOUR, 1) for h, s, what in sorted(story)]
        found = []
        for begin in range(0, len(rows), step):
            part = rows[begin : begin + step]
            until = NOON + sorted(story)[min(begin + step, len(rows)) - 1][0] * HOUR
            found += of.observe(batch([*part[::-1], *part])) + of.observe(of.beat(HOME.id, until, until, {}))
            found += of.overdue(until)
        told.append({(one.kind, one.since, one.over) for one in found if one.kind in MISLEADING})
    assert told[0] == told[1] != set()
