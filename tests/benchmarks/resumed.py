"""Whether the observations of a town come into a hub that is stopped meanwhile, once by Ctrl-C and once by SIGKILL.

`python tests/benchmarks/resumed.py [--homes 10000 --days 30]` makes the folder that another hub would have exported,
400 observations a day and home, then runs the command that brings it in three times. It prints what that said of its
progress, observations a second, and whether each one is there once. 10,000 homes want 2 GB of disk.
"""

import argparse
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil

if __name__ == "__main__" and __package__ is None:
    sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.parquet import Writer
from hub.store.series import Series
from hub.store.settled import ARRIVED, AT, DAY_US, Columns, columns_of
from tests.benchmarks.exchange import hub
from tests.benchmarks.store import A_DAY, BEGIN, lived

KINDS_OF_MONTHS = 8
LOOKED_AT = 50
"""Homes of which every observation is compared with what was sent."""
SAID = re.compile(r"([\d,]+) of ([\d,]+) row groups")


@dataclass
class Run:
    """One call of the command: how it ended, how far it said it was, and what it took."""

    code: int
    said: list[str]
    seconds: float
    processor: float
    memory: int


def months(days: int) -> list[Columns]:
    """Of a few homes, until the last midnight."""
    luck, today = random.Random(1), datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    later = (today - BEGIN).days - days
    made = [columns_of([row for day in range(days) for row in lived("h", day, luck)]) for _ in range(KINDS_OF_MONTHS)]
    return [_moved(one, later * DAY_US) for one in made]


def _moved(columns: Columns, by: int) -> Columns:
    numbers = columns.numbers.copy()
    numbers[[AT, ARRIVED]] += by
    return replace(columns, numbers=numbers)


def exported(folder: Path, homes: int, of: Sequence[Columns]) -> int:
    """Its bytes."""
    folder.mkdir()
    writer = Writer(folder / "month.parquet")
    for home in range(homes):
        writer.add(f"home-{home:06d}", of[home % len(of)])
    writer.close()
    return sum(path.stat().st_size for path in folder.iterdir())


def brought(data: Path, folder: Path, stop: int | None = None, at: float = 1.0) -> Run:
    """Until it ends, or is sent `stop` once it says that it has done that part."""
    file = data.with_suffix(".toml")
    file.write_text(f"data_dir = '{data}'\n")
    words = [sys.executable, "-m", "hub.app", "import", "observations", str(folder), "--settings", str(file)]
    began = time.perf_counter()
    program = subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert program.stderr is not None
    assert program.stdout is not None
    seen, said, used, held = psutil.Process(program.pid), list[str](), 0.0, 0
    for line in program.stderr:
        said.append(line.strip())
        if program.poll() is None:
            used, held = sum(seen.cpu_times()[:2]), max(held, seen.memory_info().rss)
        if stop is not None and _part(line) >= at:
            program.send_signal(stop)
            stop = None
    said += program.stdout.read().splitlines()
    return Run(program.wait(), said, time.perf_counter() - began, used, held)


def _part(line: str) -> float:
    found = SAID.search(line)
    return int(found[1].replace(",", "")) / int(found[2].replace(",", "")) if found else 0.0


def stored(path: Path) -> int:
    """As the blocks count them."""
    database = sqlite3.connect(path)
    try:
        return int(database.execute("SELECT coalesce(sum(count), 0) FROM blocks").fetchone()[0])
    finally:
        database.close()


def strange(series: Series, homes: int, of: Sequence[Columns]) -> Iterator[str]:
    """Homes that are not as they were sent."""
    luck, end = random.Random(2), datetime.now(UTC)
    for home in sorted(luck.sample(range(homes), min(LOOKED_AT, homes))):
        sent = of[home % len(of)].ordered()
        there = series.columns(f"home-{home:06d}", BEGIN, end)
        names = [[one.sensors[code] for code in one.sensor] for one in (sent, there)]
        if not np.array_equal(sent.numbers[:4], there.numbers[:4]) or names[0] != names[1]:
            yield f"home-{home:06d}"


def told(run: Run, name: str) -> None:
    progress = [line for line in run.said if SAID.search(line)]
    print(f"{name}: ended with {run.code} after {run.seconds:.0f} s ({run.processor:.0f} s of processor time)")
    print(f"  it said {len(progress)} times how far it was, last: {progress[-1] if progress else '-'}")
    print(f"  and in the end: {run.said[-1] if run.said else '-'}", flush=True)


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--homes", type=int, default=200)
    asked.add_argument("--days", type=int, default=30)
    words = asked.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background a shell has it ignored, also by ours
    homes, rows = words.homes, words.homes * words.days * A_DAY
    with tempfile.TemporaryDirectory() as name:
        folder, data = Path(name) / "out", Path(name) / "data"
        of, store = months(words.days), hub(data, homes)
        began = time.perf_counter()
        size = exported(folder, homes, of)
        print(f"{rows:,} observations of {homes:,} homes in {size / 1e9:.2f} GB, made in {_since(began)}", flush=True)
        runs = [brought(data, folder, signal.SIGINT, 0.3), brought(data, folder, signal.SIGKILL, 0.6)]
        told(runs[0], "stopped by Ctrl-C")
        told(runs[1], "killed")
        runs.append(brought(data, folder))
        told(runs[2], "the same again")
        there, wrong = stored(data / "series.db"), list(strange(store.series, homes, of))
        taken, used = sum(run.seconds for run in runs), sum(run.processor for run in runs)
        print(f"{rows / taken:,.0f} observations a second in all; {rows / used:,.0f} for a second of processor time")
        print(f"memory at most {max(run.memory for run in runs) / 2**20:.0f} MiB")
        print(f"{(data / 'series.db').stat().st_size / there:.1f} bytes an observation in the store")
        held = there == rows and not wrong and [run.code for run in runs] == [1, -signal.SIGKILL, 0]
        print(
            f"{there:,} are there, of {rows:,}; of {min(LOOKED_AT, homes)} homes all are as they were sent: {not wrong}"
        )
        print("held" if held else f"NOT HELD: {wrong[:5]}")
    return 0 if held else 1


def _since(began: float) -> str:
    return f"{time.perf_counter() - began:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
