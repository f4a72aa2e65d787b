"""A pendant of ESPHome's making, by the topics that firmware_config/esphome/pendant.yaml gives it.

`<prefix>/press` is a press, `<prefix>/acceleration` a batch of samples, `<prefix>/battery` a percentage, and
`<prefix>/status` ESPHome's own word of being online. All but the last are said once and not kept by the broker, so that
what is kept there was said before our time and is no news. Times are the pendant's own milliseconds since it woke: how
long the radio took says nothing about when something was felt.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, TypeVar

import msgspec

from edge.clock import Moment
from edge.sensors import Felt, Fitted, Noticed, Surroundings
from edge.sensors.over_mqtt import OverMqtt
from models.observation import What

log = logging.getLogger(__name__)
T = TypeVar("T", bound=msgspec.Struct)

AGAIN = 5.0
"""A clock that jumps back further than this, in s, began anew: the pendant was started, or counted to its end."""
NEW_START = 2.0
"""So much later, in s, what it says then is taken to be, so that the two are never joined."""
MOST_G = 64_000
SAME_PRESS = timedelta(minutes=10)

Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class Press(msgspec.Struct):
    """When it was pressed, on the pendant's clock."""

    ms: Count


class Batch(msgspec.Struct):
    """Samples `every` so many ms, the first at `ms`; `mg` holds x, y, z of each in thousandths of g."""

    ms: Count
    every: Annotated[float, msgspec.Meta(gt=0, le=1000)]
    mg: Annotated[list[Annotated[int, msgspec.Meta(ge=-MOST_G, le=MOST_G)]], msgspec.Meta(max_length=3000)]


class Battery(msgspec.Struct):
    percent: Annotated[float, msgspec.Meta(ge=0, le=100)]


LOW = 15.0
"""Percent from which on a battery is a matter for whoever looks after the kit."""


class Steady:
    """The pendant's milliseconds as seconds that never go back by more than a reordered message."""

    def __init__(self) -> None:
        self._ahead, self._latest = 0.0, 0.0

    def seconds(self, ms: float) -> float:
        at = ms / 1000 + self._ahead
        if at < self._latest - AGAIN:
            self._ahead += self._latest + NEW_START - at
            at = self._latest + NEW_START
        self._latest = max(self._latest, at)
        return at


class Esphome(OverMqtt):
    """Not for more than one thread."""

    def __init__(self, fitted: Sequence[Fitted], surroundings: Surroundings) -> None:
        super().__init__(fitted, surroundings.last)
        self._sensors = {sensor.address: sensor for sensor in fitted}
        self._notice = surroundings.notice
        self._clocks = {sensor.id: Steady() for sensor in fitted}
        self._pressed: dict[str, tuple[int, datetime]] = {}
        self.unreadable = 0

    @property
    def topics(self) -> Sequence[str]:
        return [f"{prefix}/{leaf}" for prefix in self._sensors for leaf in LEAVES]

    def read(self, topic: str, payload: bytes, moment: Moment, *, retained: bool, repeated: bool) -> list[Noticed]:
        """What this message says is new. Never raises for what is in it."""
        prefix, _, leaf = topic.rpartition("/")
        sensor = self._sensors.get(prefix)
        if sensor is None or leaf not in LEAVES or retained:
            return []
        if leaf == "status":
            self._status(sensor, payload, moment)
        elif leaf == "acceleration":
            self._feel(sensor, payload, moment)
        elif leaf == "battery":
            self._battery(sensor, payload, moment)
        else:
            return self._press(sensor, payload, moment, repeated=repeated)
        return []

    def _press(self, sensor: Fitted, payload: bytes, moment: Moment, *, repeated: bool) -> list[Noticed]:
        """A press that does not read is one all the same; one that is said twice on the pendant's clock is one."""
        said = self._read(sensor, payload, Press)
        ms, before = (said.ms if said else -1), self._pressed.get(sensor.id, (-2, moment.at))
        self._alive[sensor.id] = moment.at
        if ms == before[0] and moment.at - before[1] < SAME_PRESS:
            return []
        if said is None and repeated:
            return []
        self._pressed[sensor.id] = ms, moment.at
        return [Noticed(sensor.id, What.PRESSED, moment)]

    def _feel(self, sensor: Fitted, payload: bytes, moment: Moment) -> None:
        batch = self._read(sensor, payload, Batch)
        if batch is None or len(batch.mg) < 3:
            return
        g = [value / 1000 for value in batch.mg]
        acc = list(zip(g[::3], g[1::3], g[2::3], strict=False))
        first, every = self._clocks[sensor.id].seconds(batch.ms), batch.every / 1000
        self._alive[sensor.id] = moment.at
        self._notice(Felt(sensor.id, [first + every * place for place in range(len(acc))], acc, moment))

    def _battery(self, sensor: Fitted, payload: bytes, moment: Moment) -> None:
        battery = self._read(sensor, payload, Battery)
        if battery is not None:
            self._alive[sensor.id] = moment.at
            self._says(sensor, battery=battery.percent, battery_low=battery.percent <= LOW)
            if battery.percent <= LOW:
                log.warning("sensor %s: its battery is at %g %%", sensor.id, battery.percent)

    def _status(self, sensor: Fitted, payload: bytes, moment: Moment) -> None:
        if payload == b"online":
            self._alive[sensor.id] = moment.at
            self._says(sensor, online=True)
        elif payload == b"offline":
            self._says(sensor, online=False)
            log.warning("sensor %s is offline, its broker says", sensor.id)

    def _read(self, sensor: Fitted, payload: bytes, kind: type[T]) -> T | None:
        try:
            return msgspec.json.decode(payload, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.unreadable += 1
            log.warning("sensor %s sent %d bytes that do not read: %.120s", sensor.id, len(payload), error)
            return None


LEAVES = ("press", "acceleration", "battery", "status")


def fit(fitted: Sequence[Fitted], surroundings: Surroundings) -> Esphome:
    return Esphome(fitted, surroundings)
