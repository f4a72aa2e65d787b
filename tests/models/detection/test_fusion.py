"""A suspected fall and what the rest of the home says about it, by a clock moved by hand."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from models.detection import Finding, FindingKind
from models.detection.batch import batch
from models.detection.engine import Engine
from models.detection.explain import explain
from models.home import Home
from models.observation import Evidence, What
from tests.conftest import NOON, okafor_home, with_armchair

FELT = {"chance": 0.9, "peak_g": 3.4, "tilt_deg": 81.0, "still_s": 2.0}
ALONE = okafor_home()
COUPLE = replace(ALONE, people=2)
SEATED = with_armchair(ALONE)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


class Watched:
    """One home, heard up to the moment of each look."""

    def __init__(self, home: Home = ALONE) -> None:
        self.engine = Engine([home], after(-30), watched_for=())
        self.found: list[Finding] = []
        self.says("hall_pir", What.MOVED, -20)

    def says(self, sensor: str, what: What, minute: float, evidence: Evidence | None = None) -> "Watched":
        row = self.engine.row(self.engine.homes[0].id, sensor, what, after(minute), after(minute), 7, evidence)
        self.found += self.engine.observe(batch([row]))
        return self

    def at(self, minute: float) -> "Watched":
        home = self.engine.homes[0]
        seen = {sensor.id: after(minute) for sensor in home.sensors}
        self.found += self.engine.observe(self.engine.beat(home.id, after(minute), after(minute), seen))
        self.found += self.engine.overdue(after(minute))
        return self

    def until(self, minute: int, since: int = 0) -> "Watched":
        for each in range(since, minute + 1):
            self.at(each)
        return self

    @property
    def falls(self) -> list[tuple[str, bool]]:
        return [(str(one.evidence["stage"]), one.over) for one in self.found if one.kind is FindingKind.FALL]

    @property
    def said(self) -> list[str]:
        return [explain(one, self.engine.homes[0]).sentence for one in self.found if one.kind is FindingKind.FALL]


def test_a_likely_fall_is_told_at_once_and_silence_makes_it_surer() -> None:
    home = Watched().says("bathroom_pir", What.MOVED, -1).says("pendant", What.FELL, 0, FELT)
    assert home.falls == [("felt", False)]
    first = home.found[-1]
    assert (first.sensor, first.strength, first.since) == ("pendant", 0.9, NOON)
    home.until(40)
    assert home.falls == [("felt", False), ("still", False)]
    assert home.found[-1].strength > first.strength
    assert "A fall may have been felt by the pendant at 12:00: a blow of 3.4 g, then tilted by 81°" in home.said[0]
    assert "Confidence 90 %, by the pendant alone" in home.said[0]
    assert (
        "No sign of life in any room since the fall at 12:00. The last sign of life before was in the bathroom."
        in (home.said[1])
    )


def test_movement_in_two_rooms_lowers_it_and_says_so() -> None:
    home = Watched().says("pendant", What.FELL, 0, FELT)
    home.says("hall_pir", What.MOVED, 2).until(3)
    assert home.falls == [("felt", False)]
    home.says("kitchen_pir", What.MOVED, 4).until(60, 4)
    assert home.falls == [("felt", False), ("elsewhere", True)]
    assert home.found[-1].strength < 0.6
    assert "hall, kitchen. Perhaps up again." in home.said[-1]


def test_steps_of_before_the_fall_that_are_told_late_clear_nothing() -> None:
    home = Watched().says("pendant", What.FELL, 0, FELT)
    home.says("hall_pir", What.MOVED, 0.05).says("kitchen_pir", What.MOVED, 0.02).until(4)
    assert home.falls == [("felt", False)]


def test_lying_down_in_bed_lowers_it() -> None:
    home = Watched().says("pendant", What.FELL, 0, FELT).says("bed", What.LAY_DOWN, 2).until(3)
    assert home.falls == [("felt", False), ("in_bed", True)]


def test_getting_out_of_bed_is_where_a_fall_begins_and_clears_nothing() -> None:
    home = Watched().says("bed", What.LAY_DOWN, -5).says("pendant", What.FELL, 0, FELT)
    home.says("bed", What.GOT_UP, 0.5).until(4)
    assert home.falls == [("felt", False)]


@pytest.mark.parametrize("home", [COUPLE, replace(ALONE, visits=True)])
def test_where_others_live_or_come_in_their_steps_clear_nothing(home: Home) -> None:
    watched = Watched(home).says("pendant", What.FELL, 0, FELT)
    watched.says("hall_pir", What.MOVED, 2).says("kitchen_pir", What.MOVED, 3).until(30)
    assert watched.falls == [("felt", False), ("others", False)]
    assert "It may be another person's" in watched.said[-1]
    assert watched.found[-1].strength == pytest.approx(0.9)


def test_a_soft_fall_rises_with_silence() -> None:
    home = Watched().says("bathroom_pir", What.MOVED, -1).says("pendant", What.MAYBE_FELL, 0, {"chance": 0.31})
    home.until(9)
    assert home.falls == []
    home.until(30, 10)
    assert home.falls == [("unlikely", False)]
    assert home.said[0].startswith("A soft fall at 12:00 scored low (31 %); nobody noticed anywhere since.")
    assert home.found[-1].since == NOON
    assert home.found[-1].strength > 0.6


def test_a_soft_fall_rises_with_signs_of_one_room_only() -> None:
    home = Watched().says("pendant", What.MAYBE_FELL, 0, {"chance": 0.31})
    for minute in (1, 4, 7):
        home.says("bathroom_pir", What.MOVED, minute).at(minute)
    home.until(12, 8)
    assert home.falls == [("unlikely", False)]
    assert "seen since only in the bathroom" in home.said[0]
    home.says("hall_pir", What.MOVED, 13).until(14, 13)
    assert home.falls[-1] == ("elsewhere", True)


@pytest.mark.parametrize(
    "signs",
    [
        [("hall_pir", What.MOVED, 2), ("kitchen_pir", What.MOVED, 3)],
        [("bed", What.LAY_DOWN, 0.1)],
        [("bed", What.LAY_DOWN, -8)],
    ],
    ids=["up and about", "lay down", "was in bed"],
)
def test_a_soft_fall_that_ordinary_life_explains_is_nothing(signs: list[tuple[str, What, float]]) -> None:
    home = Watched()
    for sensor, what, minute in sorted([*signs, ("pendant", What.MAYBE_FELL, 0.0)], key=lambda each: each[2]):
        home.says(sensor, what, minute)
    assert home.until(40).falls == []


def test_where_people_sit_a_soft_fall_needs_a_longer_silence() -> None:
    lounge = replace(
        ALONE, sensors=tuple(replace(one, room="lounge") if one.id == "kitchen_pir" else one for one in ALONE.sensors)
    )
    sat = Watched(lounge).says("kitchen_pir", What.MOVED, -1).says("pendant", What.MAYBE_FELL, 0, {"chance": 0.4})
    assert sat.until(29).falls == []
    assert sat.until(31, 30).falls == [("unlikely", False)]
    stirred = Watched(lounge).says("pendant", What.MAYBE_FELL, 0, {"chance": 0.4}).says("kitchen_pir", What.MOVED, 3)
    assert stirred.until(60).falls == []


def test_called_off_by_a_press_it_comes_back_only_when_nothing_at_all_is_noticed() -> None:
    off = {**FELT, "walked": 0.0}
    silent = Watched().says("pendant", What.FALL_CALLED_OFF, 0, off).until(19)
    assert silent.falls == []
    assert silent.until(21, 20).falls == [("called_off", False)]
    stirred = Watched().says("pendant", What.FALL_CALLED_OFF, 0, off).says("hall_pir", What.MOVED, 5)
    assert stirred.until(60).falls == []


def test_called_off_by_steps_that_may_be_anothers_it_is_a_likely_fall() -> None:
    off = {**FELT, "walked": 1.0}
    for home in (COUPLE, replace(ALONE, slow=True)):
        assert Watched(home).says("pendant", What.FALL_CALLED_OFF, 0, off).falls == [("walked", False)]
    assert Watched().says("pendant", What.FALL_CALLED_OFF, 0, off).until(60).falls == []


def test_a_pendant_with_false_falls_has_to_be_surer() -> None:
    pendant, *others = ALONE.sensors
    strict = replace(ALONE, sensors=(replace(pendant, fall_chance=0.95), *others))
    home = Watched(strict).says("bathroom_pir", What.MOVED, -1).says("pendant", What.FELL, 0, FELT)
    assert home.falls == [("held", False)]
    assert home.until(11).falls == [("held", False), ("doubted", False)]
    assert len({one.key for one in home.found}) == 2


def test_beyond_what_is_heard_nothing_is_silence() -> None:
    home = Watched().says("pendant", What.MAYBE_FELL, 0, {"chance": 0.4}).at(5)
    home.found += home.engine.overdue(after(30))
    assert home.falls == []
    home.says("hall_pir", What.MOVED, 6).says("kitchen_pir", What.MOVED, 7).at(31)
    assert home.falls == []


def test_a_fall_is_no_sign_of_life() -> None:
    home = Watched().says("pendant", What.FELL, 0, FELT).says("pendant", What.WORN, 1)
    assert home.engine.latest_sign("h_okafor") == (after(-20), "hall_pir")


def test_any_batching_and_a_restart_come_to_the_same() -> None:
    story = [
        ("bathroom_pir", What.MOVED, -1.0, None), ("pendant", What.MAYBE_FELL, 0.0, {"chance": 0.35}),
        ("bathroom_pir", What.MOVED, 2.0, None), ("pendant", What.FELL, 30.0, FELT),
        ("hall_pir", What.MOVED, 31.0, None), ("kitchen_pir", What.MOVED, 32.0, None),
    ]  # fmt: skip
    one = Watched()
    for sensor, what, minute, evidence in story:
        one.says(sensor, what, minute, evidence).at(minute)
        one.until(12, 3) if minute == 2.0 else one.at(minute)
    one.at(33)

    again = Watched()
    rows = [again.engine.row("h_okafor", s, what, after(m), after(m), 7, e) for s, what, m, e in story[:3]]
    again.found += again.engine.observe(batch(rows[::-1]))
    again.until(6)
    restarted = Watched()
    assert restarted.engine.restore(again.engine.snapshot())
    restarted.found = again.found
    restarted.until(12, 7)
    for sensor, what, minute, evidence in story[3:]:
        restarted.says(sensor, what, minute, evidence)
    restarted.at(33)
    falls = [[one.key for one in each.found if one.kind is FindingKind.FALL] for each in (one, restarted)]
    assert falls[0] == falls[1]
    assert len(falls[0]) == 3


def test_homes_without_a_suspicion_cost_nothing() -> None:
    engine = Engine([ALONE], NOON)
    assert not np.any(engine._fusion.state["kind"])
    assert engine._fusion.state.dtype.itemsize <= 24


def test_where_carers_come_in_a_silence_is_believed_less_and_says_why() -> None:
    def silence(home: Home) -> tuple[float, str]:
        watched = Watched(home).until(15 * 60)
        (found,) = [one for one in watched.found if one.kind is FindingKind.SILENCE and not one.over]
        return found.strength, explain(found, home).sentence

    alone, visited = silence(ALONE), silence(replace(ALONE, visits=True))
    assert visited[0] < alone[0]
    assert "Carers or others come in" in visited[1]
    assert "Carers" not in alone[1]


SITS, STANDS = What.SAT_DOWN, What.STOOD_UP


@pytest.mark.parametrize("sat", [2, -0.1, -15])
def test_a_chair_that_is_taken_weakens_a_likely_fall_once_and_silences_nothing(sat: float) -> None:
    home = Watched(SEATED)
    for sensor, what, minute in sorted([("armchair", SITS, sat), ("pendant", What.FELL, 0.0)], key=lambda one: one[2]):
        home.says(sensor, what, minute, FELT if sensor == "pendant" else None)
    home.until(50)
    assert home.falls == [("felt", False), ("in_chair", False)], "seated, one is neither still nor in one room only"
    seated = home.found[-1]
    assert 0.6 < seated.strength < 0.8
    assert seated.only_told
    assert not home.found[0].only_told
    at = f"{after(sat):%H:%M}"
    assert f"By the lounge chair somebody has sat in it since {at}. That speaks against" in home.said[-1]
    assert "it clears nothing. Confidence now 73 %; by the pendant alone it was 90 %." in home.said[-1]


def test_leaving_the_chair_and_then_nothing_raises_it_again() -> None:
    home = Watched(SEATED).says("pendant", What.FELL, 0, FELT).says("armchair", SITS, 2).until(19)
    home.says("armchair", STANDS, 20).until(29, 20)
    assert home.falls == [("felt", False), ("in_chair", False)]
    assert home.until(31, 30).falls[-1] == ("one_room", False)
    assert home.found[-1].strength > 0.9


def test_a_chair_that_was_taken_for_a_moment_says_nothing() -> None:
    """Whoever tries to pull themselves up by it weighs on the mat too."""
    home = Watched(SEATED).says("pendant", What.FELL, 0, FELT).says("armchair", SITS, 2).says("armchair", STANDS, 2.5)
    assert home.until(11, 1).falls == [("felt", False), ("one_room", False)]


@pytest.mark.parametrize(
    "untrue",
    [
        [("armchair", SITS, -300)],
        [("armchair", SITS, -10), ("kitchen_pir", What.MOVED, -2)],
    ],
    ids=["for hours", "seen elsewhere since"],
)
def test_a_mat_that_may_stick_says_nothing(untrue: list[tuple[str, What, float]]) -> None:
    home = Watched(SEATED)
    for sensor, what, minute in untrue:
        home.says(sensor, what, minute)
    assert home.says("pendant", What.FELL, 0, FELT).until(8).falls == [("felt", False), ("still", False)]
    assert "chair" not in home.said[-1]


def test_where_others_live_the_chair_may_be_theirs() -> None:
    home = Watched(replace(SEATED, people=2)).says("pendant", What.FELL, 0, FELT).says("armchair", SITS, 2)
    assert home.until(12).falls == [("felt", False), ("one_room", False)]
    home = Watched(replace(SEATED, people=2)).says("armchair", SITS, -9).says("pendant", What.FELL, 0, FELT)
    home.says("armchair", STANDS, 0.4).until(8)
    assert home.falls == [("felt", False)], "the other got up and came"


@pytest.mark.parametrize("left", [-0.5, 0.3])
def test_rising_from_the_chair_and_then_nothing_is_likelier_than_nothing(left: float) -> None:
    plain = Watched(SEATED).says("lounge_pir", What.MOVED, -1).says("pendant", What.FELL, 0, FELT).until(6)
    home = Watched(SEATED).says("armchair", SITS, -15)
    for sensor, what, minute in sorted([("armchair", STANDS, left), ("pendant", What.FELL, 0.0)], key=lambda o: o[2]):
        home.says(sensor, what, minute, FELT if sensor == "pendant" else None)
    home.until(6)
    assert home.falls == plain.falls == [("felt", False), ("still", False)]
    assert home.found[-1].strength > plain.found[-1].strength
    assert "was in the lounge. Somebody had just got up from the lounge chair." in home.said[-1]


def test_a_soft_fall_out_of_the_chair_rises_as_soon_as_anywhere() -> None:
    """In a lounge complete silence has to last half an hour, unless the chair there says that nobody sits."""
    home = Watched(SEATED).says("armchair", SITS, -15).says("pendant", What.MAYBE_FELL, 0, {"chance": 0.3})
    home.says("armchair", STANDS, 0.2)
    assert home.until(9).falls == []
    assert home.until(11, 10).falls == [("unlikely", False)]
    assert home.said[0].startswith("A soft fall at 12:00 scored low (30 %); nobody noticed anywhere since.")
    assert "Somebody had just got up from the lounge chair." in home.said[0]


def test_a_soft_fall_of_who_sits_on_waits_for_an_hour_and_rising_settles_it() -> None:
    def bumped() -> Watched:
        return Watched(SEATED).says("armchair", SITS, -15).says("pendant", What.MAYBE_FELL, 0, {"chance": 0.3})

    home = bumped().until(59)
    assert home.falls == []
    assert home.until(61, 60).falls == [("unlikely", False)]
    assert home.found[-1].strength < 0.5
    assert "By the lounge chair somebody has sat in it since 11:45." in home.said[0]
    assert bumped().until(40).says("armchair", STANDS, 41).until(120, 41).falls == []


def test_a_chair_that_is_not_heard_says_nothing() -> None:
    home = Watched(SEATED).says("pendant", What.FELL, 0, FELT).says("armchair", SITS, 0.5)
    home.engine.dead[home.engine.sensor_index["h_okafor", "armchair"]] = True
    home.found += home.engine.observe(home.engine.beat("h_okafor", after(12), after(12), {}))
    home.found += home.engine.overdue(after(12))
    assert home.falls == [("felt", False), ("one_room", False)]
