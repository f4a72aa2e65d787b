"""Beside the watch, never in it: days that are over settle, what is older than it may be kept ages, and what another
place for observations is still owed is sent on. All that can wait while the disk is full.
"""

import logging
import threading
import time
from datetime import datetime, timedelta

from hub.clock import Clock
from hub.reserve import Reserve
from hub.room import Room
from hub.store import Store, kit_clocks
from hub.store.aged import Aged
from hub.store.away import Away
from hub.store.ways import Ways
from models.observation import SensorKind
from models.privacy import FELT_KEPT, HOURLY_KEPT, RETENTION, SUMMARIES_KEPT

log = logging.getLogger(__name__)

FELT = "what was felt around suspected falls"
TIDY_EVERY = 1.0
EVERY = 3600.0
"""Real seconds from one round of all homes to the next."""
SETTLES_AFTER = timedelta(days=2)
"""Pages mostly ask for the last two days, and what comes late has come by then."""
PATIENCE = 0.5
BREATH = 0.02
"""Real seconds in which others may write."""
A_DAY = timedelta(days=1)
"""What ends is deleted in whole days (UTC), each before its first hour is older than it may be kept."""
DOUBTED_FOR = 12 * 3600.0
"""Real seconds for which nothing is deleted where no kit's clock bears out the hub's: what a clock that is months ahead
deletes is gone for good. Longer than that, it is the kits that are gone.
"""
ASK_EVERY = 60.0
"""Real seconds."""
BACK_OFF = 30.0
"""Real seconds between tries at a place that does not answer, at most."""


class Keeping:
    """`work` of the loop of that name, which no alert waits for. What settles is in the snapshots of all `watches`, so
    that nobody has to read it in order of arrival.
    """

    def __init__(
        self, store: Store, clock: Clock | None = None, watches: int = 1, reserve: Reserve | None = None
    ) -> None:
        self._store = store
        self._reserve = reserve or Reserve(None, 0)
        self._room = Room(self._reserve, Ways(store.records.engine))
        self._watches = watches
        self._clock = clock or Clock(None)
        self._waiting: list[str] = []
        self._began_at, self._tidied_at = time.monotonic(), float("-inf")
        self._trouble = ""
        self._told: datetime | None = None
        self._asked_at = float("-inf")
        self._doubted_at: float | None = None
        self._tries = 0
        self._try_at = float("-inf")
        self._idle = threading.Event()

    def turn(self) -> None:
        real = time.monotonic()
        if real - self._tidied_at >= TIDY_EVERY:
            self._tidied_at = real
            self._store.records.tidy()
            self._store.series.tidy()
        self._room.look(self._clock.now())
        if not self._waiting and real - self._began_at >= EVERY:
            self._began_at = real
            self._waiting = [home.id for home in self._store.records.homes(ended=True)]
        more = real >= self._try_at and not self._reserve.used and self._step(real)
        self._idle.wait(BREATH if more else PATIENCE)

    def _step(self, real: float) -> bool:
        """Whether there is more to do. What can't be done while a place is away is done later."""
        try:
            more = self._store.series.hand_on()
            if self._waiting:
                now = self._clock.now()
                self.settle(self._waiting[-1], now)
                if self._is_believed(now):
                    self.forget(self._waiting[-1], now)
                self._waiting.pop()
        except Away as away:
            if not self._trouble:
                log.error("%s; it is tried again until it answers", away)  # noqa: TRY400
            self._trouble, self._tries = str(away), self._tries + 1
            self._try_at = real + min(2.0**self._tries, BACK_OFF)
            return False
        if self._trouble:
            log.info("what could not be sent on or settled can be again")
        self._trouble, self._tries = "", 0
        return more or bool(self._waiting)

    def stumbled(self, _error: Exception) -> None:
        """The home that it was about has its turn in the next round."""
        del self._waiting[-1:]

    def standing(self) -> tuple[datetime, str]:
        return self._clock.now(), self._trouble

    def _is_believed(self, now: datetime) -> bool:
        """Whether the kits' clocks say about the same, or have not for so long that this is no witness."""
        real = time.monotonic()
        if (self._told is None or now - self._told > A_DAY) and real - self._asked_at >= ASK_EVERY:
            self._told, self._asked_at = kit_clocks.latest(self._store.records.engine), real
        if self._told is None or now - self._told <= A_DAY:
            self._doubted_at = None
            return True
        if self._doubted_at is None:
            self._doubted_at = real
            log.error("it is %s by the hub's clock and %s by the kits': nothing is deleted for now", now, self._told)
        return real - self._doubted_at >= DOUBTED_FOR

    def settle(self, home: str, now: datetime) -> None:
        covered = self._store.records.snapshots.covered(self._watches)
        self._store.series.settle(home, _midnight(now - SETTLES_AFTER), covered)

    def forget(self, home: str, now: datetime) -> None:
        """What reached the end of its retention."""
        series = self._store.series
        for keep in set(RETENTION.values()):
            kinds: frozenset[SensorKind] = frozenset(kind for kind, kept in RETENTION.items() if kept == keep)
            gone = series.age(home, kinds, _midnight(now - keep + A_DAY))
            if gone:
                self._report(home, now, ", ".join(sorted(kinds)), gone)
        series.coarsen(home, now - HOURLY_KEPT, now - SUMMARIES_KEPT)
        gone = self._store.traces.forget(home, now - FELT_KEPT)
        if gone:
            self._report(home, now, FELT, gone)

    def _report(self, home: str, now: datetime, about: str, gone: int) -> None:
        """Where the resident reads it."""
        log.info("home %s: of %s %d reached the end of their retention", home, about, gone)
        Aged(self._store.records.engine).note(home, now, about, gone)


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
