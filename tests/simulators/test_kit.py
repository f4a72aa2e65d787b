import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from models.home import Home, Sensor
from models.observation import SensorKind, What
from simulators.kit import Kit, Play, check_ins, plays, together
from simulators.recording import Trigger

SENSORS = (
    Sensor("pendant", SensorKind.PENDANT, "worn", wearer="r_okafor"),
    Sensor("hall", SensorKind.MOTION, "hall"),
    Sensor("door", SensorKind.DOOR, "hall"),
    Sensor("bed", SensorKind.BED, "bedroom"),
)
HOME = Home("h_okafor", "Northside", SENSORS)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Heard:
    """What was published, as the agent in the home would read it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any], bool]] = []

    def __call__(self, topic: str, content: bytes, retain: bool) -> None:
        self.said.append((topic, json.loads(content), retain))

    def of(self, sensor: str) -> list[dict[str, Any]]:
        return [content for topic, content, _ in self.said if topic == f"h_okafor/zigbee2mqtt/{sensor}"]


def at(seconds: float, sensor: str, on: bool = True) -> Trigger:
    return Trigger(NOON + timedelta(seconds=seconds), sensor, on)


def played(*triggers: Trigger, both: frozenset[str] = frozenset()) -> list[tuple[float, str, dict[str, object]]]:
    return [((one.at - NOON).total_seconds(), one.sensor, one.state) for one in plays(SENSORS, triggers, both)]


def kit(heard: Heard, *triggers: Trigger) -> Kit:
    return Kit(HOME, heard, plays(SENSORS, triggers, frozenset()))


def test_a_movement_comes_to_rest_after_ninety_seconds() -> None:
    assert played(at(0, "hall")) == [(0, "hall", {"occupancy": True}), (90, "hall", {"occupancy": False})]


def test_a_second_movement_is_one_though_the_first_did_not_come_to_rest() -> None:
    states = played(at(0, "hall"), at(30, "hall"))
    assert [state["occupancy"] for _, _, state in states] == [True, False, True, False]
    assert [when for when, _, _ in states] == [0, 30, 30.001, 120]


def test_two_movements_in_one_second_are_two() -> None:
    said = list(plays(SENSORS, [at(0, "hall"), at(0, "hall")], frozenset()))
    assert [one.what for one in said] == [What.MOVED, None, What.MOVED, None]
    assert len({one.at for one in said}) == 4


def test_a_door_recorded_only_as_it_opens_is_closed_five_seconds_later() -> None:
    assert played(at(0, "door")) == [(0, "door", {"contact": False}), (5, "door", {"contact": True})]


def test_a_door_whose_closing_is_recorded_is_closed_then() -> None:
    said = played(at(0, "door"), at(60, "door", on=False), both=frozenset({"door"}))
    assert said == [(0, "door", {"contact": False}), (60, "door", {"contact": True})]


def test_what_changes_nothing_is_not_said() -> None:
    both = frozenset({"bed"})
    assert played(at(0, "bed", on=False), both=both) == []
    assert len(played(at(0, "bed"), at(9, "bed"), at(10, "bed", on=False), both=both)) == 2


def test_plays_of_many_sensors_are_in_order_of_time() -> None:
    said = played(at(0, "hall"), at(2, "door"), at(80, "door"), at(88, "hall"))
    assert [when for when, _, _ in said] == sorted(when for when, _, _ in said)


def test_every_sensor_checks_in_again_and_again() -> None:
    first = list(itertools.islice(check_ins(SENSORS, NOON, "seed", timedelta(minutes=55)), 8))
    assert [one.at for one in first] == sorted(one.at for one in first)
    assert {one.sensor for one in first[:4]} == {sensor.id for sensor in SENSORS}
    assert [later.at - one.at for one, later in zip(first, first[4:], strict=False)] == [timedelta(minutes=55)] * 4


def test_a_kit_says_it_as_zigbee2mqtt_does() -> None:
    heard = Heard()
    okafor = kit(heard, at(0, "hall"), at(1, "door"))
    okafor.open(NOON - timedelta(minutes=1))
    okafor.play_until(NOON + timedelta(seconds=1))
    assert ("h_okafor/zigbee2mqtt/bridge/state", {"state": "online"}, True) in heard.said
    assert ("h_okafor/zigbee2mqtt/door/availability", {"state": "online"}, True) in heard.said
    assert heard.of("hall")[-1] == {
        "battery": 97,
        "linkquality": 120,
        "occupancy": True,
        "last_seen": "2026-11-20T12:00:00.000Z",
    }
    assert heard.of("door")[-1]["contact"] is False
    assert okafor.sent == 2


def test_what_the_bridge_says_at_its_start_is_old() -> None:
    heard = Heard()
    kit(heard).open(NOON)
    assert {content["last_seen"] for content in heard.of("bed")} == {"2026-11-20T11:05:00.000Z"}
    assert "action" not in heard.of("pendant")[0]


def test_a_press_is_said_once_and_not_cached() -> None:
    heard = Heard()
    okafor = kit(heard)
    okafor.press(NOON)
    okafor.check_in(NOON, "pendant")
    assert [content.get("action") for content in heard.of("pendant")] == ["emergency", None]
    assert okafor.sent == 1


def test_where_nobody_moves_sensors_still_check_in_and_come_to_rest() -> None:
    heard = Heard()

    def said() -> Iterator[Play]:
        checking = itertools.islice(check_ins(SENSORS, NOON, "seed"), 4)
        return together(plays(SENSORS, [at(0, "hall"), at(200, "hall"), at(300, "door")], frozenset()), checking)

    okafor = Kit(HOME, heard, said())
    okafor.play_until(NOON)
    okafor.still = True
    okafor.play_until(NOON + timedelta(hours=1))
    states = [content["occupancy"] for content in heard.of("hall")]
    assert states[0] is True
    assert not any(states[1:])
    assert len(heard.of("door")) == 1
    assert okafor.sent == 1


def test_a_dead_sensor_says_nothing_at_all() -> None:
    heard = Heard()
    okafor = kit(heard, at(0, "hall"), at(9, "door"))
    okafor.dead.add("hall")
    okafor.play_until(NOON + timedelta(hours=1))
    assert heard.of("hall") == []
    assert okafor.sent == 2


def test_a_kit_whose_clock_lost_the_time_says_it_by_that_clock() -> None:
    heard = Heard()
    okafor = kit(heard, at(0, "hall"))
    okafor.behind = datetime(1970, 1, 1, tzinfo=UTC) - NOON
    okafor.play_until(NOON)
    assert heard.of("hall")[0]["last_seen"] == "1970-01-01T00:00:00.000Z"


def test_the_past_is_passed_over_and_the_bridge_remembers_its_end() -> None:
    heard = Heard()
    okafor = Kit(HOME, heard, plays(SENSORS, [at(-60, "bed"), at(60, "bed", on=False)], frozenset({"bed"})))
    assert [one.what for one in okafor.past(NOON)] == [What.LAY_DOWN]
    okafor.open(NOON)
    assert heard.of("bed")[-1]["occupancy"] is True
    assert okafor.play_until(NOON + timedelta(minutes=2)) == 1
