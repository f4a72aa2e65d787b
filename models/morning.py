"""When somebody was up in the morning, and how that compares with their own mornings."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import quantiles

from models.day import QUIET_AFTER, Seen
from models.home import Home
from models.hours import local, moment
from models.observation import What

FROM_HOUR = 4
"""By the home's clock: what stirs before that belongs to the night."""
ABOUT_FOR = timedelta(minutes=15)
"""So long a stretch of signs of life is being up; a shorter one may be a walk to the bathroom."""
KNOWN_MORNINGS = 7
REMEMBERED = 28
"""Days."""
SLACK = 15
"""Minutes around the usual span and around the normal range within which nobody would speak of early or late."""


class Compared(StrEnum):
    """A morning beside the last weeks': the middle half of them is usual, all of them are the normal range."""

    EARLIEST = "earlier than the normal range"
    EARLIER = "earlier than usual"
    USUAL = "about as usual"
    LATER = "later than usual"
    LATEST = "later than the normal range"


def morning(at: datetime, zone: str, days: int = 0) -> datetime:
    """Where the day of `at` begins for whoever gets up in it, or the day so many days later."""
    return moment(local(at, zone).date() + timedelta(days=days), FROM_HOUR, zone)


def up_at(seen: Sequence[Seen], start: datetime, until: datetime) -> datetime | None:
    """Where the first stretch of being about began, from `start` on; None while there was none before `until`.

    `seen` are signs of life in order of time; those before `start` say whether somebody lies in bed. While somebody
    does, movement elsewhere is another's.
    """
    began: datetime | None = None
    last: datetime | None = None
    in_bed = False
    for one in seen:
        if one.at >= until:
            break
        in_bed = one.what is What.LAY_DOWN or (in_bed and one.what not in (What.GOT_UP, What.OPENED))
        if in_bed or one.at < start:
            began = last = None
            continue
        if began is None or last is None or one.at - last > QUIET_AFTER:
            began = one.at
        last = one.at
        if last - began >= ABOUT_FOR:
            return began
    return None


def came_home(home: Home, seen: Sequence[Seen], up: datetime) -> bool:
    """Whether that stretch of being about began with coming home: then it is not when they got up."""
    place = bisect_left(seen, up, key=lambda one: one.at)
    before = seen[place - 1] if place else None
    sensor = home.sensor(before.sensor) if before else None
    return before is not None and sensor is not None and sensor.is_exit and up - before.at > QUIET_AFTER


def minute_of(at: datetime, zone: str) -> int:
    """Of the home's clock, since midnight."""
    here = local(at, zone)
    return here.hour * 60 + here.minute


def compared(minute: int, mornings: Sequence[int]) -> Compared | None:
    """One morning beside others, all as minutes of the home's clock; None while too few are known."""
    if len(mornings) < KNOWN_MORNINGS:
        return None
    low, _, high = quantiles(mornings, n=4)
    if minute < min(mornings) - SLACK:
        return Compared.EARLIEST
    if minute > max(mornings) + SLACK:
        return Compared.LATEST
    if minute < low - SLACK:
        return Compared.EARLIER
    return Compared.LATER if minute > high + SLACK else Compared.USUAL
