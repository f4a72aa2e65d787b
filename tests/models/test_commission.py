"""What a walk test means, and what a certificate is refused for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from models.commission import (
    ANSWER_WITHIN,
    BROADBAND,
    MAINS,
    QUESTIONS,
    Colour,
    Ears,
    Fitting,
    Power,
    Proved,
    Standing,
    Trial,
    answer_within,
    answered,
    answers,
    broken_by,
    configured,
    missing,
    of_plug,
    of_sensor,
    plugged,
    rang,
)
from models.home import Sensor
from models.observation import SensorKind
from models.people import Contact, Resident
from models.privacy import Consent
from tests.conftest import NOON, okafor_home

HOME = okafor_home()
DOOR = HOME.sensor("front_door") or Sensor("", SensorKind.DOOR, "")
ALL = frozenset(SensorKind)
GRACE = Resident(
    "r_okafor", HOME.id, "Grace Okafor", "Mrs Okafor", "3 Larch Close", "01632 960001", way_in="By the back door."
)
ADA = Contact("c_ada", GRACE.id, "Ada Okafor", "daughter", keyholder=True)
LATER = NOON + ANSWER_WITHIN + timedelta(seconds=1)
GONE, BACK = Power(is_heard=False), Power(is_heard=True)


def passed(sensor: Sensor | None = None) -> Trial:
    return Trial(NOON, "ivan", sensor, passed_at=NOON, took=1.2, link=120)


def proved_fitting() -> Fitting:
    tests = {sensor.id: passed(sensor) for sensor in HOME.sensors} | {MAINS: passed(), BROADBAND: passed()}
    return Fitting(tests, NOON)


def good() -> Standing:
    return Standing(HOME, ALL, proved_fitting(), (GRACE,), (ADA,), code=False, unheard="", keeps_to_it=True)


def without(name: str) -> Fitting:
    whole = proved_fitting()
    return replace(whole, tests={key: test for key, test in whole.tests.items() if key != name})


def failed(name: str) -> Fitting:
    whole = proved_fitting()
    return replace(whole, tests={**whole.tests, name: Trial(NOON, "ivan", HOME.sensor(name))})


def test_a_home_where_all_holds_misses_nothing() -> None:
    assert missing(good()) == []


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"fitting": without("bed")}, ["bed (bedroom) is not tested."]),
        ({"fitting": failed("hall_pir")}, ["hall_pir (hall) has not passed its test."]),
        ({"fitting": failed(MAINS)}, ["The mains test is not passed"]),
        ({"fitting": without(BROADBAND)}, ["The broadband test is not passed"]),
        ({"agreed": ALL - {SensorKind.BED, SensorKind.PENDANT}}, ["No consent to bed sensors"]),
        (
            {"contacts": (), "residents": (replace(GRACE, way_in=""),)},
            ["nobody to reach", "How to get in", "Nobody who is sent gets in"],
        ),
        ({"contacts": (replace(ADA, keyholder=False),)}, ["Nobody who is sent gets in"]),
        ({"contacts": (replace(ADA, keyholder=False),), "code": True}, []),
        ({"residents": (replace(GRACE, phone=""),)}, ["Mrs Okafor is rung first"]),
        ({"residents": (GRACE, replace(GRACE, id="r_emeka"))}, []),
        ({"residents": (replace(GRACE, id="r_ngozi"), replace(GRACE, id="r_emeka"))}, ["Whose pendant pendant is"]),
        ({"residents": (replace(GRACE, phone=""),), "fitting": replace(proved_fitting(), no_phone=(GRACE.id,))}, []),
        ({"fitting": replace(proved_fitting(), answered_at=None)}, ["five questions"]),
        ({"unheard": "its kit stopped"}, ["its kit stopped"]),
        ({"keeps_to_it": False}, ["has not said yet"]),
        ({"home": replace(HOME, sensors=(replace(DOOR, room="porch"),))}, ["front_door (porch) is not tested."]),
        ({"home": replace(HOME, sensors=())}, ["No sensor is fitted."]),
    ],
)
def test_a_certificate_is_refused_and_names_each_thing_that_is_missing(
    changed: dict[str, object], named: list[str]
) -> None:
    said = missing(replace(good(), **changed))  # type: ignore[arg-type]
    assert len(said) == len(named)
    assert all(part in line for part, line in zip(named, said, strict=True)), said


@pytest.mark.parametrize(
    ("ears", "text"),
    [
        (Ears(NOON + timedelta(seconds=2), "", 3), "The kit heard it, the hub did not. 3 observations wait"),
        (Ears(NOON - timedelta(hours=1), "", 0), "Neither the kit nor the hub heard it"),
        (Ears(None, "", 0), "Neither the kit nor the hub heard it"),
        (
            Ears(None, "", 0, instead=("fridge_door (kitchen)",)),
            "Not heard; meanwhile the hub had fridge_door (kitchen).",
        ),
        (Ears(NOON, "its connection dropped", 0), "The hub does not hear this kit: its connection dropped"),
        (Ears(NOON, "", 0, agreed=False), "Nobody agreed to a door sensor"),
        (Ears(NOON, "", 0, unfit="'x:1' is no source"), "The kit can't listen to it: 'x:1' is no source. Correct"),
    ],
)
def test_red_says_why_and_what_to_do(ears: Ears, text: str) -> None:
    verdict = of_sensor(Trial(NOON, "ivan", DOOR), DOOR, ears, LATER)
    assert verdict.colour is Colour.RED
    assert verdict.text.startswith(text)


def test_waited_for_then_green_with_its_figures_also_when_it_is_late() -> None:
    test, ears = Trial(NOON, "ivan", DOOR), Ears(None, "", 0)
    assert of_sensor(test, DOOR, ears, NOON).colour is Colour.WAITING
    assert of_sensor(test, DOOR, ears, LATER).colour is Colour.RED
    done = of_sensor(rang(test, NOON + timedelta(seconds=1), NOON + timedelta(seconds=1.5), 30), DOOR, ears, LATER)
    assert done.colour is Colour.GREEN
    assert done.text == "The hub had it after 1.5 s, radio 30 of 255 (weak)."


def test_what_reached_the_hub_long_after_the_kit_proves_no_way_and_says_so() -> None:
    asked, heard = Trial(NOON, "ivan", DOOR), NOON + timedelta(seconds=40)
    assert rang(asked, heard, heard + timedelta(seconds=2), None).passed_at, "somebody walked there slowly"
    late = rang(asked, heard, heard + timedelta(seconds=50), None)
    told = of_sensor(late, DOOR, Ears(heard, "", 0), NOON + timedelta(minutes=2))
    assert told.colour is Colour.RED
    assert told.text.startswith("The kit heard it, the hub did not until 50 s later.")
    played = rang(asked, heard, heard + timedelta(seconds=50), None, answer_within(60.0))
    assert played.passed_at, "a second's delay where a minute passes in a second"
    again = heard + timedelta(minutes=2)
    assert rang(late, again, again + timedelta(seconds=1), None).passed_at


def test_a_sensor_that_was_moved_since_is_to_be_tested_again() -> None:
    verdict = of_sensor(passed(DOOR), replace(DOOR, room="porch"), Ears(None, "", 0), NOON)
    assert (verdict.colour, verdict.text) == (Colour.OPEN, "Changed since it was tested: test it again.")


def test_to_say_whose_a_pendant_is_undoes_neither_its_test_nor_the_certificate() -> None:
    worn = replace(HOME, sensors=tuple(replace(one, wearer="r_emeka") for one in HOME.sensors))
    assert missing(replace(good(), home=worn)) == []
    assert of_sensor(passed(DOOR), replace(DOOR, wearer="r_emeka"), Ears(None, "", 0), NOON).colour is Colour.GREEN
    proved = Proved(HOME.id, NOON, "ivan", "Ivan", HOME.sensors, tuple(SensorKind), proved_fitting().tests)
    assert broken_by(proved, worn, ALL) == []


@pytest.mark.parametrize(
    ("name", "gone", "back"),
    [
        (MAINS, GONE, BACK),
        (MAINS, Power(is_heard=True, on_mains=False), Power(is_heard=True, on_mains=True)),
        (BROADBAND, GONE, BACK),
        (BROADBAND, Power(is_heard=True, on_modem=True), Power(is_heard=True, on_modem=False)),
    ],
)
def test_a_plug_is_proved_by_going_and_coming_back(name: str, gone: Power, back: Power) -> None:
    asked = Trial(NOON, "ivan")
    assert plugged(asked, name, back, NOON) == asked, "never gone"
    out = plugged(asked, name, gone, NOON + timedelta(seconds=5))
    assert out.lost_at == NOON + timedelta(seconds=5)
    assert "Put" in of_plug(out, name).text
    whole = plugged(out, name, back, NOON + timedelta(seconds=25))
    assert (whole.passed_at, whole.took) == (NOON + timedelta(seconds=25), 20.0)
    assert plugged(whole, name, gone, LATER) == whole


def test_a_later_change_breaks_a_certificate_and_is_named() -> None:
    proved = Proved(HOME.id, NOON, "ivan", "Ivan", HOME.sensors, tuple(SensorKind), proved_fitting().tests)
    assert broken_by(proved, HOME, ALL) == []
    surer = replace(HOME, sensors=tuple(replace(one, fall_chance=0.9) for one in HOME.sensors))
    assert broken_by(proved, surer, ALL) == [], "what the hub sets itself is no change"
    moved = [one for one in HOME.sensors if one.id not in ("bed", "front_door")]
    changed = replace(HOME, sensors=(*moved, replace(DOOR, room="porch"), Sensor("new", SensorKind.MOTION, "hall")))
    assert broken_by(proved, changed, ALL - {SensorKind.MOTION}) == [
        "bed was taken out",
        "new was added",
        "front_door was changed",
        "the consent to motion sensors was withdrawn",
    ]


def test_the_five_answers_land_on_the_home_and_in_the_kit() -> None:
    assert answers(HOME) == dict.fromkeys([one.field for one in QUESTIONS], False)
    yes = answered(HOME, {one.field: True for one in QUESTIONS})
    assert (yes.people, yes.pets, yes.visits, yes.may_wander, yes.slow) == (2, True, True, True, True)
    assert answered(replace(HOME, people=3), answers(replace(HOME, people=3))).people == 3
    consents = [Consent(HOME.id, SensorKind.DOOR, "the resident", "agreed", NOON)]
    assert configured(consents, HOME).walking
    assert not configured(consents, replace(HOME, slow=True)).walking
    assert configured(consents, HOME).agreed == ("door",)
