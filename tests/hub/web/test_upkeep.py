"""Pages of homes and their kits, for the installer who keeps them working; nothing of it for anybody else."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.store.fittings import Fittings
from hub.store.records import Beat
from models.commission import Proved, Trial
from models.detection import Finding, FindingKind
from models.health import Learned
from models.home import Home, Sensor
from models.observation import SensorKind
from models.protection import Spell
from models.register import Register
from models.wire import Heartbeat, SensorHealth, encode
from tests.hub.web.conftest import Visitor, words
from tests.hub.web.world import World
from tests.models.rhythm import lived

Visit = Callable[..., Visitor]
HOME = "/installer/homes/h_okafor"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def levels(world: World) -> None:
    """One that falls and is due, one that reports 100 all along, one that is far from flat."""
    now = world.now
    due = [("h_okafor", "bed", now - day * DAY, 20.0 + day) for day in range(60)]
    always = [("h_okafor", "hall_pir", now - 7 * week * DAY, 100.0) for week in range(20)]
    far = [("h_okafor", "front_door", now - day * DAY, 80.0 + day / 10) for day in range(0, 120, 3)]
    world.store.health.level([*due, *always, *far])


def test_all_homes_by_area_those_in_trouble_first(world: World, visit: Visit) -> None:
    more = Home("h_birch", "Northside", (Sensor("hall_pir", SensorKind.MOTION, "hall"),))
    world.store.records.load(Register(homes=(more,)), {})
    world.beat("h_birch")
    world.sensor_unheard("h_okafor", "bed")
    world.store.health.begin([Spell("h_okafor", "kit_unheard", world.now - 3 * HOUR, world.now - HOUR)])
    world.store.health.test("h_birch", "box", 1, world.now - HOUR, arrived=world.now - HOUR)
    soon = Finding(FindingKind.WEAK_LINK, "h_lindqvist", world.now - HOUR, world.now, sensor="hall_pir")
    assert world.store.alerts.raise_(soon, None, "The hall sensor is heard only weakly.", world.now) is None
    page = words(visit("ivan").see("/installer/homes"))
    assert "3 homes, 2 with something wrong" in page
    assert "h_lindqvist Weak radio link" in page, "what is no alert for an operator counts here all the same"
    assert page.index("h_okafor") < page.index("h_birch") < page.index("h_lindqvist")
    assert re.search(r"h_okafor Sensor not reporting none yet 2 h", page)
    assert re.search(r"h_birch Heard 11:00 none", page)


def test_one_home_with_all_that_is_known_of_its_kit(world: World, visit: Visit) -> None:
    levels(world)
    rhythm = lived(*[timedelta(minutes=50)] * 200)
    world.store.health.learn({"h_okafor": Learned({"bed": rhythm})})
    health = {"bed": SensorHealth(battery=20.0, link=88), "hall_pir": SensorHealth(battery=100.0)}
    seen = {one.id: world.now - timedelta(minutes=2) for one in world.home("h_okafor").sensors}
    beat = Heartbeat("box", world.now, world.now, sensors=seen, health=health)
    world.store.records.beat([Beat("h_okafor", encode(beat), world.now, world.now)])
    since = world.now - HOUR
    world.find(Finding(FindingKind.BATTERY_FLAT, "h_okafor", since, world.now, "bed", evidence={"figure": 8.0}), None)
    tried = {"bed": Trial(since, "ivan", passed_at=since, link=120)}
    proved = Proved("h_okafor", since, "ivan", "Ivan Petrov", world.home("h_okafor").sensors, (), tried)
    Fittings(world.store.records.engine).issue(proved)
    page = words(visit("ivan").see(HOME))
    assert "Battery flat : bedroom bed, since 11:00 It may stop reporting on any day. Exchange its battery." in page
    assert "2 h 50 min, by its own rhythm 88 (120 when fitted) 20 %; flat between" in page
    assert "by how its level fell" in page
    assert "4 h, by its kind not said 100 %; flat between" in page
    assert "its age, since it reports the same level all along" in page
    assert "3 Larch Close" in page
    assert "a press or a collapse could have been noticed at every minute" in page
    assert "can't notice" not in page, "this home has a sensor of every kind"
    assert "There is no bed sensor" in words(visit("ivan").see("/installer/homes/h_lindqvist"))


def test_a_longer_silence_than_its_own_limit_is_said_everywhere(world: World, visit: Visit) -> None:
    rhythm = lived(*[timedelta(minutes=5)] * 2000)
    world.beat("h_okafor")
    world.store.health.learn({"h_okafor": Learned({"bed": rhythm})})
    world.beat("h_okafor")
    seen = {one.id: world.now for one in world.home("h_okafor").sensors} | {"bed": world.now - 2 * HOUR}
    told = Heartbeat("box", world.now, world.now, sensors=seen)
    world.store.records.beat([Beat("h_okafor", encode(told), world.now, world.now)])
    assert "Bedroom bed not reporting since 10:00" in words(visit("ivan").see("/installer"))


def test_a_kit_that_is_heard_and_yet_in_trouble_wants_a_look(world: World, visit: Visit) -> None:
    ivan = visit("ivan")
    assert "Every kit is heard" in words(ivan.see("/installer"))
    world.find(Finding(FindingKind.ON_BATTERY, "h_okafor", world.now - HOUR, world.now), None)
    page = words(ivan.see("/installer"))
    assert "1 home wants a look" in page
    assert "Mains power lost , since 11:00. Ask whether the power is out" in page


def test_since_when_a_sensor_misleads_is_a_day_and_no_moment(world: World, visit: Visit) -> None:
    at = world.now - 5 * HOUR
    world.find(Finding(FindingKind.SENSOR_STUCK, "h_okafor", at, world.now, "hall_pir"), None)
    for path in ("/installer", HOME):
        page = words(visit("ivan").see(path))
        assert "Sensor stuck : hall motion, since Friday 20 November" in page
        assert "07:00" not in page


def test_homes_lost_together_are_one_card_whatever_was_wrong_there_before(world: World, visit: Visit) -> None:
    more = [replace(world.home("h_okafor"), id=f"h_{number}") for number in range(4)]
    world.store.records.load(Register(homes=tuple(more)), {})
    for number, home in enumerate(more):
        world.beat(home.id)
        flat = Finding(FindingKind.BATTERY_FLAT, home.id, world.now - number * HOUR, world.now, "bed")
        world.find(flat, None)
        world.move(HOUR)
    since = world.now - timedelta(minutes=3)
    for home in more:
        world.beat(home.id, since, online=False)
    world.move(timedelta(minutes=1))
    for home in more:
        world.find(Finding(FindingKind.KIT_UNHEARD, home.id, since, world.now, evidence={"ever_heard": True}), None)
    page = words(visit("tom").see("/console"))
    assert "4 homes lost their path" in page
    assert "15:57" in page, "since when the homes are not heard, not since their alerts were raised"


def test_batteries_by_area_what_is_due_first(world: World, visit: Visit) -> None:
    levels(world)
    ivan = visit("ivan")
    page = words(ivan.see("/installer/batteries"))
    assert "1 battery to exchange" in page
    assert page.index("bedroom bed") < page.index("hall door")
    answer = ivan.get("/installer/batteries.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    by_sensor = {row["sensor"]: row for row in rows}
    assert (by_sensor["bedroom bed"]["exchange now"], by_sensor["bedroom bed"]["level %"]) == ("yes", "20")
    assert by_sensor["bedroom bed"]["flat before"].startswith("2026-1")
    assert by_sensor["hall motion"]["by"].startswith("its age")


def test_a_test_press_is_asked_for_and_its_hops_are_shown(world: World, visit: Visit) -> None:
    ivan = visit("ivan")
    assert "None has come through yet" in words(ivan.see(HOME))
    assert ivan.post(f"{HOME}/test").headers["location"] == f"{HOME}#test"
    (order,) = world.store.alerts.orders()
    assert (order.home, order.order) == ("h_okafor", "test")
    waiting = ivan.see(f"{HOME}/test")
    assert "Waiting for it to come through" in words(waiting)
    assert 'hx-trigger="every 1s"' in waiting
    world.move(timedelta(seconds=2))
    at, second = world.now, timedelta(seconds=1)
    stamps = {"arrived": at, "stored": at + 0.02 * second, "judged": at + 0.05 * second}
    world.store.health.test("h_okafor", "box", 9, at, **stamps, kept=0.004, sent=0.011, receipted=0.21)
    done = ivan.see(f"{HOME}/test")
    assert "hx-trigger" not in done
    said = words(done)
    assert "came through at 12:00" in said
    for hop in ("card 4 ms after the press", "Stored by the hub 20 ms", "Judged 50 ms", "at the kit 210 ms"):
        assert hop in said
    world.move(second)
    ivan.post(f"{HOME}/test")
    world.move(timedelta(minutes=3))
    assert "nothing came" in words(ivan.see(f"{HOME}/test"))


def test_an_exchange_is_recorded_with_who_did_it_and_the_days_stay(world: World, visit: Visit) -> None:
    levels(world)
    ivan = visit("ivan")
    assert ivan.post(f"{HOME}/swap", sensor="bed", source="zigbee2mqtt:bed_2").status_code == 303
    page = words(ivan.see(HOME))
    assert "bedroom bed, by Ivan Petrov: its own name → zigbee2mqtt:bed_2 12:00" in page
    bed = world.home("h_okafor").sensor("bed")
    assert bed
    assert (bed.id, bed.source) == ("bed", "zigbee2mqtt:bed_2")
    assert ("h_okafor", "bed") not in world.store.health.levels("h_okafor")
    answer = ivan.post(f"{HOME}/swap", sensor="hall_pir", source="zigbee2mqtt:bed_2")
    assert answer.status_code == 409
    assert "is the bedroom bed already" in words(answer.text)
    assert ivan.post(f"{HOME}/swap", sensor="attic", source="x").status_code == 404
    assert world.store.records.broken_logs() == []


def test_the_resident_reads_when_nothing_could_have_been_noticed(world: World, visit: Visit) -> None:
    world.store.health.begin(
        [
            Spell("h_okafor", "kit_unheard", world.now - 3 * HOUR, world.now - HOUR),
            Spell(None, "hub_deaf", world.now - 2 * HOUR, world.now - HOUR / 2),
        ]
    )
    home = world.home("h_okafor")
    fewer = replace(home, sensors=tuple(one for one in home.sensors if one.kind is not SensorKind.BED))
    world.store.records.load(Register(homes=(fewer,)), {})
    page = words(visit("grace").see("/resident"))
    assert "This month, for 2 h 30 min, a press or a collapse could not have been noticed." in page
    assert "Nothing was heard from the home 2 h" in page
    assert "The hub itself could not hear 1 h 30 min" in page
    assert "There is no bed sensor, so nobody is told of not being back in bed at night" in page


@pytest.mark.parametrize("login", ["karl", "ada", "tom", "priya", "grace"])
def test_somebody_with_no_business_there_finds_nothing(world: World, visit: Visit, login: str) -> None:
    who = visit(login)
    for path in ("/installer/homes", HOME, f"{HOME}/test", "/installer/batteries", "/installer/batteries.csv"):
        assert who.get(path).status_code == 404, path
    for path, form in ((f"{HOME}/test", {}), (f"{HOME}/swap", {"sensor": "bed", "source": "x"})):
        assert who.post(path, **form).status_code == 404, path
    assert world.store.alerts.orders() == []
    assert world.store.health.swaps() == []


def test_an_installer_of_another_council_finds_nothing_either(world: World, visit: Visit) -> None:
    world.store.records.load(Register(homes=(replace(world.home("h_okafor"), council="Westmoor"),)), {})
    ivan = visit("ivan")
    assert ivan.get(HOME).status_code == 404
    assert ivan.post(f"{HOME}/test").status_code == 404
    assert "h_okafor" not in ivan.see("/installer/homes")
    levels(world)
    assert "h_okafor" not in ivan.get("/installer/batteries.csv").text
