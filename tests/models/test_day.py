from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hub.web.picture import picture
from models.day import Doing, Seen, Span, as_shared, as_watched, at_level, ribbon
from models.observation import SensorKind, What
from models.people import Level
from tests.conftest import NOON, okafor_home, with_armchair

HOME = okafor_home()
MIN, HOUR = timedelta(minutes=1), timedelta(hours=1)
START, END = NOON - 12 * HOUR, NOON

WHAT_OF = {
    "hall_pir": What.MOVED,
    "kitchen_pir": What.MOVED,
    "front_door": What.OPENED,
    "bed": What.LAY_DOWN,
    "pendant": What.PRESSED,
    "armchair": What.SAT_DOWN,
}


def moved(hours: float, sensor: str = "hall_pir", what: What = What.MOVED) -> Seen:
    return Seen(START + timedelta(hours=hours), what, sensor)


NIGHT = [
    moved(-2, "bed", What.LAY_DOWN),
    moved(7, "bed", What.GOT_UP),
    moved(7.1, "kitchen_pir"),
    moved(8, "front_door", What.OPENED),
    moved(10, "hall_pir"),
]


def told(spans: list[Span]) -> list[tuple[str, float]]:
    return [(span.doing.value, (span.end - span.start) / HOUR) for span in spans]


def test_a_night_and_a_morning() -> None:
    found = ribbon(HOME, NIGHT, START, END, END)
    assert [(doing, round(hours, 2)) for doing, hours in told(found)] == [
        ("in bed", 7.0),
        ("up", 0.1),
        ("up", 0.75),
        ("quiet", 0.15),
        ("out", 2.0),
        ("up", 0.75),
        ("quiet", 1.25),
    ]
    assert [span.room for span in found if span.doing is Doing.UP] == ["bedroom", "kitchen", "hall"]


def test_where_two_live_one_in_bed_does_not_hide_another_who_is_up() -> None:
    seen = [moved(1, "bed", What.LAY_DOWN), moved(2, "kitchen_pir"), moved(2.5, "pendant", What.PRESSED)]
    alone = told(ribbon(HOME, seen, START + HOUR, START + 4 * HOUR, END))
    assert alone == [("in bed", 3.0)]
    found = ribbon(replace(HOME, people=2), seen[:2], START + HOUR, START + 4 * HOUR, END)
    assert told(found) == [("in bed", 1.0), ("up", 0.75), ("quiet", 1.25)]
    assert found[1].room == "kitchen"


def test_what_was_not_heard_is_never_shown_as_known() -> None:
    found = ribbon(HOME, NIGHT, START, END, START + 7.5 * HOUR)
    assert found[-1] == Span(START + 7.5 * HOUR, END, Doing.UNHEARD)
    assert told(ribbon(HOME, [], START, END, None)) == [("unheard", 12.0)]


def test_a_home_that_is_heard_and_says_nothing_is_quiet() -> None:
    assert told(ribbon(HOME, [], START, END, END)) == [("quiet", 12.0)]


def test_where_no_motion_is_noticed_nothing_is_said_to_be_quiet() -> None:
    spans = [*ribbon(HOME, NIGHT, START, END, END), Span(END, END + HOUR, Doing.OUT)]
    assert {"quiet", "out"} <= {doing for doing, _ in told(spans)}
    assert as_watched(spans, HOME) == spans
    without = replace(HOME, sensors=tuple(one for one in HOME.sensors if one.kind is not SensorKind.MOTION))
    expected = [one.start for one in spans if one.doing in (Doing.QUIET, Doing.OUT)]
    found = as_watched(spans, without)
    unknown = [one for one in found if one.doing is Doing.UNWATCHED]
    assert all(any(one.start <= at < one.end for one in unknown) for at in expected)
    assert not {Doing.QUIET, Doing.OUT} & {one.doing for one in found}


def test_hours_in_which_motion_was_paused_are_not_said_to_be_quiet() -> None:
    seen = [moved(1), moved(8), moved(9, "front_door", What.OPENED)]
    spans = ribbon(HOME, seen, START, END, END)
    pauses = [(START + timedelta(hours=first), START + timedelta(hours=last)) for first, last in ((2, 6), (10, 14))]
    found = told(as_watched(spans, HOME, pauses))
    assert found == [
        ("quiet", 1.0),
        ("up", 0.75),
        ("quiet", 0.25),
        ("not looked at", 4.0),
        ("quiet", 2.0),
        ("up", 0.75),
        ("quiet", 0.25),
        ("out", 1.0),
        ("not looked at", 2.0),
    ]


def test_what_was_noticed_in_hours_not_shared_is_not_read_from_how_long_it_holds_after_them() -> None:
    seen = [moved(1), moved(3.8, "kitchen_pir"), moved(5.5), moved(9, "bed", What.LAY_DOWN)]
    hidden = [(START + 2 * HOUR, START + 4 * HOUR), (START + 8.5 * HOUR, START + 10 * HOUR)]
    found = as_shared(ribbon(HOME, seen, START, END, END), hidden)
    assert [(doing, round(hours, 2)) for doing, hours in told(found)] == [
        ("quiet", 1.0),
        ("up", 0.75),
        ("quiet", 0.25),
        ("not shared", 2.0),
        ("quiet", 1.5),
        ("up", 0.75),
        ("quiet", 2.25),
        ("not shared", 1.5),
        ("in bed", 2.0),
    ]


SEATED = with_armchair(HOME)
SITS, STANDS = What.SAT_DOWN, What.STOOD_UP


@pytest.mark.parametrize(
    ("after", "spans"),
    [
        ([moved(9, "armchair", STANDS)], [("in the chair", 3.0), ("up", 0.75), ("quiet", 2.25)]),
        ([moved(8, "lounge_pir"), moved(8.5, "pendant", What.PRESSED)], [("in the chair", 6.0)]),
        ([moved(8, "kitchen_pir")], [("in the chair", 2.0), ("up", 0.75), ("quiet", 3.25)]),
        ([], [("in the chair", 4.0), ("quiet", 2.0)]),
    ],
    ids=["stood up", "the same room", "seen elsewhere, whatever the mat says", "a mat may stick"],
)
def test_in_the_chair_until_something_says_otherwise(after: list[Seen], spans: list[tuple[str, float]]) -> None:
    found = ribbon(SEATED, [moved(6, "armchair", SITS), *after], START, END, END)
    assert told(found) == [("quiet", 6.0), *spans]
    assert {one.room for one in found if one.doing is Doing.IN_CHAIR} == {"lounge"}


def test_only_who_may_see_times_sees_the_chair() -> None:
    found = ribbon(SEATED, [moved(6, "armchair", SITS), moved(9, "armchair", STANDS)], START, END, END)
    assert at_level(found, Level.TIMES, []) == found
    bare = ribbon(SEATED, [moved(6, "lounge_pir"), moved(9, "lounge_pir")], START, END, END)
    for level in (Level.PARTS_OF_DAY, Level.ROOMS):
        assert at_level(found, level, [START, END]) == at_level(bare, level, [START, END])


@given(
    events=some.lists(some.tuples(some.floats(-20, 12), some.sampled_from(sorted(WHAT_OF))), max_size=30),
    heard=some.floats(-2, 14),
)
def test_a_ribbon_has_no_gap_and_no_overlap(events: list[tuple[float, str]], heard: float) -> None:
    seen = [moved(hours, sensor, WHAT_OF[sensor]) for hours, sensor in sorted(events)]
    found = ribbon(SEATED, seen, START, END, START + timedelta(hours=heard))
    assert (found[0].start, found[-1].end) == (START, END)
    assert all(one.end == other.start and one.start < one.end for one, other in pairwise(found))


def test_levels_show_less_and_less() -> None:
    found = ribbon(HOME, NIGHT, START, END, END)
    parts = [START, START + 6 * HOUR, END]
    assert at_level(found, Level.TIMES, parts) == found
    assert all(
        (span.start.minute, span.start.second) in ((0, 0), (30, 0)) for span in at_level(found, Level.ROOMS, parts)
    )
    coarse = at_level(found, Level.PARTS_OF_DAY, parts)
    assert told(coarse) == [("in bed", 6.0), ("out", 6.0)]
    assert all(span.room is None for span in coarse)
    assert at_level(found, Level.ALL_IS_WELL, parts) == []


def test_a_walk_to_the_bathroom_is_no_night_spent_up() -> None:
    night = ribbon(HOME, [moved(-3), moved(2)], START, START + 6 * HOUR, END)
    assert told(at_level(night, Level.PARTS_OF_DAY, [START, START + 6 * HOUR])) == [("quiet", 6.0)]


@pytest.mark.parametrize("level", [Level.PARTS_OF_DAY, Level.ROOMS])
def test_coarser_ribbons_still_cover_the_day(level: Level) -> None:
    parts = [START, START + 6 * HOUR, END]
    found = at_level(ribbon(HOME, NIGHT, START, END, END), level, parts)
    assert (found[0].start, found[-1].end) == (START, END)


def test_being_out_is_drawn_from_the_last_time_a_door_moved() -> None:
    """Whoever was out may have come back and left again by it: the sentence counts from there too."""
    seen = [moved(8, "front_door", What.OPENED), moved(10, "front_door", What.CLOSED)]
    found = ribbon(HOME, seen, START, END, END)
    assert told(found)[-2:] == [("out", 2.0), ("out", 2.0)]
    assert told(at_level(found, Level.ROOMS, [])) == told(found)
    assert told(at_level(found, Level.PARTS_OF_DAY, [START, START + 6 * HOUR, END]))[-1] == ("out", 6.0)
    drawn = picture("d", "Day", found, START, END, Level.TIMES, "UTC")
    assert [bar.name for bar in drawn.bars][-2:] == ["out", "out"]
    assert drawn.lines[-1] == ("10:00 to 12:00", "Out")
