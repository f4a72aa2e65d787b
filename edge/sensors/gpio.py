"""Wired sensors on the Pi's pins. A callback only puts on a queue: one that raised would leave its sensor deaf."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from gpiozero import LED, Buzzer, DigitalInputDevice

from edge.clock import Moment
from edge.sensors import Fitted, Noticed, Surroundings
from models.observation import SensorKind, What
from models.wire import SensorHealth

log = logging.getLogger(__name__)

WHAT: dict[SensorKind, tuple[What | None, What | None]] = {
    SensorKind.PENDANT: (What.PRESSED, None),
    SensorKind.PULL_CORD: (What.PRESSED, None),
    SensorKind.DOOR: (What.CLOSED, What.OPENED),
    SensorKind.BED: (What.LAY_DOWN, What.GOT_UP),
    SensorKind.CHAIR: (What.SAT_DOWN, What.STOOD_UP),
    SensorKind.MOTION: (What.MOVED, None),
}
"""What it means that a contact closes, and that it opens."""

BOUNCE: dict[SensorKind, float | None] = {
    SensorKind.PENDANT: 0.02,
    SensorKind.PULL_CORD: 0.02,
    SensorKind.DOOR: 0.05,
    SensorKind.BED: 0.2,
    SensorKind.CHAIR: 0.2,
    SensorKind.MOTION: None,
}
"""In s: how long a contact has to stand still. A mat crackles while somebody turns over."""


class Gpio:
    """A contact pulls its pin to ground; a motion sensor drives it high.

    A door that is open, or a bed or a chair that is taken, at the start is a state and no news; a cord that is held is
    a press.
    """

    topics: Sequence[str] = ()
    deaf_since = None
    bridge: bool | None = None

    def __init__(self, fitted: Sequence[Fitted], surroundings: Surroundings) -> None:
        self._fitted = fitted
        self._around = surroundings
        self._devices: dict[str, Any] = {}

    def start(self) -> None:
        for sensor in self._fitted:
            try:
                self._fit(sensor)
            except Exception as error:  # noqa: BLE001 each pin library has errors of its own, and the others must be heard
                log.warning("sensor %s on pin %s can't be heard: %s", sensor.id, sensor.address, error)

    def read(self, *_: object, **__: object) -> list[Noticed]:
        """Pins speak no MQTT."""
        return []

    def set_right(self, began: datetime, moment: Moment) -> None:
        """A wire is looked at anew each time."""

    def alive(self, now: datetime) -> dict[str, datetime]:
        return dict.fromkeys(self._devices, now)

    def health(self) -> dict[str, SensorHealth]:
        """A wire says nothing of itself."""
        return {}

    def close(self) -> None:
        for device in self._devices.values():
            device.close()
        self._devices.clear()

    def _fit(self, sensor: Fitted) -> None:
        pull_up = sensor.kind is not SensorKind.MOTION
        device = DigitalInputDevice(int(sensor.address), pull_up=pull_up, bounce_time=BOUNCE[sensor.kind])
        closing, opening = reversed(WHAT[sensor.kind]) if sensor.inverted else WHAT[sensor.kind]
        if closing is not None:
            device.when_activated = self._putting(sensor.id, closing)
        if opening is not None:
            device.when_deactivated = self._putting(sensor.id, opening)
        self._devices[sensor.id] = device
        if (closing if device.is_active else opening) is What.PRESSED:
            self._around.notice(Noticed(sensor.id, What.PRESSED, self._around.clock.moment()))

    def _putting(self, sensor: str, what: What) -> Callable[[], None]:
        notice, clock = self._around.notice, self._around.clock
        return lambda: notice(Noticed(sensor, what, clock.moment()))


def fit(fitted: Sequence[Fitted], surroundings: Surroundings) -> Gpio:
    return Gpio(fitted, surroundings)


def mains(pin: int, changed: Callable[[], None], *, inverted: bool) -> Any | None:
    """`is_active` while there is mains; `changed` is called when that changes."""
    try:
        device = DigitalInputDevice(pin, pull_up=None, active_state=not inverted, bounce_time=1.0)
        device.when_activated = device.when_deactivated = changed
    except Exception as error:  # noqa: BLE001 as above
        log.warning("the mains on pin %d can't be told: %s", pin, error)
        return None
    return device


def lamp(pin: int) -> Any | None:
    try:
        return LED(pin)
    except Exception as error:  # noqa: BLE001 as above: no lamp is worth a kit
        log.warning("the lamp on pin %d can't be lit: %s", pin, error)
        return None


def tone(pin: int) -> Any | None:
    try:
        return Buzzer(pin)
    except Exception as error:  # noqa: BLE001 as above
        log.warning("the buzzer on pin %d can't sound: %s", pin, error)
        return None
