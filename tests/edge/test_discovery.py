"""What a family's own Home Assistant finds, through a real broker."""

import json
from collections.abc import Iterator
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.discovery import Discovery
from edge.settings import SensorSettings
from models.observation import SensorKind, What
from tests.conftest import Mosquitto, eventually, hung_up
from tests.edge.conftest import FakeHub, Kit, noticed


class HomeAssistant:
    """Hears what is kept, and what comes."""

    def __init__(self, port: int) -> None:
        self.kept: dict[str, bytes] = {}
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = self._hear
        self.client.on_connect = lambda client, *_: client.subscribe(
            [("homeassistant/#", 1), ("nightlight/h_okafor/#", 1)]
        )
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _hear(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        if message.payload:
            self.kept[message.topic] = bytes(message.payload)
        else:
            self.kept.pop(message.topic, None)

    def config(self, sensor: str) -> dict[str, Any] | None:
        content = self.kept.get(f"homeassistant/binary_sensor/nightlight_h_okafor/{sensor}/config")
        return json.loads(content) if content else None

    def state(self, sensor: str) -> bytes | None:
        return self.kept.get(f"nightlight/h_okafor/{sensor}/state")


@pytest.fixture
def house(mosquitto: Mosquitto) -> Iterator[HomeAssistant]:
    one = HomeAssistant(mosquitto.port)
    yield one
    hung_up(one.client)


@pytest.mark.broker
@pytest.mark.processes
def test_a_family_finds_the_sensors_and_loses_them_when_it_is_switched_off(
    hub: FakeHub, kit: Kit, house: HomeAssistant
) -> None:
    kit.start(home_assistant=True)
    eventually(lambda: all(house.config(one) for one in ("bed", "front_door", "hall_pir")))
    door = house.config("front_door")
    assert door
    assert (door["device_class"], door["state_topic"]) == ("door", "nightlight/h_okafor/front_door/state")
    eventually(lambda: house.kept.get(door["availability_topic"]) == b"online")
    pir = house.config("hall_pir")
    assert pir
    assert (pir["device_class"], pir["off_delay"]) == ("occupancy", 90)
    kit.says("front_door", contact=False)
    kit.says("pendant", action="emergency")
    eventually(lambda: (house.state("front_door"), house.state("pendant")) == (b"ON", b"ON"))
    kit.says("front_door", contact=True)
    eventually(lambda: house.state("front_door") == b"OFF")
    eventually(lambda: len(hub.stored) == 3)
    kit.end()
    kit.start()
    eventually(lambda: not [topic for topic in house.kept if topic.endswith(("/config", "/state"))])


def test_a_sensor_that_was_taken_out_is_taken_back_and_a_strangers_is_not() -> None:
    said: list[tuple[str, bytes, bool]] = []
    here = (SensorSettings("bed", SensorKind.BED, "zigbee2mqtt:bed"),)
    discovery = Discovery("h1", here, wanted=True, say=lambda *what: said.append(what))
    base = "homeassistant/binary_sensor"
    for node, sensor in (("nightlight_h1", "bed"), ("nightlight_h2", "pir"), ("lamp", "pir")):
        discovery.heard(f"{base}/{node}/{sensor}/config", b"{}")
    assert said == []
    discovery.heard(f"{base}/nightlight_h1/old pir/config", b"{}")
    assert said == [(f"{base}/nightlight_h1/old pir/config", b"", True), ("nightlight/h1/old_pir/state", b"", True)]


def test_off_it_says_nothing() -> None:
    said: list[object] = []
    discovery = Discovery("h1", (), wanted=False, say=lambda *what: said.append(what))
    discovery.announce()
    discovery.noticed([noticed(What.MOVED)])
    assert said == []
