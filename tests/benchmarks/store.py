"""How quickly observations are kept, how small they settle, and how soon one home's month is read or erased.

`python tests/benchmarks/store.py [--rows 100000000]` prints figures beside the limits that they are held to, and the
same append to a bare SQLite table with the same indexes in the same run. With 100 million rows it wants 1.5 GB of disk.
"""

import argparse
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import insert

from hub.store.database import migrate, opened, writing
from hub.store.row import Row
from hub.store.schema import blocks
from hub.store.series import SqlSeries
from hub.store.settled import columns_of, encoded
from models.observation import What

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
"""A Thursday, as the first day of 1970 was: weeks of settled observations begin on one."""
MONTH = 30
A_DAY = 400
FIRST_WEEK = (BEGIN - datetime(1970, 1, 1, tzinfo=UTC)).days // 7
SENSORS = ("hall", "kitchen", "bathroom", "front_door", "bed")


def lived(home: str, day: int, luck: random.Random, a_day: int = A_DAY) -> list[Row]:
    """A day of so many observations, sent in batches of one to four, each at a microsecond of its own."""
    at, rows = BEGIN + timedelta(days=day), list[Row]()
    while len(rows) < a_day:
        at += timedelta(seconds=luck.expovariate(a_day / 2.5 / 70_000))
        sent = at + timedelta(seconds=3 + luck.random())
        for _ in range(luck.randint(1, 4)):
            at += timedelta(seconds=luck.random())
            sensor = luck.choice(SENSORS)
            what = What.OPENED if sensor == "front_door" else What.MOVED
            rows.append(Row(home, "box", day * 1000 + len(rows), sensor, what, at, max(sent, at)))
    return rows[:a_day]


def batches(count: int) -> list[list[Row]]:
    """Of 1,000 rows from 50 homes each."""
    return [
        [
            Row(
                f"home-{(k * 50 + home) % 5000:05d}", "box", k * 20 + n, SENSORS[n % 3], What.MOVED,
                BEGIN + timedelta(seconds=60 * k + n), BEGIN + timedelta(seconds=60 * k + 30),
            )
            for home in range(50)
            for n in range(20)
        ]
        for k in range(count)
    ]  # fmt: skip


def bare(path: Path, given: Sequence[Sequence[Row]]) -> float:
    """Rows a second into a plain table, as quick as SQLite itself takes them."""
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE o(seq INTEGER PRIMARY KEY, home, outbox, number, sensor, what, at, arrived, trusted, evidence,"
        " UNIQUE(home, outbox, number)); CREATE INDEX i ON o(home, at);"
    )
    ready = [
        [
            (None, r.home, r.outbox, r.number, r.sensor, r.what.value, n, int(r.arrived.timestamp()), 1, None)
            for n, r in enumerate(some)
        ]
        for some in given
    ]
    began = time.perf_counter()
    for some in ready:
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO o VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING", some)
        database.execute("COMMIT")
    taken = time.perf_counter() - began
    database.close()
    return sum(map(len, given)) / taken


def appended(series: SqlSeries, given: Sequence[Sequence[Row]]) -> float:
    began = time.perf_counter()
    for some in given:
        series.append(list(some))
    return sum(map(len, given)) / (time.perf_counter() - began)


def filled(path: Path, rows: int, days: int = MONTH, a_day: int = A_DAY) -> tuple[SqlSeries, int]:
    """A store of that many settled rows, and how many homes they are of."""
    engine = opened(f"sqlite:///{path}")
    migrate(engine, "series")
    luck = random.Random(1)
    months = [[lived("h", day, luck, a_day) for day in range(days)] for _ in range(8)]
    weeks = [
        [encoded(columns_of([row for day in month[at : at + 7] for row in day])) for at in range(0, days, 7)]
        for month in months
    ]
    homes = max(rows // (a_day * days), 1)
    for start in range(0, homes, 500):
        with writing(engine) as connection:
            values = [
                {
                    "home": f"home-{home:06d}", "week": FIRST_WEEK + week, "part": 0, "count": 7 * a_day,
                    "whats": "moved opened", "body": body,
                }
                for home in range(start, min(start + 500, homes))
                for week, body in enumerate(weeks[home % 8])
            ]  # fmt: skip
            connection.execute(insert(blocks), values)
    return SqlSeries(engine), homes


def cold(path: Path) -> None:
    """Make the machine forget what it has read of the file."""
    os.sync()
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def timed(act: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def month(series: SqlSeries, home: int) -> int:
    return len(series.columns(f"home-{home:06d}", BEGIN, BEGIN + timedelta(days=MONTH)))


def line(what: str, got: float, unit: str, limit: float, *, at_least: bool = False) -> bool:
    held = got >= limit if at_least else got <= limit
    sign = ">=" if at_least else "<="
    print(f"{what:<58} {got:>12,.1f} {unit:<8} {sign} {limit:>9,.0f}  {'held' if held else 'NOT HELD'}")
    return held


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=2_000_000)
    rows: int = asked.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine = opened(f"sqlite:///{folder / 'fresh.db'}")
        migrate(engine, "series")
        given = batches(200)
        ours, peer = appended(SqlSeries(engine), given), bare(folder / "bare.db", given)
        held = [line("append, a commit every 1,000", ours, "rows/s", 100_000, at_least=True)]
        print(f"{'  of what a bare SQLite table took in this run':<58} {ours / peer:>12.2f}")
        path = folder / "settled.db"
        series, homes = filled(path, rows)
        held.append(line("a settled row", path.stat().st_size / (homes * MONTH * A_DAY), "bytes", 10))
        luck = random.Random(2)
        some = [luck.randrange(homes) for _ in range(50)]
        assert month(series, some[0]) == MONTH * A_DAY
        warm = [min(timed(partial(month, series, home)) for _ in range(3)) for home in some]
        first = []
        for home in some[:20]:
            cold(path)
            first.append(timed(partial(month, series, home)))
        of = f"among {homes * MONTH * A_DAY:,} rows"
        held.append(line(f"30 days of one home {of}, warm", statistics.median(warm), "ms", 5))
        held.append(line("  the same, cold (the slowest of 20)", max(first), "ms", 50))
        held.append(line("erasing one home", timed(partial(series.forget, f"home-{some[0]:06d}")) / 1000, "s", 10))
        assert month(series, some[0]) == 0
        between = [
            timed(partial(series.between, f"home-{home:06d}", BEGIN, BEGIN + timedelta(days=MONTH)))
            for home in some[1:9]
        ]
        print(f"{'as an object for each observation it takes':<58} {statistics.median(between):>12,.1f} ms")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
