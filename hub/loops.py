"""The hub's three long loops: each turns until told to stop, says that it turned, and outlives a turn that failed."""

import logging
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol

from hub.store.records import LEARNING, SHARED, Records, Turn
from models.share import share_in, shares

log = logging.getLogger(__name__)

LOOPS = ("ingest", "watch", "escalate")
"""All that lives depend on: a hub in which one of them has not begun is not alive. `expected` tells their names where
there are several watches.
"""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
NOTICES = "notices"
"""The loop that sends what relatives asked to be told: late, it is late, and no alert is."""
SAY_EVERY = 2.0
"""Real seconds; /alive calls a loop dead after 15."""
SAY_EVERY_PLAYED = timedelta(seconds=30)
"""Where time is played faster than it passes, whoever asks how far is judged need not wait for the next real ones."""
STUMBLE = 0.2
SHORT_TURN = 0.0005
"""Real seconds for which one thread computes before another gets its turn. What comes is read in several small reads,
and after each the thread that reads waits for its turn again: at Python's own 5 ms a press waits for all else.
"""


def take_short_turns() -> None:
    """For this process."""
    sys.setswitchinterval(SHORT_TURN)


@cache
def this_boot() -> str:
    """Since this machine began it has had one name; '' where it has none."""
    return BOOT_ID.read_text(encoding="ascii").strip() if BOOT_ID.is_file() else ""


def age(turn: Turn, real: float) -> float:
    """Real seconds since then at `real`: on the same machine by what that lived through, whatever its clock was set to.
    Of one that another machine says is yet to come nothing is known but that their clocks disagree, by as much.
    """
    if turn.boot and turn.boot == this_boot():
        return time.monotonic() - turn.lived
    return abs(real - turn.real_at)


def expected(turns: Mapping[str, Turn]) -> list[str]:
    """The names of those, with as many watches as there are by whichever turned last."""
    watching = {name: turn for name, turn in turns.items() if name.split()[0] in SHARED}
    last = max(watching, key=lambda name: watching[name].real_at, default=LOOPS[0])
    each = shares(share_in(last)[1].count)
    return [name for loop in LOOPS for name in ([one.named(loop) for one in each] if loop in SHARED else [loop])]


def relied_on(turns: Mapping[str, Turn], home: str | None = None) -> list[str]:
    """Those of the `expected` that `home` relies on, or without one all."""
    return [name for name in expected(turns) if home is None or share_in(name)[1].owns(home)]


def judged_until(turns: Mapping[str, Turn], home: str | None = None) -> datetime | None:
    """The played moment up to which `home` was judged, or without one all of them."""
    mine = [turns.get(name) for name in relied_on(turns, home) if name.split()[0] == "watch"]
    return min((turn.played for turn in mine if turn), default=None) if all(mine) else None


@dataclass(frozen=True, slots=True)
class HowFar:
    """Of so many homes what is usual there is `known`, of the others it is being learned anew. Written '12 of 40'."""

    known: int
    homes: int

    def __str__(self) -> str:
        return f"{self.known} of {self.homes}"


def learned_anew(turns: Mapping[str, Turn]) -> HowFar | None:
    """None while nothing has to be."""
    notes = [turn.note.split(" of ") for name, turn in turns.items() if name.split()[0] == LEARNING]
    return HowFar(*(sum(map(int, one)) for one in zip(*notes, strict=True))) if notes else None


class Work(Protocol):
    """What one loop does."""

    def turn(self) -> None:
        """Do what there is to do, or wait a little for it: never longer than a second."""

    def stumbled(self, error: Exception) -> None:
        """The last turn failed: set aside what caused it, so that the next can go on. Must not raise."""

    def standing(self) -> tuple[datetime, str]:
        """Played moment up to which all is done, and what hinders it ('' when nothing does)."""


class Turning:
    """Says on record, now and then, that a loop turned. A step that takes long may say so in between."""

    def __init__(self, records: Records, loop: str) -> None:
        self._records = records
        self._loop = loop
        self.at = time.monotonic()
        self._said_at = float("-inf")
        self._said_note = ""
        self._said_played = datetime.min.replace(tzinfo=UTC)

    def turned(self, played: datetime, note: str = "") -> None:
        self.at = time.monotonic()
        further = played - self._said_played >= SAY_EVERY_PLAYED
        if further or self.at - self._said_at >= SAY_EVERY or note != self._said_note:
            self._records.turned(self._loop, time.time(), played, note, self.at, this_boot())
            self._said_at, self._said_note, self._said_played = self.at, note, played


class Loop(threading.Thread):
    def __init__(self, name: str, work: Work, turning: Turning) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self.turning = turning
        self._stop_asked = threading.Event()
        self.has_turned = threading.Event()
        self._failed = 0
        self._failing: type[Exception] | None = None

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                self._work.turn()
                self.turning.turned(*self._work.standing())
                self.has_turned.set()
                self._say_that_it_works()
            except Exception as error:
                if type(error) is not self._failing:
                    log.exception("a turn of %s failed; it goes on", self.name)
                self._failed, self._failing = self._failed + 1, type(error)
                self._work.stumbled(error)
                self._stop_asked.wait(STUMBLE)

    def _say_that_it_works(self) -> None:
        """What fails again and again in the same way is said once: a database that is away for hours fills no disk."""
        if self._failed:
            log.warning("%s works again, after %d turns that failed", self.name, self._failed)
        self._failed, self._failing = 0, None

    def ask_to_stop(self) -> None:
        self._stop_asked.set()
