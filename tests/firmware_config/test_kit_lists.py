"""Kit lists that a depot begins with: the hub loads them, `kit new` makes a kit of them, the agent reads it."""

from pathlib import Path

import pytest

from edge.settings import load
from models.observation import SensorKind
from models.register import read_register
from tests.hub.test_app import hub

LISTS = sorted((Path(__file__).parents[2] / "firmware_config" / "kits").glob("*.toml"))


def test_there_is_one_for_each_kind_of_home() -> None:
    assert [one.stem for one in LISTS] == ["couple", "extra_care_flat", "one_bed_flat", "two_storey_house"]


@pytest.mark.parametrize("fitted", LISTS, ids=lambda one: one.stem)
def test_a_kit_is_made_of_it(fitted: Path, tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text(f"data_dir = '{tmp_path / 'data'}'\nkits_host = 'hub.example.org'\nkits_port = 8883\n")
    assert hub(file, "load", fitted).returncode == 0
    done = hub(file, "kit", "new", "h_larch3", "--list", fitted, "--area", "Northside", "--out", tmp_path / "kit")
    assert done.returncode == 0, done.stderr
    (home,) = read_register(fitted.read_bytes(), toml=True).homes
    made = load(tmp_path / "kit" / "kit.toml")
    assert [(one.id, one.kind) for one in made.sensors] == [(one.id, one.kind) for one in home.sensors]


@pytest.mark.parametrize("fitted", LISTS, ids=lambda one: one.stem)
def test_nobody_is_without_a_pendant_or_a_door(fitted: Path) -> None:
    (home,) = read_register(fitted.read_bytes(), toml=True).homes
    kinds = [sensor.kind for sensor in home.sensors]
    assert kinds.count(SensorKind.PENDANT) == home.people
    assert kinds.count(SensorKind.BED) >= home.people
    assert any(sensor.is_exit for sensor in home.sensors)
    assert {sensor.room for sensor in home.sensors} >= {"bathroom", "bedroom"}
