"""She falls with a pendant on that feels it: judged in the kit, called off or not, judged again with all the rest."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from models.detection.falls import FallDetector, fall_model_from
from models.observation import SensorKind
from models.privacy import Consent
from models.register import Register, write_register
from simulators.acceleration import AGAINST_A_WALL, ON_A_TABLE, ON_THE_FLOOR, RATE, Lived
from tests.conftest import NOON, Mosquitto, eventually, with_armchair
from tests.journeys.conftest import Kit, PlayedClock, Service, only_alert

A_FALL = Lived().walks(20).falls().rests(8, ON_THE_FLOOR)


def soft_fall() -> Lived:
    """Down a wall: the first of several that the shipped model finds neither likely nor impossible."""
    model = fall_model_from((files("models") / "data" / "falls.npz").read_bytes())
    slides = (
        Lived().walks(20).slides_down(hard, seconds, AGAINST_A_WALL).rests(10, AGAINST_A_WALL)
        for hard in np.arange(1.0, 2.4, 0.2)
        for seconds in (1.0, 1.5, 2.5)
    )
    for lived in slides:
        t = np.arange(len(lived.acc)) / RATE
        chances = [found.chance for found in FallDetector(model, 0.02).feed(t, lived.acc)]
        if len(chances) == 1 and 0.4 < chances[0] / model.threshold < 0.9:
            return lived
    raise AssertionError("no slide of these is in doubt by the shipped model")


def kit_of(service: Service) -> Kit:
    assert service.kit
    return service.kit


def falls(service: Service) -> None:
    kit_of(service).feels(A_FALL)
    eventually(lambda: kit_of(service).undecided() == 1)


def passes(service: Service, minutes: int) -> None:
    """With the sensors checking in, and nothing else; two minutes at a time, for after three a home is unheard."""
    for each in (*[2] * (minutes // 2), *[1] * (minutes % 2)):
        service.clock.move(timedelta(minutes=each))
        service.judged()


def agree_to_felt(service: Service, cast: Register, file: Path) -> None:
    """That the seconds around a fall may leave the home, and to a mat in the armchair; returns when the kit has been
    told.
    """
    homes = tuple(with_armchair(home) if home.id == "h_okafor" else home for home in cast.homes)
    consent = Consent("h_okafor", SensorKind.PENDANT, "the resident", "asked and agreed", NOON, felt=True)
    file.write_bytes(write_register(Register(homes=homes, consents=(consent,))))
    service.command("load", str(file))
    eventually(lambda: '"felt":true' in kit_of(service).told() and "armchair" in kit_of(service).told())
    kit_of(service).ready()


def test_a_fall_and_no_answer(wearing: Service, cast: Register, tmp_path: Path) -> None:
    kit, tom, ada = kit_of(wearing), wearing.viewer("tom"), wearing.viewer("ada")
    kit.move_in("hall")
    eventually(lambda: "moved" in wearing.noticed())
    agree_to_felt(wearing, cast, tmp_path / "agreed.json")
    falls(wearing)
    wearing.judged()
    assert "Mrs Okafor" not in tom.see("/console"), "for twenty seconds it may be called off"

    wearing.clock.move(timedelta(seconds=21))
    alert = only_alert(tom)
    assert "Perhaps a fall" in tom.see("/console")
    page = tom.see(alert)
    assert "A fall may have been felt by the pendant at 22:29: a blow of" in page
    assert "by the pendant alone, which was taught with acted falls." in page
    assert "Only a person closes it" in page
    assert "The contact centre was alerted about" in ada.see("/family")
    assert kit.undecided() == 0
    eventually(lambda: "What the pendant felt" in tom.see(alert))
    assert "At the end it hardly moved." in tom.see(alert)

    passes(wearing, 7)
    eventually(lambda: "No sign of life in any room since the fall at 22:29." in tom.see(alert))
    assert "The last sign of life before was in the hall." in tom.see(alert)
    kit.says("armchair", occupancy=True)
    eventually(lambda: "sat_down" in wearing.noticed())
    passes(wearing, 2)
    eventually(lambda: "By the lounge chair somebody has sat in it since 22:3" in tom.see(alert))
    assert "a mat may stick: it clears nothing." in tom.see(alert)
    eventually(lambda: "by email failed: no mail server is set up" in tom.see(alert))
    assert "Nobody has answered yet." in tom.see(alert)

    tom.post(f"{alert}/answer")
    tom.post(f"{alert}/send", to="priya", text="Please go")
    sheet = wearing.viewer("priya").see(alert.replace("/console/alert", "/visits"))
    assert "Perhaps a fall" in sheet
    assert "What the pendant felt" not in sheet
    tom.post(f"{alert}/close", outcome="genuine fall")
    raised = wearing.counts()["alerts"]
    assert isinstance(raised, dict)
    assert {kind: count for kind, count in raised.items() if kind != "kit_unheard"} == {"fall": 1}


def test_falls_called_off(wearing: Service) -> None:
    """By a press, and then by walking away."""
    kit, tom = kit_of(wearing), wearing.viewer("tom")
    falls(wearing)
    wearing.clock.move(timedelta(seconds=6))
    kit.pressed_as_worn()
    kit.move_in("hall")
    eventually(lambda: "moved" in wearing.noticed())
    assert kit.undecided() == 1, "a second press would be a cry"
    wearing.clock.move(timedelta(seconds=11))
    eventually(lambda: "fall_called_off" in wearing.noticed())
    eventually(lambda: kit.undecided() == 0)
    passes(wearing, 2)
    falls(wearing)
    for room in ("hall", "kitchen"):
        wearing.clock.move(timedelta(seconds=6))
        kit.move_in(room)
    eventually(lambda: wearing.noticed().count("fall_called_off") == 2)
    wearing.clock.move(timedelta(seconds=20))
    wearing.judged()
    assert "Mrs Okafor" not in tom.see("/console")
    assert wearing.counts()["alerts"] == {}
    assert not {"fell", "pressed"} & set(wearing.noticed())


def test_two_presses_while_the_tone_sounds_are_a_cry(wearing: Service) -> None:
    kit, tom = kit_of(wearing), wearing.viewer("tom")
    falls(wearing)
    for _ in range(2):
        wearing.clock.move(timedelta(seconds=4))
        kit.pressed_as_worn()
    alert = only_alert(tom)
    eventually(lambda: {"fell", "pressed"} <= set(wearing.noticed()))
    eventually(lambda: "Help was called for" in tom.see(alert) and "A fall may have been felt" in tom.see(alert))
    eventually(lambda: wearing.noticed().count("pressed") == 2)


def test_the_power_goes_while_it_might_be_called_off(wearing: Service) -> None:
    kit, tom = kit_of(wearing), wearing.viewer("tom")
    falls(wearing)
    assert kit.process
    kit.process.kill()
    kit.process.wait()
    assert kit.process.stdout
    kit.process.stdout.close()
    kit.begin()
    assert "A fall may have been felt" in tom.see(only_alert(tom))


def test_a_pendant_on_the_bedside_table_that_hears_a_door_slam(wearing: Service) -> None:
    kit, tom = kit_of(wearing), wearing.viewer("tom")
    kit.feels(Lived().rests(30, ON_A_TABLE, 0).hears_a_slam().rests(10, ON_A_TABLE, 0))
    kit.move_in("hall")
    eventually(lambda: wearing.noticed() == ["moved"])
    passes(wearing, 12)
    assert wearing.noticed() == ["moved"], "neither a fall nor worn"
    assert "Mrs Okafor" not in tom.see("/console")


def test_a_soft_fall_in_the_bathroom_found_by_silence(wearing: Service) -> None:
    kit, tom = kit_of(wearing), wearing.viewer("tom")
    kit.move_in("bathroom")
    eventually(lambda: "moved" in wearing.noticed())
    wearing.clock.move(timedelta(seconds=40))
    kit.feels(soft_fall())
    eventually(lambda: "maybe_fell" in wearing.noticed())
    passes(wearing, 8)
    assert "Mrs Okafor" not in tom.see("/console"), "a soft fall alone calls nobody"
    passes(wearing, 4)
    page = tom.see(only_alert(tom))
    assert "A soft fall at 22:30 scored low" in page
    assert "nobody noticed anywhere since. The last sign of life before was in the bathroom." in page
    assert "Confidence now" in page


@pytest.fixture
def couple(tmp_path: Path, played: PlayedClock, cast: Register, mosquitto: Mosquitto) -> Iterator[Service]:
    homes = tuple(replace(home, people=2) if home.id == "h_okafor" else home for home in cast.homes)
    both = replace(cast, homes=homes)
    running = Service(tmp_path, played, both, mosquitto, worn="esphome", kit_extra="walking_calls_off = false\n")
    try:
        running.begin()
        yield running
    finally:
        running.end()


def test_a_couple_one_falls_and_the_other_moves(couple: Service) -> None:
    kit, tom = kit_of(couple), couple.viewer("tom")
    falls(couple)
    for room in ("hall", "kitchen"):
        couple.clock.move(timedelta(seconds=8))
        kit.move_in(room)
    couple.clock.move(timedelta(seconds=8))
    alert = only_alert(tom)
    passes(couple, 2)
    eventually(lambda: "It may be another person's: it clears nothing." in tom.see(alert))
    assert "Perhaps up again" not in tom.see(alert)
    assert "fall_called_off" not in couple.noticed()
