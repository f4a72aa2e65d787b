"""Three days without a hub, played in seconds, on a real small card: everything that can go wrong does."""

import os
import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from edge.outbox import look
from models.observation import Observation, What
from models.pace import Pace
from tests.conftest import Mosquitto, eventually, free_port
from tests.disks import fill, small_disk
from tests.edge.conftest import NIGHT, FakeHub, Kit

pytestmark = [pytest.mark.broker, pytest.mark.processes]

STEP = timedelta(minutes=30)
A_YEAR = timedelta(days=365).total_seconds()
SINCE_1970 = -NIGHT.timestamp()
KILLS = 20
PAIRS = ((What.OPENED, What.CLOSED), (What.LAY_DOWN, What.GOT_UP))
OTHER = dict(PAIRS) | {second: first for first, second in PAIRS}


@dataclass(frozen=True)
class Happened:
    """What a sensor was told that it was heard of, when it truly was, and how sure a kit can be of that."""

    sensor: str
    what: What
    at: datetime
    within: timedelta


class Days:
    """A kit in a home: `true` is the time, whatever the kit's clock says."""

    def __init__(self, kit: Kit, card: Path) -> None:
        self.kit, self.card = kit, card
        self.true, self.booted = NIGHT, NIGHT.timestamp() - 60
        self.wrong_by, self.synced = 0.0, True
        self.within = timedelta(seconds=2)
        self.happened: list[Happened] = []
        self.kills = self.held_at_start = 0
        self.luck = random.Random(72)
        self.no_hub = free_port()

    @property
    def outbox(self) -> Path:
        return self.card / "outbox.db"

    def begin(self) -> None:
        self.held_at_start = self.held
        self.set()
        self.kit.start(ready=False, clock_file="clock", outbox="card/outbox.db", hub_port=self.no_hub)

    def set(self) -> None:
        file = self.kit.folder / "clock"
        fresh = file.with_suffix(".new")
        pace = Pace(0.0, self.true.timestamp(), 0.0, self.wrong_by, self.booted, self.synced)
        fresh.write_bytes(pace.packed())
        fresh.replace(file)

    def clock(self, wrong_by: float, *, synced: bool) -> None:
        """Set right or wrong, while the kit runs: what was heard before is on the card."""
        self.settle()
        self.wrong_by, self.synced = wrong_by, synced
        self.set()

    def lives(self, hours: float, kills: int = 0) -> None:
        """Doors, a bed and now and then a press; the agent is killed at so many random moments of it."""
        steps = int(timedelta(hours=hours) / STEP)
        fatal = set(self.luck.sample(range(steps), kills))
        for step in range(steps):
            self.true += STEP
            self.set()
            self.says("front_door", (What.OPENED, What.CLOSED)[len(self.happened) % 2])
            if step % 4 == 1:
                self.says("bed", (What.LAY_DOWN, What.GOT_UP)[step % 8 == 5])
            if step % 6 == 2:
                self.says("pendant", What.PRESSED)
            if step in fatal:
                self.killed()

    def says(self, sensor: str, what: What) -> None:
        last = next((one.what for one in reversed(self.happened) if one.sensor == sensor), None)
        if last is what:
            what = OTHER.get(what, what)
        states: dict[What, dict[str, Any]] = {
            What.OPENED: {"contact": False},
            What.CLOSED: {"contact": True},
            What.LAY_DOWN: {"occupancy": True},
            What.GOT_UP: {"occupancy": False},
            What.PRESSED: {"action": "emergency"},
        }
        self.happened.append(Happened(sensor, what, self.true, self.within))
        seen = self.true + timedelta(seconds=self.wrong_by)
        self.kit.says(sensor, last_seen=seen.isoformat(), **states[what])

    def killed(self) -> None:
        """While it starts, or while it takes in what came meanwhile."""
        if self.luck.random() < 0.7:
            eventually(lambda: self.held > self.held_at_start, 30)
        time.sleep(self.luck.uniform(0.0, 0.1))
        self.kit.end(signal.SIGKILL)
        if self.kills % 4 == 0:
            self.tear()
        self.kills += 1
        self.begin()

    def tear(self) -> None:
        """What was being written when the power went: a piece of a page that no commit vouches for."""
        wal = self.outbox.with_name("outbox.db-wal")
        with suppress(FileNotFoundError, OSError), wal.open("ab") as tail:
            tail.write(self.luck.randbytes(self.luck.randrange(1, 9000)))

    def power_cut(self, off: timedelta) -> None:
        self.settle()
        self.kit.end(signal.SIGKILL)
        self.tear()
        self.true += off
        self.booted = self.true.timestamp()

    def settle(self) -> None:
        """All that was said is on the card."""

        eventually(lambda: self.held == len(self.happened), 30)

    @property
    def held(self) -> int:
        with suppress(sqlite3.Error):
            there = look(self.outbox)
            return there.urgent + there.routine
        return 0


@pytest.fixture
def days(kit: Kit) -> Iterator[Days]:
    with small_disk(kit.folder / "card", 12) as card:
        try:
            yield Days(kit, card)
        finally:
            kit.end(signal.SIGKILL)


def three_days(days: Days) -> None:
    days.begin()
    eventually(lambda: "the kit's broker is reached" in days.kit.log)  # which from now on keeps what it hears for it
    days.says("front_door", What.OPENED)
    days.says("bed", What.LAY_DOWN)
    days.settle()  # the first that is ever heard of a sensor counts only as it happens
    days.lives(8, kills=4)
    films = fill(days.card)
    assert os.statvfs(days.card).f_bavail == 0
    days.lives(6, kills=3)
    films.unlink()
    days.lives(6, kills=2)

    days.power_cut(timedelta(minutes=5))
    days.wrong_by, days.synced = SINCE_1970, False
    days.begin()
    days.lives(10, kills=4)
    days.clock(0.0, synced=True)
    days.lives(4)
    days.clock(A_YEAR, synced=True)
    days.lives(6, kills=3)
    days.clock(0.0, synced=True)
    days.lives(4)

    days.power_cut(timedelta(minutes=5))
    days.wrong_by, days.synced = SINCE_1970, False
    days.within = timedelta(minutes=36)  # never set: known only to have ended before the next start
    days.begin()
    days.lives(10, kills=2)
    days.power_cut(timedelta(minutes=5))
    days.wrong_by, days.within = A_YEAR, timedelta(seconds=2)
    days.begin()
    days.lives(6, kills=2)
    days.clock(0.0, synced=True)
    days.lives(12)
    days.settle()


def test_three_days_without_a_hub_lose_nothing_double_nothing_and_keep_their_times(
    days: Days, mosquitto: Mosquitto
) -> None:
    three_days(days)
    assert days.true - NIGHT >= timedelta(hours=72)
    assert days.kills == KILLS
    assert days.kit.end() == 0
    assert look(days.outbox).given_up == 0
    with closing(FakeHub(mosquitto.port)) as hub:
        days.kit.start(clock_file="clock", outbox="card/outbox.db")
        eventually(lambda: len(hub.stored) >= len(days.happened), 30)
        eventually(lambda: hub.last.waiting == 0)
        arrived = sorted(hub.heard, key=lambda one: one.at)
    for sensor in ("front_door", "bed", "pendant"):
        compare(
            [one for one in days.happened if one.sensor == sensor], [one for one in arrived if one.sensor == sensor]
        )


def compare(happened: list[Happened], arrived: list[Observation]) -> None:
    assert [one.what for one in arrived] == [one.what for one in happened]
    wrong = [(was, said) for was, said in zip(happened, arrived, strict=True) if abs(said.at - was.at) > was.within]
    assert wrong == []
