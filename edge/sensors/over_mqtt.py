"""What sensors heard through the kit's broker share: when each last gave a sign of life, and what it said of itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from edge.clock import Moment
from edge.sensors import Fitted, Last
from models.wire import SensorHealth

AROUND = timedelta(seconds=60)
"""As far as what was heard in this boot may seem to be from outside of it: clocks and messages take their time."""


class OverMqtt:
    """The agent connects to the broker and hands over what it hears: there is nothing to open and nothing to close."""

    def __init__(self, fitted: Sequence[Fitted], last: Last) -> None:
        self._alive = {sensor.id: last[sensor.id][1] for sensor in fitted if sensor.id in last}
        self._of_before = self._alive.copy()
        self._health: dict[str, SensorHealth] = {}
        self.deaf_since: datetime | None = None
        self.bridge: bool | None = None

    def start(self) -> None: ...

    def close(self) -> None: ...

    def set_right(self, began: datetime, moment: Moment) -> None:
        """Signs of life by the clock as it was move along. What may be of another boot was by another, and stays."""
        by = moment.began - began
        since = {sensor: at for sensor, at in self._alive.items() if at != self._of_before.get(sensor)}
        moved = {sensor: at + by for sensor, at in since.items() if began - AROUND <= at <= moment.at - by + AROUND}
        self._alive.update(moved)

    def alive(self, now: datetime) -> dict[str, datetime]:
        return {sensor: min(at, now) for sensor, at in self._alive.items()}

    def health(self) -> dict[str, SensorHealth]:
        return self._health.copy()

    def _says(self, sensor: Fitted, **said: Any) -> None:
        self._health[sensor.id] = structs.replace(self._health.get(sensor.id, SensorHealth()), **said)
