from datetime import timedelta

import pytest

from models.detection import Finding, FindingKind
from models.detection.explain import explain, lasting
from tests.conftest import NOON, okafor_home

HOME = okafor_home()


@pytest.mark.parametrize("kind", list(FindingKind))
@pytest.mark.parametrize("over", [False, True])
def test_every_finding_explains_itself(kind: FindingKind, over: bool) -> None:
    finding = Finding(kind, HOME.id, NOON - timedelta(hours=1), NOON, sensor="hall_pir", over=over)
    assert explain(finding, HOME).observed


def test_a_late_press_says_how_late() -> None:
    found = Finding(FindingKind.PRESS, HOME.id, NOON, NOON, sensor="pendant", evidence={"late_by": 7500.0})
    assert (
        explain(found, HOME).observed == "Help was called for with the pendant at 12:00. It reached us 2 h 5 min late."
    )


def test_the_day_is_said_where_it_is_another_one() -> None:
    found = Finding(FindingKind.KIT_UNHEARD, HOME.id, NOON - timedelta(days=1), NOON, evidence={"ever_heard": True})
    assert explain(found, HOME).observed == "Nothing is heard from the home since 12:00 on Thu 19 Nov."


def test_times_are_those_of_the_home_in_summer_too() -> None:
    july = NOON.replace(month=7)
    assert "at 13:00" in explain(Finding(FindingKind.PRESS, HOME.id, july, july, sensor="pendant"), HOME).observed


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(9, "9 s"), (60, "1 min"), (3600, "1 h"), (7800, "2 h 10 min"), (260000, "3 days")],
)
def test_lengths_of_time_as_people_say_them(seconds: float, said: str) -> None:
    assert lasting(seconds) == said
