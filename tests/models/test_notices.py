"""What is due by somebody's own choice, and what a notice says: no more than the page would."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from models.day import Doing, Seen
from models.glimpse import At, Glimpse, Grain, Lack, Tone
from models.home import Home, Sensor
from models.notices import (
    Candidate,
    NoticeKind,
    Preferences,
    bed_time,
    by_record,
    candidates,
    in_quiet_hours,
    letter_due,
    never_comes,
    overdue,
    text_of,
)
from models.observation import SensorKind, What
from models.people import BY_LETTER, Telling

LONDON = "Europe/London"
DAY = date(2026, 11, 20)
ALL = Preferences(bed=True)
WITHOUT_BED = Home(
    "h", "n", (Sensor("pir", SensorKind.MOTION, "bedroom"), Sensor("door", SensorKind.DOOR, "hall", is_exit=True))
)
WITH_BED = replace(WITHOUT_BED, sensors=(*WITHOUT_BED.sensors, Sensor("bed", SensorKind.BED, "bedroom")))


def at(hour: float, day: int = 20) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC) + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("hour", "kinds"),
    [
        (17.9, []),
        (18.0, [NoticeKind.DIGEST]),
        (19.0, [NoticeKind.DIGEST, NoticeKind.BED]),
        (22.0, [NoticeKind.BED]),
        (27.9, [NoticeKind.BED]),
        (28.0, []),
    ],
)
def test_what_is_due_by_the_clock(hour: float, kinds: list[NoticeKind]) -> None:
    found = candidates(ALL, at(hour), LONDON)
    assert [one.kind for one in found] == kinds
    assert all(one.day == DAY for one in found), "a night belongs to the evening before"


def test_what_nobody_chose_is_never_due() -> None:
    assert candidates(Preferences(digest=False), at(20), LONDON) == []
    assert candidates(Preferences(digest_hour=9), at(8.9), LONDON) == []
    assert candidates(Preferences(digest_hour=9), at(9), LONDON) == [Candidate(NoticeKind.DIGEST, DAY)]


@pytest.mark.parametrize(
    ("begin", "end", "quiet"),
    [(22, 7, (22, 23, 0, 5, 6)), (0, 6, (0, 5)), (13, 15, (13, 14)), (8, 8, ())],
)
def test_quiet_hours_may_lie_across_midnight(begin: int, end: int, quiet: tuple[int, ...]) -> None:
    chosen = Preferences(quiet_from=begin, quiet_until=end)
    for hour in (0, 5, 6, 7, 8, 12, 13, 14, 15, 21, 22, 23):
        assert in_quiet_hours(chosen, at(hour), LONDON) is (hour in quiet), hour


def test_a_digest_that_quiet_hours_keep_back_until_the_day_is_over_is_known_beforehand() -> None:
    for hour, begin, end in product(range(24), repeat=3):
        chosen = Preferences(digest_hour=hour, quiet_from=begin, quiet_until=end)
        comes = any(candidates(chosen, at(one), LONDON) for one in range(24))
        assert never_comes(chosen) is not comes, (hour, begin, end)
    assert not never_comes(Preferences(digest_hour=23, way="post"))


def test_in_bed_is_said_by_the_bed_where_there_is_one() -> None:
    lay, up = Seen(at(22.2), What.LAY_DOWN, "bed"), Seen(at(22.3), What.GOT_UP, "bed")
    assert bed_time(WITH_BED, [lay], at(22.3)) is None, "not long enough"
    assert bed_time(WITH_BED, [lay], at(22.5)) == lay.at
    assert bed_time(WITH_BED, [lay, up], at(23)) is None
    assert bed_time(WITH_BED, [Seen(at(22), What.MOVED, "pir")], at(24)) is None, "quiet is not in bed"


def test_without_a_bed_sensor_a_quiet_evening_stands_for_it() -> None:
    last = Seen(at(22.2), What.MOVED, "pir")
    assert bed_time(WITHOUT_BED, [last], at(22.9)) is None
    assert bed_time(WITHOUT_BED, [last], at(23)) == last.at
    assert bed_time(WITHOUT_BED, [replace(last, at=at(17))], at(23)) is None, "a nap in the afternoon"
    assert bed_time(WITHOUT_BED, [Seen(at(22.2), What.OPENED, "door")], at(23)) is None, "out"
    assert bed_time(WITHOUT_BED, [Seen(at(22.2), What.PRESSED, "pendant")], at(23)) is None, "called for help"
    assert bed_time(WITHOUT_BED, [], at(23)) is None


def test_whose_bed_it_is_nobody_can_tell_where_two_live() -> None:
    couple = replace(WITH_BED, people=2)
    lay, stirs = Seen(at(21), What.LAY_DOWN, "bed"), Seen(at(21.2), What.MOVED, "pir")
    assert bed_time(couple, [lay, stirs], at(21.25)) is None
    assert bed_time(couple, [lay, stirs], at(22)) == stirs.at
    up = Seen(at(22.3), What.GOT_UP, "bed")
    assert bed_time(couple, [lay, up], at(24)) is None, "may lie beside it"
    two = replace(SEEN, people=2)
    quiet = "All quiet at home since 21:12. We cannot tell who has gone to bed: 2 people live there."
    assert text(NoticeKind.BED, two, At(stirs.at, Grain.MINUTE)) == quiet
    untold = "We cannot tell whether Mum went to bed: 2 people live there. Somebody is in bed."
    assert text(NoticeKind.BED, two).startswith(untold)


def test_whoever_waits_is_not_left_without_a_word() -> None:
    assert [overdue(at(hour), LONDON) for hour in (23, 24.9, 25, 27.9, 28)] == [False, False, True, True, False]


SEEN = Glimpse(Tone.WELL, "Mum", at(22.6), LONDON, doing=Doing.IN_BED)


def text(kind: NoticeKind, seen: Glimpse, to_bed: At | None = None, *, sensed: bool = True) -> str:
    return text_of(kind, seen, to_bed, sensed=sensed).body


def test_got_to_bed_safely_as_finely_as_one_may_know() -> None:
    assert text(NoticeKind.BED, SEEN, At(at(22.25), Grain.MINUTE)) == "Mum went to bed at 22:15, and all is quiet."
    assert "at about 22:30" in text(NoticeKind.BED, SEEN, At(at(22.5), Grain.HALF_HOUR))
    assert text(NoticeKind.BED, SEEN, At(at(22), Grain.PART)) == "Mum went to bed tonight, and all is quiet."
    guessed = text(NoticeKind.BED, SEEN, At(at(22.25), Grain.MINUTE), sensed=False)
    assert guessed == "All quiet since 22:15: Mum has probably gone to bed."


def test_what_is_not_known_is_not_said_to_be_well() -> None:
    unknown = replace(SEEN, tone=Tone.UNKNOWN, doing=None, lack=Lack.STOPPED)
    said = text(NoticeKind.BED, unknown, At(at(22.25), Grain.MINUTE))
    assert said.startswith("We have not noticed that Mum went to bed. We cannot say how things are.")
    assert "We have not noticed" in text(NoticeKind.BED, SEEN, None)


def test_a_letter_a_week_in_the_place_of_a_digest_a_day() -> None:
    """20 November 2026 is a Friday."""
    by_post = replace(ALL, way="post", bed=False)
    (found,) = candidates(by_post, at(3), LONDON)
    assert found == Candidate(NoticeKind.LETTER, date(2026, 11, 16))
    assert letter_due(at(7.9, day=23), LONDON) == found
    assert letter_due(at(8, day=23), LONDON).day == date(2026, 11, 23)
    assert candidates(replace(by_post, digest=False), at(3), LONDON) == []


def test_what_stands_on_somebodys_record_is_a_digest_by_that_way() -> None:
    assert by_record(Telling(BY_LETTER)) == Preferences(way="post")
    assert by_record(Telling("by text message")) == Preferences(way="sms")
    assert by_record(Telling("spoken")) is None
