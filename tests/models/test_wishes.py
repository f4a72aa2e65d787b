"""When somebody is reminded of what is to be looked at again."""

from datetime import UTC, datetime, timedelta

import pytest

from models.wishes import Deed, Wish, out_of_use, paused_lately, reminded_from, unshared

REVIEW = datetime(2026, 12, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "since"), [(-30.1, None), (-30, -30), (-0.1, -30), (0, 0), (6.9, 0), (7, 7), (365, 364)]
)
def test_a_month_before_on_the_day_and_then_each_week(days: float, since: float | None) -> None:
    expected = None if since is None else REVIEW + timedelta(days=since)
    assert reminded_from(REVIEW, REVIEW + timedelta(days=days)) == expected


def wish(hours: float, deed: Deed, until: float | None = None, about: str = "motion") -> Wish:
    ends = None if until is None else REVIEW + timedelta(hours=until)
    return Wish(REVIEW + timedelta(hours=hours), "h", "r", "grace", deed, about, until=ends)


def test_a_kind_is_out_of_use_while_it_is_paused_or_stopped() -> None:
    wishes = [
        wish(30, Deed.PAUSED, 38),
        wish(24, Deed.AGREED),
        wish(20, Deed.STOPPED),
        wish(9, Deed.PAUSED, 17, "door"),
        wish(4, Deed.RESUMED),
        wish(0, Deed.PAUSED, 8),
    ]
    now = REVIEW + timedelta(hours=31)
    found = [(deed, start - REVIEW, end - REVIEW) for deed, start, end in out_of_use(wishes, "motion", now)]
    spells = ((Deed.PAUSED, 0, 4), (Deed.STOPPED, 20, 24), (Deed.PAUSED, 30, 38))
    assert found == [(deed, timedelta(hours=start), timedelta(hours=end)) for deed, start, end in spells]
    assert paused_lately(wishes, "motion", now) == timedelta(hours=12)


def test_nothing_is_shared_until_a_pause_ends_by_itself_or_is_ended() -> None:
    wishes = [
        wish(30, Deed.SHARING_PAUSED, 38, "ada"),
        wish(22, Deed.SHARING_RESUMED, about="ada"),
        wish(21, Deed.SHARING_PAUSED, 45, "ada"),
        wish(20, Deed.SHARING_PAUSED, 28, "ada"),
        wish(9, Deed.SHARING_PAUSED, 17, "chi"),
        wish(0, Deed.SHARING_PAUSED, 2, "ada"),
    ]
    found = [(start - REVIEW, end - REVIEW) for start, end in unshared(wishes, "ada")]
    spells = ((0, 2), (20, 21), (21, 22), (30, 38))
    assert found == [(timedelta(hours=start), timedelta(hours=end)) for start, end in spells]
