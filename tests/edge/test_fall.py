"""The rule at the head of edge/fall.py, by moments handed in."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from edge.fall import Falls, Judging
from edge.sensors import Felt, Noticed
from models.observation import Evidence, What
from tests.edge.conftest import moment

THRESHOLD = 0.5


@dataclass(frozen=True)
class Said:
    at: float
    chance: float
    evidence: Evidence = field(default_factory=lambda: {"peak_g": 3.0, "tilt_deg": 80.0, "still_s": 2.0, "other": 1.0})


class Oracle:
    """A detector that says what it was told to say."""

    def __init__(self) -> None:
        self.next: list[Said] = []
        self.on_a_body = False

    def feed(self, t: Sequence[float], acc: Sequence[tuple[float, float, float]]) -> Sequence[Said]:
        said, self.next = self.next, []
        return said

    def worn(self, now: float, within_s: float) -> bool:
        return self.on_a_body


class Kit:
    """Impacts happen 4 s before they are decided upon."""

    def __init__(self, *, walking: bool = True, buttons: dict[str, str] | None = None) -> None:
        self.oracle = Oracle()
        self.falls = Falls(Judging(lambda: self.oracle, THRESHOLD), 20.0, walking=walking, buttons=buttons)
        self.told: list[tuple[What, float]] = []

    def _keep(self, some: Sequence[Noticed]) -> None:
        self.told += [(one.what, round(one.moment.elapsed - 1000, 3)) for one in some]

    def decides(self, at: float, chance: float = 0.9, sensor: str = "pendant") -> "Kit":
        self.oracle.next = [Said(76.0, chance)]
        self._keep(self.falls.feel(Felt(sensor, [79.0, 80.0], [(0.0, 0.0, 1.0)] * 2, moment(at))))
        return self

    def sees(self, what: What, sensor: str, at: float) -> "Kit":
        self._keep(self.falls.take(Noticed(sensor, what, moment(at))))
        return self

    def presses(self, at: float, sensor: str = "pendant") -> "Kit":
        return self.sees(What.PRESSED, sensor, at)

    def at(self, seconds: float) -> "Kit":
        self._keep(self.falls.due(moment(seconds)))
        return self


FELL, MAYBE, OFF, PRESSED, MOVED = What.FELL, What.MAYBE_FELL, What.FALL_CALLED_OFF, What.PRESSED, What.MOVED


def test_a_window_that_ends_in_silence_is_a_fall_of_the_moment_of_the_impact() -> None:
    kit = Kit().decides(4)
    assert (kit.told, bool(kit.falls.asking), kit.falls.next_at()) == ([], True, 1024.0)
    assert kit.at(23.9).told == []
    assert kit.at(24).told == [(FELL, 0.0)]
    assert (bool(kit.falls.asking), kit.falls.pending, kit.falls.next_at()) == (False, (), None)


def test_what_it_rests_on_travels_along() -> None:
    (fell,) = Kit().decides(4).falls.pending
    assert fell.evidence == {"chance": 0.9, "peak_g": 3.0, "tilt_deg": 80.0, "still_s": 2.0}


def test_an_unlikely_one_is_told_at_once_and_asks_nobody() -> None:
    kit = Kit().decides(4, 0.3)
    assert (kit.told, bool(kit.falls.asking)) == ([(MAYBE, 0.0)], False)


def test_a_press_alone_calls_it_off_and_stops_the_tone() -> None:
    kit = Kit().decides(4).presses(9)
    assert (kit.told, bool(kit.falls.asking)) == ([], False)
    assert kit.falls.pending != (), "until it is sure, a power cut must end in a call"
    assert kit.at(18.9).told == []
    assert kit.at(19).told == [(OFF, 0.0)]
    assert kit.presses(21).told == [(OFF, 0.0), (PRESSED, 21.0)]


def test_a_press_at_the_end_of_the_window_has_its_time_too() -> None:
    assert Kit().decides(4).presses(23).at(24).told == []
    assert Kit().decides(4).presses(23).at(33).told == [(OFF, 0.0)]


@pytest.mark.parametrize("second", [9.3, 12.0, 18.9])
def test_two_presses_are_a_cry(second: float) -> None:
    kit = Kit().decides(4).presses(9).presses(second)
    assert kit.told == [(FELL, 0.0), (PRESSED, 9.0), (PRESSED, second)]
    assert kit.at(60).told[3:] == []


@pytest.mark.parametrize("at", [0.5, 3.0, 4.0, 4.9])
def test_a_press_that_can_be_no_answer_to_the_tone_is_a_cry(at: float) -> None:
    kit = Kit()
    kit = kit.presses(at).decides(4) if at < 4 else kit.decides(4).presses(at)
    assert sorted(kit.told) == [(FELL, 0.0), (PRESSED, at)]
    assert kit.falls.pending == ()


def test_a_press_of_before_the_impact_is_a_press_and_answers_nothing() -> None:
    kit = Kit().presses(-2).decides(4)
    assert (kit.told, bool(kit.falls.asking)) == ([(PRESSED, -2.0)], True)


def test_another_button_is_another_persons() -> None:
    kit = Kit().decides(4).presses(9, "cord").presses(10, "other_pendant").at(24)
    assert kit.told == [(PRESSED, 9.0), (PRESSED, 10.0), (FELL, 0.0)]


def test_a_pendant_may_have_its_button_elsewhere() -> None:
    assert Kit(buttons={"belt": "pendant"}).decides(4, sensor="belt").presses(9).at(20).told == [(OFF, 0.0)]


def test_walking_past_two_other_sensors_calls_it_off() -> None:
    kit = Kit().decides(4).sees(MOVED, "hall", 6).sees(MOVED, "hall", 9)
    assert kit.told == [(MOVED, 6.0), (MOVED, 9.0)]
    assert kit.sees(What.OPENED, "fridge", 12).told[2:] == [(What.OPENED, 12.0), (OFF, 0.0)]
    assert kit.at(60).told[4:] == []


def test_steps_of_before_the_fall_are_no_walking_away() -> None:
    kit = Kit().decides(4).sees(MOVED, "hall", 1).sees(MOVED, "kitchen", 2.5).sees(MOVED, "bath", 9).at(24)
    assert kit.told[-1] == (FELL, 0.0)


def test_leaving_the_bed_is_how_some_fall() -> None:
    kit = Kit().decides(4).sees(What.GOT_UP, "bed", 9).sees(MOVED, "bedroom", 12).at(24)
    assert kit.told[-1] == (FELL, 0.0)


def test_where_others_live_walking_calls_off_nothing() -> None:
    kit = Kit(walking=False).decides(4).sees(MOVED, "hall", 9).sees(MOVED, "kitchen", 12).at(24)
    assert kit.told[-1] == (FELL, 0.0)


def test_a_surer_suspicion_in_the_window_prolongs_nothing() -> None:
    kit = Kit().decides(4, 0.6).decides(14, 0.95).decides(16, 0.3)
    assert [one.evidence and one.evidence["chance"] for one in kit.falls.pending] == [0.95]
    assert kit.at(24).told == [(FELL, 0.0)]


def test_two_wearers_have_a_window_each() -> None:
    kit = Kit().decides(4, sensor="his").decides(6, sensor="hers").presses(12, "hers").at(24)
    assert sorted(kit.told) == sorted([(OFF, 2.0), (FELL, 0.0)])


def test_that_it_is_worn_is_told_once_an_hour_while_it_moves() -> None:
    kit = Kit()
    kit.oracle.on_a_body = True
    for minute in range(125):
        kit._keep(kit.falls.feel(Felt("pendant", [80.0], [(0.0, 0.0, 1.0)], moment(60.0 * minute))))
    assert kit.told == [(What.WORN, 0.0), (What.WORN, 3600.0), (What.WORN, 7200.0)]
    assert Kit().decides(4, 0.9).at(24).told == [(FELL, 0.0)]
