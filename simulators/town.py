"""Many homes that speak on the wire themselves: a load for a hub, and how fast it gives receipts."""

import itertools
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from paho.mqtt.client import Client, MQTTMessage
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from models.home import Home
from models.observation import SensorKind, What
from models.people import Resident
from models.privacy import Consent
from models.register import Register
from models.wire import Leg, every_home, read_receipt, read_topic
from simulators.kit import Play
from simulators.programs import Stage
from simulators.resident import FRONT_DOOR, HALL, KITCHEN, LOUNGE, fitted
from simulators.service import Hub
from simulators.spoken import Voice
from simulators.wires import close, connected

DAY = 86400.0
TURN = 0.05
BEAT = 60.0
GRACE = 15.0
"""Seconds for the last receipts to come."""


@dataclass(frozen=True, slots=True)
class Load:
    """What was sent and came back, and how long each receipt took, in seconds and in order."""

    sent: int
    receipted: int
    seconds: float
    took: list[float]

    def within(self, share: float) -> float:
        """The time within which that share of the receipts came."""
        return self.took[min(int(len(self.took) * share), len(self.took) - 1)] if self.took else float("nan")


def town(homes: int, console: Console, *, seconds: float, per_day: float, hub: tuple[str, int] | None) -> int:
    """Returns the exit code: 1 when receipts are missing."""
    names = home_ids(homes)
    if hub:
        console.print(f"The hub at {hub[0]}:{hub[1]} must have {names[0]} to {names[-1]} on record")
        load = _with_progress(Traffic(*hub, names, per_day), seconds, console)
    else:
        with Stage("town") as stage:
            console.print(f"Starting a hub with {homes:,} homes")
            own = Hub(stage, None)
            own.load(register(names, datetime.now(UTC)))
            place = own.start()
            load = _with_progress(Traffic(place.broker_host, place.broker_port, names, per_day), seconds, console)
    console.print(
        f"{load.sent:,} observations sent, {load.receipted:,} receipted, {load.sent / load.seconds:,.0f} a second\n"
        f"from sending to receipt: p50 {load.within(0.5) * 1000:.0f} ms, p99 {load.within(0.99) * 1000:.0f} ms"
    )
    return 0 if load.sent == load.receipted else 1


def home_ids(homes: int) -> list[str]:
    return [f"town_{number:05}" for number in range(1, homes + 1)]


def register(homes: Sequence[str], now: datetime) -> Register:
    given_at = now - timedelta(days=30)
    return Register(
        homes=tuple(Home(home, "Town", fitted(f"r_{home}")) for home in homes),
        residents=tuple(Resident(f"r_{home}", home, f"Resident of {home}", home, "invented") for home in homes),
        consents=tuple(Consent(home, kind, f"r_{home}", "invented", given_at) for home in homes for kind in SensorKind),
    )


class Traffic:
    """Homes that move about at random, `per_day` observations each, and beat every minute."""

    def __init__(self, host: str, port: int, homes: Sequence[str], per_day: float, seed: int = 1) -> None:
        self._luck = random.Random(seed)
        self._homes, self._rate = homes, len(homes) * per_day / DAY
        self._voice = Voice(host, port, f"town-{self._luck.getrandbits(48):x}-{time.time_ns():x}")
        self._sent_at: dict[tuple[str, int], float] = {}
        self._took: list[float] = []
        self._sensors = {each.id: each.kind for each in fitted("")}
        self._ear = connected(host, port, [every_home(Leg.RECEIPT)])
        self._ear.on_message = self._on_receipt
        self._began = self._turned = self._beaten = time.monotonic()
        self._next_to_beat = itertools.cycle(homes)
        self.sent = 0

    def open(self) -> None:
        """Every home says that it is here."""
        self._beat(self._homes)

    def turn(self) -> None:
        """Send what is due since the last turn."""
        now = time.monotonic()
        due = self._some((now - self._turned) * self._rate)
        self._turned = now
        self._speak(due)
        beating = int(len(self._homes) * min((now - self._beaten) / BEAT, 1.0))
        if beating:
            self._beaten = now
            self._beat([next(self._next_to_beat) for _ in range(beating)])

    def close(self) -> Load:
        """Wait for the last receipts."""
        seconds = time.monotonic() - self._began
        until = time.monotonic() + GRACE
        while self._sent_at and time.monotonic() < until:
            time.sleep(TURN)
        close(self._ear)
        self._voice.close()
        return Load(self.sent, len(self._took), seconds, sorted(self._took))

    def _some(self, expected: float) -> int:
        whole = int(expected)
        return whole + (self._luck.random() < expected - whole)

    def _speak(self, count: int) -> None:
        at = datetime.now(UTC)
        news: dict[str, list[Play]] = defaultdict(list)
        for _ in range(count):
            sensor, what = self._luck.choice(MOVES)
            news[self._luck.choice(self._homes)].append(Play(at, sensor, {}, what))
        for home, plays in news.items():
            first = self._voice.sent[home] + 1
            self._sent_at |= dict.fromkeys(((home, n) for n in range(first, first + len(plays))), time.monotonic())
            self._voice.say(home, at, plays)
        self.sent += count

    def _beat(self, homes: Sequence[str]) -> None:
        now = datetime.now(UTC)
        for home in homes:
            self._voice.beat(home, now, dict.fromkeys(self._sensors, now))

    def _on_receipt(self, _: Client, __: object, message: MQTTMessage) -> None:
        now = time.monotonic()
        home, _leg = read_topic(message.topic)
        receipt = read_receipt(bytes(message.payload))
        if receipt.outbox != self._voice.outbox:
            return
        for first, last in receipt.numbers:
            for number in range(first, last + 1):
                if (sent_at := self._sent_at.pop((home, number), None)) is not None:
                    self._took.append(now - sent_at)


MOVES = ((HALL, What.MOVED), (KITCHEN, What.MOVED), (LOUNGE, What.MOVED), (FRONT_DOOR, What.OPENED))


def _with_progress(traffic: Traffic, seconds: float, console: Console) -> Load:
    traffic.open()
    began = time.monotonic()
    columns = (TextColumn("{task.fields[sent]:,} sent"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=seconds, sent=0)
        while (passed := time.monotonic() - began) < seconds:
            traffic.turn()
            progress.update(task, completed=passed, sent=traffic.sent)
            time.sleep(TURN)
    return traffic.close()
