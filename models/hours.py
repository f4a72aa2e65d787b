"""Moments by a home's own clock: its days, the parts of a day, and how people say when something was."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Hours = tuple[datetime, datetime]
"""From when until when."""

PARTS: tuple[tuple[int, str], ...] = ((0, "night"), (6, "morning"), (12, "afternoon"), (18, "evening"), (22, "night"))
"""The hour by the home's clock at which each part of the day begins."""


def day_to_look_again(text: str) -> datetime | None:
    """The noon of a day written as 2027-03-01; None for anything else."""
    try:
        return datetime.combine(date.fromisoformat(text), time(12), UTC)
    except ValueError:
        return None


def local(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone))


def clock(at: datetime, zone: str) -> str:
    return f"{local(at, zone):%H:%M}"


def clock_s(at: datetime, zone: str) -> str:
    return f"{local(at, zone):%H:%M:%S}"


def day(at: datetime, zone: str) -> str:
    return f"{local(at, zone):%A %-d %B}"


def when(at: datetime, now: datetime, zone: str) -> str:
    """'07:40' today, '22:15 last night', '11:20 yesterday', '11:20 on Sat 21 Nov'."""
    here, today = local(at, zone), local(now, zone).date()
    if here.date() == today:
        return f"{here:%H:%M}"
    if here.date() == today - timedelta(days=1):
        return f"{here:%H:%M} {'last night' if here.hour >= 18 else 'yesterday'}"
    return f"{here:%H:%M on %a %-d %b}"


def part_starts(start: datetime, end: datetime, zone: str) -> list[datetime]:
    """Every moment from the day of `start` to `end` at which a part of the day begins by the home's clock."""
    first, last = local(start, zone).date(), local(end, zone).date()
    days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
    return [moment(one, hour, zone) for one in days for hour, _ in PARTS]


def part_of(at: datetime, zone: str) -> str:
    return next(name for hour, name in reversed(PARTS) if local(at, zone).hour >= hour)


def midnight(at: datetime, zone: str, days: int = 0) -> datetime:
    """Where the day of `at` begins by the home's clock, or the day so many days later."""
    return moment(local(at, zone).date() + timedelta(days=days), 0, zone)


def moment(on: date, hour: int, zone: str) -> datetime:
    """In UTC: two moments of one zone are subtracted by the hands of the clock, also on the night that it changes."""
    return datetime.combine(on, time(hour), ZoneInfo(zone)).astimezone(UTC)


def reaches_into(spells: Iterable[Hours], start: datetime, end: datetime) -> bool:
    """Whether any part of what lasted from `start` to `end` lies in one of them."""
    return any(begun <= end and start < over for begun, over in spells)
