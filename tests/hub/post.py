"""A watch turned by hand, with what ingest would do for it. A crash is a new Watch on the same store."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import Any

from hub.clock import Clock
from hub.ingest import News, Signs, Told
from hub.learned import shipped
from hub.loops import Turning
from hub.relearning import Relearning
from hub.store import Store
from hub.store.records import Beat
from hub.store.series import Row
from hub.watch import Watch
from models.alert import Alert, State
from models.observation import Evidence, What
from models.share import WHOLE, Share
from models.wire import Heartbeat, encode
from tests.hub.conftest import Hand

HOME = "okafor-home"
LEARNED = shipped()


@dataclass
class Line:
    hindrance: str
    hearing_since: datetime | None


class Post:
    """A watch turned by hand, with what ingest would do for it."""

    def __init__(self, store: Store, hand: Hand, share: Share = WHOLE) -> None:
        self.store, self.hand, self.share = store, hand, share
        self.relearning: Relearning | None = None
        self.number = 0
        self.line = Line("", hand.now)
        self.news: SimpleQueue[News] = SimpleQueue()
        self.raised = threading.Event()
        self.begin()
        self.hand.move(minutes=1)

    def begin(self) -> None:
        """As after a crash: nothing is left but the store."""
        self.line.hearing_since = self.hand.now
        turning = Turning(self.store.records, self.share.named("watch"))
        clock = Clock(str(self.hand.path))
        self.watch = Watch(
            self.store, self.line, self.news, clock, turning, lambda now: now, self.raised, LEARNED, self.share,
            self.relearning,
        )  # fmt: skip
        self.turn()

    def save(self) -> None:
        """As happens now and then."""
        self.store.records.snapshots.save(self.watch._seq, self.watch._engine.snapshot(), LEARNED.mark, self.share)

    def turn(self, **by: float) -> None:
        if by:
            self.hand.move(**by)
        self.watch.turn()
        self.store.records.turned(self.share.named("watch"), 0.0, self.hand.now)  # as its loop says of each turn

    def stored(
        self,
        what: What = What.MOVED,
        sensor: str = "hall",
        home: str = HOME,
        evidence: Evidence | None = None,
        **ago: float,
    ) -> list[Row]:
        self.number += 1
        now = self.hand.now
        at = now - timedelta(**ago)
        return self.store.series.append([Row(home, "box", self.number, sensor, what, at, now, evidence=evidence)])

    def saw(self, what: What = What.MOVED, sensor: str = "hall", home: str = HOME, **ago: float) -> None:
        self.news.put(Told(self.stored(what, sensor, home, None, **ago)))
        self.turn()

    def beat(
        self, sensors: tuple[str, ...] = ("pendant", "hall", "front-door", "bed"), home: str = HOME, **more: Any
    ) -> None:
        now = self.hand.now
        seen = dict.fromkeys(sensors, now)
        told = Heartbeat("box", now, now, sensors=seen, **more)
        self.store.records.beat([Beat(home, encode(told), now, now, on_mains=told.on_mains)])
        self.news.put(Told(signs=[Signs(home, now, now, told.every, seen, beat=told)]))
        self.turn()

    def alive(self, minutes: int, **more: Any) -> None:
        """A kit that is heard, every minute."""
        for _ in range(minutes):
            self.hand.move(minutes=1)
            self.beat(**more)

    def alerts(self, home: str = HOME) -> list[Alert]:
        return sorted(self.store.alerts.of_home(home), key=lambda alert: alert.id)

    def kinds(self, home: str = HOME) -> list[tuple[str, State]]:
        return [(alert.kind, alert.state) for alert in self.alerts(home)]
