"""Who came home from hospital into reablement, and whether they were at home on the 91st day after.

The English measure asks it of people of 65 and over, for each quarter of discharge. The hub keeps no ages, and of the
hospital nothing but the day: whoever has one on record is counted. What may be said of somebody is `at_day_91`'s to
say, from what the hub noticed anyway.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from models.hours import moment
from models.leaving import Why
from models.privacy import HOURLY_KEPT

AFTER = timedelta(days=91)
NEAR = timedelta(days=3)
LOOKED_BACK = timedelta(days=28)
ENOUGH = 4
"""Different hours of a day with signs of life: whoever looks in to fetch something gives fewer."""
HEARD_BUT_FOR = 60.0
"""Minutes of a day in which nothing could have been noticed, and yet it passes for heard."""
LONGEST_AGO = timedelta(days=3653)

SAID = (
    "People with telecare who were discharged from hospital into reablement, by the quarter in which they were "
    "discharged. Ages are not kept: all are counted, also those under 65. Those whose record was erased are counted no "
    "longer. The percentage is of all whose 91st day and the three days after it are over, so it is the least that it "
    "can be."
)
HOW = (
    (
        f"At home: on day 91 their own pendant told of them, or there were signs of life in {ENOUGH} hours of it or "
        "more. Where that can't be told of the day itself, the same within three days before it and within three days "
        "after."
    ),
    (
        "Not at home: an alert was closed as away from home or in hospital and they had not come back; or the home was "
        "heard and there was no sign all day, with movement noticed before it and after it; or the service had ended "
        "because they died or moved into care."
    ),
    (
        "Can't be said: nobody agreed to motion sensors, others or pets live there too, the kit was not heard, or the "
        "service had ended for another reason. Nothing is guessed."
    ),
)
"""The rule in the words of the page; `at_day_91` is the rule itself."""


class Verdict(StrEnum):
    """Of one person on day 91."""

    AT_HOME = "at home"
    NOT_AT_HOME = "not at home"
    UNSAID = "can't be said"


GONE = frozenset({Why.DIED.value, Why.CARE.value})
"""Why a service ended that says where they are: not at home."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the hub has of one person from `LOOKED_BACK` before day 91 until `NEAR` after it; all moments in UTC.

    `watched`: they live alone, without pets that set off a sensor, and motion is noticed and agreed to; then `hours`
    begin those hours in which there was a sign of life, `moved` those in which there was movement. `own` are signs by
    a pendant that they wear. `heard` says that the home was heard on day 91. `away` and `hospital` are when an alert
    was closed as that. `ended` is when, and `because` why, they were looked after no longer.
    """

    zone: str
    watched: bool = False
    heard: bool = False
    hours: frozenset[datetime] = frozenset()
    moved: frozenset[datetime] = frozenset()
    own: frozenset[datetime] = frozenset()
    away: frozenset[datetime] = frozenset()
    hospital: frozenset[datetime] = frozenset()
    ended: datetime | None = None
    because: str = ""


def span(discharged: date, zone: str) -> tuple[datetime, datetime]:
    """Day 91 by that clock."""
    return moment(discharged + AFTER, 0, zone), moment(discharged + AFTER + timedelta(days=1), 0, zone)


def come(discharged: date, today: date) -> bool:
    """Whether day 91 and the days after it that may bear witness are over."""
    return discharged + AFTER + NEAR < today


def at_day_91(discharged: date, told: Evidence) -> Verdict:
    """Where they were on the 91st day after. The first of these that holds decides:

    1. The service had ended by then: not at home if they died or moved into care, else it can't be said.
    2. An alert was closed as "in hospital", and no day's worth of signs came from then to the end of day 91: not at
       home. Closed before day 91, it counts only where the home was watched and heard on it: they may have come back.
    3. On day 91 their own pendant told of them, or there were signs of life in `ENOUGH` of its hours: at home.
    4. An alert was closed as "away from home", as in 2: not at home.
    5. The home was heard on day 91, and there was no sign all day, with movement noticed before it and in the days
       after it, so that the sensors worked: not at home.
    6. A day as in 3 within `NEAR` before day 91 and another within `NEAR` after it: at home.
    7. It can't be said. Without `watched`, nothing but their own pendant and alerts speak of them.
    """
    start, end = span(discharged, told.zone)
    if told.ended is not None and told.ended < end:
        return Verdict.NOT_AT_HOME if told.because in GONE else Verdict.UNSAID
    if _still(told, told.hospital, start, end):
        return Verdict.NOT_AT_HOME
    if _at_home(told, start, end):
        return Verdict.AT_HOME
    if _still(told, told.away, start, end) or _silent(told, start, end):
        return Verdict.NOT_AT_HOME
    days = [timedelta(days=count) for count in range(1, NEAR.days + 1)]
    before = any(_at_home(told, *span(discharged - day, told.zone)) for day in days)
    after = any(_at_home(told, *span(discharged + day, told.zone)) for day in days)
    return Verdict.AT_HOME if before and after else Verdict.UNSAID


def _at_home(told: Evidence, start: datetime, end: datetime) -> bool:
    return any(start <= at < end for at in told.own) or _count(told.hours, start, end) >= ENOUGH


def _still(told: Evidence, said: Iterable[datetime], start: datetime, end: datetime) -> bool:
    """Whether what was `said` last still held when day 91 ended."""
    last = max((at for at in said if at < end), default=None)
    if last is None or (last < start and not (told.watched and told.heard)):
        return False
    return not _at_home(told, last, end)


def _silent(told: Evidence, start: datetime, end: datetime) -> bool:
    works = any(at < start for at in told.moved) and any(at >= end for at in told.moved)
    return told.watched and told.heard and works and not _count(told.hours, start, end)


def _count(hours: Iterable[datetime], start: datetime, end: datetime) -> int:
    return sum(start <= at < end for at in hours)


@dataclass(frozen=True, slots=True)
class Quarter:
    """Of those discharged in it. `to_come` are those whose day 91 is not over, who are in no other figure."""

    first: date
    at_home: int
    not_at_home: int
    unsaid: int
    to_come: int

    @property
    def name(self) -> str:
        return f"{self.first.year}-Q{(self.first.month + 2) // 3}"

    @property
    def title(self) -> str:
        return f"{self.first:%b} to {date(self.first.year, self.first.month + 2, 1):%b %Y}"

    @property
    def discharged(self) -> int:
        return self.at_home + self.not_at_home + self.unsaid

    @property
    def share(self) -> float | None:
        return self.at_home / self.discharged if self.discharged else None


def first_of_quarter(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def told_of(day: date, today: date) -> bool:
    """Whether discharges of that day's quarter are told of: what bears witness is still kept by the hour."""
    return first_of_quarter(day) + AFTER - LOOKED_BACK >= today - HOURLY_KEPT


def quarters(found: Iterable[tuple[date, Verdict | None]]) -> tuple[Quarter, ...]:
    """From the day of each discharge and what is said of it (None: not yet), the latest first; without those in which
    nobody's day 91 is over.
    """
    by_quarter: dict[date, list[Verdict | None]] = {}
    for day, verdict in found:
        by_quarter.setdefault(first_of_quarter(day), []).append(verdict)
    made = [
        Quarter(first, *(some.count(one) for one in (Verdict.AT_HOME, Verdict.NOT_AT_HOME, Verdict.UNSAID, None)))
        for first, some in sorted(by_quarter.items(), reverse=True)
    ]
    return tuple(one for one in made if one.discharged)


def impossible(discharged: date | None, today: date) -> str:
    """Why that day can't be one on which somebody was discharged; '' where it can."""
    if discharged is None or today - LONGEST_AGO <= discharged <= today:
        return ""
    why = "is still to come" if discharged > today else "is more than ten years ago"
    return f"{discharged} {why}: enter the day on which they were discharged into reablement, or none"
