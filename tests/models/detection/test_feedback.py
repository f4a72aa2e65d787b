"""The budget in force follows from what is on record, within bounds, and finds back by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from models.alert import Outcome
from models.detection import coldstart
from models.detection.engine import KNOWN_AFTER
from models.detection.feedback import BOUND, COUNTED, Budget, Judged, budget, told

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LONG = timedelta(days=365)
MONTH = timedelta(days=30)


def judged(*outcomes: Outcome, days: int = 10) -> list[Judged]:
    return [Judged(number, "h", one, NOW - timedelta(days=days + number)) for number, one in enumerate(outcomes, 1)]


def test_within_its_budget_nothing_is_shifted() -> None:
    assert budget(1.0, judged(Outcome.VISITOR, Outcome.AWAY), LONG, NOW) == Budget(1.0)
    assert budget(1.0, [], LONG, NOW) == Budget(1.0)


def test_each_alert_too_many_makes_it_more_patient() -> None:
    assert budget(1.0, judged(*[Outcome.VISITOR] * 3), LONG, NOW) == Budget(0.7, (1, 2, 3))
    assert budget(1.0, judged(*[Outcome.FALSE] * 4), LONG, NOW).rate == 0.49


def test_a_home_known_for_a_month_has_the_budget_of_a_month() -> None:
    assert budget(1.0, judged(Outcome.VISITOR, Outcome.VISITOR), MONTH, NOW) == Budget(0.7, (1, 2))


@pytest.mark.parametrize("outcome", [Outcome.FALL, Outcome.HELP_NEEDED])
def test_a_genuine_one_makes_it_less_patient(outcome: Outcome) -> None:
    assert budget(1.0, judged(outcome), LONG, NOW) == Budget(1.5, (1,))


@pytest.mark.parametrize("outcome", [Outcome.TEST, Outcome.FAULT, Outcome.COMPANY, Outcome.ACCIDENT, Outcome.CLEARED])
def test_other_outcomes_say_nothing_of_patience(outcome: Outcome) -> None:
    assert budget(1.0, judged(*[outcome] * 9), LONG, NOW) == Budget(1.0)


def test_it_stays_within_bounds() -> None:
    assert budget(1.0, judged(*[Outcome.FALSE] * 30), LONG, NOW).rate == 1 / BOUND
    assert budget(1.0, judged(*[Outcome.FALL] * 30), LONG, NOW).rate == BOUND


def test_what_is_old_speaks_no_more() -> None:
    assert budget(1.0, judged(*[Outcome.FALSE] * 5, days=COUNTED.days), LONG, NOW) == Budget(1.0)


def test_a_larger_budget_bears_more() -> None:
    assert budget(4.0, judged(*[Outcome.FALSE] * 8), LONG, NOW) == Budget(4.0)


@pytest.mark.parametrize(
    ("own", "rate", "outcomes", "said"),
    [
        (
            1.0, 0.7, [Outcome.VISITOR] * 2,
            ("After two alerts in October that were visits, this home is watched a little more patiently:"
            " 0.7 instead of 1 false alert a month."),
        ),
        (
            2.0, 3.0, [Outcome.FALL],
            ("After an alert in October that was genuine, this home is watched a little more closely:"
            " 3 instead of 2 false alerts a month."),
        ),
        (
            1.0, 0.34, [Outcome.VISITOR, Outcome.AWAY, Outcome.FALSE],
            ("After three alerts in October that were visits, outings and false alerts, this home is watched more"
            " patiently: 0.34 instead of 1 false alert a month."),
        ),
    ],
)  # fmt: skip
def test_it_says_why_in_a_sentence(own: float, rate: float, outcomes: list[Outcome], said: str) -> None:
    assert told(own, rate, judged(*outcomes), "Europe/London") == said


def test_a_new_home_says_until_when_it_is_one() -> None:
    since = datetime(2026, 11, 3, 9, tzinfo=UTC)
    assert coldstart.told(since, "Europe/London") == (
        "This home has been known since 3 November; until 17 November fixed limits hold as well."
    )
    assert coldstart.early(since, since + timedelta(days=13))
    assert not coldstart.early(since, since + timedelta(days=14))
    assert coldstart.KNOWN_AFTER.total_seconds() == KNOWN_AFTER
