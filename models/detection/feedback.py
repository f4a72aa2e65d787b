"""What became of a home's alerts shifts how patiently it is watched: by one table, within bounds, and never silently.

Alerts about a silence that meant nothing, beyond the home's own budget, make it a little more patient; one that was
genuine makes it less so. What is older than `COUNTED` speaks no more, and neither does what a person has undone, so
that the budget in force is a function of what is on record and finds back by itself.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import floor
from zoneinfo import ZoneInfo

from models.alert import Outcome
from models.people import Role

COUNTED = timedelta(days=60)
MONTH = timedelta(days=30)
MORE_PATIENT, LESS_PATIENT = 0.7, 1.5
"""By how much the budget is multiplied: for each alert too many, and for each that was genuine."""
BOUND = 4.0
"""At most so many times, and at least so small a part of, what was set."""

MEANT_NOTHING: dict[Outcome, tuple[str, str]] = {
    Outcome.VISITOR: ("a visit", "visits"),
    Outcome.AWAY: ("an outing", "outings"),
    Outcome.FALSE: ("a false alert", "false alerts"),
}
GENUINE = frozenset({Outcome.FALL, Outcome.HELP_NEEDED})

UNDONE_BY = frozenset({Role.SUPERVISOR})
"""Who may undo a shift."""

FALLS_COUNTED = timedelta(days=30)
SEVERAL = 3
SURER, SURER_BY, SUREST = 0.7, 0.1, 0.9
"""So many false falls of a pendant, and it has to be so sure; with each further one by so much more, up to a bound."""
MAKES_UP_FOR = 2
"""A genuine fall that it felt outweighs so many false ones."""
FALSE_FALL = frozenset({Outcome.FALSE, Outcome.ACCIDENT, Outcome.VISITOR, Outcome.AWAY, Outcome.FAULT, Outcome.COMPANY})

_COUNTS = ("no", "one", "two", "three", "four", "five", "six")


@dataclass(frozen=True, slots=True)
class Judged:
    """An alert about a silence that a person closed, with what it turned out to be."""

    alert: int
    home: str
    outcome: Outcome
    at: datetime


@dataclass(frozen=True, slots=True)
class Budget:
    """Bearable false alerts in 30 days, and the alerts that made it so (none where it is what was set)."""

    rate: float
    because: tuple[int, ...] = ()


def budget(own: float, judged: Iterable[Judged], known_for: timedelta, now: datetime) -> Budget:
    """The budget in force in a home that is known for so long, where `own` was set."""
    lately = [one for one in judged if now - one.at < COUNTED]
    nothing = [one.alert for one in lately if one.outcome in MEANT_NOTHING]
    genuine = [one.alert for one in lately if one.outcome in GENUINE]
    too_many = max(floor(len(nothing) - own * (min(known_for, COUNTED) / MONTH)), 0)
    factor = MORE_PATIENT**too_many * LESS_PATIENT ** len(genuine)
    rate = own * min(max(factor, 1 / BOUND), BOUND)
    because = tuple(sorted((nothing if too_many else []) + genuine))
    return Budget(round(rate, 2), because) if because else Budget(own)


@dataclass(frozen=True, slots=True)
class JudgedFall:
    """An alert to which a fall felt by the pendant `sensor` led, and that a person closed with that outcome."""

    alert: int
    home: str
    sensor: str
    outcome: Outcome
    at: datetime


@dataclass(frozen=True, slots=True)
class Sureness:
    """From which chance on a pendant's fall calls at once (0: its own kit's threshold is enough), by those alerts."""

    chance: float = 0.0
    because: tuple[int, ...] = ()


def sureness(judged: Iterable[JudgedFall], now: datetime) -> Sureness:
    """How sure the pendant that felt these has to be."""
    lately = [one for one in judged if now - one.at < FALLS_COUNTED]
    wrong = sorted({one.alert for one in lately if one.outcome in FALSE_FALL})
    right = {one.alert for one in lately if one.outcome in GENUINE}
    beyond = len(wrong) - MAKES_UP_FOR * len(right) - SEVERAL
    return Sureness(round(min(SURER + SURER_BY * beyond, SUREST), 2), tuple(wrong)) if beyond >= 0 else Sureness()


def told_of_falls(of_pendant: Sureness, of_home: Iterable[JudgedFall], now: datetime) -> str:
    """In one sentence: the false falls of a pendant and of its home in 30 days, and what they lead to."""
    wrong = {one.alert for one in of_home if one.outcome in FALSE_FALL and now - one.at < FALLS_COUNTED}
    own, all_of_them = len(of_pendant.because), len(wrong)
    others = f" ({all_of_them} in this home)" if all_of_them > own else ""
    return (
        f"After {_number(own)} false falls with this pendant in 30 days{others}, one has to be {of_pendant.chance:.0%}"
        " sure to call at once; a less sure one calls when silence bears it out."
    )


def _number(count: int) -> str:
    return _COUNTS[count] if count < len(_COUNTS) else str(count)


def told(own: float, in_force: float, because: Sequence[Judged], zone: str) -> str:
    """Why this home is watched otherwise than was set, in one sentence."""
    manner = "more patiently" if in_force < own else "more closely"
    little = "a little " if 0.45 < in_force / own < 1.6 else ""
    alerts = "alert" if own == 1 else "alerts"
    return (
        f"After {_alerts(because, zone)}, this home is watched {little}{manner}:"
        f" {in_force:g} instead of {own:g} false {alerts} a month."
    )


def _alerts(because: Sequence[Judged], zone: str) -> str:
    months = list(dict.fromkeys(f"{one.at.astimezone(ZoneInfo(zone)):%B}" for one in because))
    what = _listed(_causes([one.outcome for one in because]))
    were = (
        f"{_number(len(because))} alerts in {_listed(months)} that were"
        if len(because) > 1
        else f"an alert in {months[0]} that was"
    )
    return f"{were} {what}"


def _causes(outcomes: Collection[Outcome]) -> list[str]:
    many = len(outcomes) > 1
    causes = [each[many] for outcome, each in MEANT_NOTHING.items() if outcome in outcomes]
    return causes + (["genuine"] if GENUINE & set(outcomes) else [])


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
