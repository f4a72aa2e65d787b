"""How long a hub of a borough takes to detect again after it was killed, and whether it finds the same.

`python tests/benchmarks/restart.py [--homes 38500 --days 90 --a-day 40]` makes a hub's data: a settled past, what came
since the last snapshot in rows, heartbeats, that snapshot, and half a minute that came while the hub was dead, with
presses. A watch that never stopped judges that half minute; beside it the real program is started on a copy of the
records. A past of 38,500 homes and 90 days at 400 observations a day wants 12 GB of disk, at 40 a day 2.

How much came since the last snapshot (`--since`) follows from how often the hub makes one: 100,000 observations, and
what a storm of ten times as much as usual brings while the next is made and written.
"""

import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
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


def turned(path: Path, since: float) -> bool:
    database = sqlite3.connect(path, timeout=30)
    try:
        asked = "SELECT 1 FROM loops WHERE loop = 'watch' AND real_at > ? AND note NOT LIKE 'reading%'"
        return database.execute(asked, (since,)).fetchone() is not None
    finally:
        database.close()


def restarted(folder: Path, series: str) -> tuple[float, float]:
    """Seconds from the start of the program to the first turn of its watch, and its processor time until then."""
    file = folder / "hub.toml"
    file.write_text(
        f"data_dir = '{folder}'\nseries_url = '{series}'\nclock_file = '{folder.parent / 'clock'}'\n"
        "broker_host = '127.0.0.1'\nbroker_port = 9\n"
    )
    began, since = time.perf_counter(), time.time()
    with (folder / "log").open("wb") as log:
        words = [sys.executable, "-m", "hub.app", "watch", "--settings", str(file)]
        program = subprocess.Popen(words, stderr=log)
        try:
            while not turned(folder / "records.db", since):
                if program.poll() is not None or time.perf_counter() - began > 300:
                    raise RuntimeError((folder / "log").read_text())
                time.sleep(0.05)
            return time.perf_counter() - began, sum(psutil.Process(program.pid).cpu_times()[:2])
        finally:
            program.terminate()
            program.wait()


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--homes", type=int, default=2_000)
    asked.add_argument("--days", type=int, default=7)
    asked.add_argument("--a-day", type=int, default=A_DAY, help="observations a day and home of the settled past")
    asked.add_argument(
        "--since", type=int, default=3 * SNAPSHOT_AFTER // 2, help="observations since the last snapshot"
    )
    words = asked.parse_args()
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
        at_rest(folder / "clock", LATER)
        for _ in range(3):
            never_stopped._looked_at = 0.0
            never_stopped.turn()
        load = os.getloadavg()[0]
        taken, processor = restarted(folder / "two", settings.series)
        ours, again = found(folder / "one" / "records.db"), found(folder / "two" / "records.db")
        size = (folder / "one" / "series.db").stat().st_size
        held = taken <= LIMIT and ours == again and len(ours) > 0
        print(f"{words.homes:,} homes, {words.days} days of {words.a_day} observations each, {size / 1e9:.1f} GB;")
        loads = f"load {load:.1f} before, {os.getloadavg()[0]:.1f} after"
        print(f"{words.since:,} observations since the last snapshot; {loads}")
        print(f"detecting again after {taken:.1f} s, {taken / LIMIT:.2f} of the limit of {LIMIT:.0f}")
        print(f"of its own processor time that is {processor:.1f} s, {processor / LIMIT:.2f} of the limit")
        print(f"{len(ours)} findings of a watch that never stopped, {len(again)} of the one that was restarted")
        print("held" if held else f"NOT HELD: {sorted(ours ^ again)[:5]}")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
