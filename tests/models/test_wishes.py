"""When somebody is reminded of what is to be looked at again."""

from datetime import UTC, datetime, timedelta

import pytest

from models.wishes import reminded_from

REVIEW = datetime(2026, 12, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "since"), [(-30.1, None), (-30, -30), (-0.1, -30), (0, 0), (6.9, 0), (7, 7), (365, 364)]
)
def test_a_month_before_on_the_day_and_then_each_week(days: float, since: float | None) -> None:
    expected = None if since is None else REVIEW + timedelta(days=since)
    assert reminded_from(REVIEW, REVIEW + timedelta(days=days)) == expected
