from typing import Any

import pytest
from msgspec import structs

from models.detection import FindingKind
from models.faults import conditions
from models.wire import Heartbeat, Route, SensorHealth
from tests.conftest import NOON

WELL = Heartbeat(
    "box",
    NOON,
    NOON,
    on_mains=True,
    route=Route.BROADBAND,
    temperature=52.0,
    disk_free=5 * 2**30,
    undervoltage=False,
    bridges={"zigbee2mqtt": True},
    health={"hall_pir": SensorHealth(battery=97.0, battery_low=False, link=120, online=True, tampered=False)},
)


def wrong(**told: Any) -> list[tuple[str, str]]:
    return [one.key for one in conditions(structs.replace(WELL, **told))]


def test_a_kit_that_is_well_or_says_nothing_has_no_fault() -> None:
    assert conditions(WELL) == []
    assert conditions(Heartbeat("box", NOON, NOON)) == []


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"on_mains": False}, FindingKind.ON_BATTERY),
        ({"route": Route.MODEM}, FindingKind.SECOND_ROUTE),
        ({"temperature": 81.0}, FindingKind.KIT_HOT),
        ({"disk_free": 10 * 2**20}, FindingKind.DISK_FULL),
        ({"memory_only": True}, FindingKind.DISK_FULL),
        ({"undervoltage": True}, FindingKind.WEAK_SUPPLY),
    ],
)
def test_each_trouble_of_the_kit_is_one_fault(told: dict[str, Any], kind: FindingKind) -> None:
    assert wrong(**told) == [(kind, "")]


@pytest.mark.parametrize(
    ("health", "kind"),
    [
        (SensorHealth(battery=4.0), FindingKind.BATTERY_FLAT),
        (SensorHealth(battery_low=True), FindingKind.BATTERY_FLAT),
        (SensorHealth(link=12), FindingKind.WEAK_LINK),
        (SensorHealth(tampered=True), FindingKind.TAMPERED),
    ],
)
def test_and_of_a_sensor_with_its_name(health: SensorHealth, kind: FindingKind) -> None:
    assert wrong(health={"hall_pir": health}) == [(kind, "hall_pir")]


def test_a_bridge_that_is_offline_is_named() -> None:
    assert wrong(bridges={"zigbee2mqtt": False, "esphome": True}) == [(FindingKind.RADIO_OFFLINE, "zigbee2mqtt")]


def test_at_the_edge_a_fault_that_stands_goes_on_and_a_new_one_does_not_begin() -> None:
    edge = structs.replace(WELL, temperature=78.0, health={"hall_pir": SensorHealth(battery=13.0, link=25)})
    standing = {(FindingKind.KIT_HOT, ""), (FindingKind.BATTERY_FLAT, "hall_pir"), (FindingKind.WEAK_LINK, "hall_pir")}
    assert conditions(edge) == []
    assert {one.key for one in conditions(edge, frozenset(standing))} == standing
