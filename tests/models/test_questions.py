"""Questions are answered out of what may be seen, and what is not known is not made up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from models.day import Doing, Span
from models.glimpse import At, Glimpse, Grain, Lack, Tone
from models.health import Why
from models.people import Level
from models.privacy import AT_LEVEL
from models.questions import Night, answers, night, night_before

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
START, END = NOW - timedelta(hours=10), NOW - timedelta(hours=3)
SEEN = Glimpse(
    Tone.WELL, "Mum", NOW, "Europe/London", doing=Doing.UP, up=At(NOW - timedelta(hours=2), Grain.MINUTE),
    last=At(NOW - timedelta(minutes=5), Grain.MINUTE),
)  # fmt: skip


def said(seen: Glimpse = SEEN, last: Night = Night(True, 2)) -> list[str]:  # noqa: B008
    return [answer for _, answer in answers(seen, last)]


def test_the_night_is_the_last_one_that_is_over() -> None:
    assert night_before(NOW, "Europe/London") == (START, END)
    at_two = NOW - timedelta(hours=7)
    assert night_before(at_two, "Europe/London") == (START, at_two)


def test_what_may_be_seen_is_answered() -> None:
    assert said() == [
        "It was a quiet night. We see movement, not sleep. Somebody was up 2 times.",
        "Yes, since 07:00.",
        "It seems so: the last sign was 08:55.",
        "Yes.",
    ]
    out = At(NOW - timedelta(hours=1), Grain.MINUTE)
    assert said(replace(SEEN, doing=Doing.OUT, up=None, since=out))[1:3] == [
        "Mum has probably been out since 08:00.",
        "Probably not: the front door was the last that moved.",
    ]


def test_who_is_about_is_up_though_nobody_knows_since_when() -> None:
    assert said(replace(SEEN, up=None))[1] == "Mum is up and about."
    for doing in (Doing.QUIET, Doing.IN_BED):
        assert said(replace(SEEN, up=None, doing=doing))[1] == "Not that we have noticed today."
        assert said(replace(SEEN, up=None, doing=doing, in_part=True))[1] == "Not that we have noticed today."
        hidden = replace(SEEN, up=None, doing=doing, morning_in_part=True)
        assert said(hidden)[1] == "That is not shared with you."


def test_where_others_live_or_come_in_no_answer_is_of_one_person() -> None:
    two = replace(SEEN, people=2, up=None)
    assert said(two)[:3] == [
        "It was a quiet night. We see movement, not sleep. Somebody was up 2 times. In all, 2 people live there.",
        "Somebody is up and about at home. In all, 2 people live there.",
        "Somebody seems to be: the last sign was 08:55. We cannot tell who. In all, 2 people live there.",
    ]
    assert said(replace(two, doing=Doing.OUT))[2].startswith("The front door was the last that moved. In all, 2")
    assert said(replace(two, doing=Doing.UNSHARED))[1] == "That is not shared with you."
    assert said(replace(SEEN, visits=True, pets=True))[1] == (
        "Probably, since 07:00. Carers or others come in, so movement may be a visitor's."
        " A pet there may set off sensors."
    )
    pet, visits = replace(SEEN, up=None, pets=True), replace(SEEN, up=None, visits=True, doing=Doing.OUT)
    assert said(pet)[1] == "Mum is probably up and about. A pet there may set off sensors."
    assert said(visits)[1].endswith("out. Carers or others come in, so movement may be a visitor's.")
    assert said(replace(SEEN, pets=True))[2] == "It seems so: the last sign was 08:55. A pet there may set off sensors."


def test_who_was_up_in_the_morning_and_lies_in_bed_again_is_not_said_to_be_up() -> None:
    late = NOW + timedelta(hours=14)
    in_bed = replace(SEEN, now=late, doing=Doing.IN_BED, since=At(late - timedelta(minutes=20), Grain.MINUTE))
    assert said(in_bed)[1] == "Mum has been in bed since 22:40."
    quiet = replace(SEEN, now=late, doing=Doing.QUIET, last=At(late - timedelta(hours=1), Grain.MINUTE))
    assert said(quiet)[1] == "All quiet since 22:00; nothing unusual."


def test_what_is_not_shared_is_not_answered() -> None:
    assert said(replace(SEEN, doing=None))[:3] == ["That is not shared with you."] * 3
    assert all("not sharing" in one for one in said(Glimpse(Tone.PRIVATE, "Mum", NOW, "UTC")))


@pytest.mark.parametrize(
    "seen", [replace(SEEN, tone=Tone.UNHEARD, why=Why.POWER), replace(SEEN, tone=Tone.UNKNOWN, lack=Lack.STOPPED)]
)
def test_of_now_nothing_is_claimed_where_nothing_is_known(seen: Glimpse) -> None:
    _, up, home, _ = said(seen)
    assert "Yes" not in up
    assert "seems so" not in home


def test_a_night_is_judged_by_what_was_heard_of_it() -> None:
    hour = timedelta(hours=1)
    spans = [
        Span(START, START + 3 * hour, Doing.QUIET),
        Span(START + 3 * hour, START + 3.2 * hour, Doing.UP, "bathroom"),
        Span(START + 3.2 * hour, END, Doing.QUIET),
    ]
    assert night(spans, START, END, AT_LEVEL[Level.TIMES]) == Night(True, 1)
    assert night(spans, START, END, AT_LEVEL[Level.PARTS_OF_DAY]) == Night(True, None)
    up = [Span(START, START + 3 * hour, Doing.UP), *spans[1:]]
    assert night(up, START, END, AT_LEVEL[Level.TIMES]).quiet is False
    deaf = [Span(START, START + 3 * hour, Doing.UNHEARD), *spans[1:]]
    assert night(deaf, START, END, AT_LEVEL[Level.TIMES]).quiet is None
    unwatched = [Span(START, START + 3 * hour, Doing.UNWATCHED), *spans[1:]]
    assert night(unwatched, START, END, AT_LEVEL[Level.TIMES]).quiet is None
    assert night([], START, END, AT_LEVEL[Level.TIMES]).quiet is None
