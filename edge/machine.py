"""What the Pi can tell of itself, read where its kernel says it. None is what it can't tell."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

SUPPLIES, ZONES, MONITORS = "sys/class/power_supply", "sys/class/thermal", "sys/class/hwmon"
MAINS = frozenset({"Mains", "USB", "UPS"})


class Machine:
    """Below `root`, a folder that looks as the Pi's own does."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def on_mains(self) -> bool | None:
        """By the supplies that say so; else a battery that drains has no mains."""
        online = [said for supply in self._supplies(MAINS) if (said := _number(supply / "online")) is not None]
        if online:
            return any(online)
        drains = {_text(battery / "status") for battery in self._supplies({"Battery"})} - {"", "Unknown"}
        return "Discharging" not in drains if drains else None

    def battery(self) -> float | None:
        """Percent, of the emptiest."""
        full = (_number(battery / "capacity") for battery in self._supplies({"Battery"}))
        return min((percent for percent in full if percent is not None), default=None)

    def undervoltage(self) -> bool | None:
        """The Pi's power supply is, or was a moment ago, too weak: a card may be hurt by it."""
        alarms = (_number(one / "in0_lcrit_alarm") for one in self._in(MONITORS) if _text(one / "name") == "rpi_volt")
        said = [alarm for alarm in alarms if alarm is not None]
        return any(said) if said else None

    def temperature(self) -> float | None:
        """°C, of the hottest place."""
        degrees = (_number(zone / "temp") for zone in self._in(ZONES) if zone.name.startswith("thermal_zone"))
        return max((milli / 1000 for milli in degrees if milli is not None), default=None)

    def _supplies(self, kinds: Iterable[str]) -> list[Path]:
        return [supply for supply in self._in(SUPPLIES) if _text(supply / "type") in kinds]

    def _in(self, folder: str) -> list[Path]:
        with suppress(OSError):
            return sorted((self._root / folder).iterdir())
        return []


def disk_free(folder: Path) -> int | None:
    """Bytes that a program without privileges may still write there."""
    with suppress(OSError):
        room = os.statvfs(folder)
        return room.f_bavail * room.f_frsize
    return None


def _text(file: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return file.read_text(encoding="ascii").strip()
    return ""


def _number(file: Path) -> float | None:
    with suppress(ValueError):
        return float(_text(file))
    return None
