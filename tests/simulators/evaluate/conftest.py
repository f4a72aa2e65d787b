"""Invented homes: people who sleep, move about, sit, and go out, with a luck of their own that is always the same."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.detection.batch import Bools
from models.observation import CODE_OF, What
from simulators.evaluate.homes import DAY, HOUR, ROOMS, Fitted, Recorded, longest

FITTED = (
    Fitted("bathroom", "motion", "bathroom"),
    Fitted("bedroom", "motion", "bedroom"),
    Fitted("front-door", "door", "front"),
    Fitted("hallway", "motion", "hallway"),
    Fitted("kitchen", "motion", "kitchen"),
    Fitted("lounge", "motion", "lounge"),
)
FIRST_DAY = 17_980.0
"""A Monday in March 2019."""


def lived(name: str, days: int, luck: int, start: float = FIRST_DAY * DAY) -> Recorded:
    """About seventy signs of life a day."""
    dice = np.random.default_rng(luck)
    moments: list[float] = []
    sensors: list[int] = []
    for day in range(days):
        for at, sensor in _day(dice):
            moments.append(start + day * DAY + at)
            sensors.append(sensor)
    return recorded(name, moments, sensors)


def _day(dice: np.random.Generator) -> list[tuple[float, int]]:
    up, out, back = 7.0 + dice.random(), 10.0 + dice.random(), 12.0 + dice.random()
    awake = np.concatenate([np.arange(up, out, 0.2), np.arange(back, 22.5, 0.25)])
    seen = [(hour + dice.random() * 0.1, int(dice.choice([0, 3, 4, 4, 5, 5]))) for hour in awake]
    seen += [(out, 2), (back, 2), (3.0 + dice.random(), 0), (3.2 + dice.random(), 1), (22.7, 1)]
    return sorted((hour * HOUR, sensor) for hour, sensor in seen)


def recorded(name: str, moments: Sequence[float], sensors: Sequence[int]) -> Recorded:
    order = np.argsort(moments, kind="stable")
    sensor = np.array(sensors, np.int64)[order]
    rooms = np.array([ROOMS.index(room) for room in ("bathroom", "bedroom", "entrance", "hall", "kitchen", "living")])
    what = np.where(sensor == 2, CODE_OF[What.OPENED], CODE_OF[What.MOVED])
    return Recorded(name, np.array(moments)[order], sensor, rooms[sensor], sensor == 2, what, FITTED, np.zeros((0, 2)))


def without_rows(home: Recorded, gone: Bools) -> Recorded:
    kept = ~gone
    return replace(
        home,
        t=home.t[kept],
        sensor=home.sensor[kept],
        room=home.room[kept],
        way_out=home.way_out[kept],
        what=home.what[kept],
    )


def write_csv(folder: Path, home: Recorded) -> Path:
    path = folder / f"{home.id}.csv"
    rows = ["time,sensor,kind,value,room"]
    for at, sensor in zip(home.t, home.sensor, strict=True):
        fit = home.sensors[sensor]
        rows.append(f"{np.datetime64(int(at), 's')},{fit.name},{fit.kind},ON,{fit.room}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def home() -> Recorded:
    return lived("green", 45, 1)


@pytest.fixture(scope="session")
def town() -> list[Recorded]:
    return [lived(name, 45, luck) for luck, name in enumerate(("amber", "blue", "green", "red"))]


REAL = Path(os.environ.get("NIGHTLIGHT_DATA", Path(__file__).parents[4] / "shared" / "data" / "home" / "tihm"))
"""Recordings of real homes: beside the checkout, or where that variable says."""


def real() -> bool:
    return any(REAL.glob("tihm_*.csv*"))


@pytest.fixture(scope="session")
def twenty() -> list[Recorded]:
    """The twenty longest real homes; where there are none, as many invented ones."""
    if real():
        return longest(REAL, 20)
    return [lived(f"home-{luck:02}", 49, luck) for luck in range(20)]


@pytest.fixture(scope="session")
def folder(town: list[Recorded], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recorded")
    for each in [*town[:3], lived("short", 20, 9)]:
        write_csv(path, each)
    (path / "amber.labels.csv").write_text("not,a,recording\n", encoding="utf-8")
    return path
