"""A hub that receipts, kits that are real programs, and moments."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from paho.mqtt.enums import CallbackAPIVersion

from edge.clock import Moment
from edge.sensors import Noticed
from models.observation import Observation, SensorKind, What
from models.pace import Pace
from models.wire import (
    Configuration,
    Down,
    Heartbeat,
    Leg,
    Order,
    Receipt,
    Trace,
    encode,
    every_home,
    mark_of,
    ranges,
    read_heartbeat,
    read_topic,
    read_trace,
    read_up,
    topic,
)
from tests.conftest import Mosquitto, eventually, hung_up

HOME = "h_okafor"
EVERY_KIND = Configuration(agreed=tuple(sorted(SensorKind)))
NIGHT = datetime(2026, 11, 22, 2, 10, tzinfo=UTC)


def moment(seconds: float = 0.0, *, trusted: bool = True, boot: str = "boot") -> Moment:
    return Moment(NIGHT + timedelta(seconds=seconds), 1000.0 + seconds, trusted, boot)


def noticed(what: What = What.MOVED, sensor: str = "hall_pir", seconds: float = 0.0) -> Noticed:
    return Noticed(sensor, what, moment(seconds))


def press(seconds: float = 0.0) -> Noticed:
    return noticed(What.PRESSED, "pendant", seconds)


def play(file: Path, at: datetime, speed: float = 1.0) -> None:
    """Set a played clock, at once for all who look."""
    fresh = file.with_suffix(".new")
    fresh.write_bytes(Pace(time.time(), at.timestamp(), speed).packed())
    fresh.replace(file)


class FakeHub:
    """Tells a kit that asks what is agreed; stores what comes, and then receipts it, unless `deaf`. `first` is when a
    number was first heard, in real s.
    """

    def __init__(self, port: int) -> None:
        self.stored: dict[tuple[str, int], Observation] = {}
        self.first: dict[tuple[str, int], float] = {}
        self.twice = 0
        self.contradicted: list[tuple[Observation, Observation]] = []
        self.beats: list[Heartbeat] = []
        self.traces: list[Trace] = []
        self.deaf = False
        self.slow = 0.0
        self.tells = True
        self.configuration = EVERY_KIND
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, "hub", clean_session=True)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = lambda client, *_: client.subscribe(
            [(every_home(leg), 1) for leg in (Leg.UP, Leg.HEALTH, Leg.TRACE)]
        )
        self.client.on_message = self._hear
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        eventually(subscribed.is_set)

    def _hear(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        if self.deaf:
            return
        home, leg = read_topic(message.topic)
        if leg is Leg.HEALTH:
            self.beats.append(read_heartbeat(bytes(message.payload)))
            if self.tells and self.beats[-1].keeps_to == "" and self.beats[-1].online:
                down = Down("asked", Order.CONFIGURE, self.configuration.text)
                self.client.publish(topic(home, Leg.DOWN), encode(down), 1)
            return
        if leg is Leg.TRACE:
            self.traces.append(trace := read_trace(bytes(message.payload)))
            self.client.publish(topic(home, Leg.RECEIPT), encode(Receipt(trace.outbox, ranges([trace.number]))), 1)
            return
        read = read_up(bytes(message.payload))
        for observation in read.observations:
            self._store((read.outbox, observation.number), observation)
        time.sleep(self.slow)
        self.client.publish(topic(home, Leg.RECEIPT), encode(Receipt(read.outbox, ranges(read.numbers))), 1)

    def _store(self, key: tuple[str, int], new: Observation) -> None:
        old = self.stored.setdefault(key, new)
        self.first.setdefault(key, time.monotonic())
        self.twice += old is not new
        if (old.sensor, old.what) != (new.sensor, new.what) or (old.clock_trusted and old.at != new.at):
            self.contradicted.append((old, new))

    def say(self, leg: Leg, payload: bytes) -> None:
        self.client.publish(topic(HOME, leg), payload, 1).wait_for_publish(5)

    def configure(self, what: Configuration) -> None:
        """Returns when the kit says that it keeps to this."""
        self.configuration = what
        self.order(Down("changed", Order.CONFIGURE, what.text))
        eventually(lambda: self.last.keeps_to == mark_of(what.text))

    def order(self, down: Down) -> None:
        self.say(Leg.DOWN, encode(down))

    @property
    def last(self) -> Heartbeat:
        """The latest heartbeat: the first is waited for."""
        eventually(lambda: self.beats)
        return self.beats[-1]

    @property
    def heard(self) -> list[Observation]:
        return list(self.stored.values())

    def close(self) -> None:
        hung_up(self.client)


@pytest.fixture
def hub(mosquitto: Mosquitto) -> Iterator[FakeHub]:
    with closing(FakeHub(mosquitto.port)) as hub:
        yield hub


class Kit:
    """A real `nightlight-edge run` with a pendant, motion, a door and a bed, and the radio bridge it listens to."""

    def __init__(self, folder: Path, hub_port: int, local_port: int, inside: Sequence[str] = ()) -> None:
        self.folder, self.local_port, self.inside = folder, local_port, inside
        self.settings: dict[str, object] = {
            "home": HOME, "outbox": "outbox.db", "hub_host": "127.0.0.1", "hub_port": hub_port,
            "local_host": "127.0.0.1", "local_port": local_port, "batch_every": 0.05, "heartbeat_every": 1.0,
            "test_every": 0.0,
        }  # fmt: skip
        self.process: subprocess.Popen[str] | None = None
        self.bridge = mqtt.Client(CallbackAPIVersion.VERSION2)
        self.bridge.connect("127.0.0.1", local_port)
        self.bridge.loop_start()
        eventually(self.bridge.is_connected)

    @property
    def outbox(self) -> Path:
        return self.folder / "outbox.db"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def write(self, **more: object) -> Path:
        said = {**self.settings, **more}
        lines = [f"{key} = {msgspec.json.encode(value).decode()}" for key, value in said.items()]
        kinds = {"pendant": "pendant", "hall_pir": "motion", "front_door": "door", "bed": "bed"}
        for sensor, kind in kinds.items():
            lines += ["[[sensors]]", f'id = "{sensor}"', f'kind = "{kind}"', f'source = "zigbee2mqtt:{sensor}"']
        file = self.folder / "kit.toml"
        file.write_text("\n".join(lines))
        return file

    def start(self, *, ready: bool = True, **more: object) -> None:
        file = self.write(**more)
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                [*self.inside, sys.executable, "-m", "edge.app", "run", "--verbose", "--settings", str(file)],
                stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        if ready:
            assert self.process.stdout is not None
            assert self.process.stdout.readline() == f"ready home={HOME}\n", self.log

    def says(self, sensor: str, qos: int = 1, retain: bool = False, **state: object) -> None:
        self.bridge.publish(f"zigbee2mqtt/{sensor}", msgspec.json.encode(state), qos, retain).wait_for_publish(5)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        if self.process.stdout:
            self.process.stdout.close()
        return self.process.wait(60)

    def close(self) -> None:
        self.end(signal.SIGKILL)
        hung_up(self.bridge)


@pytest.fixture
def kit(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Kit]:
    """Its own broker is the hub's: one process fewer to wait for."""
    with closing(Kit(tmp_path, mosquitto.port, mosquitto.port)) as kit:
        yield kit


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    before, Device.pin_factory = Device.pin_factory, MockFactory()
    yield Device.pin_factory
    Device.pin_factory.reset()
    Device.pin_factory = before


def in_thread(act: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=act, daemon=True)  # or a test that failed would never let the run end
    thread.start()
    return thread


__all__ = ["FakeHub", "Kit", "Mosquitto", "eventually", "in_thread", "moment", "noticed", "play", "press"]
