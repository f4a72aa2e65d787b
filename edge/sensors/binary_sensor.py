"""Binary sensors of ESPHome, and of whatever else speaks as it does: `<prefix>/binary_sensor/<name>/state` ON or OFF.

ESPHome keeps states at the broker unless told otherwise, so that a kept one is a state and not news. It gives no time.
`<prefix>/status` is online or, as its last will, offline.
"""

from collections.abc import Sequence

from edge.clock import Moment
from edge.sensors import Fitted, Noticed, Surroundings
from edge.sensors.edges import Edges
from edge.sensors.over_mqtt import OverMqtt

STATES = {b"ON": True, b"OFF": False}
STATUS = {b"online": True, b"offline": False}


class BinarySensors(OverMqtt):
    """Addresses are `<prefix>/<name>`. Not for more than one thread."""

    def __init__(self, fitted: Sequence[Fitted], surroundings: Surroundings) -> None:
        super().__init__(fitted, surroundings.last)
        self._sensors = {_state_of(sensor): sensor for sensor in fitted}
        self._boards = {topic: [one for one in fitted if _status_of(one) == topic] for topic in map(_status_of, fitted)}
        self._edges = Edges(fitted, surroundings.last)

    @property
    def topics(self) -> Sequence[str]:
        return [*self._sensors, *self._boards]

    def read(self, topic: str, payload: bytes, moment: Moment, *, retained: bool, repeated: bool) -> list[Noticed]:
        """What this message says is new. Never raises for what is in it."""
        del repeated  # a state said twice is no edge
        for each in self._boards.get(topic, ()):
            self._status(each, STATUS.get(payload.strip()), moment, kept=retained)
        sensor, state = self._sensors.get(topic), STATES.get(payload.strip().upper())
        if sensor is None or state is None:
            return []
        if not retained:
            self._alive[sensor.id] = moment.at
        return self._edges.now(sensor, state, moment, kept=retained)

    def _status(self, sensor: Fitted, online: bool | None, moment: Moment, *, kept: bool) -> None:
        if online is not None:
            self._says(sensor, online=online)
        if online and not kept:
            self._alive[sensor.id] = moment.at


def fit(fitted: Sequence[Fitted], surroundings: Surroundings) -> BinarySensors:
    return BinarySensors(fitted, surroundings)


def _state_of(sensor: Fitted) -> str:
    prefix, _, name = sensor.address.rpartition("/")
    return f"{prefix}/binary_sensor/{name}/state"


def _status_of(sensor: Fitted) -> str:
    return f"{sensor.address.rpartition('/')[0]}/status"
