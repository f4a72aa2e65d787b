"""The hub's clock: real time, or the time that a clock file says, so that a day can pass in a minute."""

import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

from models.pace import Pace, unpacked

SLICE = 0.25
"""No wait is longer at a stretch (real seconds), so that a changed pace is noticed."""
BY_HAND = 0.005


class Clock:
    """`now()` is played time. Without a file, played time is real time."""

    def __init__(self, path: str | None = None) -> None:
        self._path = Path(path) if path else None
        self._pace = Pace(0.0, 0.0)
        self._read = b""

    def now(self) -> datetime:
        return self.pace().at(time.time())

    def pace(self) -> Pace:
        if self._path is not None:
            self._look(self._path)
        return self._pace

    def _look(self, path: Path) -> None:
        content = path.read_bytes()  # its time and place on the disk may be those of the one before the last
        if content != self._read:
            self._pace, self._read = unpacked(content), content

    def real_seconds(self, played: float, least: float = 0.02, most: float = SLICE) -> float:
        """How long to really wait before `played` seconds can have passed, within bounds."""
        seconds = self.pace().real_seconds(played)
        return least if seconds is None else min(max(seconds, least), most)

    def wait(self, seconds: float, wake: threading.Event | None = None) -> bool:
        """Wait that many played seconds; True when `wake` was set before they had passed."""
        until = self.now() + timedelta(seconds=seconds)
        event = wake or threading.Event()
        while (left := (until - self.now()).total_seconds()) > 0:
            if event.wait(self.real_seconds(left, BY_HAND)):
                return True
        return event.is_set()
