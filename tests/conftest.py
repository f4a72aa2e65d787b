"""The standing cast, and the real programs that tests want."""

import gc
import inspect
import itertools
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from paho.mqtt.client import Client

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests share the cores, and threads that wait for each other would spin

from models.home import Home, Sensor, SilenceLimits
from models.observation import SensorKind
from models.people import Account, Address, Contact, Level, Resident, Role, Telling
from models.privacy import Consent
from models.register import PlanOf, Register
from models.response import ResponsePlan, Step

settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
"""The same examples each time, however slow the machine: a change is judged by what it changed."""
settings.register_profile(
    "thorough", settings.get_profile("steady"), derandomize=False, max_examples=1000, stateful_step_count=60
)
"""For a night, and new examples each time: `pytest --hypothesis-profile=thorough`."""
settings.load_profile("steady")

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""A Friday, in winter time, so that London's clock and UTC agree."""


def wanted(program: str) -> str:
    """The path of a program that a test wants. Missing, it skips the test; in CI that is a failure."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail(f"{program} is not installed, and in CI nothing may skip")
    if found is None:
        pytest.skip(f"{program} is not installed (CONTRIBUTING.md says how)")
    return found


MINE = 10_000 + 2_000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_ports = itertools.count(random.SystemRandom().randrange(2_000))


def free_port() -> int:
    """This worker's own, and below those that the kernel gives to whoever connects: it stays free for its program."""
    while True:
        port = MINE + next(_ports) % 2_000
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def okafor_home(home_id: str = "h_okafor", area: str = "Northside") -> Home:
    sensors = (
        Sensor("pendant", SensorKind.PENDANT, "worn", wearer="r_okafor"),
        Sensor("hall_pir", SensorKind.MOTION, "hall"),
        Sensor("kitchen_pir", SensorKind.MOTION, "kitchen"),
        Sensor("bathroom_pir", SensorKind.MOTION, "bathroom"),
        Sensor("front_door", SensorKind.DOOR, "hall", is_exit=True),
        Sensor("bed", SensorKind.BED, "bedroom"),
    )
    return Home(home_id, area, sensors, limits=SilenceLimits(by_day=timedelta(hours=3)))


def with_armchair(home: Home) -> Home:
    """With a motion sensor in the lounge, and a mat in its armchair."""
    lounge = Sensor("lounge_pir", SensorKind.MOTION, "lounge"), Sensor("armchair", SensorKind.CHAIR, "lounge")
    return replace(home, sensors=(*home.sensors, *lounge))


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    """What a hub holds on to for as long as it lives is garbage once its test is over, and its open files with it."""
    yield
    gc.unfreeze()


@pytest.fixture
def cast() -> Register:
    """Mrs Okafor, her daughter Ada, Tom who answers, Priya who goes, Ivan who fits kits, and Karl, who has no business
    here: he is the son of Mr Lindqvist, two streets on.
    """
    neighbour = Home("h_lindqvist", "Southside", (Sensor("hall_pir", SensorKind.MOTION, "hall"),))
    return Register(
        homes=(okafor_home(), neighbour),
        residents=(
            Resident(
                "r_okafor",
                "h_okafor",
                "Grace Okafor",
                "Mrs Okafor",
                "3 Larch Close",
                phone="01632 960001",
                telling=Telling("spoken"),
                speak_with="Hard of hearing on the left; give her time.",
                medical_notes="Takes a blood thinner.",
                risks="Fell in March.",
                way_in="Neighbour at number 5 holds a key.",
            ),
            Resident("r_lindqvist", "h_lindqvist", "Nils Lindqvist", "Mr Lindqvist", "18 Birch Lane"),
        ),
        contacts=(
            Contact(
                "c_ada", "r_okafor", "Ada Okafor", "daughter", Level.TIMES, True, (Address("email", "ada@example.org"),)
            ),
            Contact("c_karl", "r_lindqvist", "Karl Lindqvist", "son", Level.TIMES),
        ),
        consents=tuple(
            Consent(home, kind, "the resident", "asked and agreed", NOON - timedelta(days=30))
            for home in ("h_okafor", "h_lindqvist")
            for kind in SensorKind
        ),
        plans=(
            PlanOf(
                "r_okafor",
                ResponsePlan(
                    "default",
                    (Step("operator", "log"), Step("c_ada", "email", timedelta(minutes=5))),
                    repeat=timedelta(minutes=5),
                ),
            ),
        ),
        accounts=(
            Account("tom", "Tom Brandt", Role.OPERATOR),
            Account("sunita", "Sunita Rao", Role.SUPERVISOR),
            Account("priya", "Priya Nair", Role.RESPONDER),
            Account("ivan", "Ivan Petrov", Role.INSTALLER),
            Account("ada", "Ada Okafor", Role.CONTACT, "c_ada"),
            Account("karl", "Karl Lindqvist", Role.CONTACT, "c_karl"),
            Account("grace", "Grace Okafor", Role.RESIDENT, "r_okafor"),
        ),
    )


@dataclass
class Mosquitto:
    """A real broker on a free port, which can be killed and started again; `inside` stands before its command."""

    port: int
    folder: Path
    inside: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """Further addresses on which it listens."""
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        conf = self.folder / "mosquitto.conf"
        listeners = [f"listener {self.port} {address}" for address in ("127.0.0.1", *self.also)]
        lines = [*listeners, "allow_anonymous true", "max_queued_messages 100000"]
        conf.write_text("\n".join([*lines, f"persistence_location {self.folder}/", "persistence true", ""]))
        command = [*self.inside, wanted("mosquitto"), "-c", str(conf)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: _answers(self.port), seconds=10)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


LONG = frozenset(
    {"journeys", "simulators", "test_browser.py", "test_contract.py", "test_agent.py", "test_three_days.py"}
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes must not be the last to begin: by name, so that of what runs at once some wait, as
    journeys do, and some compute, as evaluations do.
    """
    items.sort(key=lambda one: (True, "") if LONG.isdisjoint(one.path.parts) else (False, one.path.name))


PATIENCE = 6.0
"""How much longer than it takes on a machine of its own something may take on one that does much else."""


def eventually(holds: Callable[..., object], seconds: float = 10.0) -> None:
    """Wait until `holds` says so, or fail after `seconds` times our patience. A look that takes long is taken seldom,
    for what is waited for needs the cores too.
    """
    until = time.monotonic() + seconds * PATIENCE
    looked = time.monotonic()
    while not holds():
        assert time.monotonic() < until, f"not within {seconds * PATIENCE} s: {inspect.getsource(holds).strip()}"
        time.sleep(max(0.01, min(2 * (time.monotonic() - looked), 0.2)))
        looked = time.monotonic()


def hung_up(client: Client) -> None:
    """With its sockets closed: where a client is garbage, they may be met before its own finalizer closes them."""
    client.disconnect()
    client.loop_stop()
    client._reset_sockets()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "mosquitto"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    broker = Mosquitto(free_port(), folder)
    broker.start()
    yield broker
    broker.kill()
