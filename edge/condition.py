"""How the kit is: what a heartbeat tells of its power, its ways out, its card, its radio and its sensors."""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypedDict

from edge.machine import Machine, disk_free
from edge.outbox import Outboxes
from edge.paths import Network
from edge.sensors import Adapter, Mains
from models.wire import Route, SensorHealth


class Told(TypedDict):
    """The fields of a heartbeat that are about the kit itself."""

    route: Route
    on_mains: bool | None
    kit_battery: float | None
    undervoltage: bool | None
    temperature: float | None
    disk_free: int | None
    bridges: dict[str, bool]
    health: dict[str, SensorHealth]
    given_up: int
    memory_only: bool
    version: str | None


class Condition:
    """`adapters` by dialect; `own_address` is that of the connection to the hub."""

    def __init__(
        self,
        machine: Machine,
        network: Network,
        adapters: Mapping[str, Adapter],
        outboxes: Outboxes,
        own_address: Callable[[], str | None],
        mains: Mains | None = None,
    ) -> None:
        self._machine, self._network, self._adapters, self._outboxes = machine, network, adapters, outboxes
        self._own_address, self._mains = own_address, mains
        self._version = _version()

    def told(self, outbox: Path) -> Told:
        machine, address = self._machine, self._own_address()
        return Told(
            route=self._network.route(None if address is None else self._network.device_of(address)),
            on_mains=machine.on_mains() if self._mains is None else self._mains.is_active,
            kit_battery=machine.battery(),
            undervoltage=machine.undervoltage(),
            temperature=machine.temperature(),
            disk_free=disk_free(outbox.parent),
            bridges={name: one.bridge for name, one in self._adapters.items() if one.bridge is not None},
            health=_together([one.health() for one in self._adapters.values()]),
            given_up=self._outboxes.given_up,
            memory_only=self._outboxes.memory_only,
            version=self._version,
        )

    def close(self) -> None:
        if self._mains is not None:
            self._mains.close()


def _together(each: Sequence[dict[str, SensorHealth]]) -> dict[str, SensorHealth]:
    return {sensor: said for some in each for sensor, said in some.items()}


def _version() -> str | None:
    try:
        return version("nightlight")
    except PackageNotFoundError:
        return None
