"""What the resident decided: a log of wishes, how long they may still pause, and what was decided in their place."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import zip_longest

from models.hours import Hours

WEEK = timedelta(days=7)
PAUSES = (1, 2, 4, 8, 12, 24)
"""Hours for which what a kind of sensor notices may be paused at once, as far as the home's limit goes."""
SHARING_PAUSES = (2, 8, 24, 72, 168)
"""Hours for which a contact may be shown nothing. That costs nobody their safety, and so needs no limit."""


class Deed(StrEnum):
    """What was decided, in the past tense."""

    AGREED = "agreed"
    STOPPED = "stopped"
    PAUSED = "paused"
    RESUMED = "resumed"
    LEVEL = "level"
    SHARING_PAUSED = "sharing paused"
    SHARING_RESUMED = "sharing resumed"
    TAKEN_OUT = "taken out"
    ERASED = "erased"
    DECIDED = "decided in their place"
    REVIEWED = "reviewed"


WORDS = {
    "telephone": "they said so on the telephone",
    "in person": "they said so face to face",
    "in writing": "they wrote",
}
"""How somebody who writes down a wish of the resident's knows of it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """`about` is a kind of sensor, or the id of a contact; `actor` the login of whoever wrote it down, and `word` how
    they know, '' for the resident. `until` is when a pause ends by itself.
    """

    at: datetime
    home: str
    resident: str
    actor: str
    deed: Deed
    about: str
    word: str = ""
    text: str = ""
    until: datetime | None = None


_SHARING = frozenset({Deed.SHARING_PAUSED, Deed.SHARING_RESUMED})
_OUT_OF_USE, _IN_USE = frozenset({Deed.PAUSED, Deed.STOPPED}), frozenset({Deed.RESUMED, Deed.AGREED})


def out_of_use(wishes: Iterable[Wish], about: str, now: datetime) -> list[tuple[Deed, datetime, datetime]]:
    """From when until when that kind was paused or stopped, in order: what lasts ends as its pause will, or `now`."""
    found: list[tuple[Deed, datetime, datetime]] = []
    last: Wish | None = None
    decided = (one for one in wishes if one.about == about and one.deed in _OUT_OF_USE | _IN_USE)
    for one in sorted(decided, key=lambda one: one.at):
        if last is not None:
            found.append((last.deed, last.at, one.at))
        last = one if one.deed in _OUT_OF_USE else None
    return found if last is None else [*found, (last.deed, last.at, last.until or now)]


def unshared(wishes: Iterable[Wish], contact: str) -> list[Hours]:
    """When nothing was shared with that contact, in order: a pause that nothing ended before has ended by itself."""
    decided = sorted((one for one in wishes if one.about == contact and one.deed in _SHARING), key=lambda one: one.at)
    followed = zip_longest(decided, [one.at for one in decided[1:]])
    return [(one.at, min(one.until, after or one.until)) for one, after in followed if one.until]


def paused_lately(wishes: Iterable[Wish], about: str, now: datetime) -> timedelta:
    """How much of the week before `now`, and of what is still to come, is taken by pauses of that kind."""
    pauses = [(start, end) for deed, start, end in out_of_use(wishes, about, now) if deed is Deed.PAUSED]
    return sum((_within(start, end, now) for start, end in pauses), timedelta(0))


def _within(start: datetime, end: datetime, now: datetime) -> timedelta:
    return max(end - max(start, now - WEEK), timedelta(0))


def may_pause(wishes: Iterable[Wish], about: str, hours_a_week: int, now: datetime) -> tuple[int, ...]:
    """The hours that may be chosen now."""
    left = timedelta(hours=hours_a_week) - paused_lately(wishes, about, now)
    return tuple(hours for hours in PAUSES if timedelta(hours=hours) <= left)


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided in the resident's place, since they could not decide it themselves then.

    `maker` is by name and `capacity` how it was found that they could not; `consulted` who was asked; `least` why
    nothing less would do.
    """

    about: str
    decided: str
    maker: str
    standing: str
    capacity: str
    consulted: str
    least: str
    decided_at: datetime
    review_at: datetime


REMINDED = timedelta(days=30)
"""So long before a review its reminder comes; then on the day, and once a week until it was held."""


def reminded_from(review_at: datetime, now: datetime) -> datetime | None:
    """When the reminder that holds at `now` was due; None before the first."""
    if now < review_at - REMINDED:
        return None
    if now < review_at:
        return review_at - REMINDED
    return review_at + (now - review_at) // WEEK * WEEK
