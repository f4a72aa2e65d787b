"""A borough on one hub: what its homes cost, and what a press waits for meanwhile.

A real hub watches the homes of a borough, which move about and beat as kits do: first on a usual day, then ten times as
much, as in a storm. Every second somebody presses a pendant; a console is open, and its operator answers and closes.
`python tests/benchmarks/borough.py [--homes N] [--per-day M] [--storm TIMES] [--minutes N]`

In the end every kit comes back from an outage at once, with what it kept meanwhile (`--kept`).

A storm of an hour is `--minutes 60`. What the processes took is read from the system, so it holds on a busy machine as
well; times from press to screen do not, and so the load of the machine stands beside them.
"""

import argparse
import asyncio
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

if __name__ == "__main__" and __package__ is None:
    sys.path.insert(0, str(Path(__file__).parents[2]))

from models.observation import Observation, What
from models.people import Account, Role
from models.register import Register
from models.wire import Leg, Up, encode, topic
from simulators import town
from simulators.kit import Play
from simulators.programs import Program, Stage, end_on_signals
from simulators.resident import HALL, PENDANT
from simulators.service import Hub, Place
from simulators.spoken import Voice
from simulators.wires import Hearing, close, connected
from tests.benchmarks.consoles import Http, Screen, Storm, logged_in, spread
from tests.benchmarks.taken import Meter, told

SETTLE = 20.0
"""Seconds for the first heartbeats of all homes, which are no part of what is measured."""
LAST = 5.0
"""Seconds for the last presses to be shown."""


@dataclass
class Took:
    """What each program of the hub took of one core, in percent, and what each held when all held most, in bytes."""

    cores: dict[str, float]
    memory: dict[str, int]


@dataclass
class Phase:
    name: str
    took: Took
    shown: list[float]
    presses: int
    told: str
    load: tuple[float, float]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=38_500)
    parser.add_argument("--per-day", type=float, default=400.0, help="observations of each home")
    parser.add_argument("--storm", type=float, default=10.0, help="times as many in a storm")
    parser.add_argument("--minutes", type=float, default=3.0, help="of each")
    parser.add_argument("--kept", type=int, default=5, help="observations that each kit kept in an outage")
    parser.add_argument("--presses", type=float, default=1.0, help="a second")
    chosen = parser.parse_args()
    end_on_signals()
    with Stage("borough") as stage:
        for one in asyncio.run(_measured(stage, chosen)):
            print(f"{one.name}: {chosen.homes} homes, {chosen.minutes:g} minutes")
            print(f"  {told(one.took.cores)}")
            held = {name: round(held / 2**20) for name, held in one.took.memory.items()}
            print(f"  memory at most: {sum(held.values())} MiB, of that {held}")
            print(f"  press to screen: {spread(one.shown)} of {one.presses}")
            print(f"  {one.told}")
            print(f"  load of the machine: {one.load[0]:.1f} before, {one.load[1]:.1f} after")
    return 0


async def _measured(stage: Stage, chosen: argparse.Namespace) -> list[Phase]:
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
    found, spared = [], iter(homes)
    for name, times in (("a usual day", 1.0), ("a storm", chosen.storm)):
        found.append(await _phase(stage, place, storm, chosen, name, times, spared))
    found.append(await _herd(place, storm, chosen, spared))
    for task in tasks:
        task.cancel()
    return found


async def _phase(
    stage: Stage, place: Place, storm: Storm, chosen: argparse.Namespace, name: str, times: float, spared: Iterator[str]
) -> Phase:
    per_day, seconds = chosen.per_day * times, chosen.minutes * 60
    words = (str(chosen.homes), "--per-day", f"{per_day}", "--seconds", f"{SETTLE + seconds}")
    traffic = stage.start("town", "nightlight-sim", "town", *words, "--hub", f"{place.broker_host}:{place.broker_port}")
    await asyncio.sleep(SETTLE)
    print(f"{name} begins", flush=True)
    load = os.getloadavg()[0]
    watch = threading.Event()
    took: list[Took] = []
    meter = threading.Thread(target=lambda: took.append(_took(place, watch)), daemon=True)
    meter.start()
    until = time.monotonic() + seconds
    shown, presses = await _presses(place, storm, chosen.presses, spared, lambda: time.monotonic() < until)
    watch.set()
    meter.join()
    said = await asyncio.to_thread(_said, traffic)
    return Phase(f"{name}, {per_day:g} a day each", took[0], shown, presses, said, (load, os.getloadavg()[0]))


async def _herd(place: Place, storm: Storm, chosen: argparse.Namespace, spared: Iterator[str]) -> Phase:
    """All kits at once, a message each, until all of it is receipted."""
    homes, load, meter, began = town.home_ids(chosen.homes), os.getloadavg()[0], Meter(place), time.monotonic()
    print("an outage ends: the herd begins", flush=True)
    missing = asyncio.create_task(asyncio.to_thread(_come_back, place, homes, chosen.kept))
    shown, presses = await _presses(place, storm, chosen.presses, spared, lambda: not missing.done())
    left, sent, passed = sum((await missing).values()), chosen.homes * chosen.kept, time.monotonic() - began
    said = f"{left} of {sent} observations unreceipted after {passed:.0f} s"
    took = Took(meter.cores(), meter.memory())
    return Phase("all kits at once after an outage", took, shown, presses, said, (load, os.getloadavg()[0]))


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


async def _presses(
    place: Place, storm: Storm, rate: float, spared: Iterator[str], more: Callable[[], bool]
) -> tuple[list[float], int]:
    """While there is `more` to come; how long each took to the screen, and how many they were."""
    client = connected(place.broker_host, place.broker_port, [])
    mine = list[str]()
    while more():
        mine.append(home := next(spared))
        at = datetime.now(UTC)
        press = Up("bench", at, (Observation(1, PENDANT, What.PRESSED, at),))
        storm.pressed[home] = time.monotonic()
        client.publish(topic(home, Leg.UP), encode(press), qos=1)
        await asyncio.sleep(1 / rate)
    await asyncio.sleep(LAST)
    close(client)
    return [at - storm.pressed[home] for home in mine for at in storm.shown[home].values()], len(mine)


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
    return "; ".join(said[-2:]) or traffic.last_words()


if __name__ == "__main__":
    raise SystemExit(main())
