"""docs/ADDING-A-SENSOR.md is followed to the letter."""

import re
import sys
from pathlib import Path

import pytest

import edge.sensors
from edge.clock import Clock
from edge.sensors import DIALECTS, Dialect, Fitted, Surroundings, fit
from edge.settings import load
from models.observation import SensorKind
from models.wire import SensorHealth
from tests.edge.conftest import moment

PAGE = (Path(__file__).parents[3] / "docs" / "ADDING-A-SENSOR.md").read_text(encoding="utf-8")
MESSAGES, ADAPTER, LINE = re.findall(r"^```(?:text|python)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_page_adds_a_dialect_that_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shelly.py").write_text(ADAPTER)
    monkeypatch.setattr(edge.sensors, "__path__", [*edge.sensors.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "edge.sensors.shelly", raising=False)
    added = eval("{" + LINE + "}", {"Dialect": Dialect, "re": re})
    monkeypatch.setitem(DIALECTS, "shelly", added["shelly"])
    (tmp_path / "kit.toml").write_text(
        'home = "h1"\nhub_host = "hub"\nlocal_host = "127.0.0.1"\n'
        '[[sensors]]\nid = "door"\nkind = "door"\nsource = "shelly:entry"\n'
    )
    assert load(tmp_path / "kit.toml").sensors[0].source == "shelly:entry"
    adapter = fit("shelly", [Fitted("door", SensorKind.DOOR, "entry")], Surroundings(lambda _: None, Clock(), "", {}))
    news = []
    for line in MESSAGES.splitlines():
        topic, payload = line.split(" ")
        assert topic in adapter.topics
        news += [one.what for one in adapter.read(topic, payload.encode(), moment(), retained=False, repeated=False)]
    assert news == ["closed", "opened", "closed"]
    assert adapter.health() == {"door": SensorHealth(battery=87.0)}


def test_every_source_in_its_table_is_one(tmp_path: Path) -> None:
    sources = re.findall(r"^\| `([a-z0-9_]+:[^`]+)`", PAGE, re.MULTILINE)
    assert {source.partition(":")[0] for source in sources} == set(DIALECTS)
    for source in sources:
        dialect, _, address = source.partition(":")
        assert DIALECTS[dialect].address.fullmatch(address), source
