"""From a press to the operator's screen: a pendant's message at the kit's broker, the agent, the hub's broker, ingest,
the commit, the alert, the console's stream of changes, and the queue as the operator's browser then fetches it.

Everything is real: both brokers, the agent, the hub's processes, the pages; twelve other homes keep the hub busy.
`python tests/benchmarks/press_to_console.py [--presses N] [--per-day M]`
"""

import argparse
import queue
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

if __name__ == "__main__" and __package__ is None:
    sys.path.insert(0, str(Path(__file__).parents[2]))

from models.alert import Outcome
from simulators import town
from simulators.browser import Browser
from simulators.cast import ALL, register
from simulators.clock import PlayedClock
from simulators.kit import Kit
from simulators.programs import Failed, Stage, end_on_signals, start_kits_broker
from simulators.service import Hub, start_agent
from simulators.wires import Line

BETWEEN = 1.1
"""Seconds between presses: an agent takes what comes within a second for one press that came twice."""

BUSY_PER_DAY = 18_000.0
"""Observations a home: what a day of 300 is when a day passes in 24 minutes, as in the demonstration."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=200)
    parser.add_argument("--per-day", type=float, default=BUSY_PER_DAY, help="observations of each of 12 other homes")
    chosen = parser.parse_args()
    end_on_signals()
    with Stage("benchmark") as stage:
        took = measured(stage, chosen.presses, chosen.per_day)
    milliseconds = sorted(1000 * seconds for seconds in took)
    p50, p99 = (milliseconds[min(int(len(took) * share), len(took) - 1)] for share in (0.5, 0.99))
    print(f"press to console: p50 {p50:.0f} ms, p99 {p99:.0f} ms, slowest {milliseconds[-1]:.0f} ms, n {len(took)}")
    return 0


def measured(stage: Stage, presses: int, per_day: float) -> list[float]:
    """Seconds from publishing a press until the fetched queue shows it, one after the other."""
    okafor, others = ALL[0], town.home_ids(12)
    now = datetime.now(UTC)
    clock = PlayedClock(stage.folder / "clock.pace", now)
    clock.run(1.0)
    hub = Hub(stage, clock)
    passwords = hub.load(register(ALL, now, email=False))
    hub.load(town.register(others, now))
    place = hub.start()
    port = start_kits_broker(stage)
    start_agent(stage, okafor.home, (place.broker_host, place.broker_port), port, clock).wait_for("^ready", 30)
    line = Line(port)
    kit = Kit(okafor.home, line.publish, iter(()))
    kit.open(now)
    operator = Browser(place.web)
    operator.log_in("tom", passwords["tom"])
    traffic = town.Traffic(place.broker_host, place.broker_port, others, per_day)
    screen = Screen(operator)
    with Busy(traffic):
        took = [seconds_until_shown(kit, clock, screen, okafor.resident.name) for _ in range(presses)]
    line.close()
    return took


class Busy:
    """Keeps a town talking from a thread while it is entered."""

    def __init__(self, traffic: town.Traffic) -> None:
        self._traffic = traffic
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._talk, daemon=True)

    def _talk(self) -> None:
        self._traffic.open()
        while not self._over.wait(town.TURN):
            self._traffic.turn()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._traffic.close()


class Screen:
    """The console as a browser keeps it: told of a change, it fetches the queue."""

    def __init__(self, operator: Browser) -> None:
        self._operator = operator
        self._changes: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        for line in self._operator.changes():
            if line.startswith("data:"):
                self._changes.put(line)

    def wait_for(self, name: str, *, there: bool, seconds: float = 20.0) -> None:
        """Until the queue names that person, or does no more."""
        until = time.monotonic() + seconds
        while True:
            try:
                self._changes.get(timeout=max(until - time.monotonic(), 0.0))
            except queue.Empty:
                what = "show" if there else "let go of"
                raise Failed(f"the console did not {what} {name} within {seconds:g} s") from None
            if (name in self._operator.get("/console/queue")) is there:
                return

    def close_all(self) -> None:
        for number in self._operator.waiting():
            self._operator.act(number, "answer")
            self._operator.act(number, "close", outcome=Outcome.TEST)


def seconds_until_shown(kit: Kit, clock: PlayedClock, screen: Screen, name: str) -> float:
    """One press on an empty queue; it is closed again."""
    pressed_at = time.monotonic()
    kit.press(clock.now())
    screen.wait_for(name, there=True)
    shown_at = time.monotonic()
    screen.close_all()
    screen.wait_for(name, there=False)
    time.sleep(max(BETWEEN - (time.monotonic() - pressed_at), 0.0))
    return shown_at - pressed_at


if __name__ == "__main__":
    raise SystemExit(main())
