"""Kits that play along with a running clock, in a thread of their own, so that nobody else delays them."""

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from simulators.clock import PlayedClock
from simulators.kit import Kit

TURN = 0.03


class Live:
    """Plays `kits` by `clock` while it is entered. Hold `turn` to do something to a kit from outside."""

    def __init__(self, clock: PlayedClock, kits: Sequence[Kit]) -> None:
        self._clock, self._kits = clock, kits
        self.turn = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._play, daemon=True)

    def _play(self) -> None:
        while not self._over.wait(TURN):
            with self.turn:
                now = self._clock.now()
                for kit in self._kits:
                    kit.play_until(now)

    def stop(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
