"""A borough on one hub: what its homes cost, and what a press waits for meanwhile.

A real hub watches the homes of a borough, which move about and beat as kits do: first on a usual day, then ten times as
much, as in a storm. Pendants are pressed once a second, and then so often that the slowest in a hundred means something
(`--presses 1 6`); a console is open, and its operator answers and closes. Of the slowest presses it is told where they
waited, by what the hub wrote down.
`python tests/benchmarks/borough.py [--homes N] [--per-day M] [--storm TIMES] [--minutes N]`

In the end every kit comes back from an outage at once, with what it kept meanwhile (`--kept`).

A storm of an hour is `--minutes 60`. What the processes took is read from the system, so it holds on a busy machine as
well; times from press to screen do not, and so the load of the machine stands beside them.
"""

import argparse
import asyncio
import os
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from paho.mqtt.client import MQTTMessage

if __name__ == "__main__" and __package__ is None:
    sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.store.row import Row
from models.observation import Observation, What
from models.people import Account, Role
from models.register import Register
from models.wire import Leg, Up, encode, read_receipt, topic
from simulators import town
from simulators.kit import Play
from simulators.programs import Program, Stage, end_on_signals
from simulators.resident import HALL, PENDANT
from simulators.service import Hub, Place
from simulators.spoken import Voice
from simulators.wires import Hearing, close, connected
from tests.benchmarks.consoles import Http, Screen, Storm, logged_in, spread
from tests.benchmarks.taken import Meter, told

SETTLE = 60.0
"""Seconds for the first heartbeats of all homes and what they say for the first time, which are not measured."""
LAST = 5.0
"""Seconds for the last presses to be shown."""
BOX = "bench"
TOLD = 6
"""Presses of which it is told where they waited."""


@dataclass
class Took:
    """What each program of the hub took of one core, in percent, and what each held when all held most, in bytes."""

    cores: dict[str, float]
    memory: dict[str, int]


@dataclass
class Press:
    """When it was published, came to the hub, was receipted, was about to be raised, was raised, and was on the screen,
    in s since 1970; what is not known is None.
    """

    home: str
    published: float
    arrived: float | None = None
    receipted: float | None = None
    judged: float | None = None
    raised: float | None = None
    shown: float | None = None

    @property
    def took(self) -> float:
        return self.shown - self.published if self.shown else float("inf")

    def told(self) -> str:
        stages = {
            "came": self.arrived,
            "receipted": self.receipted,
            "judged": self.judged,
            "raised": self.raised,
            "on the screen": self.shown,
        }
        said = (f"{name} {1000 * (at - self.published):.0f}" for name, at in stages.items() if at is not None)
        return f"{self.home} at {datetime.fromtimestamp(self.published, UTC):%H:%M:%S.%f}: {', '.join(said)} ms after"


@dataclass
class Phase:
    name: str
    took: Took
    presses: list[Press]
    told: str
    load: tuple[float, float]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=38_500)
    parser.add_argument("--per-day", type=float, default=400.0, help="observations of each home")
    parser.add_argument("--storm", type=float, default=10.0, help="times as many in a storm")
    parser.add_argument("--minutes", type=float, default=3.0, help="of each")
    parser.add_argument("--kept", type=int, default=5, help="observations that each kit kept in an outage")
    parser.add_argument("--presses", type=float, nargs="+", default=[1.0, 6.0], help="a second, each for --minutes")
    parser.add_argument("--no-storm", action="store_true", help="the usual day alone")
    parser.add_argument("--no-herd", action="store_true", help="without the outage in the end")
    chosen = parser.parse_args()
    end_on_signals()
    with Stage("borough") as stage:
        asyncio.run(_measured(stage, chosen))
    return 0


def _print(one: Phase, chosen: argparse.Namespace) -> None:
    print(f"{one.name}: {chosen.homes} homes, {chosen.minutes:g} minutes")
    print(f"  {told(one.took.cores)}")
    held = {name: round(held / 2**20) for name, held in one.took.memory.items()}
    print(f"  memory at most: {sum(held.values())} MiB, of that {held}")
    print(f"  press to screen: {spread([press.took for press in one.presses])}")
    for press in sorted(one.presses, key=lambda press: -press.took)[:TOLD]:
        print(f"    {press.told()}")
    print(f"  {one.told}")
    print(f"  load of the machine: {one.load[0]:.1f} before, {one.load[1]:.1f} after", flush=True)


async def _measured(stage: Stage, chosen: argparse.Namespace) -> None:
    homes = town.home_ids(chosen.homes)
    hub = Hub(stage, None)
    account = Account("op", "Operator", Role.OPERATOR)
    passwords = hub.load(Register(accounts=(account,)))
    hub.load(town.register(homes, datetime.now(UTC)))
    began = time.monotonic()
    place = hub.start(600)
    print(f"the hub stands after {time.monotonic() - began:.0f} s", flush=True)
    cookie = logged_in(place.web, account.login, passwords[account.login])
    storm = Storm()
    screen = Screen(0, Http(int(place.web.rsplit(":", 1)[1]), cookie), storm)
    tasks = [asyncio.create_task(screen.run()), asyncio.create_task(screen.operate(1))]
    await asyncio.wait_for(screen.ready.wait(), 120)
    borough = Borough(stage, hub, place, storm, chosen, iter(homes))
    days = [("a usual day", 1.0)] if chosen.no_storm else [("a usual day", 1.0), ("a storm", chosen.storm)]
    for name, times in days:
        await borough.phases(name, times)
    if not chosen.no_herd:
        _print(await borough.herd(), chosen)
    for task in tasks:
        task.cancel()


@dataclass
class Borough:
    """`spared` are the homes in which nobody has pressed yet."""

    stage: Stage
    hub: Hub
    place: Place
    storm: Storm
    chosen: argparse.Namespace
    spared: Iterator[str]

    async def phases(self, name: str, times: float) -> None:
        """One for each rate of presses, in the same traffic."""
        chosen, per_day = self.chosen, self.chosen.per_day * times
        passes = SETTLE + len(chosen.presses) * (chosen.minutes * 60 + LAST)
        words = (str(chosen.homes), "--per-day", f"{per_day}", "--seconds", f"{passes}", "--settle", f"{SETTLE}")
        at = f"{self.place.broker_host}:{self.place.broker_port}"
        traffic = self.stage.start("town", "nightlight-sim", "town", *words, "--hub", at)
        until = time.monotonic() + SETTLE
        await self._presses(1.0, lambda: time.monotonic() < until - LAST)
        for rate in chosen.presses:
            print(f"{name} begins, with {rate:g} presses a second", flush=True)
            _print(await self._phase(f"{name}, {per_day:g} a day each, {rate:g} presses a second", rate), chosen)
        print(f"  {await asyncio.to_thread(_said, traffic)}", flush=True)

    async def _phase(self, name: str, rate: float) -> Phase:
        load = os.getloadavg()[0]
        watch = threading.Event()
        took: list[Took] = []
        meter = threading.Thread(target=lambda: took.append(_took(self.place, watch)), daemon=True)
        meter.start()
        until = time.monotonic() + self.chosen.minutes * 60
        presses = await self._presses(rate, lambda: time.monotonic() < until)
        watch.set()
        meter.join()
        return Phase(name, took[0], presses, "", (load, os.getloadavg()[0]))

    async def herd(self) -> Phase:
        """All kits at once, a message each, until all of it is receipted."""
        homes, chosen = town.home_ids(self.chosen.homes), self.chosen
        load, meter, began = os.getloadavg()[0], Meter(self.place), time.monotonic()
        print("an outage ends: the herd begins", flush=True)
        missing = asyncio.create_task(asyncio.to_thread(_come_back, self.place, homes, chosen.kept))
        presses = await self._presses(chosen.presses[0], lambda: not missing.done())
        left, sent, passed = sum((await missing).values()), chosen.homes * chosen.kept, time.monotonic() - began
        said = f"{left} of {sent} observations unreceipted after {passed:.0f} s"
        took = Took(meter.cores(), meter.memory())
        return Phase("all kits at once after an outage", took, presses, said, (load, os.getloadavg()[0]))

    async def _presses(self, rate: float, more: Callable[[], bool]) -> list[Press]:
        """While there is `more` to come."""
        receipts: dict[str, float] = {}
        client = connected(self.place.broker_host, self.place.broker_port, [])
        client.on_message = lambda *given: _note(receipts, given[2])
        presses = dict[str, Press]()
        while more():
            home, at = next(self.spared), datetime.now(UTC)
            client.subscribe(topic(home, Leg.RECEIPT))
            await asyncio.sleep(1 / rate)
            press = Up(BOX, at, (Observation(1, PENDANT, What.PRESSED, at),))
            presses[home] = Press(home, time.time())
            self.storm.pressed[home] = time.monotonic()
            client.publish(topic(home, Leg.UP), encode(press), qos=1)
        await asyncio.sleep(LAST)
        close(client)
        self._look_up(presses, receipts)
        return list(presses.values())

    def _look_up(self, presses: dict[str, Press], receipts: dict[str, float]) -> None:
        """What became of each, by what the hub wrote down and what it logged."""
        came = _came(self.hub.data / "series.db")
        judged = _asked(
            self.hub.data / "records.db",
            "SELECT home, at FROM timeline JOIN alerts ON alerts.id = alert WHERE act = 'raise' AND kind = 'press'",
        )
        log = (self.stage.folder / "hub.log").read_text(encoding="utf-8")
        raised = {home: datetime.fromisoformat(at.replace(",", ".")).astimezone() for at, home in RAISED.findall(log)}
        for home, press in presses.items():
            shown = self.storm.shown.get(home, {}).values()
            press.arrived, press.judged = came.get(home), judged.get(home)
            press.receipted = receipts.get(topic(home, Leg.RECEIPT))
            press.raised = raised[home].timestamp() if home in raised else None
            took = min(shown, default=float("inf")) - self.storm.pressed[home]
            press.shown = press.published + took if shown else None


def _note(receipts: dict[str, float], message: MQTTMessage) -> None:
    if read_receipt(bytes(message.payload)).outbox == BOX:
        receipts.setdefault(message.topic, time.time())


RAISED = re.compile(r"^(\S+ \S+) INFO watch alert \d+ is raised: (town_\d+)/press", re.MULTILINE)


def _asked(database: Path, question: str) -> dict[str, float]:
    """By home, in s since 1970."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return {home: at / 1e6 for home, at in connection.execute(question)}


def _came(database: Path) -> dict[str, float]:
    """When the press of each home came to the hub."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        bodies = connection.execute(f"SELECT body FROM fresh WHERE outbox = '{BOX}'")
        rows = [row for (body,) in bodies for row in msgspec.msgpack.decode(body, type=list[Row])]
    return {row.home: row.arrived.timestamp() for row in rows}


def _come_back(place: Place, homes: list[str], kept: int) -> dict[str, int]:
    """What was not receipted in the end."""
    voice = Voice(place.broker_host, place.broker_port, "after-outage")
    hearing = Hearing(place.broker_host, place.broker_port)
    now = datetime.now(UTC)
    for home in homes:
        voice.say(home, now, [Play(now - timedelta(seconds=number), HALL, {}, What.MOVED) for number in range(kept)])
    missing = hearing.wait_for(voice.sent, 60, voice.outbox)
    voice.close()
    hearing.close()
    return missing


def _took(place: Place, over: threading.Event) -> Took:
    """Until `over`."""
    meter = Meter(place)
    most = meter.memory()
    while not over.wait(1.0):
        most = max(most, meter.memory(), key=lambda held: sum(held.values()))
    return Took(meter.cores(), most)


def _said(traffic: Program) -> str:
    """What the town says in the end: how much it sent, and when that was receipted."""
    traffic.process.wait(300)
    said = re.findall(r"^([\d,]+ observations sent.*|from sending to receipt.*)$", traffic.said(), re.MULTILINE)
    return "; ".join(said[-3:]) or traffic.last_words()


if __name__ == "__main__":
    raise SystemExit(main())
