"""Real databases, brokers and programs for the hub's tests."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from psycopg.sql import SQL, Identifier
from sqlalchemy import Engine, make_url

from hub.broker import command, mosquitto
from hub.process import assembled
from hub.settings import Settings
from hub.store import Alerts, Records, SqlSeries, Store, Traces, open_store
from hub.store.database import Part, migrate, opened
from hub.store.influx import influx
from hub.store.influx_series import InfluxSeries
from hub.transports import Call
from hub.transports import Told as Outcome
from models.home import Home, Sensor
from models.observation import Observation, SensorKind, What
from models.pace import Pace
from models.people import Account, Address, Contact, Level, Resident, Role
from models.privacy import Consent
from models.register import Register
from models.response import Answer
from models.wire import Down, Heartbeat, Leg, Up, encode, read_down, read_receipt, topic
from tests.conftest import eventually, free_port, hung_up, wanted
from tests.hub.influx import REAL, served, settings_for

T0 = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def t0() -> datetime:
    return T0


@pytest.fixture
def register() -> Register:
    """Mrs Okafor and her daughter; next door somebody else, whose son is Karl."""
    return Register(
        homes=(_home("okafor-home", "grace"), _home("next-door", "neil")),
        residents=(
            Resident("grace", "okafor-home", "Grace Okafor", "Mrs Okafor", "1 Elm Row"),
            Resident("neil", "next-door", "Neil Brandt", "Mr Brandt", "2 Elm Row"),
        ),
        contacts=(
            Contact(
                "ada",
                "grace",
                "Ada Okafor",
                "daughter",
                Level.ALL_IS_WELL,
                addresses=(Address("email", "ada@home.example"),),
            ),
            Contact("karl", "neil", "Karl Brandt", "son", Level.TIMES, addresses=(Address("email", "k@home.example"),)),
        ),
        consents=tuple(
            Consent(home, kind, "grace", "agreed at the visit", T0)
            for home in ("okafor-home", "next-door")
            for kind in (SensorKind.MOTION, SensorKind.DOOR)
        ),
        accounts=(
            Account("tom", "Tom Reed", Role.OPERATOR, addresses=(Address("email", "tom@centre.example"),)),
            Account("ada", "Ada Okafor", Role.CONTACT, person="ada"),
        ),
    )


def _home(home: str, wearer: str) -> Home:
    sensors = (
        Sensor("pendant", SensorKind.PENDANT, "hall", wearer=wearer),
        Sensor("hall", SensorKind.MOTION, "hall"),
        Sensor("front-door", SensorKind.DOOR, "hall", is_exit=True),
        Sensor("bed", SensorKind.BED, "bedroom"),
    )
    return Home(home, "north", sensors)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    server: str = request.getfixturevalue("postgres")
    return new_database(server, "template0")


def new_database(server: str, like: str) -> str:
    name = f"t{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        making = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        connection.execute(making.format(Identifier(name), Identifier(like)))
    return server.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?")


def _migrated(url: str) -> str:
    engine = opened(url)
    migrate(engine, "records")
    migrate(engine, "series")
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Databases that were migrated once, to be copied."""
    return {"sqlite": _migrated(f"sqlite:///{tmp_path_factory.mktemp('template') / 'hub.db'}")}


@pytest.fixture(scope="session", autouse=True)
def migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """In this process a new SQLite file begins as a copy of one that was migrated: making all tables takes longer than
    most tests. What starts programs, or asks for `migrate` itself, gets what every hub gets.
    """

    @cache
    def made(part: Part) -> Path:
        path = tmp_path_factory.mktemp("made") / f"{part}.db"
        engine = opened(f"sqlite:///{path}")
        migrate(engine, part)
        engine.dispose()
        return path

    def begun(engine: Engine, part: Part) -> None:
        path = Path(engine.url.database or "")
        if engine.dialect.name == "sqlite" and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(made(part), path)
        migrate(engine, part)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hub.store.migrate", begun)
        yield


STORES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path, templates: dict[str, str]) -> Iterator[Store]:
    """Empty, on each kind of database."""
    yield from a_store(request, tmp_path, templates)


def a_store(request: pytest.FixtureRequest, tmp_path: Path, templates: dict[str, str]) -> Iterator[Store]:
    if request.param != "postgresql":
        url = f"sqlite:///{shutil.copy(templates['sqlite'].removeprefix('sqlite:///'), tmp_path)}"
    else:
        server: str = request.getfixturevalue("postgres")
        if "postgresql" not in templates:
            templates["postgresql"] = _migrated(new_database(server, "template0"))
        url = new_database(server, make_url(templates["postgresql"]).database or "")
    engine = opened(url)
    series = SqlSeries(engine)
    if request.param == "influx":
        place = request.getfixturevalue("influxdb")
        series = InfluxSeries(engine, influx(settings_for(place, tmp_path)))
    yield Store(Records(engine), Alerts(engine), series, Traces(engine))
    engine.dispose()


@pytest.fixture(scope="session")
def influxdb() -> Iterator[str]:
    """The address of a real one where one is named, else of what answers as one."""
    if REAL:
        yield REAL
        return
    with served() as fake:
        yield fake.url


class Server:
    """A real PostgreSQL of one's own, on a socket in a folder of its own."""

    def __init__(self, programs: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nl-pg-"))
        self.url = f"postgresql://hub@/postgres?host={self.folder}"
        self._user, self._programs = _unprivileged(self.folder), programs
        made = ("initdb", "-D", self.folder / "data", "-U", "hub", "-A", "trust", "--no-sync", "-E", "UTF8")
        _run(self._user, programs / made[0], *made[1:])

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c max_connections=60"
        self._control("-l", self.folder / "log", "-o", options, "start")

    def stop(self) -> None:
        """All at once, as if it were killed."""
        self._control("-m", "immediate", "stop")

    def _control(self, *words: str | Path) -> None:
        _run(self._user, self._programs / "pg_ctl", "-D", self.folder / "data", "-w", *words)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        if os.environ.get("CI"):
            pytest.fail("no PostgreSQL server program is installed: apt-get install postgresql")
        pytest.skip("no PostgreSQL server program is installed")
    server = Server(programs[-1].parent)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(server.folder)


@pytest.fixture(scope="session")
def postgres(postgres_server: Server) -> str:
    return postgres_server.url


def _unprivileged(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {one.pw_name for one in pwd.getpwall()}
    user = "postgres" if "postgres" in known else "nobody"
    shutil.chown(folder, user)
    return user


def _run(user: str | None, *words: str | Path) -> None:
    done = subprocess.run(
        words, user=user, cwd="/", check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert done.returncode == 0, done.stderr


class Broker:
    """The hub's own broker as a program, on a port that stays."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.port = free_port()
        program = mosquitto() if kind == "mosquitto" else None
        self._words = command(self.port, folder, program)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._words, stderr=subprocess.DEVNULL)
        eventually(self._listens, 10)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Kit:
    """A home's kit as the wire sees it: keeps what is not receipted, and sends it when told to."""

    def __init__(self, home: str, port: int, outbox: str = "box") -> None:
        self.home, self.outbox = home, outbox
        self.receipted: set[int] = set()
        self.orders: list[Down] = []
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=f"kit-{home}-{outbox}", clean_session=False)
        self.client.on_connect = lambda client, *_: client.subscribe(
            [(topic(home, Leg.RECEIPT), 1), (topic(home, Leg.DOWN), 1)]
        )
        self.client.on_message = self._came
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.reconnect_delay_set(0.1, 0.5)  # type: ignore[arg-type]
        self.client.connect_async("127.0.0.1", port, keepalive=10)
        self.client.loop_start()
        eventually(subscribed.is_set)

    def _came(self, _client: object, _data: object, message: MQTTMessage) -> None:
        if message.topic.endswith("/down"):
            self.orders.append(read_down(bytes(message.payload)))
            return
        receipt = read_receipt(bytes(message.payload))
        if receipt.outbox == self.outbox:
            self.receipted |= {number for low, high in receipt.numbers for number in range(low, high + 1)}

    def send(self, *observations: Observation, sent: datetime) -> None:
        self.raw(encode(Up(self.outbox, sent, observations)))

    def raw(self, content: bytes, leg: Leg = Leg.UP) -> None:
        self.client.publish(topic(self.home, leg), content, qos=1)

    def press(self, number: int, at: datetime, sensor: str = "pendant") -> None:
        self.send(Observation(number, sensor, What.PRESSED, at), sent=at)

    def press_until_receipted(self, number: int, at: datetime, seconds: float = 60.0) -> None:
        """As a real kit does: again and again, since a broker that was killed may have lost it."""

        def receipted() -> bool:
            self.press(number, at)
            time.sleep(0.1)
            return number in self.receipted

        eventually(receipted, seconds)

    def beat(self, at: datetime, until: datetime | None = None, **more: Any) -> None:
        content = encode(Heartbeat(self.outbox, at, until or at, **more))
        self.client.publish(topic(self.home, Leg.HEALTH), content, qos=1, retain=True)

    def stop(self) -> None:
        hung_up(self.client)


def moved(numbers: Iterable[int], at: datetime, sensor: str = "hall") -> list[Observation]:
    return [Observation(number, sensor, What.MOVED, at) for number in numbers]


@pytest.fixture
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """mosquitto unless a test asks for another kind."""
    kind = getattr(request, "param", "mosquitto")
    if kind == "mosquitto":
        wanted("mosquitto")
    one = Broker(kind, tmp_path / "broker")
    one.start()
    yield one
    one.kill()


@pytest.fixture
def settings(tmp_path: Path, broker: Broker) -> Settings:
    data = str(tmp_path / "data")
    return Settings(data_dir=data, broker_host="127.0.0.1", broker_port=broker.port, reserve_mb=1)


@pytest.fixture
def on_record(settings: Settings, register: Register) -> Store:
    """The store of `settings`, with the cast on record."""
    store = open_store(settings)
    store.records.load(register, {one.login: "-" for one in register.accounts})
    return store


@pytest.fixture
def running(settings: Settings, on_record: Store) -> Iterator[Store]:
    """The link and the three loops, in this process."""
    link, loops = assembled(settings)
    link.start()
    for loop in loops:
        loop.start()
    eventually(lambda: not link.hindrance)
    yield on_record
    for loop in loops:
        loop.ask_to_stop()
    link.stop()
    for loop in loops:
        loop.join(60)


@pytest.fixture
def kit_of(broker: Broker) -> Iterator[Callable[..., Kit]]:
    kits: list[Kit] = []

    def make(home: str = "okafor-home", outbox: str = "box") -> Kit:
        kits.append(Kit(home, broker.port, outbox))
        return kits[-1]

    yield make
    for kit in kits:
        kit.stop()


@pytest.fixture
def kit(kit_of: Callable[..., Kit]) -> Kit:
    return kit_of()


class Hand:
    """A clock moved by hand, in a file that the hub's clock reads."""

    def __init__(self, path: Path, start: datetime) -> None:
        self.path = path
        self.set(start)

    def set(self, at: datetime) -> None:
        self.now = at
        new = self.path.with_suffix(".new")
        new.write_bytes(Pace(0.0, at.timestamp(), 0.0).packed())
        new.replace(self.path)

    def move(self, **by: float) -> datetime:
        self.set(self.now + timedelta(**by))
        return self.now


@pytest.fixture
def hand(tmp_path: Path) -> Hand:
    return Hand(tmp_path / "clock", T0)


class Told:
    """A transport that appends to a list, and fails or hangs when told to."""

    needs_address, set_up = False, True

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.fault: Exception | None = None
        self.answer: Answer | None = None
        self.hold = threading.Event()
        self.hold.set()

    def send(self, call: Call) -> Outcome:
        self.hold.wait(20)
        if self.fault:
            raise self.fault
        self.calls.append(call)
        return Outcome("told", self.answer)

    def probe(self) -> bool:
        return self.fault is None
