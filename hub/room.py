"""What is said of the disk, as a fault of the hub in every console: days before it is full, and while it is."""

import time
from collections import deque
from datetime import datetime

from hub.reserve import ONLY_URGENT, Reserve
from hub.store.ways import DISK, Ways

LOOK_EVERY, NOTE_EVERY = 1.0, 600.0
"""Real seconds from one look to the next, and from one of those that are remembered."""
REMEMBERED, AT_LEAST = 24 * 6, 6
"""Looks by which it is told how fast it fills: those of a day, once there are those of an hour."""
A_DAY = 86_400.0
SOON = (1, 3)
"""Days."""
LITTLE = 4
"""Of the reserve's size: with less room than that it is told of, however fast it fills."""
BETTER = 1.25
"""How much better it has to be than when it was told, for it to be over."""


class Room:
    """To be looked at by one process of a hub alone."""

    def __init__(self, reserve: Reserve, ways: Ways) -> None:
        self._reserve, self._ways = reserve, ways
        self._said: str | None = None
        self._looked_at = self._noted_at = float("-inf")
        self._looks: deque[tuple[float, int]] = deque(maxlen=REMEMBERED + 1)

    def look(self, now: datetime) -> None:
        real = time.monotonic()
        if not self._reserve.size or real - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = real
        said = self.why(real)
        if said != self._said:
            if said:
                self._ways.failed(DISK, said, now)
            else:
                self._ways.works(DISK, now)
            self._said = said

    def why(self, real: float) -> str:
        """What is to be said of it at that real second; '' where it has room."""
        free = self._reserve.room + (self._reserve.held or 0)
        if real - self._noted_at >= NOTE_EVERY:
            self._noted_at = real
            self._looks.append((real, free))
        if self._reserve.used:
            return f"{ONLY_URGENT}: make room now" if self._reserve.scarce else "it is full: make room"
        better = BETTER if self._said else 1.0
        if self._reserve.room < LITTLE * self._reserve.size * better:
            return "it has hardly any room left: make some"
        days = self._lasts(real, free)
        for soon in SOON:
            if days is not None and days < soon * better:
                return f"as it fills now, it is full in {'a day' if soon == 1 else f'{soon} days'} at most: make room"
        return ""

    def _lasts(self, real: float, free: int) -> float | None:
        """Days; None while that can't be told, or for ever."""
        since, before = self._looks[0]
        if len(self._looks) <= AT_LEAST or free >= before:
            return None
        return self._reserve.room / (before - free) * (real - since) / A_DAY
