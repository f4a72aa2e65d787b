"""Homes whose sensors change while they are watched: what was known of a sensor stays with it, wherever it stands."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from models.detection import Finding, FindingKind, doors, lie, stream, trouble
from models.detection.batch import batch
from models.detection.engine import Engine
from models.home import Home, Sensor
from models.observation import SensorKind, What
from tests.conftest import NOON, okafor_home, with_armchair

MIN, HOUR = timedelta(minutes=1), timedelta(hours=1)
CELLAR = Sensor("cellar", SensorKind.MOTION, "cellar")
BACK_DOOR = Sensor("garden_door", SensorKind.DOOR, "garden", is_exit=True)
HOME = replace(with_armchair(okafor_home()), sensors=(*with_armchair(okafor_home()).sensors, BACK_DOOR))
NEXT = okafor_home("h_next")
OTHERWISE = replace(HOME, sensors=(CELLAR, *reversed(HOME.sensors)))
MOVED, OPENED, CLOSED, SITS, STANDS = What.MOVED, What.OPENED, What.CLOSED, What.SAT_DOWN, What.STOOD_UP
Story = list[tuple[float, str, What]]

FLAPS: Story = [(n / 600, "hall_pir", MOVED) for n in range(900)]
STICKS: Story = [(n / 20, "hall_pir", MOVED) for n in range(240)]
MAT: Story = [(n / 30 + late, "armchair", what) for n in range(20) for late, what in ((0.0, SITS), (0.003, STANDS))]
TAKEN: Story = [(0.1, "armchair", SITS), *((1 + n / 4, "kitchen_pir", MOVED) for n in range(50))]
OPEN: Story = [(0.1, "garden_door", CLOSED), (0.2, "garden_door", OPENED), (0.3, "hall_pir", MOVED)]
NIGHTS: Story = [(12 + 24 * day + n / 4, "garden_door", OPENED) for day in range(6) for n in range(16)]
NIGHTS += [(20 + 24 * day, "hall_pir", MOVED) for day in range(7)]
LONG: Story = [(0.1, "kitchen_pir", MOVED), (0.2, "bathroom_pir", MOVED)]
STORIES = {
    "flaps": FLAPS, "sticks": STICKS, "blinks": MAT, "taken": TAKEN, "open": OPEN, "inner": NIGHTS, "lies": LONG,
}  # fmt: skip
LATER: Story = [
    (0.5, "hall_pir", MOVED),
    (1.0, "kitchen_pir", MOVED),
    (1.5, "armchair", SITS),
    (2.0, "hall_pir", MOVED),
]


def engine(home: Home) -> Engine:
    return Engine([home, NEXT], NOON, watched_for=list(stream.KINDS))


def lived(of: Engine, story: Story, since: float = 0.0, until: float = 0.0) -> list[Finding]:
    """The story's hours begin `since` hours after noon; looked at every ten minutes."""
    found, now, start = list[Finding](), NOON + since * HOUR, NOON + since * HOUR
    moments = [(start + hours * HOUR, sensor, what) for hours, sensor, what in sorted(story)]
    seen = batch([of.row(HOME.id, sensor, what, at, at, n) for n, (at, sensor, what) in enumerate(moments, 1)])
    while now < start + until * HOUR:
        before, now = now, now + 10 * MIN
        found += of.observe(seen[(seen.at > before.timestamp()) & (seen.at <= now.timestamp())])
        alive = {sensor.id: now for sensor in of.homes[0].sensors}
        found += of.observe(of.beat(HOME.id, now, now, alive)) + of.overdue(now)
    return [one for one in found if one.kind in stream.KINDS]


def hours(story: Story) -> float:
    return max(at for at, _, _ in story) + 1.0


def changed(of: Engine, home: Home) -> Engine:
    other = engine(home)
    assert other.restore(of.snapshot())
    return other


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_a_home_whose_sensors_stand_in_another_order_is_as_if_they_always_had(story: Story) -> None:
    until = hours(story)
    before, always = engine(HOME), engine(OTHERWISE)
    assert lived(before, story, until=until) == lived(always, story, until=until)
    after = changed(before, OTHERWISE)
    for name in ("lie", "trouble", "doors", "chair_taken", "stage", "due", "since"):
        assert np.array_equal(after._state[name], always._state[name]), name
    theirs = [always.sensor_index[HOME.id, sensor.id] for sensor in HOME.sensors]
    assert np.array_equal(after._fitted["longest"][theirs], always._fitted["longest"][theirs])
    assert lived(after, LATER, until, 6.0) == lived(always, LATER, until, 6.0)


@pytest.mark.parametrize(
    ("story", "gone", "kind"),
    [
        (FLAPS, "hall_pir", FindingKind.SENSOR_FLAPPING),
        (STICKS, "hall_pir", FindingKind.SENSOR_STUCK),
        (MAT, "armchair", FindingKind.SENSOR_FLAPPING),
        (TAKEN, "armchair", FindingKind.SENSOR_STUCK),
        (NIGHTS, "garden_door", FindingKind.SENSOR_MISLABELLED),
        (OPEN, "garden_door", FindingKind.DOOR_OPEN),
    ],
)
def test_what_is_said_of_a_sensor_ends_with_it_and_goes_to_no_other(story: Story, gone: str, kind: FindingKind) -> None:
    before = engine(HOME)
    assert (kind, False) in [(one.kind, one.over) for one in lived(before, story, until=hours(story))]
    fewer = replace(HOME, sensors=tuple(sensor for sensor in HOME.sensors if sensor.id != gone))
    after = changed(before, fewer)
    mine = after._state[0]
    assert not mine["trouble"][[trouble.FLAPS, trouble.STICKS, trouble.INNER]].any()
    assert not mine["doors"][doors.OPEN]
    assert not mine["chair_taken"]
    found = lived(after, [], hours(story), 0.3)
    assert [(one.kind, one.over) for one in found if one.kind is kind] == [(kind, True)]


def test_a_stay_by_a_sensor_that_is_gone_is_nobodys_and_none_of_next_doors_stays_grow() -> None:
    before = engine(HOME)
    lived(before, LONG, until=0.5)
    bare = replace(HOME, sensors=HOME.sensors[:1])
    after = changed(before, bare)
    longest = after._fitted["longest"].copy()
    after.observe(batch([after.row(HOME.id, "pendant", What.PRESSED, NOON + 5 * HOUR, NOON + 5 * HOUR, 9)]))
    found = lived(after, [], 0.5, 8.0)
    assert FindingKind.LONG_LIE not in {one.kind for one in found}
    assert np.array_equal(after._fitted["longest"], longest)
    assert after._state["lie"][0, lie.BY] == 2  # the pendant
