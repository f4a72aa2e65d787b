"""When a battery will be flat, from the levels that its sensor reported; how sure that is, or that it can not be told.

Many sensors report 100 until they die. Levels that never fell are therefore no sign of a good battery: there the
forecast is by age and kind, and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations
from statistics import quantiles

from models.observation import SensorKind

DAY = timedelta(days=1)
FLAT_AT = 10.0
"""Percent; below it a cell may give out on any day."""
AT_LEAST_LEVELS, AT_LEAST_DAYS, AT_LEAST_FALL = 4, 21.0, 3.0
"""Reports, days between the first and the last, and percent fallen, before a line is drawn through them."""
RISE = 15.0
"""Percent: a level that rises by more is a new battery, and what came before is another one's."""
UNSURE, UNSURE_AT_LEAST = 0.1, 3 * DAY
"""However straight the line was: a cold week or a busy one bends it."""
LOOKED_AT = timedelta(days=240)
POINTS = 60
AHEAD = timedelta(days=14)
"""A flat battery is a fault this long before."""
LONGEST = timedelta(days=5 * 365)

LASTS: dict[SensorKind, tuple[timedelta, timedelta]] = {
    SensorKind.PENDANT: (365 * DAY, 730 * DAY),
    SensorKind.PULL_CORD: (540 * DAY, 1095 * DAY),
    SensorKind.MOTION: (365 * DAY, 730 * DAY),
    SensorKind.DOOR: (365 * DAY, 730 * DAY),
    SensorKind.BED: (270 * DAY, 540 * DAY),
    SensorKind.CHAIR: (270 * DAY, 540 * DAY),
}
"""How long a battery lasts, at least and at most, where nothing but its age is known."""


class Basis(StrEnum):
    """What a forecast rests on."""

    LEVELS = "how its level fell"
    AGE = "its age, since it reports the same level all along"
    FLAT = "the level it reports"
    NOTHING = "nothing: it has not reported long enough, and when it was fitted is not on record"


@dataclass(frozen=True, slots=True)
class Forecast:
    """Flat between `earliest` and `latest`; both None where it can't be told."""

    basis: Basis
    earliest: datetime | None = None
    latest: datetime | None = None
    level: float | None = None

    def due(self, now: datetime, ahead: timedelta = AHEAD) -> bool:
        """Whether it is time to exchange it. By age alone only when it is older than such batteries get."""
        if self.basis is Basis.AGE:
            return self.latest is not None and self.latest <= now + ahead
        return self.earliest is not None and self.earliest <= now + ahead


Levels = Sequence[tuple[datetime, float]]
"""(when, percent), in order of time."""


def forecast(levels: Levels, kind: SensorKind, fitted_at: datetime | None, now: datetime) -> Forecast:
    """`fitted_at` is when the sensor, or its battery, was last changed, as far as that is on record."""
    levels = since_changed([one for one in levels if one[0] >= now - LOOKED_AT])
    level = levels[-1][1] if levels else None
    if level is not None and level <= FLAT_AT:
        return Forecast(Basis.FLAT, now, now, level)
    if _falls(levels):
        return _by_levels(levels, now)
    if fitted_at is None:
        return Forecast(Basis.NOTHING, level=level)
    shortest, longest = LASTS[kind]
    return Forecast(Basis.AGE, fitted_at + shortest, fitted_at + longest, level)


def since_changed(levels: Levels) -> Levels:
    """What the present battery reported."""
    first = 0
    for place in range(1, len(levels)):
        if levels[place][1] - levels[place - 1][1] > RISE:
            first = place
    return levels[first:]


def _falls(levels: Levels) -> bool:
    """Enough of it to be believed."""
    if len(levels) < AT_LEAST_LEVELS or (levels[-1][0] - levels[0][0]) / DAY < AT_LEAST_DAYS:
        return False
    return levels[0][1] - levels[-1][1] >= AT_LEAST_FALL


def _by_levels(levels: Levels, now: datetime) -> Forecast:
    """By the middle half of the slopes of all pairs that lie far enough apart: one odd report moves none of them."""
    points = levels[:: max(len(levels) // POINTS, 1)]
    days = [((at - levels[0][0]) / DAY, percent) for at, percent in points]
    apart = max((days[-1][0] - days[0][0]) / 4, 1.0)
    slopes = [(b - a) / (y - x) for (x, a), (y, b) in combinations(days, 2) if y - x >= apart]
    steep, _, slow = quantiles(slopes, n=4) if len(slopes) > 1 else slopes * 3
    at, level = levels[-1]
    earliest, latest = _flat(at, level, steep, now), _flat(at, level, slow, now)
    least = max(UNSURE * (earliest - now), UNSURE_AT_LEAST)
    return Forecast(Basis.LEVELS, max(earliest - least, now), min(latest + least, now + LONGEST), level)


def _flat(at: datetime, level: float, slope: float, now: datetime) -> datetime:
    """When a line from there reaches `FLAT_AT`; no further off than any battery lasts."""
    if slope >= 0:
        return now + LONGEST
    return min(max(at + DAY * ((level - FLAT_AT) / -slope), now), now + LONGEST)
