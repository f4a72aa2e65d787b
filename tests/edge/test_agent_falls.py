"""The agent with a pendant that feels: tone and lamp, the card, and what a kit without one does not pay for."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from gpiozero.pins.mock import MockFactory
from paho.mqtt.enums import CallbackAPIVersion

from edge.agent import Agent
from edge.app import _judging
from edge.clock import Clock
from edge.outbox import Outbox, told_of
from edge.settings import SensorSettings, Settings
from models.detection import FindingKind
from models.faults import conditions
from models.observation import SensorKind, What
from models.wire import Down, Listed, Order
from simulators.acceleration import ON_THE_FLOOR, Lived, messages
from tests.conftest import Mosquitto, eventually, hung_up
from tests.edge.conftest import EVERY_KIND, HOME, NIGHT, FakeHub, in_thread, moment, noticed, play

LED, BUZZER = 23, 22
A_FALL = Lived().walks(12).falls().rests(6, ON_THE_FLOOR).acc


class Worn:
    """An agent on this machine's thread, and a pendant that speaks to it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        play(folder / "clock", NIGHT, 0.0)
        sensor = SensorSettings("pendant", SensorKind.PENDANT, "esphome:pendant")
        places = {"outbox": str(folder / "o.db"), "clock_file": str(folder / "clock")}
        self.settings = Settings(
            HOME, "127.0.0.1", port, **places, local_host="127.0.0.1", local_port=port,  # type: ignore[arg-type]
            batch_every=0.05, fall_led=LED, fall_buzzer=BUZZER, sensors=(sensor,),
        )  # fmt: skip
        self.radio = mqtt.Client(CallbackAPIVersion.VERSION2)
        self.asked: list[bytes] = []
        self.radio.on_message = lambda _client, _data, message: self.asked.append(bytes(message.payload))
        self.radio.connect("127.0.0.1", port)
        self.radio.subscribe("pendant/ask", 1)
        self.radio.loop_start()
        self.begin()

    def begin(self) -> None:
        ready = threading.Event()
        clock = Clock(self.folder / "clock")

        def run() -> None:
            self.agent = Agent(self.settings, clock, ready.set, _judging(self.settings))
            self.agent.run()

        self.thread = in_thread(run)
        assert ready.wait(60)

    def falls(self, first_ms: int = 1000) -> None:
        for message in messages(A_FALL, first_ms):
            self.radio.publish("pendant/acceleration", message, 1).wait_for_publish(5)

    def presses(self, ms: int) -> None:
        self.radio.publish("pendant/press", b'{"ms":%d}' % ms, 1).wait_for_publish(5)

    def pending(self) -> int:
        with closing(sqlite3.connect(self.folder / "o.db")) as card:
            return len(card.execute("SELECT * FROM pending").fetchall())

    def stop(self) -> None:
        self.agent.stop()
        self.thread.join(60)

    def close(self) -> None:
        self.stop()
        hung_up(self.radio)


@pytest.fixture
def worn(hub: FakeHub, mosquitto: Mosquitto, pins: MockFactory, tmp_path: Path) -> Iterator[Worn]:
    with closing(Worn(tmp_path, mosquitto.port)) as worn:
        yield worn


@pytest.mark.broker
def test_tone_and_lamp_ask_until_a_press_answers(worn: Worn, hub: FakeHub, pins: MockFactory) -> None:
    worn.falls()
    eventually(lambda: pins.pin(f"GPIO{LED}").state and pins.pin(f"GPIO{BUZZER}").state)
    play(worn.folder / "clock", NIGHT + timedelta(seconds=5), 0.0)
    worn.presses(90_000)
    eventually(lambda: not pins.pin(f"GPIO{LED}").state and not pins.pin(f"GPIO{BUZZER}").state)
    eventually(lambda: worn.asked == [b"on", b"off"])
    play(worn.folder / "clock", NIGHT + timedelta(seconds=16), 0.0)
    eventually(lambda: What.FALL_CALLED_OFF in [one.what for one in hub.heard])
    off = next(one for one in hub.heard if one.what is What.FALL_CALLED_OFF)
    assert off.evidence
    assert off.evidence["walked"] == 0.0
    assert off.evidence["chance"] > 0.5
    assert timedelta(0) < NIGHT - off.at < timedelta(seconds=10)


@pytest.mark.broker
def test_another_list_of_sensors_waits_until_the_fall_is_decided(worn: Worn, hub: FakeHub) -> None:
    worn.falls()
    eventually(lambda: worn.pending() == 1)
    fitted = (Listed("pendant", "pendant"), Listed("hall_pir", "motion"))
    hub.configuration = replace(EVERY_KIND, sensors=fitted)
    hub.order(Down("d1", Order.CONFIGURE, hub.configuration.text))
    eventually(lambda: told_of(worn.folder / "o.db") == hub.configuration.text)
    assert (worn.agent.again, worn.pending()) == (False, 1), "begun anew, it would call at once"
    play(worn.folder / "clock", NIGHT + timedelta(seconds=5), 0.0)
    worn.presses(90_000)
    eventually(lambda: worn.asked == [b"on", b"off"])
    play(worn.folder / "clock", NIGHT + timedelta(seconds=16), 0.0)
    worn.thread.join(60)
    assert worn.agent.again
    worn.begin()
    eventually(lambda: What.FALL_CALLED_OFF in [one.what for one in hub.heard])
    assert What.FELL not in [one.what for one in hub.heard]
    assert [one.id for one in worn.agent._settings.sensors] == ["pendant", "hall_pir"]


@pytest.mark.broker
def test_an_agent_that_was_ended_meanwhile_calls_when_it_is_back(worn: Worn, hub: FakeHub) -> None:
    worn.falls()
    eventually(lambda: worn.pending() == 1)
    worn.stop()
    assert What.FELL not in [one.what for one in hub.heard]
    worn.begin()
    eventually(lambda: What.FELL in [one.what for one in hub.heard])
    eventually(lambda: worn.pending() == 0)
    (fell,) = [one for one in hub.heard if one.what is What.FELL]
    assert timedelta(0) < NIGHT - fell.at < timedelta(seconds=10)


@pytest.mark.broker
def test_a_pendants_battery_that_runs_low_is_a_fault_that_names_it(worn: Worn, hub: FakeHub) -> None:
    worn.radio.publish("pendant/battery", b'{"percent":80}', 1).wait_for_publish(5)
    worn.radio.publish("pendant/battery", b'{"percent":14}', 1).wait_for_publish(5)
    minutes = count(2, 2)

    def told() -> bool:
        """By a next heartbeat, for one that was due may have left before the kit heard of it."""
        play(worn.folder / "clock", NIGHT + timedelta(minutes=next(minutes)), 0.0)
        return "pendant" in hub.last.health and hub.last.health["pendant"].battery == 14

    eventually(told)
    found = conditions(hub.last)
    assert [(one.kind, one.sensor, one.figure) for one in found] == [(FindingKind.BATTERY_FLAT, "pendant", 14.0)]


def test_what_may_be_called_off_is_on_the_card(tmp_path: Path) -> None:
    fell = noticed(What.FELL, "pendant")
    with closing(Outbox(tmp_path / "o.db", "boot", 1000)) as outbox:
        outbox.pend([fell, noticed(What.FELL, "other")])
        outbox.pend([fell])
    with closing(Outbox(tmp_path / "o.db", "boot", 1000)) as outbox:
        assert outbox.pending() == [fell]
        outbox.pend([])
        assert outbox.pending() == []


def test_an_outbox_of_before_falls_takes_them_all_the_same(tmp_path: Path) -> None:
    with closing(Outbox(tmp_path / "o.db", "boot", 1000)) as outbox:
        outbox.keep([noticed()])
        outbox._db.execute("ALTER TABLE waiting DROP COLUMN evidence")
        outbox._db.execute("DROP TABLE pending")
    with closing(Outbox(tmp_path / "o.db", "boot", 1000)) as outbox:
        fell = noticed(What.FELL, "pendant", 3)
        outbox.keep([type(fell)(fell.sensor, fell.what, moment(3), {"chance": 0.9})])
        assert [one.evidence for one in outbox.between(0, 10)] == [None, {"chance": 0.9}]
        assert [one.what for one in outbox.urgent(0, 10)] == [What.FELL]


LOADS = """
import sys
from edge.app import _judging
from edge.settings import SensorSettings, Settings
from models.observation import SensorKind
sensor = SensorSettings("pendant", SensorKind.PENDANT, sys.argv[1])
judging = _judging(Settings("h", "hub", sensors=(sensor,), local_host="here"))
print(judging is not None, "numpy" in sys.modules)
"""


@pytest.mark.parametrize(
    ("source", "loads"), [("zigbee2mqtt:pendant", "False False"), ("esphome:pendant", "True True")]
)
def test_a_kit_that_feels_nothing_loads_no_numpy(source: str, loads: str) -> None:
    asked = subprocess.run([sys.executable, "-c", LOADS, source], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == loads
