"""A kit with broadband and a modem, as two lines between real network namespaces."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge import connection
from edge.connection import Broker, Connection, Heard
from models.detection import FindingKind
from models.detection.engine import Engine, warm
from models.health import kit_unheard_after
from models.observation import What
from models.pace import Pace
from models.wire import Heartbeat, Route, heard_until
from tests.conftest import NOON, Mosquitto, eventually, free_port, okafor_home
from tests.edge.conftest import FakeHub, Kit
from tests.edge.lines import Line, Space, namespaced

pytestmark = [pytest.mark.broker, pytest.mark.processes]
HUB = "10.77.0.1"


@dataclass
class World:
    hub: FakeHub
    kit: Kit
    home: Space
    broadband: Line
    modem: Line
    port: int

    def opened(self, times: int) -> None:
        for _ in range(times):
            self.kit.says("front_door", contact=False, last_seen=datetime.now(UTC).isoformat())
            self.kit.says("front_door", contact=True, last_seen=datetime.now(UTC).isoformat())

    @property
    def route(self) -> Route | None:
        return self.hub.last.route if self.hub.beats else None


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    namespaced()
    with ExitStack() as stack:
        home, centre = (stack.enter_context(closing(Space(name))) for name in ("home", "hub"))
        centre.ip("addr", "add", f"{HUB}/32", "dev", "lo")
        broadband = stack.enter_context(closing(Line(home, "eth0", 1, centre, HUB, 100)))
        modem = stack.enter_context(closing(Line(home, "wwan0", 2, centre, HUB, 900)))
        port = free_port()
        for name, space, also in (("kit", home, ()), ("hub", centre, (HUB,))):
            folder = tmp_path / name
            folder.mkdir()
            folder.chmod(0o777)
            broker = Mosquitto(port, folder, tuple(space.prefix), also)
            stack.callback(broker.kill)
            with space.enter():
                broker.start()
        with centre.enter():
            hub = stack.enter_context(closing(FakeHub(port)))
        with home.enter():
            kit = stack.enter_context(closing(Kit(tmp_path, port, port, home.prefix)))
        kit.settings["hub_host"] = HUB
        yield World(hub, kit, home, broadband, modem, port)


def test_when_broadband_dies_without_a_word_all_goes_by_the_modem(world: World) -> None:
    world.kit.start()
    world.opened(3)
    eventually(lambda: len(world.hub.stored) == 6)
    eventually(lambda: world.route is Route.BROADBAND)
    assert Route.MODEM not in {beat.route for beat in world.hub.beats}
    world.broadband.up = False
    world.kit.says("pendant", action="emergency", last_seen=datetime.now(UTC).isoformat())
    world.opened(2)
    eventually(lambda: len(world.hub.stored) == 11, 40)
    eventually(lambda: world.route is Route.MODEM)
    assert [one.what for one in world.hub.heard].count(What.PRESSED) == 1
    assert world.hub.contradicted == []


def test_broadband_that_is_back_is_used_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("REACHED_WITHIN", 0.5), ("LOOK_EVERY", 0.1), ("FIRST_WAY_AGAIN", 0.5)):
        monkeypatch.setattr(connection, name, seconds)
    ups: list[str | None] = []
    broker = Broker("the hub", HUB, world.port, "other")
    heard = Heard(lambda _: None, lambda: ups.append(one.own_address), lambda: None)
    one = Connection(broker, ("to/kit",), heard, ways=lambda: ["eth0", "wwan0"])
    world.broadband.up = False
    with world.home.enter(), closing(one):
        one.start()
        eventually(lambda: ups[-1:] == ["10.77.2.2"])
        assert "10.77.1.2" not in ups
        world.broadband.up = True
        eventually(lambda: ups[-1] == "10.77.1.2")


def test_lost_delayed_and_flapping_packets_cost_time_and_nothing_else(world: World) -> None:
    world.modem.up = False
    world.kit.start()
    world.broadband.loss, world.broadband.delay = 0.1, 1.0
    world.opened(10)
    eventually(lambda: len(world.hub.stored) == 20, 60)
    world.broadband.loss, world.broadband.delay = 0.0, 0.05
    flapping = threading.Thread(target=_flap, args=(world.broadband,))
    flapping.start()
    world.opened(10)
    world.kit.says("pendant", action="emergency", last_seen=datetime.now(UTC).isoformat())
    flapping.join()
    eventually(lambda: len(world.hub.stored) == 41, 60)
    in_order = [one.what for _, one in sorted(world.hub.stored.items()) if one.what is not What.PRESSED]
    assert in_order == [What.OPENED, What.CLOSED] * 20
    assert world.hub.contradicted == []
    assert world.broadband.lost > 0


def _flap(line: Line) -> None:
    for _ in range(6):
        line.up = not line.up
        time.sleep(0.3)
    line.up = True


SPEED = 30.0
"""Played seconds in one: a minute's heartbeat comes every other second."""
UNHEARD = kit_unheard_after(timedelta(minutes=1))


class Watching:
    """The engine of the hub, which hears the heartbeats that come, by a clock that runs as the kit's does."""

    def __init__(self, hub: FakeHub, pace: Pace) -> None:
        self.hub, self.pace, self.home = hub, pace, okafor_home()
        self.engine = Engine((self.home,), self.now)
        self.engine.promise(self.home.id, UNHEARD.total_seconds())
        self.found: list[tuple[FindingKind, bool, datetime]] = []
        self.seen = 0
        self.looked = NOON, NOON
        """When this was done before, and last."""

    @property
    def now(self) -> datetime:
        return self.pace.at(time.time())

    def look(self) -> list[tuple[FindingKind, bool, datetime]]:
        beats = self.hub.beats[self.seen :]
        self.seen += len(beats)
        self.looked = self.looked[1], self.now
        for beat in beats:
            now = self.now
            until = heard_until(beat, now, retained=False)
            findings = self.engine.observe(self.engine.beat(self.home.id, until, now, {})) if until else []
            self.found += [(one.kind, one.over, now) for one in findings]
        self.found += [(one.kind, one.over, self.now) for one in self.engine.overdue(self.now)]
        self.found = [one for one in self.found if one[0] is FindingKind.KIT_UNHEARD]
        return self.found


def _is_complete(beat: Heartbeat) -> bool:
    """Whether the kit knows what it may send; before that it says that nothing of it was heard."""
    return beat.at - beat.complete_until < UNHEARD / 2


def test_a_lost_path_is_a_fault_within_three_minutes_and_clears_itself(world: World) -> None:
    warm()  # before the played clock runs: compiling takes a while on a machine that never did
    pace = Pace(time.time(), NOON.timestamp(), SPEED)
    (world.kit.folder / "clock").write_bytes(pace.packed())
    world.modem.up = False
    world.kit.start(clock_file="clock", heartbeat_every=60.0)
    watching = Watching(world.hub, pace)
    eventually(lambda: len(world.hub.beats) >= 3 and _is_complete(world.hub.beats[-1]))
    eventually(lambda: len(watching.look()) % 2 == 0)  # all is over that a machine which paused for long made of it
    before_it = len(watching.found)
    world.broadband.up = False
    eventually(lambda: len(watching.look()) == before_it + 1)
    kind, over, found = watching.found[-1]
    assert not over
    before, _ = watching.looked
    heard = datetime.fromtimestamp(float(watching.engine.heard_until[0]), UTC)
    assert before <= heard + UNHEARD <= found, "at the first look after three minutes without a heartbeat"
    world.broadband.up = True
    eventually(lambda: len(watching.look()) >= before_it + 2, 40)
    assert watching.found[before_it + 1][:2] == (kind, True)
