"""The sentence for every reader: each clause only where the level allows it, and nothing that is not known."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.day import Doing, Span
from models.glimpse import Known, Tone, glimpse
from models.health import Heard, Why
from models.people import Level
from models.privacy import AT_LEVEL
from models.sentence import MOBILE, sentence

SHARED = [level for level in Level if level is not Level.NOTHING]

NOW = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
UP = datetime(2026, 11, 20, 7, 20, tzinfo=UTC)
LAST = datetime(2026, 11, 20, 9, 12, tzinfo=UTC)
DUE = datetime(2026, 11, 20, 10, 40, tzinfo=UTC)
MIDNIGHT = NOW.replace(hour=0, minute=0)
MORNINGS = (390, 395, 400, 405, 410, 400, 450, 400)
KNOWN = Known(
    "Mum",
    NOW,
    "Europe/London",
    (Span(MIDNIGHT, UP, Doing.IN_BED), Span(UP, NOW, Doing.UP, "kitchen")),
    LAST,
    DUE,
    DUE + timedelta(minutes=2),
    Heard(NOW, NOW),
    None,
    True,
    room="front_room",
    up=UP,
    mornings=MORNINGS,
)


def said(level: Level, **other: object) -> str:
    return sentence(glimpse(replace(KNOWN, **other), AT_LEVEL[level])).whole  # type: ignore[arg-type]


def test_how_things_are_and_how_fresh_that_is() -> None:
    assert said(Level.TIMES) == (
        "Mum was up at 07:20, later than usual but within the normal range. "
        "Last sign 09:12, in the front room. Next expected by 10:40."
    )


def test_rooms_to_the_half_hour_only() -> None:
    assert said(Level.ROOMS) == (
        "Mum was up at about 07:30, later than usual but within the normal range. "
        "Last sign about 09:00, in the front room. Next expected by about 10:30."
    )


def test_parts_of_the_day_without_a_room_or_a_clock() -> None:
    assert said(Level.PARTS_OF_DAY) == "Mum was up and about this morning. Last sign this morning."


def test_all_is_well_and_nothing_else() -> None:
    assert said(Level.ALL_IS_WELL) == "We have seen nothing unusual today."
    assert said(Level.ALL_IS_WELL, looked_into=True) == (
        "All is well now. The contact centre looked into something today, and has finished."
    )


def test_whom_nothing_is_shared_with_learns_nothing_whatever_happens() -> None:
    told = said(Level.NOTHING)
    assert told.startswith("Mum is not sharing with you at the moment.")
    for other in ({"why": Why.PATH}, {"alert_since": NOW}, {"judged": False}, {"looked_into": True}):
        assert said(Level.NOTHING, **other) == told


@pytest.mark.parametrize(
    ("minute", "how"),
    [
        (320, "earlier than on any morning of the last weeks"),
        (380, "earlier than usual but within the normal range"),
        (400, "about as usual"),
        (470, "later than on any morning of the last weeks"),
    ],
)
def test_a_morning_beside_others(minute: int, how: str) -> None:
    up = MIDNIGHT + timedelta(minutes=minute)
    mornings = MORNINGS if minute != 380 else (370, *[430] * 8)
    assert f", {how}." in said(Level.TIMES, up=up, mornings=mornings)


def test_before_a_week_is_known_nothing_is_called_usual() -> None:
    assert said(Level.TIMES, mornings=()).startswith("Mum was up at 07:20. Last sign")


def test_without_a_deadline_of_the_watch_none_is_named() -> None:
    assert "expected" not in said(Level.TIMES, expected_by=None, fine_until=NOW + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("doing", "head"),
    [
        (Doing.IN_BED, "Mum has been in bed since 08:00. Last sign 09:12"),
        (Doing.IN_CHAIR, "Mum has been in the chair since 08:00. Mum was up at 07:20"),
        (Doing.OUT, "Mum has probably been out since 09:12. The front door was the last that moved. Mum was up at"),
    ],
)
def test_what_she_does_goes_before_when_she_was_up(doing: Doing, head: str) -> None:
    """Out since the door moved last: it may have let her in and out again."""
    began = NOW.replace(hour=8, minute=0)
    spans = (Span(UP, began, Doing.UP), Span(began, NOW, doing))
    assert said(Level.TIMES, spans=spans).startswith(head)
    assert "chair" not in said(Level.ROOMS, spans=spans)


COUPLE = {"people": 2}


@pytest.mark.parametrize(
    ("doing", "head"),
    [
        (Doing.IN_BED, "Somebody is in bed. In all, 2 people live there. Last sign 09:12"),
        (Doing.IN_CHAIR, "Somebody is in the chair. In all, 2 people live there. Last sign 09:12"),
        (Doing.OUT, "Nothing has moved at home since the front door at 09:12. In all, 2 people live there. Last sign"),
        (Doing.UP, "Somebody is up and about at home. In all, 2 people live there. Last sign 09:12"),
        (Doing.QUIET, "All quiet since 09:12; nothing unusual. Next expected"),
    ],
)
@pytest.mark.parametrize("level", SHARED)
def test_where_two_live_nothing_is_claimed_of_one_of_them(level: Level, doing: Doing, head: str) -> None:
    spans = (Span(UP, LAST, Doing.UP), Span(LAST, NOW, doing))
    text = said(level, **COUPLE, spans=spans)
    assert not re.search("Mum|Up |usual (but|range)|as usual", text), text
    if level is Level.TIMES:
        assert text.startswith(head)


def test_where_two_live_a_part_of_the_day_is_of_somebody() -> None:
    most = {doing: (Span(MIDNIGHT, NOW, doing),) for doing in (Doing.UP, Doing.IN_BED, Doing.OUT)}
    told = {doing: said(Level.PARTS_OF_DAY, **COUPLE, spans=spans).split(". ")[0] for doing, spans in most.items()}
    assert told == {
        Doing.UP: "Somebody was up and about at home this morning",
        Doing.IN_BED: "Somebody was in bed for most of this morning",
        Doing.OUT: "The front door was the last that moved for most of this morning",
    }


def test_where_a_pet_or_a_visitor_may_move_the_claim_is_weaker() -> None:
    assert said(Level.TIMES, visits=True) == (
        "Mum was probably up at 07:20, later than usual but within the normal range. "
        "Carers or others come in, so movement may be a visitor's. "
        "Last sign 09:12, in the front room. Next expected by 10:40."
    )
    assert said(Level.PARTS_OF_DAY, pets=True, mornings=()) == (
        "Mum was probably up and about this morning. A pet there may set off sensors. Last sign this morning."
    )
    out = said(Level.TIMES, visits=True, spans=(Span(UP, LAST, Doing.UP), Span(LAST, NOW, Doing.OUT)))
    assert out.startswith("Mum may have been out since 09:12. Carers or others come in")
    in_bed = said(Level.TIMES, visits=True, pets=True, spans=(Span(UP, NOW, Doing.IN_BED),))
    assert in_bed.startswith("Mum is in bed. Last sign"), "no pet and no visitor lies there"
    assert said(Level.ALL_IS_WELL, visits=True, pets=True) == "We have seen nothing unusual today."


def test_a_quiet_night_is_said_to_be_one() -> None:
    now = NOW.replace(hour=23, minute=30)
    last, due = NOW.replace(hour=22, minute=31), now + timedelta(hours=9)
    spans = (Span(UP, last, Doing.UP), Span(last, now, Doing.QUIET))
    more = {"now": now, "last_sign": last, "spans": spans, "expected_by": due, "fine_until": due}
    quiet = "All quiet since 22:31; nothing unusual. Next expected by 08:30 on Sat 21 Nov."
    assert said(Level.TIMES, **more) == said(Level.TIMES, **more, pets=True) == quiet


@pytest.mark.parametrize("level", SHARED)
def test_silence_is_explained_and_never_dressed_up(level: Level) -> None:
    since = NOW.replace(hour=8, minute=5)
    text = said(level, heard=Heard(since, since, online=False), why=Why.PATH, last_sign=since - timedelta(minutes=7))
    assert text.startswith("We have not heard the home since 08:05, because its connection dropped.")
    assert "Until it is heard again we know nothing of Mum." in text
    assert ("The last sign before that was 07:58." in text) is (level is Level.TIMES)
    assert not re.search("unusual|well|up at|expected|reaches", text)


def test_a_press_is_said_to_reach_us_only_where_it_does() -> None:
    late = {"heard": Heard(NOW - timedelta(hours=1), NOW), "why": Why.BACKLOG}
    assert "reaches" not in said(Level.TIMES, **late)
    assert "A press still reaches us by mobile." in said(Level.TIMES, **late, reaches=MOBILE)
    assert "A press still reaches us." in said(Level.ALL_IS_WELL, **late, reaches="broadband")
    assert "broadband is out; it reaches us by mobile" in said(Level.ALL_IS_WELL, reaches=MOBILE)
    assert "reaches" not in said(Level.TIMES, reaches="broadband"), "of a home that is heard nobody doubts it"


@pytest.mark.parametrize("level", SHARED)
def test_an_open_alert_comes_first(level: Level) -> None:
    text = said(level, alert_since=NOW - timedelta(minutes=5))
    exact = "The contact centre was alerted about Mum at 09:35."
    assert text == (exact if level is Level.TIMES else "The contact centre has been alerted about Mum.")


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"judged": False}, "Our own watch has stopped."),
        ({"last_sign": None}, "has told us nothing so far"),
        ({"fine_until": NOW - timedelta(seconds=1)}, "What we would expect has not come."),
        ({"fine_until": NOW - timedelta(seconds=1), "expected_by": None}, "Our own watch is behind."),
    ],
)
@pytest.mark.parametrize("level", SHARED)
def test_unknown_is_never_shown_as_well(level: Level, other: dict[str, object], why: str) -> None:
    text = said(level, **other)
    assert text.startswith("We cannot say how things are.")
    assert why in text
    assert not re.search("unusual|well|Last|up at", text)


MOMENTS = st.datetimes(NOW.replace(tzinfo=None) - timedelta(hours=23), NOW.replace(tzinfo=None))


@given(
    last=MOMENTS,
    up=MOMENTS,
    due=st.timedeltas(timedelta(minutes=1), timedelta(hours=12)),
    doing=st.sampled_from(Doing),
    why=st.sampled_from([None, *Why]),
    level=st.sampled_from(SHARED),
)
def test_no_level_says_more_than_it_may(
    last: datetime, up: datetime, due: timedelta, doing: Doing, why: Why | None, level: Level
) -> None:
    last, up = (one.replace(tzinfo=UTC) for one in (last, up))
    spans = (Span(NOW - timedelta(hours=24), last, Doing.UP, "kitchen"), Span(last, NOW, doing, "kitchen"))
    text = said(level, last_sign=last, up=up, expected_by=NOW + due, fine_until=NOW + due, spans=spans, why=why)
    heard = re.search(r"not heard the home since (.*?), because", text)
    clocks = re.findall(r"\d\d:(\d\d)", text.replace(heard.group(0), "") if heard else text)
    assert level in (Level.TIMES, Level.ROOMS) or clocks == []
    assert level is Level.TIMES or set(clocks) <= {"00", "30"}
    assert level in (Level.TIMES, Level.ROOMS) or "room" not in text
    assert (sentence(glimpse(replace(KNOWN, why=why), AT_LEVEL[level])).tone is Tone.UNHEARD) is (why is not None)


def test_where_nothing_is_shared_nothing_is_said_but_that() -> None:
    for more in ({}, {"why": Why.POWER}, {"alert_since": NOW}, {"judged": False}):
        text = said(Level.NOTHING, **more)
        assert text.startswith("Mum is not sharing with you at the moment. A call for help still reaches")
        assert not re.search(r"\d", text)
