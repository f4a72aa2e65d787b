"""How fast the engine is, how much of that is memory alone, and how it grows. `python tests/benchmarks/engine.py`

All figures come from one run. `touch` reads and writes the same records for the same rows and decides nothing, so the
ratio to it is what deciding costs. A look reads the deadlines of homes that have just been quiet for five minutes. A
few minutes, and 8 GB for the largest town.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files

import numpy as np

from models.detection import stream
from models.detection.backtest import joined
from models.detection.batch import Batch
from models.detection.engine import Engine
from models.detection.kernels import HABITS, Row, compiled
from models.detection.prior import prior_from
from models.home import Home, Sensor
from models.observation import CODE_OF, SensorKind, What

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ROWS = 10_000
SENSORS = (
    Sensor("hall", SensorKind.MOTION, "hall"),
    Sensor("bath", SensorKind.MOTION, "bathroom"),
    Sensor("kitchen", SensorKind.MOTION, "kitchen"),
    Sensor("living", SensorKind.MOTION, "living"),
    Sensor("bed", SensorKind.MOTION, "bedroom"),
    Sensor("door", SensorKind.DOOR, "hall", is_exit=True),
)
WARM = """
import sys, time
began = time.perf_counter()
from tests.benchmarks.engine import town, day
engine = town(1000)
ready = time.perf_counter()
engine.observe(next(day(1000, 100, 1)))
print(time.perf_counter() - ready, time.perf_counter() - began)
"""


def town(homes: int) -> Engine:
    prior = prior_from(files("models").joinpath("data", "prior.npz").read_bytes())
    return Engine(
        [Home(f"h_{n}", "-", SENSORS) for n in range(homes)], START, prior=prior, watched_for=list(stream.KINDS)
    )


class day:  # noqa: N801 - read as the word
    """Batches of signs of life, each home's followed by its heartbeat: in any half hour a third of homes are about."""

    def __init__(self, homes: int, rows: int, seed: int) -> None:
        self.homes, self.rows, self.luck, self.at = homes, rows, np.random.default_rng(seed), START.timestamp()
        self.pace = rows / (homes * 404 / 86400)

    def __iter__(self) -> day:
        return self

    def __next__(self) -> Batch:
        half = int(self.at // 1800)
        third = self.luck.integers(0, max(self.homes // 3, 1), self.rows) * 3 + half % 3
        home = np.minimum(third, self.homes - 1)
        self.at += self.pace
        at = np.sort(self.at + self.luck.random(self.rows) * self.pace)
        sensor = home * len(SENSORS) + self.luck.integers(0, len(SENSORS), self.rows)
        moved = np.where(sensor % len(SENSORS) == 5, CODE_OF[What.OPENED], CODE_OF[What.MOVED])
        signs = Batch(home, sensor, moved, at, at + 1.0, np.arange(self.rows))
        heard = Batch(home, np.full(self.rows, -1), np.full(self.rows, CODE_OF[What.HEARD]), at, at + 1.0, signs.number)
        order = np.argsort(np.concatenate([at, at + 1e-3]), kind="stable")
        return joined(signs, heard)[order]


@compiled
def touch(of: stream.State, home: Row, sensor: Row, at: Row) -> float:
    """Reads and writes what a row of news has to, and decides nothing."""
    total = 0.0
    for row in range(len(home)):
        mine = of.homes[home[row]]
        mine.last_sign, mine.expected_by, mine.heard_until = at[row], at[row], at[row]
        mine.read_until, mine.last_sensor, mine.waiting = at[row], sensor[row], 0
        mine.waiting_at[0], mine.waiting_sensor[0], mine.waiting_what[0] = at[row], sensor[row], 1
        for each in range(len(mine.now)):
            mine.now[each] += 1.0
        for each in range(len(mine.due)):
            total += mine.due[each] + mine.since[each] + mine.stage[each]
        for each in range(len(mine.night)):
            mine.night[each] += 1.0
        for each in range(len(mine.changes)):
            mine.changes[each] += 1.0
        for each in range(len(mine.trouble)):
            mine.trouble[each] += 1.0
        mine.doors[0] += 1.0
        mine.lie[0] += 1.0
        mine.short[row % 60, 0] += 1
        mine.habits[HABITS - 1 - row % 48] += 1
        for each in range(4):
            mine.habits[(row * 7 + each * 600) % HABITS] += 1
        if sensor[row] >= 0:
            of.sensors[sensor[row]].seen = at[row]
        of.wake_at[home[row]] = at[row]
    return total


def timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def measured(homes: int, batches: int) -> dict[str, float]:
    """Microseconds a row for observing and for touching, ms for a look, and bytes a home; the median of batches."""
    engine, coming = town(homes), day(homes, ROWS, 1)
    spare = engine._state.copy()
    engine._state[:] = spare  # every page is there before the clock runs
    state = engine._columns._replace(homes=spare)
    observed, touched, looked = [], [], []
    for _ in range(batches):
        news = next(coming)
        touched.append(timed(lambda: touch(state, news.home, news.sensor, news.at)))  # noqa: B023 - called at once
        observed.append(timed(lambda: engine.observe(news)))  # noqa: B023
        now = datetime.fromtimestamp(float(news.at[-1]) + 2.0, UTC)
        engine.heard_until[:] = now.timestamp()  # every kit beats each minute, in quiet homes too
        looked.append(timed(lambda: engine.overdue(now)))  # noqa: B023
    touched, observed, looked = touched[3:], observed[3:], looked[3:]
    rows = 2 * ROWS
    return {
        "homes": homes,
        "observe_us": np.median(observed) / rows * 1e6,
        "touch_us": np.median(touched) / rows * 1e6,
        "ratio": float(np.median(observed) / np.median(touched)),
        "look_ms": float(np.median(looked)) * 1e3,
        "bytes": (spare.nbytes + engine._fitted.nbytes + 8 * homes) / homes,
    }


def quiet_look(homes: int) -> float:
    """Milliseconds for a look at all homes when none is due."""
    engine = town(homes)
    engine.overdue(START)
    engine.wake_at[:] = START.timestamp() + 1e6
    return float(np.median([timed(lambda: engine.overdue(START)) for _ in range(20)])) * 1e3


def settled(homes: int = 1000) -> float:
    """Microseconds to read one home's deadline, five minutes into its silence."""
    engine = town(homes)
    which = np.arange(homes)
    engine._settle(which)
    return timed(lambda: engine._settle(which)) / homes * 1e6


def warm_start() -> tuple[float, float]:
    """Seconds for the first batch in a new process, and since that process began to import."""
    said = subprocess.run([sys.executable, "-c", WARM], capture_output=True, text=True, check=True).stdout
    first, whole = map(float, said.split())
    return first, whole


def main() -> None:
    asked = argparse.ArgumentParser(description="How fast the engine is.")
    asked.add_argument("--largest", type=int, default=1_000_000)
    largest = asked.parse_args().largest
    touch(town(3)._columns, np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1))
    measured(1000, 12)
    first, whole = warm_start()
    print(f"first batch after a start with a warm cache: {first:.2f} s ({whole:.2f} s with imports)")
    print(f"one deadline read: {settled():.1f} us; about 45 a home and day")
    print("homes       observe us/row  touch us/row  ratio   look ms  bytes a home")
    for homes in [each for each in (10_000, 100_000, largest) if each <= largest]:
        found = measured(homes, 40)
        print(
            f"{homes:<11} {found['observe_us']:14.3f} {found['touch_us']:13.3f} {found['ratio']:6.2f}"
            f" {found['look_ms']:9.2f} {found['bytes']:13.0f}"
        )
    print(f"a look at {largest} homes, none of them due: {quiet_look(largest):.2f} ms")


if __name__ == "__main__":
    main()
