"""Ways to notice: an adapter per dialect, one file each. To add one, write its file and its line in `DIALECTS`."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Protocol, cast

from edge.clock import Clock, Moment
from edge.trace import Cut
from models.observation import Evidence, SensorKind, What
from models.wire import SensorHealth


@dataclass(frozen=True, slots=True)
class Noticed:
    """What a sensor noticed, before the outbox has given it a number.

    `felt` is what a pendant felt around a suspected fall; it leaves the home only where that was agreed to.
    """

    sensor: str
    what: What
    moment: Moment
    evidence: Evidence | None = None
    felt: Cut | None = None


@dataclass(frozen=True, slots=True)
class Felt:
    """Acceleration: `t` (s, by the sensor's own clock, the last of them at `moment`) and x, y, z in g of each sample.

    It is judged in the kit and goes no further, but for the seconds around a suspected fall where that was agreed to.
    """

    sensor: str
    t: Sequence[float]
    acc: Sequence[tuple[float, float, float]]
    moment: Moment


@dataclass(frozen=True, slots=True)
class Fitted:
    """A sensor as an adapter sees it; `address` is its pin or its name in the dialect."""

    id: str
    kind: SensorKind
    address: str
    inverted: bool = False


Last = Mapping[str, tuple[What, datetime]]
"""What each sensor noticed last and when, as the outbox remembers it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an adapter may use: `notice` takes what was noticed or felt, from any thread; `base` is the topic; `lately`
    says what each sensor noticed lately, and when.
    """

    notice: Callable[[Noticed | Felt], None]
    clock: Clock
    base: str
    last: Last
    lately: Mapping[str, Sequence[tuple[What, datetime]]] = field(default_factory=dict)


class Adapter(Protocol):
    """One dialect's sensors. `topics` are those to hear from the kit's broker; `alive` are last signs of life.

    `deaf_since` is when it stopped to hear its sensors, None while it hears them. `health` is what sensors said of
    themselves, and `bridge` whether what stands between them and us is online; None where nothing does, or none said.
    `set_right` tells that the clock was set, and that by what it said before this boot began at `began`.
    """

    @property
    def topics(self) -> Sequence[str]: ...
    @property
    def deaf_since(self) -> datetime | None: ...
    def start(self) -> None: ...
    def read(self, topic: str, payload: bytes, moment: Moment, *, retained: bool, repeated: bool) -> list[Noticed]: ...
    def set_right(self, began: datetime, moment: Moment) -> None: ...
    def alive(self, now: datetime) -> dict[str, datetime]: ...
    def health(self) -> dict[str, SensorHealth]: ...
    @property
    def bridge(self) -> bool | None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """`module` has `fit(fitted, surroundings) -> Adapter` and is loaded only where it is used: a Pi is small."""

    module: str
    address: re.Pattern[str]
    example: str
    over_mqtt: bool


DIALECTS: dict[str, Dialect] = {
    "gpio": Dialect("edge.sensors.gpio", re.compile(r"\d{1,2}"), "gpio:17", over_mqtt=False),
    "zigbee2mqtt": Dialect(
        "edge.sensors.zigbee2mqtt", re.compile(r"[^+#\x00]+"), "zigbee2mqtt:hall_pir", over_mqtt=True
    ),
    "esphome": Dialect("edge.sensors.esphome", re.compile(r"[^+#\x00]+"), "esphome:pendant", over_mqtt=True),
    "binary_sensor": Dialect(
        "edge.sensors.binary_sensor", re.compile(r"[^+#\x00]+/[^+#/\x00]+"), "binary_sensor:bed_mat/bed", over_mqtt=True
    ),
    "tasmota": Dialect(
        "edge.sensors.tasmota",
        re.compile(r"[^+#\x00]+/(Switch|Button)\d{1,2}"),
        "tasmota:entry/Switch1",
        over_mqtt=True,
    ),
    "i2c": Dialect(
        "edge.sensors.accelerometer",
        re.compile(r"(adxl345|lis3dh)/\d{1,2}/0x[0-7][0-9a-f]"),
        "i2c:adxl345/1/0x53",
        over_mqtt=False,
    ),
}


def dialect_of(source: str) -> str:
    return source.partition(":")[0]


def address_of(source: str) -> str:
    return source.partition(":")[2]


def fit(dialect: str, fitted: Sequence[Fitted], surroundings: Surroundings) -> Adapter:
    module = import_module(DIALECTS[dialect].module)
    return cast("Adapter", module.fit(fitted, surroundings))


def feels(source: str) -> bool:
    """Whether a sensor with that source may feel acceleration."""
    return dialect_of(source) in {"esphome", "i2c"}


class Lamp(Protocol):
    def on(self) -> None: ...
    def off(self) -> None: ...
    def close(self) -> None: ...


class Mains(Protocol):
    @property
    def is_active(self) -> bool: ...
    def close(self) -> None: ...


def mains(pin: int, changed: Callable[[], None], *, inverted: bool) -> Mains | None:
    """None where there are no pins."""
    return cast("Mains | None", import_module(DIALECTS["gpio"].module).mains(pin, changed, inverted=inverted))


def lamp(pin: int) -> Lamp | None:
    """None where there are no pins: a kit without its lamp still calls for help."""
    return cast("Lamp | None", import_module(DIALECTS["gpio"].module).lamp(pin))


class Buzzer(Lamp, Protocol):
    def beep(self, on_time: float, off_time: float, n: int) -> None: ...


def tone(pin: int) -> Buzzer | None:
    """A buzzer that sounds while it is on; None where there are no pins."""
    return cast("Buzzer | None", import_module(DIALECTS["gpio"].module).tone(pin))
