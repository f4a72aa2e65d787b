"""Homes to judge: invented ones, and the real ones where they lie beside the checkout."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.detection.batch import Bools
from simulators.evaluate.homes import Recorded, longest
from simulators.evaluate.invented import invented, lived


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
    return invented(20)


@pytest.fixture(scope="session")
def folder(town: list[Recorded], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recorded")
    for each in [*town[:3], lived("short", 20, 9)]:
        write_csv(path, each)
    (path / "amber.labels.csv").write_text("not,a,recording\n", encoding="utf-8")
    return path
