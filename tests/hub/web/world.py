"""A served hub without its loops: a real store, real pages on a free port, and a clock moved by hand."""

import asyncio
import secrets
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from argon2 import PasswordHasher

from hub.clock import Clock
from hub.loops import this_boot
from hub.settings import Settings
from hub.store import open_store
from hub.store.accounts import IN, Session
from hub.store.records import Beat, Expectation
from hub.store.series import Row
from hub.web.access.entrance import hashed
from hub.web.app import Server
from models.alert import Alert
from models.detection import Finding, FindingKind
from models.detection.explain import explain
from models.detection.inactivity import expected_by, limits
from models.home import Home
from models.observation import What
from models.pace import Pace
from models.people import Account, Address, Contact, Level, Role
from models.register import Register
from models.wire import Heartbeat, encode
from tests.conftest import eventually

T = TypeVar("T")

PASSWORD = "a long watch, and a small light"
HASH = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)

OFFICE = (
    Account("nia", "Nia Evans", Role.OPERATOR),
    Account("max", "Max Orme", Role.MANAGER),
    Account("amina", "Amina Yusuf", Role.ADMINISTRATOR),
)
LOW = {"ben": Level.ALL_IS_WELL, "chi": Level.PARTS_OF_DAY, "dele": Level.ROOMS}


def with_low_levels(cast: Register) -> Register:
    """The cast, with a contact of Mrs Okafor's for every level below Ada's, and more who work in the office."""
    contacts = [
        Contact(f"c_{name}", "r_okafor", f"{name.title()} Ade", "neighbour", level) for name, level in LOW.items()
    ]
    accounts = [Account(name, f"{name.title()} Ade", Role.CONTACT, f"c_{name}") for name in LOW]
    ada = replace(cast.contacts[0], addresses=(Address("phone", "01632 960077"), Address("email", "ada@example.org")))
    return replace(
        cast,
        contacts=(ada, *cast.contacts[1:], *contacts),
        accounts=(*cast.accounts, *accounts, *OFFICE),
    )


class World:
    """`now` is the played moment; it stands still unless `run`."""

    def __init__(self, folder: Path, register: Register, now: datetime) -> None:
        self.folder, self.now = folder, now
        self.settings = Settings(
            data_dir=str(folder / "data"), port=0, clock_file=str(folder / "clock"), smtp_host="127.0.0.1"
        )
        self.settings.data.mkdir()
        self.run(0.0)
        self.store = open_store(self.settings)
        self.store.records.load(register, {account.login: HASH for account in register.accounts})
        self.clock, self.real = Clock(self.settings.clock_file), time.time()
        self.number = 0
        for loop in ("ingest", "watch", "escalate"):
            self.turn(loop)
        for home in register.homes:
            self.beat(home.id)

    def run(self, speed: float) -> None:
        fresh = self.folder / "clock.new"
        fresh.write_bytes(Pace(time.time(), self.now.timestamp(), speed).packed())
        fresh.replace(self.folder / "clock")

    def move(self, by: timedelta) -> None:
        self.now += by
        self.run(0.0)
        for loop in ("ingest", "watch", "escalate"):
            self.turn(loop)

    def turn(self, loop: str, age: float = -3600.0, behind: timedelta = timedelta(0), ahead: float = 0.0) -> None:
        """As if the loop had turned `age` real seconds ago; an hour ahead, so that it stays in time. It had judged up
        to a moment that is so far `behind`, and the machine's clock was `ahead` then.
        """
        at, lived = time.time() - age + ahead, time.monotonic() - age
        self.store.records.turned(loop, at, self.now - behind, "", lived, this_boot())

    def session(self, login: str) -> str:
        """The token of a session as if somebody had logged in."""
        token = secrets.token_hex()
        now = datetime.fromtimestamp(self.real, UTC)
        session = Session(login, secrets.token_hex(), IN, "", now, now, now + timedelta(hours=1))
        self.store.records.accounts.open_session(hashed(token), session)
        return token

    def home(self, home: str) -> Home:
        found = self.store.records.home(home)
        assert found
        return found

    def beat(
        self, home: str, until: datetime | None = None, *, online: bool = True, quiet: tuple[str, ...] = ()
    ) -> None:
        at = until or self.now
        last = {s.id: at - timedelta(hours=9 if s.id in quiet else 0, minutes=2) for s in self.home(home).sensors}
        content = encode(Heartbeat("box", at, at, sensors=last))
        self.store.records.beat([Beat(home, content, at, at)])
        self.expect(home)
        if not online:
            self.store.records.beat([Beat(home, None, None, None, online=False)])

    def saw(self, home: str, *happened: tuple[datetime, str, What]) -> None:
        first = self.number + 1
        self.number += len(happened)
        rows = [Row(home, "box", first + n, sensor, what, at, at) for n, (at, sensor, what) in enumerate(happened)]
        self.store.series.append(rows)
        self.expect(home)

    def expect(self, home: str, **more: Any) -> None:
        """As the watch would write it down: by the simple rule of this home, unless told otherwise."""
        seen = self.store.series.between(home, self.now - timedelta(days=7), self.now)
        if not seen:
            return
        last = seen[-1].at
        due = expected_by(limits([self.home(home)]), np.zeros(1, np.int64), np.array([last.timestamp()]))
        told = Expectation(home, last, datetime.fromtimestamp(float(due[0]), UTC))
        self.store.records.expect([replace(told, **more)])

    def find(self, finding: Finding, resident: str | None) -> Alert:
        said = "\n".join(astuple(explain(finding, self.home(finding.home))))
        raised = self.store.alerts.raise_(finding, resident, said, self.now)
        assert raised
        return raised.alert

    def press(self, home: str = "h_okafor", resident: str | None = "r_okafor", sensor: str = "pendant") -> Alert:
        self.number += 1
        finding = Finding(FindingKind.PRESS, home, self.now, self.now, sensor=sensor, number=self.number)
        return self.find(finding, resident)

    def silence(self, home: str = "h_okafor", resident: str = "r_okafor", hours: float = 4) -> Alert:
        since = self.now - timedelta(hours=hours)
        due = (since + timedelta(hours=3)).timestamp()
        evidence: dict[str, str | float | int | bool | None] = {
            "expected_by": due,
            "last_sensor": "hall_pir",
            "heard_until": self.now.timestamp(),
            "sensors": 6,
            "sensors_heard": 6,
        }
        return self.find(Finding(FindingKind.SILENCE, home, since, self.now, evidence=evidence), resident)

    def kit_unheard(self, home: str, minutes: float = 12) -> Alert:
        """Its connection drops, and time passes; the other homes go on."""
        since = self.now
        self.beat(home, online=False)
        self.move(timedelta(minutes=minutes))
        for other in self.store.records.homes():
            if other.id != home:
                self.beat(other.id)
        return self.find(Finding(FindingKind.KIT_UNHEARD, home, since, self.now, evidence={"ever_heard": True}), None)

    def sensor_unheard(self, home: str, sensor: str) -> Alert:
        self.beat(home, quiet=(sensor,))
        evidence = {"ever_heard": True, "limit": 4 * 3600.0}
        since = self.now - timedelta(hours=9)
        return self.find(
            Finding(FindingKind.SENSOR_UNHEARD, home, since, self.now, sensor=sensor, evidence=evidence), None
        )

    def two_days(self, home: str = "h_okafor") -> None:
        """Yesterday whole, and today until noon: to bed at 22:15, up at 07:40, out from 10:05 to 11:10."""
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        days = [day_of_hers(midnight - timedelta(days=count)) for count in (2, 1, 0)]
        self.saw(home, *(one for day in days for one in day if one[0] <= self.now))


def day_of_hers(midnight: datetime) -> list[tuple[datetime, str, What]]:
    def at(clock: str) -> datetime:
        hour, minute = clock.split(":")
        return midnight + timedelta(hours=int(hour), minutes=int(minute))

    moves = {
        "bathroom_pir": ("07:44", "13:02", "18:03", "22:05"),
        "kitchen_pir": ("07:58", "08:21", "08:52", "11:12", "11:38", "12:00", "12:31", "17:34", "18:20", "19:41"),
        "hall_pir": ("07:42", "07:56", "09:31", "10:03", "11:11", "14:40", "15:20", "16:05", "16:48", "20:30", "21:20"),
    }
    bed = [(at("07:40"), "bed", What.GOT_UP), (at("22:15"), "bed", What.LAY_DOWN)]
    door = [
        (at(clock), "front_door", what)
        for clock, what in (
            ("10:04", What.OPENED),
            ("10:05", What.CLOSED),
            ("11:10", What.OPENED),
            ("11:11", What.CLOSED),
        )
    ]
    return sorted([*bed, *door, *((at(clock), room, What.MOVED) for room, clocks in moves.items() for clock in clocks)])


def told(story: Coroutine[Any, Any, T]) -> T:
    """Run to the end in a thread of its own: the browser's loop may be running in this one."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(asyncio.run, story).result()


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The pages on a free port, until the end."""
    server = Server(settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started, 15)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(60)
    assert not thread.is_alive()
