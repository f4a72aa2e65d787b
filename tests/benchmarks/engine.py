"""How fast the engine is, how much of that is memory alone, how it grows, and beside River. `python
tests/benchmarks/engine.py [--largest N] [--page FILE.md]`; docs/SPEED.md is what it printed.

All figures come from one run. `touch` reads and writes the same records for the same rows and decides nothing, so the
ratio to it is what deciding costs; every detector is on. A few minutes, and 8 GB for the largest town. River is in the
extra `bench`; without it that one figure is missing, and said to be.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.detection import stream
from models.detection.backtest import joined
from models.detection.batch import Batch
from models.detection.engine import Engine
from models.detection.kernels import HABITS, Row, compiled_plain
from models.detection.prior import prior_from
from models.home import Home, Sensor
from models.observation import CODE_OF, SensorKind, What
from simulators.evaluate.charts import Axis, Line, chart

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ROWS = 10_000
TOWNS = (10_000, 30_000, 100_000, 300_000, 1_000_000)
READINGS = 45
"""Silences of five minutes or more in a home and day: so often a deadline is read."""

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


@compiled_plain
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
    """Seconds of processor time; all that is measured runs in one thread."""
    began = time.thread_time()
    run()
    return time.thread_time() - began


@dataclass(frozen=True, slots=True)
class Measured:
    """Of a town: microseconds a row for observing and for touching, and their ratio (the median of batches); ms for a
    look at all homes when none is due, and when as many are as fall due in a second; bytes of state a home.
    """

    homes: int
    observe_us: float
    touch_us: float
    ratio: float
    quiet_ms: float
    due_ms: float
    bytes: float


def measured(homes: int, batches: int) -> Measured:
    engine, coming = town(homes), day(homes, ROWS, 1)
    spare = engine._state.copy()
    engine._state[:] = spare  # every page is there before the clock runs
    state = engine._columns._replace(homes=spare)
    observed, touched = [], []
    for _ in range(batches):
        news = next(coming)
        touched.append(timed(lambda: touch(state, news.home, news.sensor, news.at)))  # noqa: B023 - called at once
        observed.append(timed(lambda: engine.observe(news)))  # noqa: B023
        now = datetime.fromtimestamp(float(news.at[-1]) + 2.0, UTC)
        engine.heard_until[:] = now.timestamp()  # every kit beats each minute, in quiet homes too
        engine.overdue(now)
    observe, touching = np.array(observed[3:]), np.array(touched[3:])
    rows = 2 * ROWS
    return Measured(
        homes,
        float(np.median(observe)) / rows * 1e6,
        float(np.median(touching)) / rows * 1e6,
        float(np.median(observe / touching)),
        quiet_look(engine, now),
        due_look(engine, now),
        sum(each.nbytes for each in {id(one): one for one in columns(engine)}.values()) / homes,
    )


def columns(of: object) -> Iterator[NDArray[np.void]]:
    """Every array that an engine keeps, but for what is known of all homes in common."""
    if isinstance(of, np.ndarray):
        yield of
    elif isinstance(of, Engine):
        for name, part in vars(of).items():
            if name not in {"prior", "_known", "_prices", "_columns"}:
                yield from columns(part)
    elif is_dataclass(of):
        for field in fields(of):
            yield from columns(getattr(of, field.name))


def quiet_look(engine: Engine, now: datetime) -> float:
    """Milliseconds for a look at all homes when none is due."""
    engine.wake_at[:] = now.timestamp() + 1e6
    return float(np.median([timed(lambda: engine.overdue(now)) for _ in range(20)])) * 1e3


def due_look(engine: Engine, now: datetime) -> float:
    """Milliseconds for a look in which the deadlines are read of all homes that fell silent in one second."""
    luck, homes, moment = np.random.default_rng(5), len(engine.homes), now.timestamp()
    taken = []
    for _ in range(20):
        silent = luck.choice(homes, max(homes * READINGS // 86400, 1), replace=False)
        for name, value in (("last_sign", moment - 301.0), ("expected_by", moment - 1.0), ("heard_until", moment)):
            engine._state[name][silent] = value
        engine._state["settled"][silent] = False
        engine._state["silent"][silent] = False
        engine.wake_at[silent] = moment - 1.0
        taken.append(timed(lambda: engine.overdue(now)))
    return float(np.median(taken)) * 1e3


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


def river(homes: int = 100_000, observations: int = 400_000) -> float | None:
    """Microseconds an observation for River's GaussianScorer, one for each of as many homes, asked how odd each silence
    was, and told. All have learned from as many as they want to see before they judge.
    """
    if find_spec("river") is None:
        return None
    from river.anomaly import GaussianScorer

    scorer: Any = GaussianScorer  # which carries no types
    scorers, luck = [scorer() for _ in range(homes)], np.random.default_rng(2)
    before = luck.exponential(214.0, scorers[0].grace_period).tolist()
    for each in scorers:
        for silence in before:
            each.learn_one(None, silence)
    order, silences = luck.integers(0, homes, observations).tolist(), luck.exponential(214.0, observations).tolist()

    def all_of_them() -> None:
        for home, silence in zip(order, silences, strict=True):
            scorers[home].score_one(None, silence)
            scorers[home].learn_one(None, silence)

    return timed(all_of_them) / observations * 1e6


@dataclass(frozen=True, slots=True)
class Limit:
    """`found` may be at most `limit`; at least, for one that says so. None: could not be measured."""

    name: str
    found: float | None
    limit: float
    unit: str = ""
    at_least: bool = False

    def __str__(self) -> str:
        said = f"{self.name}: at {'least' if self.at_least else 'most'} {self.limit:g}{self.unit}"
        if self.found is None:
            return f"{said}, not measured"
        held = self.found >= self.limit if self.at_least else self.found <= self.limit
        return f"{said}, found {self.found:.3g}{self.unit}: {'held' if held else 'NOT HELD'}"


def usual(towns: Sequence[Measured]) -> Measured:
    return min(towns, key=lambda one: abs(one.homes - 100_000))


def limits(towns: Sequence[Measured], first: float, scorer: float | None) -> list[Limit]:
    middle, largest = usual(towns), towns[-1]
    look = f"a look at {largest.homes:,} homes"
    return [
        Limit(f"observing to touching, {middle.homes:,} homes", middle.ratio, 2.5),
        Limit(
            "observations in the time that River's GaussianScorer takes for one",
            scorer and scorer / (2 * middle.observe_us),
            100,
            at_least=True,
        ),
        Limit(f"{look}, none due", largest.quiet_ms, 10, " ms"),
        Limit(f"{look}, a second's deadlines read", largest.due_ms, 10, " ms"),
        Limit("state of a home", max(one.bytes for one in towns), 4096, " bytes"),
        Limit("first batch after a start with a warm cache", first, 2, " s"),
    ]


HEAD = "homes       observe us/row  touch us/row   ratio   quiet look ms  a second's deadlines ms  bytes a home"


def row(of: Measured) -> str:
    return (
        f"{of.homes:<11} {of.observe_us:14.3f} {of.touch_us:13.3f} {of.ratio:7.2f} {of.quiet_ms:15.2f}"
        f" {of.due_ms:24.2f} {of.bytes:13.0f}"
    )


def plot(towns: Sequence[Measured]) -> str:
    """Growth as a picture that stands by itself."""
    across = Axis("homes", towns[0].homes, towns[-1].homes, [(one.homes, f"{one.homes:,}") for one in towns], log=True)
    ticks = [(0.0001, "0.0001"), (0.001, "0.001"), (0.01, "0.01"), (0.1, "0.1"), (1, "1"), (10, "10")]
    lines = [
        Line("observe, a row", [(one.homes, one.observe_us) for one in towns], bold=True),
        Line("touch, a row", [(one.homes, one.touch_us) for one in towns]),
        Line("quiet look, a home", [(one.homes, one.quiet_ms / one.homes * 1e3) for one in towns]),
        Line("look with deadlines, a home", [(one.homes, one.due_ms / one.homes * 1e3) for one in towns]),
    ]
    drawn = chart("Microseconds by the number of homes", across, Axis("microseconds", 0.0001, 10, ticks, True), lines)
    style = "<style>svg{font:12px sans-serif}.line{fill:none}.rule{stroke:#ddd;fill:none}</style>"
    return drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(">", f">{style}", 1) + "\n"


def page(said: Sequence[str], found: Sequence[Limit], plotted: str) -> str:
    """The same as a page of the documentation."""
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[1]
    return f"""# Speed: how many homes one hub can watch

<!-- Made by `python tests/benchmarks/engine.py --page docs/SPEED.md`, never typed. -->

Measured on {datetime.now(UTC).date()}, in one run on a machine of {cores} cores, of which {load:.1f} tasks were asking
for one each, this one among them. Times are of the processor, but for the first batch, which is by the clock: others
at work count as far as they take the caches from it. To touch is to read and write the same memory and to decide
nothing.

```
{chr(10).join(said)}
```

![Microseconds by the number of homes]({plotted})

## What was to be reached

{chr(10).join(f"- {each}" for each in found)}
"""


def main() -> int:
    asked = argparse.ArgumentParser(description="How fast the engine is.")
    asked.add_argument("--largest", type=int, default=TOWNS[-1])
    asked.add_argument("--page", type=Path, metavar="FILE.md", help="write the figures there, and a plot beside it")
    chosen = asked.parse_args()
    touch(town(3)._columns, np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1))
    measured(1000, 12)
    first, whole = warm_start()
    scorer = river()
    said = [
        f"first batch after a start with a warm cache: {first:.2f} s ({whole:.2f} s with imports)",
        f"one deadline read: {settled():.1f} us; about {READINGS} a home and day",
        "River's GaussianScorer: " + (f"{scorer:.2f} us an observation, 100000 homes" if scorer else "not installed"),
        HEAD,
    ]
    print(*said, sep="\n")
    towns = []
    for homes in [each for each in TOWNS if each <= chosen.largest]:
        towns.append(measured(homes, 40))
        said.append(row(towns[-1]))
        print(said[-1], flush=True)
    said.append("An observation is two rows: itself, and the heartbeat that lets it be judged.")
    if scorer:
        alone = scorer / (2 * usual(towns).touch_us)
        said.append(f"While River takes one, {alone:.2g} can be touched: the memory alone forbids a hundred.")
    found = limits(towns, first, scorer)
    print(said[-1], *found, sep="\n")
    if chosen.page:
        plotted = chosen.page.with_suffix(".svg")
        plotted.write_text(plot(towns), encoding="utf-8")
        chosen.page.write_text(page(said, found, plotted.name), encoding="utf-8")
    return int(any("NOT HELD" in str(each) for each in found))


if __name__ == "__main__":
    sys.exit(main())
