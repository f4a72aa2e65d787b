"""The clocks of homes as columns: when each zone's offset changes, and to what."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from models.detection.batch import Floats, Ints

_FIRST, _LAST = datetime(2015, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)
_QUARTER = timedelta(minutes=15)


def clocks(zones: tuple[str, ...]) -> tuple[Floats, Floats]:
    """(zones, k) each: the moments (s since 1970) from which an offset (s) holds; the last one is repeated."""
    found = [changes(zone) for zone in zones]
    most = max((len(each) for each in found), default=1)
    padded = [each + (each[-1],) * (most - len(each)) for each in found]
    table = np.array(padded, np.float64).reshape(len(zones), most, 2)
    return np.ascontiguousarray(table[:, :, 0]), np.ascontiguousarray(table[:, :, 1])


@lru_cache(maxsize=600)
def changes(zone: str) -> tuple[tuple[float, float], ...]:
    """(moment, offset) in order of time; the first stands for all time before."""
    found = [(_FIRST.timestamp(), offset(zone, _FIRST))]
    month = _FIRST
    while month < _LAST:
        following = month + timedelta(days=20)
        if offset(zone, following) != found[-1][1]:
            moment = _first_changed(zone, month, following, found[-1][1])
            found.append((moment.timestamp(), offset(zone, moment)))
            following = moment
        month = following
    return tuple(found)


def _first_changed(zone: str, low: datetime, high: datetime, before: float) -> datetime:
    while high - low > _QUARTER:
        middle = low + (high - low) // 2 // _QUARTER * _QUARTER
        low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
    return high


def offset(zone: str, at: datetime) -> float:
    found = at.astimezone(ZoneInfo(zone)).utcoffset()
    return found.total_seconds() if found else 0.0


def offsets(starts: Floats, held: Floats, zone: Ints, at: Floats) -> Floats:
    """Seconds that each clock is ahead of UTC; `zone` and `at` side by side."""
    place = np.empty(len(at), np.int64)
    for each in np.unique(zone):
        mine = zone == each
        place[mine] = np.maximum(np.searchsorted(starts[each], at[mine], "right") - 1, 0)
    found: Floats = held[zone, place]
    return found
