"""How long a hub of a borough takes to detect again after it was killed, and whether it finds the same.

`python tests/benchmarks/restart.py [--homes 38500 --days 90 --a-day 40]` makes a hub's data: a settled past, what came
since the last snapshot in rows, heartbeats, that snapshot, and half a minute that came while the hub was dead, with
presses. A watch that never stopped judges that half minute; beside it the real program is started on a copy of the
records. A past of 38,500 homes and 90 days at 400 observations a day wants 12 GB of disk, at 40 a day 2.

With `--update prior` or `--update layout` the snapshot is one of detectors with another prior, or whose state is laid
out otherwise, as after an update: how long until every home is watched, until what is usual in all of them is learned
anew, and how much memory that takes.

How much came since the last snapshot (`--since`) follows from how often the hub makes one: 100,000 observations, and
what a storm of ten times as much as usual brings while the next is made and written.
"""

import argparse
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue

import psutil

if __name__ == "__main__" and __package__ is None:
    sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.clock import Clock
from hub.ingest import News
from hub.learned import shipped
from hub.loops import Turning
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.records import Beat
from hub.store.row import Row
from hub.watch import SNAPSHOT_AFTER, Watch
from models.detection.engine import Engine
from models.home import Home, Sensor
from models.observation import SensorKind, What
from models.pace import Pace
from models.people import Resident
from models.privacy import Consent
from models.register import Register
from models.wire import Heartbeat, encode
from tests.benchmarks.store import filled

NOW = datetime(2026, 4, 1, 10, tzinfo=UTC)
LATER = NOW + timedelta(seconds=30)
SENSORS = ("hall", "kitchen", "bathroom", "front_door", "pendant")
A_DAY, LIMIT = 400, 10.0
UPDATED, MEMORY = 60.0, 1500.0
"""Seconds until all homes are watched after an update, and MB for the watch and for what learns anew."""


class Line:
    """A broker that is there."""

    hindrance = ""
    hearing_since = NOW - timedelta(days=1)


def register(homes: int) -> Register:
    kinds = (SensorKind.MOTION, SensorKind.DOOR)
    ids = [f"home-{n:06d}" for n in range(homes)]
    return Register(
        homes=tuple(Home(home, f"area {n % 40}", _sensors(home)) for n, home in enumerate(ids)),
        residents=tuple(Resident(f"r-{home}", home, "A Person", "A Person", "1 A Street") for home in ids),
        consents=tuple(Consent(home, kind, "the resident", "agreed", NOW) for home in ids for kind in kinds),
    )


def _sensors(home: str) -> tuple[Sensor, ...]:
    rooms = (Sensor(name, SensorKind.MOTION, name) for name in SENSORS[:3])
    door = Sensor("front_door", SensorKind.DOOR, "hall", is_exit=True)
    return (*rooms, door, Sensor("pendant", SensorKind.PENDANT, "worn", wearer=f"r-{home}"))


def since_the_snapshot(homes: int, count: int, luck: random.Random) -> list[Row]:
    """As many as there were, at the rate of a usual day, in order of arrival."""
    lasted = count / (homes * A_DAY / 86_400)
    times = sorted((luck.uniform(0, lasted), luck.randrange(homes)) for _ in range(count))
    return [_row(n, home, NOW - timedelta(seconds=lasted - at)) for n, (at, home) in enumerate(times)]


def half_minute(homes: int, luck: random.Random) -> list[Row]:
    """400 a day of each home, and a press in one of five hundred."""
    count = homes * A_DAY * 30 // 86_400
    rows = [_row(10**8 + n, luck.randrange(homes), NOW + timedelta(seconds=30 * n / count)) for n in range(count)]
    presses = [
        Row(f"home-{home:06d}", "box", 10**9, "pendant", What.PRESSED, NOW + timedelta(seconds=9), LATER)
        for home in range(0, homes, 500)
    ]
    return [*rows, *presses]


def _row(number: int, home: int, at: datetime) -> Row:
    sensor = SENSORS[number % 4]
    what = What.OPENED if sensor == "front_door" else What.MOVED
    return Row(f"home-{home:06d}", "box", number, sensor, what, at, at + timedelta(seconds=4))


def at_rest(path: Path, moment: datetime) -> None:
    path.write_bytes(Pace(0.0, moment.timestamp(), 0.0).packed())


def made(settings: Settings, homes: int, days: int, a_day: int, since: int) -> Store:
    """All that stood on the disk when the hub was killed, but for what it had found."""
    settings.data.mkdir(parents=True)
    filled(settings.data / "series.db", homes * days * a_day, days, a_day)
    store = open_store(settings)
    store.records.load(register(homes), {})
    rows = since_the_snapshot(homes, since, random.Random(7))
    for start in range(0, len(rows), 10_000):
        store.series.append(rows[start : start + 10_000])
    beat = encode(Heartbeat("box", NOW, NOW))
    store.records.beat([Beat(home.id, beat, NOW, NOW, online=True) for home in store.records.homes()])
    learned = shipped()
    engine = Engine(store.records.homes(), NOW - timedelta(days=days), prior=learned.prior)
    store.records.snapshots.save(0, engine.snapshot(), learned.mark)
    return store


def watching(store: Store, clock: Clock) -> Watch:
    news: SimpleQueue[News] = SimpleQueue()
    turning = Turning(store.records, "watch")
    return Watch(store, Line(), news, clock, turning, lambda now: now, threading.Event(), shipped())


def found(path: Path) -> set[tuple[str, int]]:
    database = sqlite3.connect(path)
    try:
        return set(database.execute("SELECT key, at FROM findings"))
    finally:
        database.close()


def asked(path: Path, question: str, *given: object) -> bool:
    """Whether there is an answer."""
    database = sqlite3.connect(path, timeout=30)
    try:
        return database.execute(question, given).fetchone() is not None
    finally:
        database.close()


TURNED = "SELECT 1 FROM loops WHERE loop = 'watch' AND real_at > ? AND note NOT LIKE 'reading%'"
LEARNING = "SELECT 1 FROM loops WHERE loop = 'learning'"


def updated(path: Path, what: str) -> None:
    """The snapshot is what other detectors left."""
    database = sqlite3.connect(path)
    try:
        with database:
            if what == "prior":
                database.execute("UPDATE snapshots SET made_with = 'another prior'")
                return
            for name, content in database.execute("SELECT name, content FROM snapshots").fetchall():
                other = re.sub(
                    rb'"layout":"[0-9a-f]*"', lambda found: found[0][:11] + found[0][11:-1][::-1] + b'"', content
                )
                database.execute("UPDATE snapshots SET content = ? WHERE name = ?", (other, name))
    finally:
        database.close()


@dataclass
class Taken:
    """Seconds from the start of the program to the first turn of its watch, its processor time until then, seconds
    until all was learned anew, and the most memory that the watch took, and that which learns (MB).
    """

    watching: float = 0.0
    processor: float = 0.0
    learned: float = 0.0
    watch_mb: float = 0.0
    learner_mb: float = 0.0


def restarted(folder: Path, series: str, most: float) -> Taken:
    """Of which all has to be learned within `most` seconds."""
    file, records, taken = folder / "hub.toml", folder / "records.db", Taken()
    file.write_text(
        f"data_dir = '{folder}'\nseries_url = '{series}'\nclock_file = '{folder.parent / 'clock'}'\n"
        "broker_host = '127.0.0.1'\nbroker_port = 9\n"
    )
    began, since = time.perf_counter(), time.time()
    with (folder / "log").open("wb") as log:
        words = [sys.executable, "-m", "hub.app", "watch", "--settings", str(file)]
        program = subprocess.Popen(words, stderr=log)
        try:
            while not asked(records, TURNED, since):
                if program.poll() is not None or time.perf_counter() - began > 300:
                    raise RuntimeError((folder / "log").read_text())
                time.sleep(0.05)
            watch = psutil.Process(program.pid)
            taken.watching, taken.processor = time.perf_counter() - began, sum(watch.cpu_times()[:2])
            while asked(records, LEARNING) and program.poll() is None and time.perf_counter() - began < most:
                taken.watch_mb = max(taken.watch_mb, watch.memory_info().rss / 1e6)
                for one in watch.children():
                    with suppress(psutil.NoSuchProcess):
                        taken.learner_mb = max(taken.learner_mb, one.memory_info().rss / 1e6)
                time.sleep(0.5)
            taken.learned = time.perf_counter() - began
            return taken
        finally:
            program.terminate()
            program.wait()


def told(taken: Taken, words: argparse.Namespace) -> bool:
    """Of a restart; whether it was as quick as it has to be."""
    limit = UPDATED if words.update else LIMIT
    print(f"detecting again after {taken.watching:.1f} s, {taken.watching / limit:.2f} of the limit of {limit:.0f}")
    print(f"of its own processor time that is {taken.processor:.1f} s, {taken.processor / limit:.2f} of the limit")
    held = taken.watching <= limit
    if words.update:
        each = words.homes * words.days * words.a_day / taken.learned
        print(f"all is learned anew after {taken.learned:.0f} s: {each:,.0f} observations a second")
        print(f"the watch takes {taken.watch_mb:,.0f} MB meanwhile, and what learns {taken.learner_mb:,.0f} MB")
        held &= taken.learned < words.most and taken.watch_mb + taken.learner_mb < MEMORY
    return held


def argued() -> argparse.Namespace:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--homes", type=int, default=2_000)
    words.add_argument("--days", type=int, default=7)
    words.add_argument("--a-day", type=int, default=A_DAY, help="observations a day and home of the settled past")
    words.add_argument(
        "--since", type=int, default=3 * SNAPSHOT_AFTER // 2, help="observations since the last snapshot"
    )
    words.add_argument("--update", choices=["prior", "layout"])
    words.add_argument("--most", type=float, default=200.0, help="seconds in which all has to be learned anew")
    return words.parse_args()


def main() -> int:
    words = argued()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        at_rest(folder / "clock", NOW)
        settings = Settings(data_dir=str(folder / "one"), clock_file=str(folder / "clock"))
        store, clock = made(settings, words.homes, words.days, words.a_day, words.since), Clock(settings.clock_file)
        never_stopped = watching(store, clock)
        never_stopped._saved_at = float("inf")  # that of before is what a restart begins with
        never_stopped.turn()
        store.series.append(half_minute(words.homes, random.Random(8)))
        (folder / "two").mkdir()
        store.records.engine.dispose()
        shutil.copy(folder / "one" / "records.db", folder / "two")
        if words.update:
            updated(folder / "two" / "records.db", words.update)
        at_rest(folder / "clock", LATER)
        for _ in range(3):
            never_stopped._looked_at = 0.0
            never_stopped.turn()
        load = os.getloadavg()[0]
        taken = restarted(folder / "two", settings.series, words.most)
        ours, again = found(folder / "one" / "records.db"), found(folder / "two" / "records.db")
        if words.update:  # until all is learned the rules for new homes may find more
            ours, again = ({one for one in some if "/press/" in one[0]} for some in (ours, again))
        size = (folder / "one" / "series.db").stat().st_size
        print(f"{words.homes:,} homes, {words.days} days of {words.a_day} observations each, {size / 1e9:.1f} GB;")
        loads = f"load {load:.1f} before, {os.getloadavg()[0]:.1f} after"
        print(f"{words.since:,} observations since the last snapshot; {loads}")
        held = told(taken, words) and ours == again and len(ours) > 0
        print(f"{len(ours)} findings of a watch that never stopped, {len(again)} of the one that was restarted")
        print("held" if held else f"NOT HELD: {sorted(ours ^ again)[:5]}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
