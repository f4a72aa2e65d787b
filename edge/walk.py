"""The walk test at the kit: each sensor in turn, heard by the kit, and receipted by the hub.

It only looks, from beside, into the outbox of the agent that runs. The phone's page asks the hub instead.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.outbox import in_use, seen, told_of
from edge.settings import SensorSettings, Settings
from models.commission import RINGS
from models.privacy import ALWAYS
from models.wire import Unreadable, read_configuration

LOOK_EVERY = 0.1
AT_THE_HUB_WITHIN = 15.0
"""Real s after the kit has heard it."""


@dataclass(frozen=True, slots=True)
class Walked:
    """How long after it was asked for, in s, the kit had it and the hub had receipted it; None: it did not."""

    heard: float | None = None
    receipted: float | None = None

    @property
    def text(self) -> str:
        if self.heard is None:
            return (
                "NOT HEARD by the kit: is its battery in, is it paired under exactly this name, is it in range, and "
                "was what it says news (a door that was open already says nothing)?"
            )
        if self.receipted is None:
            return (
                f"heard by the kit after {self.heard:.1f} s, NOT RECEIPTED by the hub: 'nightlight-edge check' tries "
                "the way there"
            )
        return f"heard by the kit after {self.heard:.1f} s, receipted by the hub after {self.receipted:.1f} s"


def walk(settings: Settings, names: Sequence[str], patience: float, say: Callable[[str], None]) -> int:
    """0 when each was heard and receipted, 1 when one was not, 2 for a name that is no sensor here."""
    fitted = {sensor.id: sensor for sensor in settings.sensors}
    unknown = [name for name in names if name not in fitted]
    if unknown or not fitted:
        say(f"no sensor here is called {unknown[0]}" if unknown else "no sensor is in the settings")
        return 2
    path = Path(settings.outbox)
    if not in_use(path):
        say(f"no agent runs with {path}: start it first (systemctl start nightlight-edge)")
        return 1
    asked = [fitted[name] for name in names] if names else list(settings.sensors)
    try:
        good = [_one(sensor, path, patience, say) for sensor in asked]
    except sqlite3.Error as error:
        say(f"{path}: the outbox can't be read: {error}")
        return 1
    say(f"{sum(good)} of {len(good)} passed")
    return 0 if all(good) else 1


def _one(sensor: SensorSettings, path: Path, patience: float, say: Callable[[str], None]) -> bool:
    if not _agreed(sensor, path):
        say(f"{sensor.id}: nobody agreed to a {sensor.kind} sensor, so the kit keeps silent about it")
        return False
    before = seen(path, sensor.id)  # before it is asked for: some are quick
    say(f"{sensor.id}: {RINGS[sensor.kind][0].lower()}")
    walked = _waited(sensor.id, path, patience, before[0])
    say(f"{sensor.id}: {walked.text}")
    return walked.receipted is not None


def _agreed(sensor: SensorSettings, path: Path) -> bool:
    """While the hub has said nothing yet, the kit listens."""
    told = told_of(path)
    try:
        return told is None or sensor.kind in ALWAYS or sensor.kind in read_configuration(told).agreed
    except Unreadable:
        return True


def _waited(sensor: str, path: Path, patience: float, before: float | None) -> Walked:
    began = time.monotonic()
    heard: float | None = None
    while True:
        at, waits = seen(path, sensor)
        passed = time.monotonic() - began
        if heard is None and at != before:
            heard = passed
        if heard is not None and not waits:
            return Walked(heard, passed)
        if passed > (patience if heard is None else heard + AT_THE_HUB_WITHIN):
            return Walked(heard)
        time.sleep(LOOK_EVERY)
