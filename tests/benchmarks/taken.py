"""What the programs of a hub took of the machine, read from the system: it holds on a busy machine as well."""

import time
from dataclasses import dataclass, field

import psutil

from simulators.service import Place

PROGRAMS = ("broker", "watch", "web")


@dataclass
class Meter:
    """From when it is made on."""

    place: Place
    _before: dict[str, float] = field(init=False)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._before, self._began = self._seconds(), time.monotonic()

    def cores(self) -> dict[str, float]:
        """Percent of one core since then, by program."""
        passed, now = time.monotonic() - self._began, self._seconds()
        return {name: 100 * (now[name] - self._before[name]) / passed for name in PROGRAMS}

    def memory(self) -> dict[str, int]:
        """Bytes that each holds now."""
        return {name: sum(one.memory_info().rss for one in _processes(self.place, name)) for name in PROGRAMS}

    def _seconds(self) -> dict[str, float]:
        return {name: sum(sum(one.cpu_times()[:2]) for one in _processes(self.place, name)) for name in PROGRAMS}


def _processes(place: Place, name: str) -> list[psutil.Process]:
    first = psutil.Process(place.pids[name])
    return [first, *first.children(recursive=True)]


def told(cores: dict[str, float]) -> str:
    parts = ", ".join(f"{name} {part:.1f}" for name, part in cores.items())
    return f"{sum(cores.values()):.1f} % of a core ({parts})"
