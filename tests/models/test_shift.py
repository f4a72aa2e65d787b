"""When a home that is muted as away is lived in after all."""

from datetime import timedelta

from models.shift import lived_in
from tests.conftest import NOON


def test_visits_over_the_top_of_the_hour_are_no_more_than_visits() -> None:
    visits = [NOON + timedelta(minutes=start + 10 * step) for start in (-190, 350) for step in range(3)]
    assert not lived_in(visits), "08:50 to 09:10, and 17:50 to 18:10"
    assert lived_in([NOON + timedelta(minutes=10 * step) for step in range(19)]), "three hours on end"
    assert not lived_in([NOON + timedelta(minutes=10 * step) for step in range(18)])
