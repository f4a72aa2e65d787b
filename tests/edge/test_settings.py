from pathlib import Path

import pytest

from edge.settings import Settings, load, password
from models.observation import SensorKind
from models.settings import BadSettings

ROOT = Path(__file__).parents[2]
LEAST = 'home = "h1"\nhub_host = "hub.example.org"\n'
PENDANT = '[[sensors]]\nid = "pendant"\nkind = "pendant"\nsource = "gpio:17"\n'


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "kit.toml"
    file.write_text(text)
    return load(file)


def test_a_home_and_a_hub_are_enough(tmp_path: Path) -> None:
    settings = loaded(tmp_path, LEAST)
    assert (settings.home, settings.hub_port, settings.batch_size, settings.sensors) == ("h1", 1883, 200, ())


def test_files_are_meant_beside_the_settings(tmp_path: Path) -> None:
    settings = loaded(tmp_path, LEAST + 'outbox = "outbox.db"\nclock_file = "/run/clock"\n')
    assert settings.outbox == str(tmp_path / "outbox.db")
    assert settings.clock_file == "/run/clock"


def test_sensors_have_a_source(tmp_path: Path) -> None:
    (sensor,) = loaded(tmp_path, LEAST + PENDANT).sensors
    assert (sensor.id, sensor.kind, sensor.source, sensor.inverted) == ("pendant", SensorKind.PENDANT, "gpio:17", False)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("home = ", "is not TOML"),
        ('hub_host = "hub"', "home"),
        ('home = "Mrs Okafor"\nhub_host = "hub"', "no home id"),
        (LEAST + "heartbeat = 3", "unknown key 'heartbeat'"),
        (LEAST + "batch_size = 0", "batch_size"),
        (LEAST + "batch_size = 5000", "batch_size"),
        (LEAST + 'batch_size = "many"', "batch_size"),
        (LEAST + "heartbeat_every = 0", "heartbeat_every"),
        (LEAST + "heartbeat_every = nan", "heartbeat_every"),
        (LEAST + "batch_every = -1", "batch_every"),
        (LEAST + "test_every = 5", "test_every"),
        (LEAST + 'speaks = "latin"', "the kit knows cy, de, en"),
        (LEAST + "home_assistant = true", "local_host"),
        (LEAST + PENDANT.replace('id = "pendant"', 'id = "kit"'), "what the kit calls itself"),
        (LEAST + "outbox_limit = 5", "outbox_limit"),
        (LEAST + "hub_port = 99999", "hub_port"),
        (LEAST + 'hub_password_file = "secret"', "hub_username"),
        ('home = "h1"\nhub_host = ""', "hub_host"),
        (LEAST + PENDANT + PENDANT, "'pendant' is there 2 times"),
        (LEAST + PENDANT.replace("pendant", "dog"), "sensors"),
        (LEAST + PENDANT.replace("gpio:17", "gpio:door"), "looks like gpio:17"),
        (LEAST + PENDANT.replace("gpio:17", "morse:17"), "begins with none of gpio, zigbee2mqtt"),
        (LEAST + PENDANT.replace("gpio:17", "zigbee2mqtt:a"), "local_host"),
        (LEAST + 'local_host = "localhost"\n' + PENDANT.replace("gpio:17", "zigbee2mqtt:#"), "looks like zigbee2mqtt:"),
        (LEAST + PENDANT + "pin = 4", "unknown key 'pin'"),
        (LEAST + 'sensors = "none"', "sensors"),
        (LEAST + "sensors = [3]", "sensors"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BadSettings, match=r"kit\.toml") as refused:
        loaded(tmp_path, text)
    assert complaint in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"none\.toml: can't be read"):
        load(tmp_path / "none.toml")


def test_the_password_is_what_its_file_holds(tmp_path: Path) -> None:
    settings = loaded(tmp_path, LEAST + 'hub_username = "h1"\nhub_password_file = "secret"\n')
    with pytest.raises(BadSettings, match="hub_password_file"):
        password(settings)
    (tmp_path / "secret").write_text("quiet-larch\n")
    assert password(settings) == "quiet-larch"


def test_the_example_for_installers_loads() -> None:
    settings = load(ROOT / "firmware_config" / "agent" / "kit.example.toml")
    assert {sensor.kind for sensor in settings.sensors} == set(SensorKind)
