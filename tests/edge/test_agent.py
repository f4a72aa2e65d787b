"""The home agent as a program, between a real broker and a hub that receipts."""

import contextlib
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from edge.agent import Agent
from edge.clock import BOOT_ID, Clock
from edge.outbox import Outbox, look
from edge.settings import SensorSettings, Settings
from models.observation import Observation, SensorKind, What
from models.wire import Down, Leg, Order, Route, SensorHealth
from tests.conftest import Mosquitto, eventually, free_port
from tests.edge.conftest import HOME, NIGHT, FakeHub, Kit, in_thread, noticed, play, press

pytestmark = [pytest.mark.broker, pytest.mark.processes]


def iso(at: datetime) -> str:
    return at.isoformat()


def now() -> str:
    return iso(datetime.now(UTC))


def whats(hub: FakeHub) -> list[What]:
    return [one.what for _, one in sorted(hub.stored.copy().items())]


def pressed(hub: FakeHub) -> int:
    return sum(one.what is What.PRESSED for one in hub.heard)


def filled(kit: Kit, routine: int) -> str:
    """An outbox that was filled while the path to the hub was away. Returns its name."""
    with closing(Outbox(kit.outbox, "before", 10**6)) as outbox:
        outbox.keep([noticed(seconds=second) for second in range(routine)])
        return outbox.name


def test_from_the_sensor_to_the_hub_and_forgotten_on_its_receipt(hub: FakeHub, kit: Kit) -> None:
    kit.start()
    kit.says("front_door", contact=False, last_seen=now())
    kit.says("pendant", action="emergency", last_seen=now())
    eventually(lambda: sorted(whats(hub)) == [What.OPENED, What.PRESSED])
    eventually(lambda: (look(kit.outbox).urgent, look(kit.outbox).routine) == (0, 0))
    assert kit.end() == 0


def test_it_ends_at_once_and_says_goodbye(hub: FakeHub, kit: Kit) -> None:
    kit.start()
    began = time.monotonic()
    assert kit.end() == 0
    assert time.monotonic() - began < 30, "or it waited for something"
    eventually(lambda: not hub.last.online)


def test_killed_its_last_will_is_published(hub: FakeHub, kit: Kit) -> None:
    kit.start()
    eventually(lambda: bool(hub.beats) and hub.last.online)
    kit.end(signal.SIGKILL)
    eventually(lambda: not hub.last.online)


def test_heartbeats_tell_how_far_the_home_is_heard(hub: FakeHub, kit: Kit) -> None:
    hub.slow = 0.0
    kit.start()
    kit.says("hall_pir", battery=97, last_seen=now())
    eventually(lambda: "hall_pir" in hub.last.sensors)
    beat = hub.last
    assert (beat.every, beat.waiting, beat.complete_until) == (1.0, 0, beat.at)
    assert beat.at - beat.sensors["hall_pir"] < timedelta(minutes=1)


def test_heartbeats_tell_how_the_kit_and_its_sensors_are(hub: FakeHub, kit: Kit) -> None:
    kit.start()
    kit.bridge.publish("zigbee2mqtt/bridge/state", b'{"state":"online"}', 1, retain=True)
    kit.says("hall_pir", battery=97, linkquality=120, last_seen=now())
    eventually(lambda: hub.last.health and hub.last.bridges)
    beat = hub.last
    assert beat.health == {"hall_pir": SensorHealth(battery=97.0, link=120)}
    assert beat.bridges == {"zigbee2mqtt": True}
    assert (beat.route, beat.given_up, beat.memory_only) == (Route.UNKNOWN, 0, False)
    assert (beat.disk_free or 0) > 0
    assert beat.version == version("nightlight")


def test_what_waits_holds_back_how_far_it_is_complete(hub: FakeHub, kit: Kit) -> None:
    filled(kit, 5)
    with closing(Outbox(kit.outbox, "before", 10**6)) as outbox:
        outbox.keep([press(-5)])
    hub.deaf = True
    kit.start()
    eventually(lambda: kit.end() == 0)
    hub.deaf = False
    kit.start(ready=False)
    eventually(lambda: any(beat.waiting and beat.keeps_to for beat in hub.beats))
    waiting = next(beat for beat in hub.beats if beat.waiting and beat.keeps_to)
    assert waiting.complete_until <= NIGHT
    eventually(lambda: hub.last.complete_until == hub.last.at)


def test_while_the_radio_bridge_is_away_the_home_is_not_heard(hub: FakeHub, kit: Kit) -> None:
    kit.start()
    kit.bridge.publish("zigbee2mqtt/bridge/state", b'{"state":"offline"}', 1, retain=True)
    eventually(lambda: hub.last.complete_until < hub.last.at)
    kit.bridge.publish("zigbee2mqtt/bridge/state", b'{"state":"online"}', 1, retain=True)
    eventually(lambda: hub.last.complete_until == hub.last.at)


def test_a_hub_that_is_away_at_the_start_is_waited_for(mosquitto: Mosquitto, kit: Kit) -> None:
    kit.start(ready=False, hub_port=free_port())
    eventually(lambda: "can't be reached" in kit.log and "the kit's broker is reached" in kit.log)
    kit.says("pendant", action="emergency", last_seen=now())
    eventually(lambda: kit.outbox.exists() and look(kit.outbox).urgent == 1)
    assert kit.end() == 0
    with closing(FakeHub(mosquitto.port)) as hub:
        kit.start()
        eventually(lambda: whats(hub) == [What.PRESSED])


def test_a_press_overtakes_a_backlog_of_fifty_thousand(hub: FakeHub, kit: Kit) -> None:
    filled(kit, 50_000)
    hub.slow = 0.05
    kit.start(ready=False)
    eventually(lambda: len(hub.stored) > 2000)
    before: list[int] = []
    for turn in range(5):
        there = len(hub.stored)
        kit.says("pendant", action="emergency", last_seen=iso(datetime.now(UTC) + timedelta(seconds=2 * turn - 30)))
        eventually(lambda turn=turn: pressed(hub) == turn + 1)
        arrived = sorted(hub.first.copy(), key=hub.first.__getitem__)
        last = max(key for key, one in hub.stored.copy().items() if one.what is What.PRESSED)
        before.append(arrived.index(last) - there)
    assert len(hub.stored) < 50_000
    assert sorted(before)[2] < 5_000, f"so many of the backlog came before a press: {before}"
    hub.slow = 0.0
    eventually(lambda: len(hub.stored) == 50_005, 30)
    assert hub.contradicted == []


def test_a_backlog_drains_at_once(hub: FakeHub, kit: Kit) -> None:
    filled(kit, 20_000)
    kit.start(ready=False)
    eventually(lambda: len(hub.stored) == 20_000, 30)
    took = max(hub.first.values()) - min(hub.first.values())
    assert 20_000 / took > 500
    eventually(lambda: look(kit.outbox).routine == 0)


class Streamed:
    """A door that opens and closes for as long as it runs, and a press now and then. What it tells of is always past,
    as late as it may be told: a time that is still to come would be taken for now.
    """

    def __init__(self, kit: Kit, every: float = 0.004) -> None:
        self.kit, self.every = kit, every
        self.said: list[tuple[str, What, datetime]] = []
        self.going = True
        self.thread = threading.Thread(target=self._stream, daemon=True)
        self.thread.start()

    def _stream(self) -> None:
        at, turn = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=50), 0
        while self.going:
            at, turn = at + timedelta(milliseconds=20), turn + 1
            opened = bool(turn % 2)
            self.said.append(("front_door", What.OPENED if opened else What.CLOSED, at))
            self.kit.says("front_door", contact=not opened, last_seen=iso(at))
            if turn % 60 == 0:
                self.said.append(("pendant", What.PRESSED, at))
                self.kit.says("pendant", action="emergency", last_seen=iso(at))
            ahead = (at - datetime.now(UTC)).total_seconds() + 5
            time.sleep(max(self.every, ahead))

    def end(self) -> None:
        self.going = False
        self.thread.join()


def as_said(one: Observation) -> tuple[str, What, datetime]:
    return one.sensor, one.what, one.at


def disturbed(kit: Kit, hub: FakeHub, disturb: Callable[[random.Random], None], times: int) -> list[Observation]:
    """What reached the hub in the end, when `disturb` came at random moments."""
    luck = random.Random(times)
    kit.start()
    stream = Streamed(kit)
    for _ in range(times):
        time.sleep(luck.uniform(0.05, 0.5))
        disturb(luck)
    stream.end()
    eventually(lambda: {as_said(one) for one in hub.heard} >= set(stream.said), 20)
    assert hub.contradicted == []
    eventually(lambda: look(kit.outbox).routine + look(kit.outbox).urgent == 0)
    assert {as_said(one) for one in hub.heard} == set(stream.said)
    return hub.heard


def test_killed_at_any_moment_it_loses_nothing_and_sends_nothing_as_two(hub: FakeHub, kit: Kit) -> None:
    def killed(_luck: random.Random) -> None:
        kit.end(signal.SIGKILL)
        kit.start()

    heard = disturbed(kit, hub, killed, times=5)
    assert len(heard) == len({as_said(one) for one in heard})


def test_the_hubs_broker_killed_at_any_moment_costs_nothing(
    tmp_path_factory: pytest.TempPathFactory, mosquitto: Mosquitto
) -> None:
    folder = tmp_path_factory.mktemp("other")
    folder.chmod(0o777)
    own = Mosquitto(free_port(), folder)
    own.start()
    with (
        contextlib.ExitStack() as stack,
        closing(FakeHub(mosquitto.port)) as hub,
        closing(Kit(tmp_path_factory.mktemp("kit"), mosquitto.port, own.port)) as kit,
    ):
        stack.callback(own.kill)

        def killed(luck: random.Random) -> None:
            mosquitto.kill()
            time.sleep(luck.uniform(0.0, 0.3))
            mosquitto.start()

        disturbed(kit, hub, killed, times=3)


def test_a_hub_that_is_deaf_for_a_while_hears_it_all_in_the_end(hub: FakeHub, kit: Kit) -> None:
    kit.start()
    hub.deaf = True
    kit.says("pendant", action="emergency", last_seen=now())
    eventually(lambda: look(kit.outbox).urgent == 1)
    time.sleep(0.5)
    hub.deaf = False
    eventually(lambda: whats(hub) == [What.PRESSED])


def test_nonsense_from_the_hub_is_logged_and_survived(hub: FakeHub, kit: Kit) -> None:
    kit.start()
    for leg in (Leg.RECEIPT, Leg.DOWN):
        for nonsense in (b"", b"{", b"\xff" * 100, b'{"v":9}', b'{"outbox":"x","numbers":[[1]]}', b"[" * 100_000):
            hub.say(leg, nonsense)
    kit.says("pendant", action="emergency", last_seen=now())
    eventually(lambda: whats(hub) == [What.PRESSED])
    eventually(lambda: "can't be used" in kit.log)  # which comes by another connection than the press
    assert "Traceback" not in kit.log


def test_nonsense_from_the_radio_bridge_is_survived(hub: FakeHub, kit: Kit) -> None:
    kit.start()
    for nonsense in (b"", b"{", b"\xff" * 100, b"null", b"[" * 100_000):
        for name in ("pendant", "front_door", "bridge/state", "hall_pir/availability", "stranger"):
            kit.bridge.publish(f"zigbee2mqtt/{name}", nonsense, 1)
    kit.says("pendant", action="emergency", last_seen=now())
    eventually(lambda: whats(hub) == [What.PRESSED])
    assert "Traceback" not in kit.log


@pytest.mark.parametrize("speed", [1.0, 0.0])
def test_what_a_clock_at_1970_noticed_is_placed_anew_once_it_is_right(hub: FakeHub, kit: Kit, speed: float) -> None:
    clock = kit.folder / "clock"
    boot = datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
    play(clock, boot, speed)
    began = time.monotonic()
    kit.start(clock_file="clock")
    hub.deaf = True
    kit.says("pendant", action="emergency", last_seen=iso(boot + timedelta(seconds=0.1)))
    eventually(lambda: look(kit.outbox).urgent == 1)
    assert look(kit.outbox).oldest < boot + timedelta(minutes=1)  # type: ignore[operator]
    play(clock, NIGHT, speed)
    played = timedelta(seconds=1 + speed * (time.monotonic() - began))
    eventually(lambda: look(kit.outbox).oldest >= NIGHT - played)  # type: ignore[operator]
    hub.deaf = False
    eventually(lambda: len(hub.stored) == 1)
    (one,) = hub.heard
    assert one.clock_trusted
    assert NIGHT - played <= one.at <= NIGHT
    second = timedelta(seconds=1)
    play(clock, NIGHT + 2 * second, speed)
    eventually(lambda: NIGHT - played <= hub.last.sensors.get("pendant", boot) <= NIGHT + second)


def test_while_the_clock_is_wrong_the_hub_is_told(hub: FakeHub, kit: Kit) -> None:
    play(kit.folder / "clock", datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=1), 1.0)
    kit.start(clock_file="clock", heartbeat_every=600.0)
    kit.says("pendant", action="emergency")
    eventually(lambda: len(hub.stored) == 1)
    assert not hub.heard[0].clock_trusted
    assert not hub.last.clock_trusted
    play(kit.folder / "clock", NIGHT, 1.0)
    eventually(lambda: hub.last.clock_trusted)


def test_heartbeats_follow_a_clock_that_is_moved_by_hand(hub: FakeHub, kit: Kit) -> None:
    play(kit.folder / "clock", NIGHT, 0.0)
    kit.start(clock_file="clock", heartbeat_every=900.0)
    for step in range(1, 20):
        at = NIGHT + timedelta(minutes=15 * step)
        play(kit.folder / "clock", at - timedelta(milliseconds=10), 0.0)
        play(kit.folder / "clock", at, 0.0)
        eventually(lambda at=at: hub.last.at == at)


def test_the_log_is_quiet_and_holds_ids_alone(hub: FakeHub, kit: Kit) -> None:
    kit.start()
    kit.says("pendant", action="emergency", last_seen=now())
    kit.says("graces_lamp", state="ON")
    eventually(lambda: len(hub.stored) == 1)
    kit.end()
    assert "grace" not in kit.log.lower()
    assert "WARNING" not in kit.log
    assert "ERROR" not in kit.log


def wired(folder: Path, port: int, **more: int) -> Settings:
    sensors = (
        SensorSettings("cord", SensorKind.PULL_CORD, "gpio:5"),
        SensorSettings("hall_pir", SensorKind.MOTION, "gpio:8"),
    )
    return Settings(HOME, "127.0.0.1", port, outbox=str(folder / "o.db"), batch_every=0.05, sensors=sensors, **more)  # type: ignore[arg-type]


def test_wired_sensors_from_pin_to_hub_and_the_lamp_that_says_help_is_coming(
    hub: FakeHub, mosquitto: Mosquitto, pins: MockFactory, tmp_path: Path
) -> None:
    made: list[Agent] = []
    ready = threading.Event()

    def run() -> None:
        made.append(Agent(wired(tmp_path, mosquitto.port, help_led=24, mains_pin=6), Clock(), ready.set))
        made[0].run()

    pins.pin("GPIO6").drive_high()
    thread = in_thread(run)
    assert ready.wait(60)
    pin = Device.pin_factory.pin("GPIO8")
    for _ in range(100):
        pin.drive_high()
        pin.drive_low()
    pins.pin("GPIO5").drive_low()
    eventually(lambda: len(hub.stored) == 101)
    assert whats(hub).count(What.MOVED) == 100
    eventually(lambda: set(hub.last.sensors) == {"cord", "hall_pir"})  # of the first it is not yet agreed
    assert not pins.pin("GPIO24").state
    hub.order(Down("d1", Order.TEST))
    hub.order(Down("d2", Order.HELP_COMING))
    eventually(lambda: pins.pin("GPIO24").state)
    for again in ("d2", "d1"):
        hub.order(Down(again, Order.HELP_COMING if again == "d2" else Order.TEST))
    hub.order(Down("d3", Order.WALK))
    eventually(lambda: hub.last.obeyed == ("d1", "d2", "d3"))
    assert whats(hub).count(What.TESTED) == 1, "what comes again was done already"
    assert hub.last.on_mains is True
    assert hub.last.boot == BOOT_ID.read_text(encoding="ascii").strip()
    pins.pin("GPIO6").drive_low()
    eventually(lambda: hub.last.on_mains is False)
    made[0].stop()
    thread.join(60)
    assert not thread.is_alive()
