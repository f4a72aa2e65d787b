"""Where somebody was on the 91st day after discharge: said where there is evidence, and never guessed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from models.people import Resident
from models.reablement import Evidence, Verdict, at_day_91, come, first_of_quarter, impossible, quarters, told_of
from models.register import Register, discharges, read_register, write_register

DISCHARGED = date(2026, 7, 3)
DAY = datetime(2026, 10, 2, tzinfo=UTC)
"""Day 91; in New York it begins four hours later."""
HOME, NOT, UNSAID = Verdict.AT_HOME, Verdict.NOT_AT_HOME, Verdict.UNSAID


def hours(day: int, first: int = 8, count: int = 6) -> frozenset[datetime]:
    """Of the day so many after day 91."""
    return frozenset(DAY + timedelta(days=day, hours=first + hour) for hour in range(count))


def at(day: int, hour: float = 10) -> frozenset[datetime]:
    return frozenset({DAY + timedelta(days=day, hours=hour)})


def evidence(*days: frozenset[datetime], **more: object) -> Evidence:
    seen = frozenset[datetime]().union(*days)
    return replace(Evidence("UTC", watched=True, heard=True, hours=seen, moved=seen), **more)  # type: ignore[arg-type]


BEFORE, AFTER = hours(-1), hours(1)
EVERY_DAY = evidence(*(hours(day) for day in range(-28, 4)))
UNWATCHED = Evidence("UTC", heard=True)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (EVERY_DAY, HOME),
        (evidence(hours(0, count=4)), HOME),
        (evidence(hours(0, count=3)), UNSAID),  # somebody may have looked in
        (evidence(hours(0, count=3), BEFORE, AFTER), HOME),
        (evidence(hours(0, count=3), hours(-3), hours(3)), HOME),
        (evidence(hours(0, count=3), hours(-4), hours(3)), UNSAID),
        (evidence(hours(0, count=3), AFTER), UNSAID),
        (evidence(BEFORE, AFTER), NOT),  # away over day 91, by sensors that worked
        (evidence(BEFORE), UNSAID),  # the sensors may be dead
        (evidence(AFTER), UNSAID),  # the kit may have been fitted then
        (evidence(BEFORE, AFTER, moved=BEFORE), HOME),
        (evidence(BEFORE, AFTER, heard=False), HOME),
        (evidence(BEFORE, heard=False), UNSAID),
        (evidence(heard=False), UNSAID),
        (UNWATCHED, UNSAID),
        (replace(UNWATCHED, own=at(0)), HOME),
        (replace(UNWATCHED, own=at(-1) | at(2)), HOME),
        (replace(UNWATCHED, own=at(-1)), UNSAID),
        (evidence(BEFORE, hospital=at(-1, 20)), NOT),
        (evidence(hours(0, 0, 9), hospital=at(0, 9)), NOT),  # was there in the night, and then taken in
        (evidence(hours(0, 0, 20), hospital=at(0, 9)), HOME),  # and came back
        (evidence(hours(-9), hospital=at(-20)), UNSAID),  # came back from there since
        (evidence(hospital=at(-20)), NOT),
        (evidence(hospital=at(-20), heard=False), UNSAID),
        (replace(UNWATCHED, hospital=at(-20)), UNSAID),
        (replace(UNWATCHED, hospital=at(0)), NOT),
        (evidence(hospital=at(1)), UNSAID),
        (evidence(hours(0), away=at(0, 18)), HOME),  # out in the evening
        (evidence(hours(0, count=2), away=at(0, 18)), NOT),
        (evidence(away=at(-2)), NOT),
        (replace(EVERY_DAY, ended=DAY - timedelta(days=9), because="died"), NOT),
        (replace(EVERY_DAY, ended=DAY - timedelta(days=9), because="moved into care"), NOT),
        (replace(EVERY_DAY, ended=DAY - timedelta(days=9), because="moved away"), UNSAID),
        (replace(EVERY_DAY, ended=DAY + timedelta(days=9), because="died"), HOME),
        (evidence(hours(0, 0, 4), zone="America/New_York"), UNSAID),  # that was the evening before
        (evidence(hours(1, 0, 4), zone="America/New_York"), HOME),
    ],
)
def test_where_they_were_on_day_91(told: Evidence, said: Verdict) -> None:
    assert at_day_91(DISCHARGED, told) is said


def test_quarters_are_of_discharge_and_come_when_somebodys_day_is_over() -> None:
    assert not come(DISCHARGED, date(2026, 10, 5))
    assert come(DISCHARGED, date(2026, 10, 6)), "with the three days after it"
    later, before = date(2026, 9, 30), date(2026, 6, 30)
    made = quarters([(before, NOT), (DISCHARGED, HOME), (later, None), (later, UNSAID), (date(2026, 10, 1), None)])
    assert [(one.name, one.title, one.discharged, one.to_come) for one in made] == [
        ("2026-Q3", "Jul to Sep 2026", 2, 1),
        ("2026-Q2", "Apr to Jun 2026", 1, 0),
    ]
    assert (made[0].share, made[1].share) == (0.5, 0.0)
    assert first_of_quarter(date(2026, 12, 31)) == date(2026, 10, 1)
    assert told_of(date(2025, 12, 31), date(2026, 11, 29))
    assert not told_of(date(2025, 9, 30), date(2026, 11, 29)), "too long ago to be told by the hour"


def test_a_day_that_cannot_be_is_refused_with_why(cast: Register) -> None:
    today = date(2026, 11, 28)
    assert impossible(None, today) == impossible(today, today) == ""
    assert "2026-11-29 is still to come" in impossible(date(2026, 11, 29), today)
    assert "more than ten years ago" in impossible(date(1926, 11, 28), today)
    grace = replace(cast.residents[0], reablement=date(2027, 1, 1))
    some = replace(cast, residents=(grace,))
    assert discharges(some, today)[0].startswith("resident r_okafor: 2027-01-01 is still to come")
    assert read_register(write_register(replace(cast, residents=(grace, *cast.residents[1:])))).residents[0] == grace
    assert Resident("r", "h", "", "", "").reablement is None
