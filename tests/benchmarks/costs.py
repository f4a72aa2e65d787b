"""What a message costs a hub in processor time, stage by stage: it holds on a busy machine, where seconds do not.

The link reads from a real broker; ingest commits to real SQLite and receipts; the watch judges. Each takes what a
borough's kits send: heartbeats of nine sensors, one observation a message, and full messages of 200.
`python tests/benchmarks/costs.py [--homes N]`
"""

import argparse
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import cast

if __name__ == "__main__" and __package__ is None:
    sys.path.insert(0, str(Path(__file__).parents[2]))

from hub import broker
from hub.clock import Clock
from hub.ingest import GATHER, Inbox, Ingest, News
from hub.learned import shipped
from hub.link import Arrived, Link
from hub.loops import Turning
from hub.settings import Settings
from hub.store import open_store
from hub.watch import Watch
from models.observation import Observation, What
from models.wire import Heartbeat, Leg, Up, encode, topic
from simulators import town
from simulators.programs import found, free_port
from simulators.resident import HALL, fitted

FULL = 200
AT_ONCE = 64
"""Messages that one commit takes on: what a borough sends in a tenth of a second."""

Message = tuple[str, bytes]


@dataclass
class Line:
    """Stands in for the link where what is measured begins behind it."""

    hindrance: str = ""
    hearing_since: datetime = field(default_factory=lambda: datetime.now(UTC))
    receipts: int = 0

    def hear(self, homes: Iterable[str]) -> None:
        pass

    def receipt(self, receipts: Iterable[tuple[str, bytes]]) -> None:
        self.receipts += len(list(receipts))


class Behind:
    """Ingest and watch of a hub with `homes`, turned by hand."""

    def __init__(self, settings: Settings, homes: Sequence[str]) -> None:
        store, clock, self._line = open_store(settings), Clock(None), Line()
        store.records.load(town.register(homes, datetime.now(UTC)), {})
        self.inbox, self._news = Inbox(), SimpleQueue[News]()
        self._ingest = Ingest(store, cast("Link", self._line), self.inbox, self._news, clock)
        turning, complete = Turning(store.records, "watch"), self.inbox.complete_until
        self._watch = Watch(store, self._line, self._news, clock, turning, complete, threading.Event(), shipped())
        self._watch.turn()

    def costs(self, messages: Sequence[Message]) -> tuple[float, float]:
        """Seconds of ingest and of watch."""
        ingest = watch = 0.0
        for start in range(0, len(messages), AT_ONCE):
            now = datetime.now(UTC)
            came = [
                Arrived(name, content, retained=False, at=now) for name, content in messages[start : start + AT_ONCE]
            ]
            self.inbox.put(came)
            while self.inbox.complete_until(datetime.now(UTC)) <= now:  # one commit may not take on all of them
                time.sleep(GATHER)
                ingest += _taken(self._ingest.turn)
            watch += _taken(self._watch.turn)
        return ingest, watch


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=4_000)
    homes = town.home_ids(parser.parse_args().homes)
    load = os.getloadavg()[0]
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=f"{folder}/data", broker_host="127.0.0.1", broker_port=free_port())
        read = dict(_read(settings, Path(folder), homes))
        behind = Behind(settings, homes)
        behind.costs(_beats(homes))  # the first of each home are no part of what is measured
        for name, messages, observations in _sent(homes):
            ingest, watch = behind.costs(messages)
            each = 1e6 / len(messages)
            print(f"{name}: link {read[name]:.0f}, ingest {ingest * each:.0f}, watch {watch * each:.0f} us a message")
            if observations > 1:
                print(f"  {read[name] / observations + (ingest + watch) * each / observations:.1f} us an observation")
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(homes)} homes, {held:.0f} MiB at most; load of the machine {load:.1f}, {os.getloadavg()[0]:.1f} after")
    return 0


def _sent(homes: Sequence[str]) -> Iterator[tuple[str, list[Message], int]]:
    yield "a heartbeat", _beats(homes), 0
    yield "one observation", [_moved(home, "one", 1) for home in homes], 1
    yield f"{FULL} observations", [_moved(home, "full", FULL) for home in homes[: len(homes) // 20]], FULL


def _beats(homes: Sequence[str]) -> list[Message]:
    now = datetime.now(UTC)
    beat = encode(Heartbeat("box", now, now, sensors=dict.fromkeys([sensor.id for sensor in fitted("")], now)))
    return [(topic(home, Leg.HEALTH), beat) for home in homes]


def _moved(home: str, outbox: str, count: int) -> Message:
    now = datetime.now(UTC)
    moved = [Observation(n + 1, HALL, What.MOVED, now - timedelta(seconds=4 * (count - n))) for n in range(count)]
    return topic(home, Leg.UP), encode(Up(outbox, now, tuple(moved)))


def _read(settings: Settings, folder: Path, homes: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Microseconds of the link's thread for each message."""
    came: list[Arrived] = []
    _, port = settings.broker
    running = subprocess.Popen(broker.command(port, folder / "broker", broker.mosquitto()), stderr=subprocess.DEVNULL)
    try:
        link = Link(settings, "costs", Clock(None), came.extend)
        link.start()
        while link.hindrance:
            time.sleep(0.05)
        for name, messages, _ in _sent(homes):
            clock = time.pthread_getcpuclockid(cast("int", link._thread.ident))
            before = time.clock_gettime(clock)
            _publish(port, folder / "lines", messages)
            while len(came) < len(messages):
                time.sleep(0.05)
            yield name, (time.clock_gettime(clock) - before) / len(messages) * 1e6
            came.clear()
        link.stop()
    finally:
        running.terminate()
        running.wait()


def _publish(port: int, lines: Path, messages: Sequence[Message]) -> None:
    name, _ = messages[0]
    lines.write_bytes(b"".join(content + b"\n" for _, content in messages))
    with lines.open("rb") as file:
        words = [found("mosquitto_pub"), "-p", str(port), "-q", "1", "-t", name, "-l"]
        subprocess.run(words, stdin=file, check=True)


def _taken(turn: Callable[[], None]) -> float:
    before = time.thread_time()
    turn()
    return time.thread_time() - before


if __name__ == "__main__":
    raise SystemExit(main())
