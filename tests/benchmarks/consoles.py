"""Fifty consoles in a storm: from a press published at the hub's broker until each console's queue shows it.

A real hub watches 10,000 homes that move about and beat; 20 of them press each second for a minute; operators answer
what their console shows, read the alert's page, and close it. Beside it, in the same run, as many presses go through a
plain FastAPI application that broadcasts each to fifty streams and does nothing else: what this machine can do.
`python tests/benchmarks/consoles.py [--homes N] [--consoles N] [--rate R] [--seconds S] [--postgres]`
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
import psutil

if __name__ == "__main__" and __package__ is None:
    sys.path.insert(0, str(Path(__file__).parents[2]))

from models.observation import Observation, What
from models.people import Account, Role
from models.register import Register
from models.wire import Leg, Up, encode, topic
from simulators import town
from simulators.clock import PlayedClock
from simulators.programs import Stage, end_on_signals
from simulators.resident import PENDANT
from simulators.service import Hub, Place
from simulators.wires import connected
from tests.benchmarks.postgres import postgres
from tests.benchmarks.taken import Meter, told
from tests.conftest import eventually, free_port

ANSWERED_AFTER, CLOSED_AFTER = 1.0, 1.5
"""Seconds that an operator looks before answering, and works before closing."""

PLAIN = """
import asyncio, json, sys
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

app, streams, rows = FastAPI(), set(), {}

@app.get("/console/changes")
async def changes():
    async def follow():
        mine = asyncio.Queue()
        streams.add(mine)
        yield b"retry: 1000\\n\\n"
        try:
            while True:
                yield await mine.get()
        finally:
            streams.discard(mine)
    return StreamingResponse(follow(), media_type="text/event-stream")

@app.post("/press/{number}")
async def press(number: int):
    event = f"event: beat\\ndata: {json.dumps({'press': number, 'row': 'x' * 1500})}\\n\\n".encode()
    for one in streams:
        one.put_nowait(event)

uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")
"""


@dataclass
class Http:
    """Requests to 127.0.0.1, each on a connection of its own."""

    port: int
    cookie: str = ""

    async def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        reader, writer = await self._sent(path, form)
        content = await reader.read()
        writer.close()
        head, _, body = content.partition(b"\r\n\r\n")
        if b"transfer-encoding: chunked" in head.lower():
            body = b"".join(_chunks(body))
        return int(head.split(b" ", 2)[1]), body.decode()

    async def lines(self, path: str) -> AsyncIterator[bytes]:
        reader, writer = await self._sent(path, None)
        try:
            while line := await reader.readline():
                yield line
        finally:
            writer.close()

    async def _sent(self, path: str, form: dict[str, str] | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22)
        body = urlencode(form or {}).encode()
        head = f"{'GET' if form is None else 'POST'} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n"
        head += f"cookie: {self.cookie}\r\ncontent-type: application/x-www-form-urlencoded\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        return reader, writer


def _chunks(body: bytes) -> list[bytes]:
    found = []
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        found.append(body[:length])
        body = body[length + 2 :]
    return found


@dataclass
class Storm:
    """What happened, by home: when it pressed, when each console showed it waiting and no longer did."""

    pressed: dict[str, float] = field(default_factory=dict)
    shown: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    answered: dict[int, float] = field(default_factory=dict)
    gone: dict[int, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    whole: int = 0
    refused: int = 0
    cores: dict[str, float] = field(default_factory=dict)


class Screen:
    """A console as a browser keeps it: applies what it is told, and fetches the whole where that does not follow."""

    ROW = re.compile(r'id="alert-(\d+)" class="row (\w+)[^>]*data-say="[^:"]*: (\w+),')

    def __init__(self, number: int, http: Http, storm: Storm) -> None:
        self.number, self._http, self._storm = number, http, storm
        self._mark, self._calls = "", list[int]()
        self._home: dict[int, str] = {}
        self.ready = asyncio.Event()
        self.csrf = ""
        self.fresh: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    async def run(self) -> None:
        _, page = await self._http.ask("/console")
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        assert found, page[:300]
        self.csrf = found.group(1)
        self._whole(page)
        async for line in self._http.lines("/console/changes"):
            if line.startswith(b"data:"):
                self.ready.set()
                told = msgspec.json.decode(line[5:])
                if told["mark"] == self._mark:
                    continue
                if told.get("since") == self._mark:
                    self._part(told)
                else:
                    self._storm.whole += 1
                    self._whole((await self._http.ask("/console/queue"))[1])

    def _part(self, told: dict[str, Any]) -> None:
        for markup in told["rows"].values():
            self._take(markup)
        self._mark = told["mark"]
        if "calls" in told["lists"]:
            self._list(told["lists"]["calls"])

    def _whole(self, page: str) -> None:
        found = re.search(r'data-mark="(\w+)"', page)
        assert found, page[:300]
        self._mark = found.group(1)
        self._take(page)
        calls = page[page.index('id="list-calls"') : page.index('id="more-calls"')]
        self._list([int(number) for number in re.findall(r'<li id="alert-(\d+)"', calls)])

    def _take(self, markup: str) -> None:
        for number, _, home in self.ROW.findall(markup):
            self._home[int(number)] = home

    def _list(self, calls: list[int]) -> None:
        now = time.monotonic()
        for one in set(calls) - set(self._calls):
            home = self._home[one]
            self._storm.shown[home].setdefault(self.number, now)
            self.fresh.put_nowait((one, home))
        for one in set(self._calls) - set(calls):
            self._storm.gone[one][self.number] = now
        self._calls = calls

    async def operate(self, consoles: int) -> None:
        """Answer each that is this operator's share."""
        while True:
            alert, _ = await self.fresh.get()
            if alert % consoles == self.number:
                tasks.add(asyncio.create_task(self._handle(alert)))

    async def _handle(self, alert: int) -> None:
        await asyncio.sleep(ANSWERED_AFTER)
        page = f"/console/alert/{alert}"
        status, _ = await self._http.ask(f"{page}/answer", {"csrf": self.csrf})
        self._storm.answered[alert] = time.monotonic()
        self._storm.refused += status != 303
        await self._http.ask(page)
        await asyncio.sleep(CLOSED_AFTER)
        status, _ = await self._http.ask(f"{page}/close", {"csrf": self.csrf, "outcome": "test"})
        self._storm.refused += status != 303


tasks: set["asyncio.Task[None]"] = set()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=10_000)
    parser.add_argument("--consoles", type=int, default=50)
    parser.add_argument("--rate", type=float, default=20.0, help="presses a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--per-day", type=float, default=300.0, help="observations of each home")
    parser.add_argument("--postgres", action="store_true", help="records and observations in PostgreSQL")
    chosen = parser.parse_args()
    end_on_signals()
    presses = int(chosen.rate * chosen.seconds)
    plain = _plain(chosen.consoles, presses, chosen.rate)
    with Stage("consoles") as stage:
        storm, memory = _measured(stage, chosen, presses)
    took = [at - storm.pressed[home] for home, shown in storm.shown.items() for at in shown.values()]
    stale = [
        at - storm.answered[one] for one, gone in storm.gone.items() if one in storm.answered for at in gone.values()
    ]
    wanted, seen = presses * chosen.consoles, len(took)
    print(f"presses {presses}, consoles {chosen.consoles}, homes {chosen.homes}: {seen} of {wanted} showings")
    print(f"press to screen: {spread(took)}")
    print(f"plain broadcast: {spread(plain)}")
    half, most = (reached_by(took, part) / reached_by(plain, part) for part in (0.5, 0.99))
    print(f"ratio of p99: {most:.1f}, of p50: {half:.1f}")
    print(f"shown as waiting after the answer: {spread([max(one, 0.0) for one in stale])}")
    print(f"answered {len(storm.answered)}, refused {storm.refused}, whole queues fetched {storm.whole}")
    print(f"memory per console: {memory / 1000:.0f} kB")
    print(f"while it pressed: {told(storm.cores)}; load of the machine {os.getloadavg()[0]:.1f}")
    return 0


def _measured(stage: Stage, chosen: argparse.Namespace, presses: int) -> tuple[Storm, float]:
    homes, now = town.home_ids(chosen.homes), datetime.now(UTC)
    clock = PlayedClock(stage.folder / "clock.pace", now)
    clock.run(1.0)
    names = ("records_url", "series_url") if chosen.postgres else ()
    hub = Hub(stage, clock, None, **dict(zip(names, postgres(stage, names) if names else (), strict=True)))
    accounts = tuple(Account(f"op{number}", f"Operator {number}", Role.OPERATOR) for number in range(chosen.consoles))
    passwords = hub.load(Register(accounts=accounts))
    hub.load(town.register(homes, now))
    place = hub.start(240)
    traffic = town.Traffic(place.broker_host, place.broker_port, homes, chosen.per_day)
    over = threading.Event()
    talk = threading.Thread(target=_talk, args=(traffic, over), daemon=True)
    talk.start()
    cookies = [logged_in(place.web, one.login, passwords[one.login]) for one in accounts]
    try:
        return asyncio.run(_storm(place, cookies, homes[:presses], chosen))
    finally:
        over.set()
        talk.join()
        traffic.close()


def _talk(traffic: town.Traffic, over: threading.Event) -> None:
    traffic.open()
    while not over.wait(town.TURN):
        traffic.turn()


def logged_in(web: str, login: str, password: str) -> str:
    with httpx.Client(base_url=web, timeout=60) as client:
        found = re.search(r'name="csrf" value="([^"]+)"', client.get("/login").text)
        assert found
        client.post("/login", data={"csrf": found.group(1), "login": login, "password": password, "back": ""})
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


async def _storm(place: Place, cookies: list[str], homes: list[str], chosen: argparse.Namespace) -> tuple[Storm, float]:
    port, storm = int(place.web.rsplit(":", 1)[1]), Storm()
    web = psutil.Process(place.pids["web"])
    screens = [Screen(number, Http(port, cookie), storm) for number, cookie in enumerate(cookies)]
    for one in screens[:2]:
        await _opened(one)
    await asyncio.sleep(3)
    before = web.memory_info().rss
    for one in screens[2:]:
        await _opened(one)
    await asyncio.sleep(5)
    memory = (web.memory_info().rss - before) / max(len(screens) - 2, 1)
    for one in screens:
        tasks.add(asyncio.create_task(one.operate(len(screens))))
    client = connected(place.broker_host, place.broker_port, [])
    print("the storm begins", flush=True)
    meter = Meter(place)
    for number, home in enumerate(homes):
        at = datetime.now(UTC)
        press = Up("bench", at, (Observation(number + 1, PENDANT, What.PRESSED, at),))
        storm.pressed[home] = time.monotonic()
        client.publish(topic(home, Leg.UP), encode(press), qos=1)
        await asyncio.sleep(1 / chosen.rate)
    storm.cores = meter.cores()
    await asyncio.sleep(ANSWERED_AFTER + CLOSED_AFTER + 8)
    client.loop_stop()
    for task in tasks:
        task.cancel()
    return storm, memory


async def _opened(screen: Screen) -> None:
    tasks.add(asyncio.create_task(screen.run()))
    await asyncio.wait_for(screen.ready.wait(), 60)


def _plain(consoles: int, presses: int, rate: float) -> list[float]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", PLAIN, str(port)])
    try:
        eventually(lambda: _listens(port), 30)
        return asyncio.run(_broadcast(Http(port), consoles, presses, rate))
    finally:
        process.kill()
        process.wait()


async def _broadcast(http: Http, consoles: int, presses: int, rate: float) -> list[float]:
    took, pressed, ready = list[float](), dict[int, float](), asyncio.Semaphore(0)

    async def console() -> None:
        async for line in http.lines("/console/changes"):
            if line.startswith(b"retry:"):
                ready.release()
            if line.startswith(b"data:"):
                took.append(time.monotonic() - pressed[msgspec.json.decode(line[5:])["press"]])

    for _ in range(consoles):
        tasks.add(asyncio.create_task(console()))
        await ready.acquire()
    for number in range(presses):
        pressed[number] = time.monotonic()
        tasks.add(asyncio.create_task(_ask(http, f"/press/{number}")))
        await asyncio.sleep(1 / rate)
    await asyncio.sleep(1)
    for task in tasks:
        task.cancel()
    tasks.clear()
    return took


async def _ask(http: Http, path: str) -> None:
    await http.ask(path, {})


def _listens(port: int) -> bool:
    return any(one.laddr.port == port for one in psutil.net_connections("tcp") if one.status == psutil.CONN_LISTEN)


def reached_by(took: list[float], share: float) -> float:
    return sorted(took)[min(int(len(took) * share), len(took) - 1)] if took else float("nan")


def spread(took: list[float]) -> str:
    p50, p99, most = (1000 * reached_by(took, share) for share in (0.5, 0.99, 1.0))
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, slowest {most:.0f} ms, n {len(took)}"


if __name__ == "__main__":
    raise SystemExit(main())
