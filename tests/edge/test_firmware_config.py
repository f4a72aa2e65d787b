"""What goes onto a kit, as far as a machine without pins and radio can try it."""

import getpass
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt import publish

from tests.conftest import eventually, free_port, wanted
from tests.edge.test_connection import Ears, connection

CONFIG = Path(__file__).parents[2] / "firmware_config"


class KitsBroker:
    def __init__(self, folder: Path) -> None:
        self.port, self.conf, self.complaints = free_port(), folder / "kit.conf", b""
        text = (CONFIG / "system/etc/mosquitto/mosquitto.conf").read_text()
        assert "listener 1883 127.0.0.1\n" in text
        (folder / "conf.d").mkdir()
        folder.chmod(0o777)
        text = text.replace("1883", str(self.port)).replace("/var/lib/mosquitto/", f"{folder}/")
        text = text.replace("/etc/mosquitto/conf.d", f"{folder}/conf.d")
        self.conf.write_text(f"user {getpass.getuser()}\n{text}")
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([wanted("mosquitto"), "-c", str(self.conf)], stderr=subprocess.PIPE)

    def end(self) -> None:
        self.process.terminate()
        self.complaints += self.process.communicate(timeout=60)[1]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[KitsBroker]:
    one = KitsBroker(tmp_path)
    yield one
    one.end()
    assert b"Error" not in one.complaints


@pytest.mark.broker
def test_the_kits_broker_keeps_a_press_for_the_agent_over_a_restart_of_its_own(broker: KitsBroker) -> None:
    ears = Ears()
    kit = connection(broker.port, ears, remembers_us=True)
    kit.start()
    eventually(lambda: ears.ups == 1)
    kit.close()
    publish.single("to/kit", b"pressed", 1, port=broker.port)
    broker.end()
    broker.start()
    again = Ears()
    kit = connection(broker.port, again, remembers_us=True)
    kit.start()
    eventually(lambda: [one.payload for one in again.arrived] == [b"pressed"])
    kit.close()


def test_the_radio_bridge_tells_when_a_sensor_spoke() -> None:
    text = (CONFIG / "zigbee2mqtt" / "configuration.yaml").read_text()
    for line in ("  last_seen: ISO_8601", "  qos: 1", "  retain: false"):
        assert f"\n{line}\n" in text
