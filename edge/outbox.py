"""What was noticed, on the card before anything else happens to it, until the hub has receipted it.

One number means one observation for ever: numbers only go up, and a new file has a new name. Presses are never given
up: when the card is full the oldest routine observations make room, and when it can't be written at all, an outbox in
memory takes what comes, under a name of its own.
"""

import fcntl
import json
import logging
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from edge.clock import Moment
from edge.sensors import Last, Noticed
from edge.trace import Cut
from models.observation import EARLIEST, URGENT, Evidence, Observation, What

log = logging.getLogger(__name__)
T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    name TEXT NOT NULL, boot TEXT NOT NULL, last INTEGER NOT NULL, given_up INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS waiting (
    number INTEGER PRIMARY KEY, sensor TEXT NOT NULL, what TEXT NOT NULL, at INTEGER NOT NULL,
    trusted INTEGER NOT NULL, boot TEXT NOT NULL, elapsed REAL NOT NULL, urgent INTEGER NOT NULL, evidence TEXT
);
CREATE TABLE IF NOT EXISTS pending (
    sensor TEXT NOT NULL, at INTEGER NOT NULL, trusted INTEGER NOT NULL, boot TEXT NOT NULL, elapsed REAL NOT NULL,
    evidence TEXT
);
CREATE TABLE IF NOT EXISTS traces (
    number INTEGER PRIMARY KEY, sensor TEXT NOT NULL, at INTEGER NOT NULL, trusted INTEGER NOT NULL,
    boot TEXT NOT NULL, elapsed REAL NOT NULL, begins REAL NOT NULL, every REAL NOT NULL, mg TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS told (configuration TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS stands (hub TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS urgent ON waiting (number) WHERE urgent;
CREATE INDEX IF NOT EXISTS untrusted ON waiting (boot) WHERE NOT trusted;
CREATE TABLE IF NOT EXISTS lately (
    number INTEGER PRIMARY KEY, sensor TEXT NOT NULL, what TEXT NOT NULL, at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS last (sensor TEXT PRIMARY KEY, what TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
"""

TRACES = 50
"""So many of what was felt around suspected falls are held; the oldest go first, and before anything else does."""
TOO_MANY = "DELETE FROM traces WHERE number <= (SELECT number FROM traces ORDER BY number DESC LIMIT 1 OFFSET ?)"

Lately = dict[str, list[tuple[What, datetime]]]

Unnumbered = tuple[str, str, int, bool, str, float, bool, str | None]
"""A row as it waits, but for its number; `at` in microseconds since 1970 UTC; evidence as JSON."""
URGENT_AT = 6

OLDEST = """
SELECT min(at) FROM (
    SELECT at FROM (SELECT at FROM waiting ORDER BY number LIMIT 1000)
    UNION ALL SELECT at FROM waiting WHERE urgent
)
"""
"""What is noticed is out of order by seconds at most, so the first thousand hold the earliest moment."""
GIVE_UP = """
DELETE FROM waiting WHERE number IN (SELECT number FROM waiting WHERE NOT urgent ORDER BY number LIMIT ?)
"""

STEP = timedelta(seconds=60)
"""A clock that was put right by more than this was wrong before; by less, it drifted."""
_STEP = STEP // timedelta(microseconds=1)
SET_RIGHT = """
UPDATE {} SET at = :start + CAST(elapsed * 1000000 AS INTEGER), trusted = 1
WHERE boot = :boot AND (NOT trusted OR abs(at - :start - elapsed * 1000000) > :step)
"""
LOST = """
SELECT boot, max(elapsed) FROM waiting
WHERE boot != :boot AND NOT at BETWEEN :earliest AND :latest GROUP BY boot ORDER BY max(number) DESC
"""
"""Latest boot first, so that each finds its successor in its place."""
PLACE = """
UPDATE {} SET at = :start + CAST(elapsed * 1000000 AS INTEGER), trusted = 0
WHERE boot = :boot AND NOT at BETWEEN :earliest AND :latest
"""
BEGAN = """
SELECT CAST(at - elapsed * 1000000 AS INTEGER) FROM waiting
WHERE boot = :boot AND trusted AND at BETWEEN :earliest AND :latest ORDER BY number DESC LIMIT 1
"""
NEXT_BEGAN = """
SELECT CAST(at - elapsed * 1000000 AS INTEGER) FROM waiting
WHERE number > (SELECT max(number) FROM waiting WHERE boot = :boot) AND at BETWEEN :earliest AND :latest
ORDER BY number LIMIT 1
"""

LATELY = 1000
"""Of so many it is remembered when they were noticed: more than the kit's broker hands over again after a restart."""

SPARE_BYTES = 4 * 1024 * 1024
"""Held on the card so that, when it is full, there is room to delete in: even that has to be written."""
SPARE_NUMBERS = 10_000
"""Skipped after a power cut: a card that lied about writing must not give a number out twice."""
A_COPY_SKIPS = 2**36
"""At each boot as many more as chance says, up to this: a card that was written from a copy of itself, and a second kit
with such a card, would else give out numbers that the hub has seen, and takes for repeats of what it has.
"""
MEMORY_LIMIT = 20_000
CARD_RESTS = 15.0
"""After the card failed, memory takes everything for so long, in real s: a dying card can be very slow."""
RUINED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """What was felt around a suspected fall, as it waits."""

    number: int
    sensor: str
    at: datetime
    clock_trusted: bool
    cut: Cut


class Outbox:
    """One SQLite file (or memory, without a path). Used by the thread that opened it alone. Raises sqlite3.Error."""

    def __init__(self, path: Path | None, boot: str, limit: int) -> None:
        self.path = path
        self._limit = limit
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=5.0)
        try:
            self._prepare(boot)
        except sqlite3.Error:
            self._db.close()
            raise
        self.urgent_waiting = self._urgent_count()
        self.waiting = self._one("SELECT count(*) FROM waiting") or 0
        self.traces = self._one("SELECT count(*) FROM traces") or 0
        self.reserve()

    def keep(self, noticed: Sequence[Noticed]) -> int:
        """All of them in one commit, flushed to the card. Returns the last number."""
        self._with_room(lambda: self._insert(noticed), give_up=max(len(noticed), self._limit // 100))
        if self.waiting > self._limit:
            self._give_up(self.waiting - self._limit + self._limit // 100)
        return self.last

    def forget(self, numbers: Sequence[tuple[int, int]]) -> None:
        """These inclusive ranges are receipted. Not flushed: what a power cut brings back is sent once more."""
        with self._flushing_later():
            self._with_room(lambda: self._delete(numbers), give_up=0)
        self.urgent_waiting = self._urgent_count()

    def urgent(self, after: int, limit: int) -> list[Observation]:
        return self._rows("SELECT * FROM waiting WHERE urgent AND number > ? ORDER BY number LIMIT ?", after, limit)

    def routine(self, after: int, limit: int) -> list[Observation]:
        return self._rows("SELECT * FROM waiting WHERE NOT urgent AND number > ? ORDER BY number LIMIT ?", after, limit)

    def between(self, first: int, last: int) -> list[Observation]:
        return self._rows("SELECT * FROM waiting WHERE number BETWEEN ? AND ? ORDER BY number", first, last)

    def withdraw(self, whats: Sequence[What]) -> int:
        """Nothing of these waits any more, but for calls for help. How many there were."""
        with self._change():
            for what in whats:
                self._db.execute("DELETE FROM waiting WHERE what = ? AND NOT urgent", (what.value,))
            left: int = self._db.execute("SELECT count(*) FROM waiting").fetchone()[0]
        gone, self.waiting = self.waiting - left, left
        return gone

    def oldest(self) -> datetime | None:
        """The earliest moment that waits; None when nothing does."""
        found = self._one(OLDEST)
        return None if found is None else _moment(found)

    def set_right(self, moment: Moment) -> int:
        """The clock is right at last: place anew what was noticed while it was not. How many there were.

        What this boot noticed has its exact place by the seconds since its start, those too that a trusted clock gave
        which has since been put right. What an earlier boot noticed without ever being set right is placed by what else
        it noticed, or so that its last was just before the next boot began; it stays marked as uncertain.
        """
        changed: list[int] = []
        self._with_room(lambda: changed.append(self._set_right(moment)), give_up=0)
        return sum(changed)

    def last_of_each(self) -> Last:
        rows = self._db.execute("SELECT sensor, what, at FROM last").fetchall()
        with _reading():
            return {sensor: (What(what), _moment(at)) for sensor, what, at in rows}

    def lately(self) -> Lately:
        """What each sensor noticed lately, and when, as its clock said then; receipted or not."""
        found: Lately = {}
        with _reading():
            for sensor, what, at in self._db.execute("SELECT sensor, what, at FROM lately ORDER BY number"):
                found.setdefault(sensor, []).append((What(what), _moment(at)))
        return found

    def pend(self, falls: Sequence[Noticed]) -> None:
        """These, and no others, are falls that may yet be called off: flushed to the card, in case nothing else is."""
        rows = [(row[0], *row[2:URGENT_AT], row[-1]) for row in map(_row, falls)]
        with self._change():
            self._db.execute("DELETE FROM pending")
            self._db.executemany("INSERT INTO pending VALUES (?, ?, ?, ?, ?, ?)", rows)

    def pending(self) -> list[Noticed]:
        """What a restart found undecided."""
        with _reading():
            return [_fell(row) for row in self._db.execute("SELECT * FROM pending")]

    def first_trace(self) -> Held | None:
        """What was felt around the first suspected fall of those that wait."""
        row = self._db.execute("SELECT * FROM traces ORDER BY number LIMIT 1").fetchone()
        with _reading():
            return None if row is None else _held(row)

    def forget_traces(self) -> None:
        with self._change():
            self._db.execute("DELETE FROM traces")
        self.traces = 0

    def tell(self, configuration: str) -> None:
        """What the hub said last, flushed to the card."""
        with self._change():
            self._db.execute("DELETE FROM told")
            self._db.execute("INSERT INTO told VALUES (?)", (configuration,))

    def told(self) -> str | None:
        row = self._db.execute("SELECT configuration FROM told").fetchone()
        return None if row is None else str(row[0])

    def stand(self, hub: str) -> None:
        """How it stands with the hub, for whoever asks beside the agent."""
        with self._change():
            self._db.execute("DELETE FROM stands")
            self._db.execute("INSERT INTO stands VALUES (?)", (hub,))

    def take_over(self, rows: Sequence[Unnumbered]) -> None:
        """Rows of another outbox, under numbers of this one."""
        self._add(rows)

    def reserve(self) -> None:
        """Hold room on the card for when it is full."""
        if self.path is None or _spare(self.path).exists():
            return
        try:
            with _spare(self.path).open("wb") as spare:
                os.posix_fallocate(spare.fileno(), 0, SPARE_BYTES)
        except OSError:
            with suppress(OSError):
                _spare(self.path).unlink(missing_ok=True)

    def close(self) -> None:
        self._db.close()

    def _prepare(self, boot: str) -> None:
        if self.path is not None:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA wal_autocheckpoint = 250")
            _check(self._db)
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(SCHEMA)
        if self._one("SELECT count(*) FROM pragma_table_info('waiting') WHERE name = 'evidence'") == 0:
            self._db.execute("ALTER TABLE waiting ADD COLUMN evidence TEXT")
        if self._one("SELECT count(*) FROM outbox") == 0:
            name = secrets.token_hex(8)
            self._db.execute("INSERT INTO outbox VALUES (?, ?, 0, 0)", (name, boot))
        self.name: str
        self.last: int
        self.name, before, self.last, self.given_up = self._db.execute("SELECT * FROM outbox").fetchone()
        if before != boot:
            self.last += SPARE_NUMBERS + secrets.randbelow(A_COPY_SKIPS)
            self._db.execute("UPDATE outbox SET boot = ?, last = ?", (boot, self.last))

    def _set_right(self, moment: Moment) -> int:
        start = _micros(moment.at) - int(moment.elapsed * 1e6)
        with self._change():
            changed = self._place(SET_RIGHT, {"start": start, "boot": moment.boot, "step": _STEP})
            lost = self._db.execute(LOST, {"boot": moment.boot, **_plausible(moment)}).fetchall()
            for boot, longest in lost:
                of_it = {"boot": boot, **_plausible(moment)}
                began = self._one(BEGAN, of_it)
                if began is None:
                    began = min(start, self._one(NEXT_BEGAN, of_it) or start) - int(longest * 1e6)
                changed += self._place(PLACE, {"start": began, **of_it})
        return changed

    def _place(self, statement: str, values: dict[str, object]) -> int:
        """What was felt around a fall is placed as the fall is. How many observations there were."""
        self._db.execute(statement.format("traces"), values)
        return self._db.execute(statement.format("waiting"), values).rowcount

    def _insert(self, noticed: Sequence[Noticed]) -> None:
        self._add([_row(one) for one in noticed], [_felt(one, one.felt) for one in noticed if one.felt])

    def _add(self, rows: Sequence[Unnumbered], felt: Sequence[tuple[Any, ...]] = ()) -> None:
        """Numbered by what the card says, since a commit that failed may yet have been written."""
        with self._change():
            last: int = self._db.execute("SELECT last FROM outbox").fetchone()[0]
            numbered = [(number, *row) for number, row in enumerate(rows, start=last + 1)]
            self._db.executemany("INSERT INTO waiting VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", numbered)
            self._db.executemany("INSERT OR REPLACE INTO last VALUES (?, ?, ?)", [row[:3] for row in rows])
            traces = [(number, *trace) for number, trace in enumerate(felt, start=last + len(rows) + 1)]
            self._db.executemany("INSERT INTO traces VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", traces)
            gone = self._db.execute(TOO_MANY, (TRACES,)).rowcount if traces else 0
            self._db.executemany("INSERT INTO lately VALUES (?, ?, ?, ?)", [row[:4] for row in numbered])
            self._db.execute("DELETE FROM lately WHERE number <= ?", (last + len(rows) - LATELY,))
            self._db.execute("UPDATE outbox SET last = ?", (last + len(rows) + len(traces),))
        self.last = last + len(rows) + len(traces)
        self.traces += len(traces) - gone
        self.waiting += len(rows)
        self.urgent_waiting += sum(bool(row[URGENT_AT]) for row in rows)

    def _delete(self, numbers: Sequence[tuple[int, int]]) -> None:
        with self._change():
            deletions = self._db.executemany("DELETE FROM waiting WHERE number BETWEEN ? AND ?", numbers)
            traces = self._db.executemany("DELETE FROM traces WHERE number BETWEEN ? AND ?", numbers).rowcount
        self.waiting -= deletions.rowcount
        self.traces -= traces

    def _with_room(self, act: Callable[[], None], give_up: int) -> None:
        """On a full card the room held back is used first; only when that is gone something is given up."""
        for make_room in (self._use_spare, lambda: self._give_up(give_up) if give_up else None):
            try:
                act()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                    raise
                make_room()
            else:
                return
        act()

    def _use_spare(self) -> None:
        log.error("the card is full: routine observations may have to go; presses stay")
        if self.path is not None:
            _spare(self.path).unlink(missing_ok=True)
            with suppress(sqlite3.OperationalError):
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _give_up(self, rows: int) -> None:
        self.forget_traces()
        with self._change():
            gone = self._db.execute(GIVE_UP, (rows,)).rowcount
            self._db.execute("UPDATE outbox SET given_up = given_up + ?", (gone,))
        self.given_up += gone
        self.waiting -= gone
        log.error("outbox %s gave up %d routine observations, %d in all", self.name, gone, self.given_up)

    def _urgent_count(self) -> int:
        return self._one("SELECT count(*) FROM waiting WHERE urgent") or 0

    def _rows(self, query: str, *values: int) -> list[Observation]:
        with _reading():
            return [_observation(row) for row in self._db.execute(query, values)]

    def _one(self, query: str, values: Mapping[str, object] | None = None) -> int | None:
        row = self._db.execute(query, values or {}).fetchone()
        found: int | None = None if row is None else row[0]
        return found

    @contextmanager
    def _change(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _flushing_later(self) -> Iterator[None]:
        self._db.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self._db.execute("PRAGMA synchronous = FULL")


@dataclass(frozen=True, slots=True)
class Look:
    """What an outbox holds, as seen from beside: `size` in bytes."""

    name: str
    urgent: int
    routine: int
    oldest: datetime | None
    given_up: int
    size: int


def look(path: Path) -> Look:
    """Without touching it, while an agent may be using it. Raises sqlite3.Error."""
    with _beside(path) as db:
        name, given_up = db.execute("SELECT name, given_up FROM outbox").fetchone()
        urgent, every = db.execute("SELECT coalesce(sum(urgent), 0), count(*) FROM waiting").fetchone()
        (oldest,) = db.execute("SELECT min(at) FROM waiting").fetchone()
    size = sum(file.stat().st_size for file in (path, path.with_name(f"{path.name}-wal")) if file.exists())
    return Look(name, urgent, every - urgent, None if oldest is None else _moment(oldest), given_up, size)


def seen(path: Path, sensor: str) -> tuple[int | None, int]:
    """What a sensor noticed last (when, in microseconds), and how much of it waits. Raises sqlite3.Error."""
    with _beside(path) as db:
        last = db.execute("SELECT at FROM last WHERE sensor = ?", (sensor,)).fetchone()
        (waits,) = db.execute("SELECT count(*) FROM waiting WHERE sensor = ?", (sensor,)).fetchone()
    return None if last is None else int(last[0]), int(waits)


def told_of(path: Path) -> str | None:
    """What the hub said last. Raises sqlite3.Error."""
    with _beside(path) as db:
        row = db.execute("SELECT configuration FROM told").fetchone()
    return None if row is None else str(row[0])


def stands(path: Path) -> str:
    """How it stands with the hub, as the agent that runs wrote it down. Raises sqlite3.Error."""
    with _beside(path) as db:
        row = db.execute("SELECT hub FROM stands").fetchone()
    return "" if row is None else str(row[0])


def in_use(path: Path) -> bool:
    """Whether an agent has this outbox."""
    try:
        lock = _locked(path)
    except InUse:
        return True
    if lock is not None:
        os.close(lock)
    return False


def _beside(path: Path) -> closing[sqlite3.Connection]:
    """Without touching it, while an agent may be using it."""
    return closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0))


class InUse(Exception):
    """Another home agent has this outbox."""


class Ruined(sqlite3.DatabaseError):
    """The file holds what we can't have written."""


class Outboxes:
    """The outbox on the card and, while the card can't be written, one in memory beside it.

    Raises InUse at the start, and nothing for what the card does: that is logged, and answered.
    """

    def __init__(self, path: Path, boot: str, limit: int) -> None:
        self._path, self._boot, self._limit = path, boot, limit
        self._lock = _locked(path)
        self._memory: Outbox | None = None
        self._card = self._open()
        self._card_rests_until = 0.0
        self._card_failed = False

    @property
    def all(self) -> list[Outbox]:
        """Those that may hold something, the one on the card first."""
        return [outbox for outbox in (self._card, self._memory) if outbox is not None]

    @property
    def name(self) -> str:
        return (self._card or self._remembering()).name

    @property
    def waiting(self) -> int:
        return sum(outbox.waiting for outbox in self.all)

    @property
    def urgent_waiting(self) -> int:
        return sum(outbox.urgent_waiting for outbox in self.all)

    @property
    def given_up(self) -> int:
        return sum(outbox.given_up for outbox in self.all)

    @property
    def memory_only(self) -> bool:
        """What was noticed last could not be written to the card."""
        return self._card is None or self._card_failed

    def keep(self, noticed: Sequence[Noticed], now: float) -> tuple[str, int]:
        """On the card, or in memory while it can't be written; `now` is real, in s. Where, and the last number."""
        if now >= self._card_rests_until:
            before = self._card
            if self._kept(noticed) or (self._card is not before and self._kept(noticed)):
                self._card_failed = False
                assert self._card is not None
                return self._card.name, self._card.last
            self._card_rests_until = now + CARD_RESTS
            self._card_failed = True
        memory = self._remembering()
        return memory.name, memory.keep(noticed)

    def ask(self, outbox: Outbox, question: Callable[[Outbox], T], *, otherwise: T) -> T:
        """The answer, or `otherwise` when the card fails; a file that is ruined is set aside for a new one."""
        try:
            return question(outbox)
        except sqlite3.Error as error:
            log.warning("outbox %s failed: %s", outbox.name, error)
            if outbox is self._card and _ruined(error):
                outbox.close()
                self._card = self._replaced()
            return otherwise

    def forget(self, name: str, numbers: Sequence[tuple[int, int]]) -> None:
        for outbox in self.all:
            if outbox.name == name:
                self.ask(outbox, lambda one: one.forget(numbers), otherwise=None)

    def withdraw(self, whats: Sequence[What]) -> bool:
        """Whether nothing of these waits any more; False when the card failed."""
        gone = [self.ask(outbox, lambda one: one.withdraw(whats), otherwise=None) for outbox in self.all]
        return None not in gone

    def oldest(self) -> datetime | None:
        moments = [self.ask(outbox, Outbox.oldest, otherwise=None) for outbox in self.all]
        return min((moment for moment in moments if moment is not None), default=None)

    def set_right(self, moment: Moment) -> None:
        for outbox in self.all:
            changed = self.ask(outbox, lambda one: one.set_right(moment), otherwise=0)
            if changed:
                log.warning("the clock is right again: %d observations in outbox %s placed anew", changed, outbox.name)

    def pend(self, falls: Sequence[Noticed]) -> None:
        if self._card is not None:
            self.ask(self._card, lambda card: card.pend(falls), otherwise=None)

    def pending(self) -> list[Noticed]:
        return [] if self._card is None else self.ask(self._card, Outbox.pending, otherwise=[])

    def forget_traces(self) -> None:
        for outbox in self.all:
            self.ask(outbox, Outbox.forget_traces, otherwise=None)

    def tell(self, configuration: str) -> None:
        if self._card is not None:
            self.ask(self._card, lambda card: card.tell(configuration), otherwise=None)

    def told(self) -> str | None:
        return None if self._card is None else self.ask(self._card, Outbox.told, otherwise=None)

    def stand(self, hub: str) -> None:
        if self._card is not None:
            self.ask(self._card, lambda card: card.stand(hub), otherwise=None)

    def last_of_each(self) -> Last:
        return {} if self._card is None else self.ask(self._card, Outbox.last_of_each, otherwise={})

    def lately(self) -> Lately:
        return {} if self._card is None else self.ask(self._card, Outbox.lately, otherwise={})

    def tend(self) -> None:
        """Now and then: try a card that could not be opened, and make the spare room again."""
        if self._card is None:
            self._card = self._open()
        else:
            self._card.reserve()

    def close(self) -> None:
        for outbox in self.all:
            outbox.close()
        if self._lock is not None:
            os.close(self._lock)

    def _kept(self, noticed: Sequence[Noticed]) -> bool:
        return (
            self._card is not None and self.ask(self._card, lambda card: card.keep(noticed), otherwise=None) is not None
        )

    def _remembering(self) -> Outbox:
        if self._memory is None:
            log.error("the card can't be written: keeping in memory, where a power cut would lose it")
            self._memory = Outbox(None, self._boot, MEMORY_LIMIT)
        return self._memory

    def _open(self) -> Outbox | None:
        try:
            return Outbox(self._path, self._boot, self._limit)
        except sqlite3.Error as error:
            log.warning("the outbox can't be opened: %s", error)
            return self._replaced() if _ruined(error) else None

    def _replaced(self) -> Outbox | None:
        try:
            aside = _set_aside(self._path)
            fresh = Outbox(self._path, self._boot, self._limit)
            rescued = _rescued(aside)
            fresh.take_over(rescued)
        except (OSError, sqlite3.Error) as error:
            log.warning("no new outbox could be begun: %s", error)
            return None
        log.error("a ruined outbox is set aside as %s", aside.name)
        log.error("outbox %s is begun with %d observations from it", fresh.name, len(rescued))
        return fresh


def _ruined(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(error, Ruined) or (code is not None and code & 0xFF in RUINED)


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, OverflowError) as error:
        raise Ruined(f"a row does not read: {error}") from error


def _check(db: sqlite3.Connection) -> None:
    (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise Ruined(verdict)


def _set_aside(path: Path) -> Path:
    taken = (path.with_name(f"{path.name}.aside-{place}") for place in count(1))
    aside = next(candidate for candidate in taken if not candidate.exists())
    for end in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    return aside


def _rescued(aside: Path) -> list[Unnumbered]:
    """What still reads in a ruined file. A press that comes twice is better than one that never came."""
    rows: list[Unnumbered] = []
    with closing(sqlite3.connect(aside)) as db, suppress(sqlite3.Error):
        for row in db.execute("SELECT * FROM waiting ORDER BY number"):
            with suppress(ValueError, TypeError, OverflowError):
                _observation(row)
                rows.append((*row[1:], None)[: URGENT_AT + 2])
    return rows


def _locked(path: Path) -> int | None:
    """Held until the process ends, however it ends."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        log.warning("the outbox's folder can't be written: %s", error)
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise InUse(f"{path}: another home agent has this outbox") from error
    return lock


def _spare(path: Path) -> Path:
    return path.with_name(f"{path.name}.spare")


def _row(one: Noticed) -> Unnumbered:
    moment = one.moment
    urgent = one.what in URGENT
    evidence = None if one.evidence is None else json.dumps(dict(one.evidence))
    when = (_micros(moment.at), moment.trusted, moment.boot, moment.elapsed)
    return one.sensor, one.what.value, *when, urgent, evidence


def _felt(one: Noticed, cut: Cut) -> tuple[Any, ...]:
    moment = one.moment
    when = (_micros(moment.at), moment.trusted, moment.boot, moment.elapsed)
    return one.sensor, *when, cut.begins, cut.every, json.dumps(cut.mg)


def _held(row: Sequence[Any]) -> Held:
    number, sensor, at, trusted, _boot, _elapsed, begins, every, mg = row
    cut = Cut(float(begins), float(every), tuple(int(value) for value in json.loads(mg)))
    return Held(number, str(sensor), _moment(at), bool(trusted), cut)


def _observation(row: Sequence[Any]) -> Observation:
    number, sensor, what, at, trusted, *_, evidence = row
    return Observation(number, str(sensor), What(what), _moment(at), bool(trusted), _evidence(evidence))


def _fell(row: Sequence[Any]) -> Noticed:
    sensor, at, trusted, boot, elapsed, evidence = row
    moment = Moment(_moment(at), elapsed, bool(trusted), boot)
    return Noticed(str(sensor), What.FELL, moment, _evidence(evidence))


def _evidence(text: Any) -> Evidence | None:
    return {str(name): float(value) for name, value in json.loads(text).items()} if isinstance(text, str) else None


def _plausible(moment: Moment) -> dict[str, int]:
    """Between which moments something can have been noticed, for a kit that has the time."""
    return {"earliest": _micros(EARLIEST), "latest": _micros(moment.at) + _STEP}


def _micros(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


def _moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
