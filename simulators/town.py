"""Many homes that speak on the wire themselves, as kits do: a load for a hub, and how fast it gives receipts."""

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

from models.commission import configured_by
from models.home import Home
from models.observation import SensorKind, What
from models.people import Resident
from models.privacy import Consent, standing
from models.register import Register
from models.wire import Heartbeat, Leg, Route, SensorHealth, every_home, mark_of, read_receipt, read_topic
from simulators.kit import Play
from simulators.programs import Stage
from simulators.resident import FRONT_DOOR, HALL, KITCHEN, LOUNGE, fitted
from simulators.service import Hub
from simulators.spoken import Voice
from simulators.wires import close, connected

DAY = 86400.0
TURN = 0.05
BEAT = 60.0
CHECKS_IN = 3000.0
"""Seconds after which a battery sensor that noticed nothing says that it is there."""
GRACE = 15.0
"""Seconds for the last receipts to come."""


@dataclass(frozen=True, slots=True)
class Load:
    """What was sent and came back. `took` says of each receipt how many seconds after the beginning its observation was
    sent, and how many later it came.
    """

    sent: int
    receipted: int
    seconds: float
    took: list[tuple[float, float]]

    def within(self, share: float, since: float = 0.0, until: float = float("inf")) -> float:
        """The time within which that share of the receipts came, for what was sent between those seconds."""
        took = sorted(took for sent, took in self.took if since <= sent < until)
        return took[min(int(len(took) * share), len(took) - 1)] if took else float("nan")


def town(
    homes: int, console: Console, *, seconds: float, per_day: float, hub: tuple[str, int] | None, settle: float = 0.0
) -> int:
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
        f"from sending to receipt: {_spread(load, settle)}"
    )
    if settle:
        console.print(f"from sending to receipt in the first {settle:g} s: {_spread(load, 0.0, settle)}")
    return 0 if load.sent == load.receipted else 1


def _spread(load: Load, *between: float) -> str:
    return ", ".join(f"p{100 * share:g} {1000 * load.within(share, *between):.0f} ms" for share in (0.5, 0.99))


def home_ids(homes: int) -> list[str]:
    return [f"town_{number:05}" for number in range(1, homes + 1)]


def register(homes: Sequence[str], now: datetime) -> Register:
    given_at = now - timedelta(days=30)
    return Register(
        homes=tuple(Home(home, "Town", fitted(f"r_{home}")) for home in homes),
        residents=tuple(Resident(f"r_{home}", home, f"Resident of {home}", home, "invented") for home in homes),
        consents=tuple(Consent(home, kind, f"r_{home}", "invented", given_at) for home in homes for kind in SensorKind),
    )


class Kits:
    """What the kits of a town say of themselves: the last sign of life of each battery sensor, which is of when it
    noticed something or checked in, and how it and the kit are.
    """

    def __init__(self, homes: Sequence[str], luck: random.Random, outbox: str) -> None:
        fitted_ = fitted("")
        now, self._began, self._outbox = datetime.now(UTC), datetime.now(UTC) - timedelta(days=9), outbox
        self._luck = luck
        self._signs = {
            home: {each.id: now - timedelta(seconds=luck.uniform(0, CHECKS_IN)) for each in fitted_} for home in homes
        }
        self._health = {each.id: SensorHealth(battery=97.0, battery_low=False, link=120) for each in fitted_}
        stands = standing(frozenset(SensorKind))
        self._keeps_to = mark_of(configured_by(stands, Home("", "", fitted_)).text)

    def noticed(self, home: str, sensor: str, at: datetime) -> None:
        self._signs[home][sensor] = at

    def beat(self, home: str, now: datetime) -> Heartbeat:
        signs, checks_in = self._signs[home], now - timedelta(seconds=CHECKS_IN)
        for sensor, at in signs.items():
            if at < checks_in:
                signs[sensor] = now - timedelta(seconds=self._luck.uniform(0, BEAT))
        return Heartbeat(
            self._outbox,
            now,
            now,
            every=BEAT,
            sensors=signs,
            on_mains=True,
            noticing_since=self._began,
            route=Route.BROADBAND,
            undervoltage=False,
            temperature=round(self._luck.uniform(45, 55), 3),
            disk_free=24 * 2**30 - self._luck.randrange(2**30),
            bridges={"zigbee2mqtt": True},
            health=self._health,
            version="0.1.0",
            keeps_to=self._keeps_to,
        )


class Traffic:
    """Homes that move about at random, `per_day` observations each, and beat every minute."""

    def __init__(self, host: str, port: int, homes: Sequence[str], per_day: float, seed: int = 1) -> None:
        self._luck = random.Random(seed)
        self._homes, self._rate = homes, len(homes) * per_day / DAY
        self._voice = Voice(host, port, f"town-{self._luck.getrandbits(48):x}-{time.time_ns():x}")
        self._kits = Kits(homes, self._luck, self._voice.outbox)
        self._sent_at: dict[tuple[str, int], float] = {}
        self._took: list[tuple[float, float]] = []
        self._ear = connected(host, port, [every_home(Leg.RECEIPT)])
        self._ear.on_message = self._on_receipt
        self._began = self._turned = self._beaten = time.monotonic()
        self._next_to_beat = itertools.cycle(homes)
        self.sent = 0

    def open(self) -> None:
        """Every home says that it is here, all at once."""
        self._beat(self._homes)

    def turn(self) -> None:
        """Send what is due since the last turn."""
        now = time.monotonic()
        due = self._some((now - self._turned) * self._rate)
        self._turned = now
        self._speak(due)
        beating = int(len(self._homes) * min((now - self._beaten) / BEAT, 1.0))
        if beating:
            self._beaten += beating * BEAT / len(self._homes)
            self._beat([next(self._next_to_beat) for _ in range(beating)])

    def close(self) -> Load:
        """Wait for the last receipts."""
        seconds = time.monotonic() - self._began
        until = time.monotonic() + GRACE
        while self._sent_at and time.monotonic() < until:
            time.sleep(TURN)
        close(self._ear)
        self._voice.close()
        return Load(self.sent, len(self._took), seconds, self._took)

    def _some(self, expected: float) -> int:
        whole = int(expected)
        return whole + (self._luck.random() < expected - whole)

    def _speak(self, count: int) -> None:
        at = datetime.now(UTC)
        news: dict[str, list[Play]] = defaultdict(list)
        for _ in range(count):
            sensor, what = self._luck.choice(MOVES)
            home = self._luck.choice(self._homes)
            news[home].append(Play(at, sensor, {}, what))
            self._kits.noticed(home, sensor, at)
        for home, plays in news.items():
            first = self._voice.sent[home] + 1
            self._sent_at |= dict.fromkeys(((home, n) for n in range(first, first + len(plays))), time.monotonic())
            self._voice.say(home, at, plays)
        self.sent += count

    def _beat(self, homes: Sequence[str]) -> None:
        now = datetime.now(UTC)
        for home in homes:
            self._voice.says_it_is_here(home, self._kits.beat(home, now))

    def _on_receipt(self, _: Client, __: object, message: MQTTMessage) -> None:
        now = time.monotonic()
        home, _leg = read_topic(message.topic)
        receipt = read_receipt(bytes(message.payload))
        if receipt.outbox != self._voice.outbox:
            return
        for first, last in receipt.numbers:
            for number in range(first, last + 1):
                if (sent_at := self._sent_at.pop((home, number), None)) is not None:
                    self._took.append((sent_at - self._began, now - sent_at))


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
