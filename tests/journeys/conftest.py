"""A whole service on this machine: real hub, real broker, a real kit in Mrs Okafor's home, and people who look."""

import atexit
import contextlib
import html
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from hub.store import Alerts, Records, SqlSeries
from hub.store.database import opened
from models.alert import Lane
from models.detection import FindingKind
from models.pace import Pace
from models.register import Register, write_register
from simulators.acceleration import RATE, Lived, messages
from tests.conftest import Mosquitto, eventually, free_port, hung_up, okafor_home

SENSORS = {sensor.id: sensor.kind.value for sensor in okafor_home().sensors}
BIN = Path(sys.executable).parent


def start(program: str, *arguments: str, log: Path) -> subprocess.Popen[str]:
    with log.open("a") as to:
        return subprocess.Popen(
            [str(BIN / program), *arguments], stdout=subprocess.PIPE, stderr=to, text=True, start_new_session=True
        )


def end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.stdout:
        process.stdout.close()


@dataclass
class PlayedClock:
    """A clock file moved by hand, or left to run."""

    path: Path
    now: datetime

    def __post_init__(self) -> None:
        self.move(timedelta(0))

    def move(self, by: timedelta, speed: float = 0.0) -> None:
        self.now += by
        fresh = self.path.with_suffix(".new")
        fresh.write_bytes(Pace(time.time(), self.now.timestamp(), speed).packed())
        fresh.replace(self.path)


class Broadband:
    """The path between a kit and the hub, which can be cut: a relay of bytes on a port of its own."""

    def __init__(self, port: int) -> None:
        self.to = port
        self.up = True
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                inner, _ = self.server.accept()
                if outer := self._reached():
                    self.pairs.append((inner, outer))
                    for one, other in ((inner, outer), (outer, inner)):
                        threading.Thread(target=self._pump, args=(one, other), daemon=True).start()
                else:
                    inner.close()

    def _reached(self) -> socket.socket | None:
        try:
            return socket.create_connection(("127.0.0.1", self.to)) if self.up else None
        except OSError:
            return None

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := one.recv(65536):
                other.sendall(content)
        for end_ in (one, other):
            with contextlib.suppress(OSError):
                end_.shutdown(socket.SHUT_RDWR)
            end_.close()

    def cut(self) -> None:
        self.up = False
        for pair in self.pairs:
            for end_ in pair:
                with contextlib.suppress(OSError):
                    end_.shutdown(socket.SHUT_RDWR)
        self.pairs.clear()

    def mend(self) -> None:
        self.up = True

    def close(self) -> None:
        self.server.close()
        self.cut()


@dataclass
class Kit:
    """The sensors of one home, speaking to its own local broker as Zigbee2MQTT does; and the agent that listens."""

    home: str
    folder: Path
    local: Mosquitto
    hub_port: int
    clock: PlayedClock
    worn: str = "zigbee2mqtt"
    extra: str = ""
    process: subprocess.Popen[str] | None = None
    felt_ms: int = 0
    sends: mqtt.Client = field(default_factory=lambda: mqtt.Client(CallbackAPIVersion.VERSION2))

    def fit(self) -> None:
        sensors = "".join(
            f'[[sensors]]\nid = "{one}"\nkind = "{kind}"\nsource = "{self.dialect(one)}:{one}"\n'
            for one, kind in SENSORS.items()
        )
        (self.folder / "edge.toml").write_text(
            f'home = "{self.home}"\noutbox = "{self.folder}/outbox.db"\nhub_host = "127.0.0.1"\n'
            f'hub_port = {self.hub_port}\nlocal_host = "127.0.0.1"\nlocal_port = {self.local.port}\n'
            f'clock_file = "{self.clock.path}"\nbatch_every = 0.2\ntest_every = 0.0\n{self.extra}{sensors}'
        )
        self.sends.connect("127.0.0.1", self.local.port)
        self.sends.loop_start()
        eventually(self.sends.is_connected)

    def dialect(self, sensor: str) -> str:
        return self.worn if sensor == "pendant" else "zigbee2mqtt"

    def begin(self) -> None:
        self.process = start("nightlight-edge", "run", "--settings", str(self.folder / "edge.toml"), log=self.log)
        self.ready()

    def ready(self) -> None:
        """Wait until it says so, as it does once more whenever it has begun anew with another list of sensors: what is
        said while it does may go to the one that ends.
        """
        assert self.process
        assert self.process.stdout is not None
        assert "ready" in self.process.stdout.readline(), self.log.read_text()

    @property
    def log(self) -> Path:
        return self.folder / "edge.log"

    def says(self, sensor: str, **state: object) -> None:
        body = json.dumps({"linkquality": 90, "last_seen": self.clock.now.isoformat(), **state})
        self.sends.publish(f"zigbee2mqtt/{sensor}", body, qos=1).wait_for_publish(5)

    def check_in(self) -> None:
        """Every sensor reports its battery, as they do about hourly."""
        for sensor in SENSORS:
            self.says(sensor, battery=90)

    def press(self) -> None:
        """A while after whatever was before: a press that comes twice within a second is one."""
        self.clock.move(timedelta(seconds=20))
        self.says("pendant", action="emergency")

    def feels(self, lived: Lived) -> None:
        """What the pendant felt until now, at once: the clock stands still meanwhile."""
        for message in messages(lived.acc, self.felt_ms):
            self.sends.publish("pendant/acceleration", message, qos=1).wait_for_publish(5)
        self.felt_ms += len(lived.acc) * 1000 // RATE + 40

    def pressed_as_worn(self) -> None:
        """A press now, on the pendant that feels."""
        self.felt_ms += 40
        self.sends.publish("pendant/press", json.dumps({"ms": self.felt_ms}), qos=1).wait_for_publish(5)

    def undecided(self) -> int:
        """Falls that may yet be called off."""
        with contextlib.closing(sqlite3.connect(self.folder / "outbox.db")) as card:
            count: int = card.execute("SELECT count(*) FROM pending").fetchone()[0]
        return count

    def move_in(self, room: str) -> None:
        self.says(f"{room}_pir", occupancy=True)
        self.says(f"{room}_pir", occupancy=False)

    def waiting(self) -> int:
        """How many observations are on the card and not yet receipted."""
        with contextlib.closing(sqlite3.connect(self.folder / "outbox.db")) as card:
            count: int = card.execute("SELECT count(*) FROM waiting").fetchone()[0]
        return count

    def told(self) -> str:
        """What the hub said last is agreed to, as it stands on the card; nothing before it said so."""
        with contextlib.closing(sqlite3.connect(self.folder / "outbox.db", timeout=10)) as card:
            return "".join(text for (text,) in card.execute("SELECT configuration FROM told"))

    def end(self) -> None:
        if self.process:
            end(self.process)
        hung_up(self.sends)


class Viewer:
    """Somebody at a browser: logs in, reads pages, presses buttons (with the CSRF token that the page holds)."""

    def __init__(self, url: str, login: str, password: str) -> None:
        self.browser = httpx.Client(base_url=url, follow_redirects=True, timeout=60)
        self.page = self.browser.get("/login").text
        self.page = self.post("/login", login=login, password=password).text

    def post(self, path: str, **form: str) -> httpx.Response:
        token = re.search(r'name="csrf"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="csrf"', self.page)
        assert token, self.page
        return self.browser.post(path, data={"csrf": token.group(1) or token.group(2), **form})

    def see(self, path: str) -> str:
        """The page as text, its tags taken away. An alert that needs a stated reason is read with one."""
        self.page = self.browser.get(path).text
        return words(self.page)

    def status(self, path: str) -> int:
        return self.browser.get(path).status_code


def words(page: str) -> str:
    without = re.sub(r"<(script|style|head).*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", without)).split())


_LOADED: dict[tuple[bytes, datetime], tuple[Path, dict[str, str]]] = {}


@dataclass
class Service:
    """What a test drives: the hub's programs, its people, and Mrs Okafor's kit."""

    folder: Path
    clock: PlayedClock
    cast: Register
    local: Mosquitto
    extra: str = ""
    worn: str = "zigbee2mqtt"
    kit_extra: str = ""
    passwords: dict[str, str] = field(default_factory=dict)
    hub: subprocess.Popen[str] | None = None
    kit: Kit | None = None
    broadband: Broadband | None = None
    viewers: list[Viewer] = field(default_factory=list)
    url: str = ""

    @property
    def settings(self) -> str:
        return str(self.folder / "hub.toml")

    def begin(self) -> None:
        (self.folder / "hub.toml").write_text(
            f'data_dir = "{self.folder}/data"\nport = 0\nembedded_port = {free_port()}\n'
            f'clock_file = "{self.clock.path}"\n{self.extra}'
        )
        self._load()
        self.hub = start("nightlight-hub", "serve", "--settings", self.settings, log=self.log)
        assert self.hub.stdout is not None
        assert "ready" in self.hub.stdout.readline(), self.log.read_text()
        self.url = str(self.where()["web"])
        self.broadband = Broadband(int(str(self.where()["broker_port"])))
        kit_folder = self.folder / "kit"
        kit_folder.mkdir()
        self.kit = Kit("h_okafor", kit_folder, self.local, self.broadband.port, self.clock, self.worn, self.kit_extra)
        self.kit.fit()
        self.kit.begin()
        self.clock.move(timedelta(minutes=1))

    def _load(self) -> None:
        """With the command; whoever comes with the same people at the same moment later gets a copy of what it made."""
        register = write_register(self.cast)
        key = register, self.clock.now
        if key not in _LOADED:
            (self.folder / "register.json").write_bytes(register)
            passwords = json.loads(self.command("load", str(self.folder / "register.json")))
            kept = Path(tempfile.mkdtemp(prefix="nl-loaded-"))
            atexit.register(shutil.rmtree, kept)
            _LOADED[key] = Path(shutil.copytree(self.folder / "data", kept / "data")), passwords
        kept, self.passwords = _LOADED[key]
        shutil.copytree(kept, self.folder / "data", dirs_exist_ok=True)

    @property
    def log(self) -> Path:
        return self.folder / "hub.log"

    def where(self) -> dict[str, object]:
        content: dict[str, object] = json.loads((self.folder / "data" / "hub.json").read_text())
        return content

    def pid(self, child: str) -> int:
        """0 while it waits to be started anew."""
        pids = self.where()["pids"]
        assert isinstance(pids, dict)
        return int(pids.get(child, 0))

    def kill(self, child: str) -> None:
        """SIGKILL one of broker, watch and web, and wait until the supervisor has another."""
        was = self.pid(child)
        os.kill(was, signal.SIGKILL)
        eventually(lambda: self.pid(child) not in {0, was}, 15)

    def command(self, *arguments: str) -> str:
        done = subprocess.run(
            [str(BIN / "nightlight-hub"), *arguments, "--settings", self.settings],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def counts(self, home: str = "h_okafor") -> dict[str, object]:
        """Observations stored and distinct, alerts and findings by kind, as the databases hold them."""
        data = self.folder / "data"
        records, series = opened(f"sqlite:///{data}/records.db"), opened(f"sqlite:///{data}/series.db")
        stored, distinct = SqlSeries(series).counts().get(home, (0, 0))
        raised = Alerts(records).counts().get(home, {"alerts": {}, "findings": {}})
        records.dispose()
        series.dispose()
        return {"stored": stored, "distinct": distinct, **raised}

    def noticed(self, home: str = "h_okafor") -> list[str]:
        """What the hub has stored, in order of arrival."""
        series = opened(f"sqlite:///{self.folder / 'data'}/series.db")
        rows = SqlSeries(series).since(0, 10_000)
        series.dispose()
        return [row.what.value for row in rows if row.home == home]

    def viewer(self, login: str) -> Viewer:
        self.viewers.append(Viewer(self.url, login, self.passwords[login]))
        return self.viewers[-1]

    def alive(self) -> dict[str, object]:
        try:
            found: dict[str, object] = httpx.get(f"{self.url}/alive", timeout=30).json()
        except httpx.TransportError:
            return {"alive": False}
        return found

    def beat_at(self, home: str = "h_okafor") -> datetime | None:
        """The moment of the kit's last heartbeat that the hub has on record, which is not when it came."""
        records = opened(f"sqlite:///{self.folder / 'data'}/records.db")
        beat = Records(records).heartbeat(home)
        records.dispose()
        return beat.at if beat else None

    def judged(self) -> None:
        """Wait until the kit was heard within the minute, if it can be, and the watch has looked at the played moment
        it is now. From then on nothing that was due by now is still to come but what the last minute brought.
        """

        def heard() -> bool:
            at = self.beat_at()
            return at is not None and at >= self.clock.now - timedelta(minutes=1)

        if self.broadband and self.broadband.up:
            eventually(heard, 15)

        def so() -> bool:
            until = self.alive().get("judged_until")
            return bool(until) and datetime.fromisoformat(str(until)) >= self.clock.now

        eventually(so, 15)

    def end(self) -> None:
        for viewer in self.viewers:
            viewer.browser.close()
        if self.kit:
            self.kit.end()
        if self.hub:
            end(self.hub)
        if self.broadband:
            self.broadband.close()


ABOUT_PEOPLE = "|".join(kind for kind in FindingKind if kind.lane is Lane.PERSON)


def people_waiting(viewer: Viewer) -> list[str]:
    """The addresses of the alerts about a person in the queue."""
    viewer.see("/console")
    rows = re.findall(rf'<li id="alert-(\d+)" class="row \w+ (?:{ABOUT_PEOPLE})\b', viewer.page)
    return [f"/console/alert/{number}" for number in rows]


def only_alert(viewer: Viewer) -> str:
    """The address of the one alert about a person in the queue, once there is one."""
    found: list[str] = []

    def there() -> bool:
        found[:] = people_waiting(viewer)
        return len(found) == 1

    eventually(there, 15)
    return found[0]


@pytest.fixture
def played(request: pytest.FixtureRequest, tmp_path: Path) -> PlayedClock:
    """Begins at half past ten on a Friday evening in November, and stands still. The hub is a minute older."""
    begins = getattr(request, "param", "2026-11-20T22:29:00+00:00")
    return PlayedClock(tmp_path / "clock", datetime.fromisoformat(begins))


@pytest.fixture
def service(tmp_path: Path, played: PlayedClock, cast: Register, mosquitto: Mosquitto) -> Iterator[Service]:
    running = Service(tmp_path, played, cast, mosquitto)
    try:
        running.begin()
        yield running
    finally:
        running.end()


@pytest.fixture
def wearing(tmp_path: Path, played: PlayedClock, cast: Register, mosquitto: Mosquitto) -> Iterator[Service]:
    """As `service`, and the pendant that she wears feels acceleration."""
    running = Service(tmp_path, played, cast, mosquitto, worn="esphome")
    try:
        running.begin()
        yield running
    finally:
        running.end()
