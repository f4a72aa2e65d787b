from datetime import UTC, datetime, timedelta

import pytest

from hub.web.picture import picture
from hub.web.words import listed
from models.day import Doing, Span
from models.hours import midnight, part_of, part_starts, when
from models.people import Level

LONDON = "Europe/London"
SPRING = datetime(2026, 3, 29, 12, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(("noon", "hours"), [(SPRING, 23), (AUTUMN, 25), (SPRING + timedelta(days=7), 24)])
def test_a_day_lasts_from_midnight_to_midnight_also_when_the_clocks_change(noon: datetime, hours: int) -> None:
    start, end = midnight(noon, LONDON), midnight(noon, LONDON, 1)
    assert end - start == timedelta(hours=hours)
    whole = picture("d", "Day", [Span(start, end, Doing.QUIET)], start, end, Level.TIMES, LONDON)
    assert [(bar.x, bar.width) for bar in whole.bars] == [(0, 100)]
    assert [text for _, text, _ in whole.hours] == ["0", "6", "12", "18", "24"]
    six = whole.hours[1][0]
    assert six == pytest.approx(100 * (6 - (24 - hours)) / hours, abs=0.01)


def test_the_parts_of_a_day_begin_by_the_homes_clock() -> None:
    starts = part_starts(SPRING - timedelta(hours=13), SPRING, LONDON)
    assert [part_of(at, LONDON) for at in starts] == ["night", "morning", "afternoon", "evening", "night"] * 2
    assert part_of(datetime(2026, 7, 1, 5, 30, tzinfo=UTC), LONDON) == "morning"


def test_bars_meet_without_gap_and_words_say_the_same() -> None:
    start = midnight(SPRING, LONDON)
    spans = [
        Span(start, start + timedelta(hours=7), Doing.IN_BED),
        Span(start + timedelta(hours=7), start + timedelta(hours=8), Doing.UP, "hall"),
        Span(start + timedelta(hours=8), start + timedelta(hours=9), Doing.UP, "front_room"),
        Span(start + timedelta(hours=9), start + timedelta(hours=12), Doing.UNHEARD),
    ]
    drawn = picture("d", "Day", spans, start, start + timedelta(hours=23), Level.TIMES, LONDON)
    assert [bar.name for bar in drawn.bars] == ["in_bed", "up", "unheard"]
    for one, following in zip(drawn.bars, drawn.bars[1:], strict=False):
        assert one.x + one.width == pytest.approx(following.x, abs=0.02)
    assert drawn.lines[1] == ("08:00 to 10:00", "Up and about: hall and front room")


def test_nothing_known_draws_nothing() -> None:
    start = midnight(SPRING, LONDON)
    assert picture("d", "Day", [], start, start + timedelta(days=1), Level.TIMES, LONDON).bars == ()


def test_moments_are_said_as_people_say_them() -> None:
    now = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    assert when(now - timedelta(minutes=5), now, LONDON) == "02:55"
    assert when(now - timedelta(hours=4), now, LONDON) == "23:00 last night"
    assert when(now - timedelta(hours=12), now, LONDON) == "15:00 yesterday"
    assert when(now - timedelta(days=3), now, LONDON) == "03:00 on Thu 19 Nov"
    assert [listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
