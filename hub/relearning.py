"""After an update of the detectors, or where their state was lost, habits are learned anew from all of the past: some
homes at a time, in a process of its own that has whatever the watch and others leave of the processor.

The watch goes on meanwhile with what it knows. What was learned of some homes it adopts between two of its turns, and
its next snapshot holds that, so that after a crash only the rest has to be learned.
"""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from socket import socketpair
from typing import NamedTuple

import numpy as np

from hub.learned import shipped
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.row import Row
from hub.store.schema import from_us
from hub.store.series import FOR_EVER, Series
from hub.store.settled import Columns
from models.detection import Finding
from models.detection.engine import Engine
from models.home import Home

log = logging.getLogger(__name__)

AT_ONCE = 50
"""Homes that are learned of together: a crash costs that much work."""
READ_AT_ONCE = 10_000
AGAIN_AFTER = 30.0
"""Real seconds after which it is tried again where it failed."""
YIELDING = 15
LONG_AGO = from_us(0)
SECOND = 1e6
"""In microseconds, which is what the store keeps moments in."""

Homes = tuple[Home, ...]


class Relearned(NamedTuple):
    """The state of an engine of these `homes` alone, that has seen all of their past up to an observation."""

    homes: Homes
    seq: int
    state: bytes


class Relearning:
    """Of one watch. `learn` begins what is not under way, and `relearned` hands over what is done."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._asked: SimpleQueue[Homes] = SimpleQueue()
        self._done: SimpleQueue[Relearned | None] = SimpleQueue()
        self._passed: set[str] = set()
        self._not_before = float("-inf")
        self._thread: threading.Thread | None = None
        self._under_way: Homes = ()

    @property
    def idle(self) -> bool:
        return not self._under_way and time.monotonic() >= self._not_before

    def learn(self, waiting: Sequence[Home]) -> None:
        """Some of those, the first of them first; without any the process ends. Not to be asked unless it is `idle`."""
        if not waiting:
            self._end()
            return
        fresh = [home for home in waiting if home.id not in self._passed]
        if not fresh:
            self._passed.clear()
        self._under_way = tuple((fresh or waiting)[:AT_ONCE])
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="relearning", daemon=True)
            self._thread.start()
        self._asked.put(self._under_way)

    def relearned(self) -> Relearned | None:
        """Where it failed, others come first, later."""
        try:
            done = self._done.get_nowait()
        except Empty:
            return None
        if done is None:
            self._passed |= {home.id for home in self._under_way}
            self._not_before, self._thread = time.monotonic() + AGAIN_AFTER, None
        self._under_way = ()
        return done

    def _end(self) -> None:
        if self._thread is not None:
            self._asked.put(())
            self._thread = None

    def _work(self) -> None:
        """On a thread of its own: what is handed over is large, and whoever hands it over yields to all others."""
        failed = True
        try:
            self._hand_over()
            failed = False
        except (OSError, EOFError) as error:
            log.error("habits can't be learned anew (%s); it is tried again", type(error).__name__)  # noqa: TRY400
        finally:
            if failed:
                self._done.put(None)

    def _hand_over(self) -> None:
        ours, its = socketpair()
        words = [sys.executable, "-m", "hub.relearning", str(its.fileno())]
        begun = subprocess.Popen(words, pass_fds=[its.fileno()], start_new_session=True)
        its.close()
        with begun as program, Connection(ours.detach()) as ends:
            os.setpriority(os.PRIO_PROCESS, program.pid, YIELDING)
            ends.send(self._settings)
            while homes := self._asked.get():
                ends.send(homes)
                self._done.put(Relearned(homes, *ends.recv()))


def observed(engine: Engine, home: str, columns: Columns) -> list[Finding]:
    sensors, whats = columns.names()
    moments = columns.at / SECOND, columns.arrived / SECOND
    rows = [home] * len(columns), sensors, whats, moments, columns.number.tolist(), columns.evidence
    return engine.observe(engine.rows(*rows))


def judged(engine: Engine, rows: Sequence[Row]) -> list[Finding]:
    at, arrived = [row.at.timestamp() for row in rows], [row.arrived.timestamp() for row in rows]
    felt = {place: row.evidence for place, row in enumerate(rows) if row.evidence}
    sensors, whats = [row.sensor for row in rows], [row.what for row in rows]
    moments, numbers = (np.array(at), np.array(arrived)), [row.number for row in rows]
    return engine.observe(engine.rows([row.home for row in rows], sensors, whats, moments, numbers, felt))


def bring_up(engine: Engine, series: Series, seq: int, until: int) -> None:
    """From one observation to another. What is found in that is found by the engine that watches."""
    while seq < until:
        before = seq
        seq, rows = series.after(before, READ_AT_ONCE)
        judged(engine, [row for row in rows if row.seq <= until and row.home in engine.index_of])
        if seq == before:
            return


def learned_from(store: Store, homes: Homes) -> tuple[int, bytes]:
    """As in `Relearned`. What came meanwhile may have been read already, and is nothing new when it is seen again."""
    series = store.series
    begun = series.last_seq()
    engine = Engine(homes, series.beginning() or FOR_EVER, prior=shipped().prior)
    for home in homes:
        observed(engine, home.id, series.columns(home.id, LONG_AGO, FOR_EVER))
    seq = series.last_seq()
    bring_up(engine, series, begun, seq)
    return seq, bytes(engine.snapshot())


def main(end: int) -> None:
    """Until whoever began it hangs up."""
    with Connection(end) as asked:
        try:
            store = open_store(asked.recv())
            while True:
                asked.send(learned_from(store, asked.recv()))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


if __name__ == "__main__":
    main(int(sys.argv[1]))
