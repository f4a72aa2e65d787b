"""For a family that has Home Assistant: the kit's sensors, announced on its own broker as Home Assistant finds them.

Off unless set. Only on the kit's broker, never to the hub: what the family's own house shows is between them and the
resident. Announcements are kept by the broker; those of a sensor that was taken out, or of all when this is switched
off, are taken back by an empty one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from edge.sensors import Noticed
from edge.sensors.edges import MEANS
from edge.settings import SensorSettings
from models.observation import SensorKind

DEVICE_CLASS = {
    SensorKind.PENDANT: "safety",
    SensorKind.PULL_CORD: "safety",
    SensorKind.MOTION: "occupancy",
    SensorKind.DOOR: "door",
    SensorKind.BED: "occupancy",
    SensorKind.CHAIR: "occupancy",
}
OFF_AFTER = {SensorKind.PENDANT: 60, SensorKind.PULL_CORD: 60, SensorKind.MOTION: 90}
"""Seconds after which what has no end of its own is over."""
IS_ON = {what: state is not (kind is SensorKind.DOOR) for (kind, state), what in MEANS.items()}
"""Home Assistant's door is on while it is open."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """`say` publishes on the kit's broker, topic, payload and whether it is kept there."""

    home: str
    sensors: Sequence[SensorSettings]
    wanted: bool
    say: Callable[[str, bytes, bool], object]

    @property
    def topics(self) -> list[str]:
        """To hear what was announced before, which is heard too where nothing is wanted any more."""
        return [f"homeassistant/binary_sensor/{self._node}/+/config"]

    def announce(self) -> None:
        """When the kit's broker is reached."""
        if not self.wanted:
            return
        for sensor in self.sensors:
            self.say(self._config(sensor.id), msgspec.json.encode(self._about(sensor)), True)
        self.say(self.status, b"online", True)

    def heard(self, topic: str, payload: bytes) -> None:
        """Take back what was announced of a sensor that is no longer here."""
        mine = {self._config(sensor.id) for sensor in self.sensors} if self.wanted else set()
        ours = topic.startswith(f"homeassistant/binary_sensor/{self._node}/")
        if payload and ours and topic not in mine:
            self.say(topic, b"", True)
            self.say(self._state(topic.split("/")[-2]), b"", True)

    def noticed(self, news: Iterable[Noticed]) -> None:
        if not self.wanted:
            return
        for one in news:
            if one.what in IS_ON:
                self.say(self._state(one.sensor), b"ON" if IS_ON[one.what] else b"OFF", True)

    @property
    def status(self) -> str:
        """Where the kit says that it is there, and its broker that it is not."""
        return f"nightlight/{self.home}/status"

    @property
    def _node(self) -> str:
        return f"nightlight_{self.home}"

    def _config(self, sensor: str) -> str:
        return f"homeassistant/binary_sensor/{self._node}/{_plain(sensor)}/config"

    def _state(self, sensor: str) -> str:
        return f"nightlight/{self.home}/{_plain(sensor)}/state"

    def _about(self, sensor: SensorSettings) -> dict[str, object]:
        told: dict[str, object] = {
            "name": sensor.id.replace("_", " "),
            "unique_id": f"{self._node}_{_plain(sensor.id)}",
            "state_topic": self._state(sensor.id),
            "device_class": DEVICE_CLASS[sensor.kind],
            "availability_topic": self.status,
            "device": {"identifiers": [self._node], "name": "Nightlight", "manufacturer": "Nightlight"},
        }
        return told | ({"off_delay": OFF_AFTER[sensor.kind]} if sensor.kind in OFF_AFTER else {})


def _plain(sensor: str) -> str:
    """What a topic's part and Home Assistant's ids can hold."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in sensor)
