"""Clocks that the programs look at: a file each, written here."""

import os
import time
from datetime import datetime
from pathlib import Path

from models.pace import Pace


class PlayedClock:
    """A clock file and what it says. It stands still until it is told to run."""

    def __init__(self, path: Path, start: datetime) -> None:
        self.path = path
        self.hold(start)

    def now(self) -> datetime:
        return self.pace.at(time.time())

    def hold(self, at: datetime) -> None:
        """Stand at `at`."""
        self._keep(Pace(time.time(), at.timestamp(), 0.0))

    def run(self, speed: float, start: datetime | None = None) -> None:
        """From `start`, or from where it stands, pass `speed` played seconds a second."""
        self._keep(Pace(time.time(), (start or self.now()).timestamp(), speed))

    def follow(self, other: "PlayedClock") -> None:
        """Say what `other` says from now on."""
        self._keep(other.pace)

    def _keep(self, pace: Pace) -> None:
        fresh = self.path.with_suffix(".fresh")
        fresh.write_bytes(pace.packed())
        os.replace(fresh, self.path)  # noqa: PTH105, a Path would do, were it not for the readers: this is atomic
        self.pace = pace
