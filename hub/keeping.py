"""Now and then, one home at a turn: days that are over settle, and what is older than it may be kept ages."""

import logging
import time
from datetime import datetime, timedelta

from hub.store import Store
from models.observation import SensorKind
from models.privacy import FELT_KEPT, HOURLY_KEPT, RETENTION, SUMMARIES_KEPT

log = logging.getLogger(__name__)

EVERY = 3600.0
"""Real seconds from one round of all homes to the next."""
SETTLES_AFTER = timedelta(days=2)
"""Pages mostly ask for the last two days, and what comes late has come by then."""


class Keeping:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[str] = []
        self._began_at = time.monotonic()
        self.covered = 0
        """Observations up to this one are in the snapshot, so that nobody has to read them in order of arrival."""

    def turn(self, now: datetime, real: float) -> None:
        if not self._waiting and real - self._began_at >= EVERY:
            self._began_at = real
            self._waiting = [home.id for home in self._store.records.homes()]
        if self._waiting:
            self.apply(self._waiting.pop(), now)

    def apply(self, home: str, now: datetime) -> None:
        series = self._store.series
        series.settle(home, _midnight_utc(now - SETTLES_AFTER), self.covered)
        for keep in set(RETENTION.values()):
            kinds: frozenset[SensorKind] = frozenset(kind for kind, kept in RETENTION.items() if kept == keep)
            gone = series.age(home, kinds, now - keep)
            if gone:
                log.info("home %s: %d observations reached the end of their retention", home, gone)
        series.coarsen(home, now - HOURLY_KEPT, now - SUMMARIES_KEPT)
        gone = self._store.traces.forget(home, now - FELT_KEPT)
        if gone:
            log.info("home %s: what was felt around %d suspected falls reached the end of its retention", home, gone)


def _midnight_utc(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
