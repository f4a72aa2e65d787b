"""The kit listens to what the hub lists, as far as that can be meant, and never less to what calls for help."""

import signal
from dataclasses import replace

import pytest

from edge.listed import listed
from edge.outbox import look
from edge.settings import SensorSettings, Settings
from models.observation import SensorKind
from models.wire import Listed
from tests.conftest import eventually
from tests.edge.conftest import EVERY_KIND, FakeHub, Kit

PENDANT = SensorSettings("pendant", SensorKind.PENDANT, "zigbee2mqtt:pendant")
HALL = SensorSettings("hall_pir", SensorKind.MOTION, "gpio:8", inverted=True)
OWN = Settings("h", "hub", local_host="127.0.0.1", sensors=(PENDANT, HALL))


def told(*sensors: Listed) -> str:
    return replace(EVERY_KIND, sensors=sensors).text


@pytest.mark.parametrize("said", [None, "", "{", EVERY_KIND.text, told()])
def test_without_a_list_its_own_settings_hold(said: str | None) -> None:
    assert listed(OWN, said) == (OWN, {})


def test_what_is_listed_is_reached_as_the_record_says_as_it_is_wired_or_by_radio_under_its_name() -> None:
    sensors = (Listed("pendant", "pendant"), Listed("hall_pir", "motion"), Listed("porch", "door", inverted=True))
    settings, unfit = listed(OWN, told(*sensors, Listed("bed", "bed", "binary_sensor:mat/bed")))
    porch = SensorSettings("porch", SensorKind.DOOR, "zigbee2mqtt:porch", inverted=True)
    bed = SensorSettings("bed", SensorKind.BED, "binary_sensor:mat/bed")
    assert (settings.sensors, unfit) == ((PENDANT, HALL, porch, bed), {})


def test_what_is_listed_no_more_is_out_but_for_what_calls_for_help() -> None:
    settings, _ = listed(OWN, told(Listed("porch", "door")))
    assert [one.id for one in settings.sensors] == ["porch", "pendant"]
    settings, _ = listed(OWN, told(Listed("new_pendant", "pendant", "zigbee2mqtt:pendant")))
    assert [one.id for one in settings.sensors] == ["new_pendant"], "the same, under another name"


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (Listed("hall_pir", "motion", "telepathy:8"), "begins with none of"),
        (Listed("hall_pir", "motion", "gpio:hall"), "is no address"),
        (Listed("hall_pir", "camera"), "no kind that this kit knows"),
        (Listed("hall_pir", "motion", "zigbee2mqtt:pendant"), "is pendant already"),
        (Listed("hall_pir", "motion", "x" * 999), "source 'xxx"),
    ],
)
def test_what_cant_be_meant_stays_as_it_was_and_is_told_of(one: Listed, why: str) -> None:
    settings, unfit = listed(OWN, told(Listed("pendant", "pendant"), one))
    assert settings == OWN
    assert (list(unfit), why in unfit["hall_pir"]) == (["hall_pir"], True)


def test_a_button_that_is_gone_calls_nothing_off() -> None:
    felt = SensorSettings("worn", SensorKind.PENDANT, "esphome:worn", button="cord")
    own = replace(OWN, sensors=(felt, replace(HALL, id="cord")))
    assert listed(own, told(Listed("worn", "pendant")))[0].sensors == (replace(felt, button=None),)


@pytest.mark.broker
@pytest.mark.processes
def test_a_sensor_that_the_hub_lists_is_heard_without_touching_the_kit_and_after_it_was_killed(
    hub: FakeHub, kit: Kit
) -> None:
    kit.start(heartbeat_every=600.0)
    kit.says("front_door", contact=False)
    eventually(lambda: len(hub.stored) == 1)
    fitted = tuple(Listed(name, kind) for name, kind in (("front_door", "door"), ("cellar", "door")))
    hub.configure(replace(EVERY_KIND, sensors=(*fitted, Listed("porch", "door", "gpio:porch"))))
    assert "is no address" in hub.last.unfit["porch"]
    kit.says("hall_pir", occupancy=True)
    kit.says("cellar", contact=False)
    kit.says("pendant", action="emergency")
    eventually(lambda: len(hub.stored) == 3)
    assert {one.sensor for one in hub.heard} == {"front_door", "cellar", "pendant"}, "the motion sensor was taken out"
    assert all(one.online for one in hub.beats), "nobody is told of a kit that is away"
    eventually(lambda: look(kit.outbox).routine == 0)
    kit.end(signal.SIGKILL)
    hub.tells, beats = False, len(hub.beats)
    kit.start(ready=False, heartbeat_every=600.0)
    kit.says("cellar", contact=True)
    eventually(lambda: look(kit.outbox).routine == 1)
    eventually(lambda: any(one.online and not one.keeps_to for one in hub.beats[beats:]))  # none but the new one's
    hub.configure(hub.configuration)
    eventually(lambda: len(hub.stored) == 4)
    assert hub.contradicted == []
