"""The hub's clock: real time, or the time that a clock file says, so that a day can pass in a minute."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from models.pace import Pace, unpacked

SLICE = 0.25
"""No wait is longer at a stretch (real seconds), so that a changed pace is noticed."""
SET_BACK = timedelta(minutes=1)
"""A clock that goes back further was wrong before; by less, it is only kept right."""
LEAST = 0.02
"""No wait is shorter; so often a clock that is moved by hand is looked at."""


class Clock:
    """`now()` is played time. Without a file, played time is real time."""

    def __init__(self, path: str | None = None) -> None:
        self._path = Path(path) if path else None
        self._pace = Pace(0.0, 0.0)
        self._read = b""

    def now(self) -> datetime:
        return self.pace().at(time.time())

    def ahead(self) -> float:
        """How far the machine's clock is ahead of what this process has lived through, in real s; no moment of its own.
        It grows by as much as the machine was stopped for, or its clock was put forward.
        """
        return time.time() - time.monotonic()

    def pace(self) -> Pace:
        if self._path is not None:
            self._look(self._path)
        return self._pace

    def _look(self, path: Path) -> None:
        content = path.read_bytes()  # its time and place on the disk may be those of the one before the last
        if content != self._read:
            self._pace, self._read = unpacked(content), content

    def wait(self, played: float, came: Callable[[float], bool]) -> bool:
        """True when `came`, which waits for so many real seconds, says so before as many `played` seconds have passed.
        By a clock that stands still they never do, so it is never longer than a slice: whatever turns has to go on.
        """
        until, at_most = self.now() + timedelta(seconds=played), time.monotonic() + SLICE
        while not came(self._real_seconds(played)):
            if self.now() >= until or time.monotonic() >= at_most:
                return False
        return True

    def _real_seconds(self, played: float) -> float:
        """How long to really wait before `played` seconds can have passed, within bounds."""
        seconds = self.pace().real_seconds(played)
        return LEAST if seconds is None else min(max(seconds, LEAST), SLICE)
