"""How well it goes, in figures computed from the stamps of alerts and of faults, and from nothing else.

Months begin and end by the council's own clock. What each figure says stands in `SAID`, in the words of the page.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from models.alert import Lane, Outcome
from models.detection import FindingKind
from models.faults import DEAD_WITHIN, OTHERS_WITHIN, repaired_within
from models.home import Home

FALSE = frozenset({Outcome.FALSE, Outcome.VISITOR, Outcome.AWAY, Outcome.ACCIDENT, Outcome.FAULT})
"""Outcomes that say that nobody needed help: an alert about a person that need not have been."""

ALONE, TOGETHER, WITH_PETS = "one person", "two or more", "with pets"
THIRTY_DAYS = timedelta(days=30)

SAID: dict[str, str] = {
    "alerts": "Alerts about people, and about kits, that were raised in the month.",
    "answered": (
        "Of the alerts about people raised in the month, how many were first answered by an operator within so many "
        "seconds of being raised. One that nobody answered counts as missed once that time has passed."
    ),
    "on_site": (
        "Of those to which a responder was sent, how many had somebody there within so many minutes of the decision "
        "to send. One where nobody arrived counts as missed once that time has passed; one called off before is not "
        "counted."
    ),
    "repaired": (
        "Of the faults that an alert told of, first found in the month, how many were over in time: within 48 hours "
        "where a kit, its radio or a button is dead, within 96 all else. Closing the alert repairs nothing; a fault "
        "that goes on counts as missed once that time has passed."
    ),
    "outcomes": "What the alerts about people turned out to be, as whoever closed them said.",
    "false_alerts": (
        "Closed as false alert, visitor, away from home, accidental press or fault: alerts about people that need not "
        "have been, for each hundred homes of that kind and thirty days. The number of homes is that of today, with "
        "those whose service ended in the month or later."
    ),
    "lapsed": "How often an operator held an alert and let it go by doing nothing further in time.",
    "unprotected": "Minutes in which a press or a collapse could not have been noticed, of all homes together.",
    "reveals": "How often a key-safe code was shown to somebody.",
}


@dataclass(frozen=True, slots=True)
class Goal:
    """A share of all that is aimed at, within a time."""

    within: timedelta
    share: float


ANSWERED = (Goal(timedelta(seconds=60), 0.975), Goal(timedelta(seconds=180), 0.99))
ON_SITE = (Goal(timedelta(minutes=45), 0.90), Goal(timedelta(minutes=60), 1.0))
REPAIRED = (Goal(DEAD_WITHIN, 1.0), Goal(OTHERS_WITHIN, 1.0))


@dataclass(frozen=True, slots=True)
class Stamps:
    """When what first happened to one alert, and what it turned out to be."""

    alert: int
    home: str
    lane: Lane
    kind: str
    raised_at: datetime
    answered_at: datetime | None = None
    sent_at: datetime | None = None
    arrived_at: datetime | None = None
    closed_at: datetime | None = None
    outcome: Outcome | None = None
    lapses: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """When what is wrong with a kit or its `sensor` was first found, and when that was over."""

    home: str
    kind: FindingKind
    sensor: str
    found_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Share:
    """`met` of `all`, aimed at a share of `goal`. What can't be told yet is in neither."""

    within: timedelta
    goal: float
    met: int
    all: int

    @property
    def share(self) -> float | None:
        return self.met / self.all if self.all else None

    @property
    def good(self) -> bool:
        return self.share is None or self.share >= self.goal


@dataclass(frozen=True, slots=True)
class FalseAlerts:
    """For one kind of detector in one kind of home: how many, and for a hundred homes and thirty days."""

    kind: str
    home: str
    count: int
    homes: int
    rate: float


@dataclass(frozen=True, slots=True)
class Figures:
    start: datetime
    end: datetime
    homes: int
    people: int
    kits: int
    answered: tuple[Share, ...]
    on_site: tuple[Share, ...]
    outcomes: tuple[tuple[str, int], ...]
    false_alerts: tuple[FalseAlerts, ...]
    lapsed: int
    by_day: tuple[tuple[str, int], ...]
    """Alerts about people, for each day of the month until now."""


def month(year: int, number: int, zone: str) -> tuple[datetime, datetime]:
    """From its first moment by that clock to that of the next."""
    here = ZoneInfo(zone)
    after = (year + number // 12, number % 12 + 1)
    return datetime(year, number, 1, tzinfo=here).astimezone(UTC), datetime(*after, 1, tzinfo=here).astimezone(UTC)


def today(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """From midnight by that clock until now."""
    midnight = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(UTC), now


def figures(
    stamps: Sequence[Stamps], homes: Mapping[str, Home], start: datetime, end: datetime, now: datetime, zone: str
) -> Figures:
    """Of alerts raised from `start` to before `end`, as things stand `now`."""
    within = [one for one in stamps if start <= one.raised_at < end and one.home in homes]
    people = [one for one in within if one.lane is Lane.PERSON]
    outcomes = Counter(str(one.outcome) for one in people if one.outcome)
    return Figures(
        start,
        end,
        len(homes),
        len(people),
        len(within) - len(people),
        tuple(answered(people, goal, now) for goal in ANSWERED),
        tuple(on_site(people, goal, now) for goal in ON_SITE),
        tuple(sorted(outcomes.items(), key=lambda one: (-one[1], one[0]))),
        tuple(false_alerts(people, homes, min(end, now) - start)),
        sum(one.lapses for one in within),
        tuple(by_day((one.raised_at for one in people), start, min(end, now), zone)),
    )


def answered(people: Iterable[Stamps], goal: Goal, now: datetime) -> Share:
    return _share(people, goal, now, lambda one: (one.raised_at, one.answered_at))


def on_site(people: Iterable[Stamps], goal: Goal, now: datetime) -> Share:
    """Counted from the first decision to send."""
    return _share(people, goal, now, lambda one: (one.sent_at, one.arrived_at))


def repaired(faults: Iterable[Fault], homes: Mapping[str, Home], goal: Goal, now: datetime) -> Share:
    """Of those alone that have so long, and are of these homes. What ended with the service in its home was not
    repaired: it counts only where it was missed before.
    """
    mine = [one for one in faults if one.home in homes and _repaired_within(one, homes[one.home]) == goal.within]
    ended = [(one, one.ended_at) for one in mine if one.ended_at and one.ended_at != homes[one.home].ended]
    met = sum(at - one.found_at <= goal.within for one, at in ended)
    missed = sum((one.ended_at or now) - one.found_at > goal.within for one in mine)
    return Share(goal.within, goal.share, met, met + missed)


def _repaired_within(fault: Fault, home: Home) -> timedelta:
    sensor = home.sensor(fault.sensor)
    return repaired_within(fault.kind, sensor.kind if sensor else None)


def _share(
    people: Iterable[Stamps],
    goal: Goal,
    now: datetime,
    span: Callable[[Stamps], tuple[datetime | None, datetime | None]],
) -> Share:
    met = missed = 0
    for one in people:
        since, until = span(one)
        if since is None:
            continue
        if until is not None and until - since <= goal.within:
            met += 1
        elif until is not None or (one.closed_at or now) - since > goal.within:
            missed += 1
    return Share(goal.within, goal.share, met, met + missed)


def kinds_of(home: Home) -> tuple[str, ...]:
    """Every kind of home that this one is."""
    living = ALONE if home.people == 1 else TOGETHER
    return (living, WITH_PETS) if home.pets else (living,)


def false_alerts(people: Iterable[Stamps], homes: Mapping[str, Home], lasted: timedelta) -> list[FalseAlerts]:
    """By kind of detector and of home; a home with pets counts with its people and with its pets."""
    count = Counter(kind for home in homes.values() for kind in kinds_of(home))
    wrong = Counter((one.kind, kind) for one in people if one.outcome in FALSE for kind in kinds_of(homes[one.home]))
    months = max(lasted / THIRTY_DAYS, 1e-9)
    return [
        FalseAlerts(kind, home, found, count[home], found / count[home] / months * 100)
        for (kind, home), found in sorted(wrong.items())
    ]


def by_day(moments: Iterable[datetime], start: datetime, until: datetime, zone: str) -> Iterator[tuple[str, int]]:
    """How many fell on each day by that clock, days with none included."""
    here = ZoneInfo(zone)
    count = Counter(one.astimezone(here).date() for one in moments)
    day, last = start.astimezone(here).date(), (until - timedelta(microseconds=1)).astimezone(here).date()
    while day <= last:
        yield day.isoformat(), count[day]
        day += timedelta(days=1)
