from datetime import timedelta

import pytest

from models.alert import Outcome
from models.detection.feedback import JudgedFall, Sureness, sureness, told_of_falls
from tests.conftest import NOON

DAY = timedelta(days=1)


def falls(*outcomes: Outcome, since: int = 0, sensor: str = "pendant") -> list[JudgedFall]:
    """One a day, the latest `since` days ago."""
    return [
        JudgedFall(100 * since + place, "h", sensor, outcome, NOON - (since + place) * DAY)
        for place, outcome in enumerate(outcomes)
    ]


@pytest.mark.parametrize(
    ("outcomes", "chance"),
    [
        ([], 0.0),
        ([Outcome.FALSE] * 2, 0.0),
        ([Outcome.FALSE] * 3, 0.7),
        ([Outcome.FALSE, Outcome.ACCIDENT, Outcome.VISITOR, Outcome.FALSE], 0.8),
        ([Outcome.FALSE] * 20, 0.9),
        ([Outcome.FALSE] * 3 + [Outcome.FALL], 0.0),
        ([Outcome.FALSE] * 5 + [Outcome.HELP_NEEDED], 0.7),
        ([Outcome.TEST] * 9, 0.0),
    ],
)
def test_false_falls_make_a_pendant_have_to_be_surer_within_a_bound(outcomes: list[Outcome], chance: float) -> None:
    assert sureness(falls(*outcomes), NOON).chance == pytest.approx(chance)


def test_it_is_forgotten_after_a_month() -> None:
    assert sureness(falls(*[Outcome.FALSE] * 3, since=28), NOON) == Sureness()


def test_it_is_told_for_the_pendant_and_the_home() -> None:
    mine, others = falls(*[Outcome.FALSE] * 3), falls(*[Outcome.FALSE] * 2, since=5, sensor="his")
    assert told_of_falls(sureness(mine, NOON), mine + others, NOON) == (
        "After three false falls with this pendant in 30 days (5 in this home), one has to be 70% sure to call at once;"
        " a less sure one calls when silence bears it out."
    )
