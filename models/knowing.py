"""What is known of a home now, out of its signs of life and of what was heard, judged and raised."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from models.day import Doing, Seen, Span, as_shared, as_watched, ribbon
from models.glimpse import LATE, LOOKED_AT_WITHIN, Known
from models.health import Heard, Why
from models.home import Home
from models.hours import Hours, reaches_into
from models.morning import came_home, morning, up_at
from models.observation import SensorKind, What

LOOKED_BACK = timedelta(days=1)
SEEN_FROM = 2 * LOOKED_BACK
"""Signs of life are wanted from so long ago: those of the day before say how the last one began."""
SAME_SIGN = timedelta(milliseconds=1)

Told = tuple[datetime, datetime]
"""What the watch has written down: after which last sign, by when the next is due."""


def known(
    home: Home,
    called: str,
    seen: Sequence[Seen],
    now: datetime,
    heard: Heard,
    why: Why | None,
    *,
    judged: bool,
    told: Told | None,
    alert_since: datetime | None = None,
    looked_into: bool = False,
    mornings: Sequence[int] = (),
    gaps: Sequence[Hours] = (),
    reaches: str = "",
    unwatched: Sequence[Hours] = (),
    unshared: Sequence[Hours] = (),
) -> Known:
    """`seen` are signs of life of the last two days, in order of time. `gaps` are the spells of this morning in which
    nothing could be noticed: with one before it, when somebody was up is not known. `unwatched` is as for `as_watched`,
    `unshared` as for `as_shared`.
    """
    last = seen[-1] if seen else None
    sensor = home.sensor(last.sensor) if last else None
    return Known(
        called,
        now,
        home.timezone,
        as_shared(spans(home, seen, now - LOOKED_BACK, now, heard.until, why, unwatched), unshared),
        last.at if last else None,
        *_expected(told, last.at if last else None),
        heard,
        why,
        judged,
        alert_since,
        looked_into,
        sensor.room if sensor and sensor.kind is not SensorKind.PENDANT else "",
        _up(home, seen, now, [*gaps, *unshared]),
        mornings,
        reaches,
        unshared,
        home.people,
        home.pets,
        home.visits,
    )


def believed(seen: Sequence[Seen], misleading: Mapping[str, datetime], counted: datetime | None) -> list[Seen]:
    """Without what the mats of chairs said since they are `misleading`: to the watch it is no sign of life either, but
    for one that it `counted` as the last before it knew.
    """
    return [
        one
        for one in seen
        if one.what not in (What.SAT_DOWN, What.STOOD_UP)
        or one.at <= misleading.get(one.sensor, one.at)
        or (counted is not None and abs(one.at - counted) <= SAME_SIGN)
    ]


def spans(
    home: Home, seen: Sequence[Seen], start: datetime, end: datetime, until: datetime | None, why: Why | None,
    unwatched: Sequence[Hours] = (),
) -> list[Span]:  # fmt: skip
    """The ribbon of a home as it is in use. While that is heard it ends where it is heard `until`."""
    if until and why is None:
        end = max(start, min(until, end))
    if not seen:
        return [Span(start, end, Doing.UNHEARD)] if why else []
    return as_watched(ribbon(home, seen, start, end, until), home, unwatched)


def _up(home: Home, seen: Sequence[Seen], now: datetime, gaps: Sequence[Hours]) -> datetime | None:
    start = morning(now, home.timezone)
    up = up_at(seen, start, now) if start < now else None
    return None if up and (reaches_into(gaps, start, up) or came_home(home, seen, up)) else up


def _expected(told: Told | None, last_sign: datetime | None) -> tuple[datetime | None, datetime | None]:
    """By when the next sign of life is due, if the watch has said so of this very silence; and how long it may go on
    without anybody having to look into it.
    """
    if last_sign is None:
        return None, None
    if told is None or abs(told[0] - last_sign) > SAME_SIGN:
        return None, last_sign + LOOKED_AT_WITHIN
    return told[1], told[1] + LATE
