from datetime import timedelta

import pytest

from models.health import Heard, Why, kit_unheard_after, why_unheard
from tests.conftest import NOON

LIMIT = timedelta(minutes=3)
AGO = NOON - timedelta(hours=1)


def test_three_missed_heartbeats_and_never_before_three_minutes() -> None:
    assert kit_unheard_after(timedelta(seconds=5)) == timedelta(minutes=3)
    assert kit_unheard_after(timedelta(minutes=10)) == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("heard", "why"),
    [
        (Heard(None, None), Why.NEVER),
        (Heard(NOON, NOON), None),
        (Heard(AGO, AGO, on_mains=False), Why.POWER),
        (Heard(AGO, AGO, online=False), Why.PATH),
        (Heard(AGO, AGO), Why.KIT),
        (Heard(AGO, NOON), Why.BACKLOG),
    ],
)
def test_an_unheard_home_says_why(heard: Heard, why: Why | None) -> None:
    assert why_unheard(heard, NOON, LIMIT) is why
