"""Totals of areas for those who plan, from which nobody can find one home.

A table counts homes, never events, so that one home changes a figure by one at most. It is made once for each month
and area, after the month has ended, and stands for ever: there is no question to ask twice, no area of one's own to
draw and no day to compare with the day before. What is left, a month beside the next, is met by noise that only a
secret decides, and by rounding. A figure that is small, or so large that those left out are few, is not shown at all.
"""

import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

LEAST = 10
"""Fewer homes than this are not shown, and neither is a figure that leaves fewer than this out."""
SPREAD = 3
"""Noise is the sum of two whole numbers from -SPREAD to SPREAD."""
STEP = 5
ALL = "all areas"


class Measure(StrEnum):
    """What is counted, in homes."""

    HOMES = "homes with the service"
    ALERTED = "homes with an alert about a person"
    HELPED = "homes where help was needed"
    NEEDLESS = "homes with an alert that need not have been"
    DEAF = "homes where for an hour or more nothing could have been noticed"


@dataclass(frozen=True, slots=True)
class Counted:
    """One home in one month."""

    home: str
    area: str
    measures: frozenset[Measure]


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is None where it is not shown."""

    area: str
    measure: Measure
    value: int | None


def table(month: str, council: str, counted: Iterable[Counted], secret: bytes) -> tuple[Figure, ...]:
    """The month's table: for each area and for all together."""
    areas: dict[str, list[Counted]] = defaultdict(list)
    for one in counted:
        areas[one.area].append(one)
    every = [one for some in areas.values() for one in some]
    found: list[Figure] = []
    for measure in Measure:
        true = {area: sum(measure in one.measures for one in some) for area, some in areas.items()}
        size = {area: len(some) for area, some in areas.items()}
        hidden = _hidden(true, size, measure)
        key = f"{month}\n{council}\n{measure}"
        found += [_figure(area, measure, true[area], secret, key, hidden=area in hidden) for area in sorted(areas)]
        total = sum(true.values())
        found.append(_figure(ALL, measure, total, secret, key, hidden=_small(total, len(every), measure)))
    return tuple(found)


def _small(count: int, homes: int, measure: Measure) -> bool:
    left_out = LEAST if measure is Measure.HOMES else homes - count
    return count < LEAST or homes < LEAST or left_out < LEAST


def _hidden(true: Mapping[str, int], size: Mapping[str, int], measure: Measure) -> AbstractSet[str]:
    """Those that are small, and where one alone would be hidden the next smallest too: the rest and the total would
    give it away.
    """
    hidden = {area for area in true if _small(true[area], size[area], measure)}
    if len(hidden) == 1:
        others = sorted((area for area in true if area not in hidden), key=lambda area: (true[area], area))
        hidden |= set(others[:1])
    return hidden


def _figure(area: str, measure: Measure, count: int, secret: bytes, key: str, *, hidden: bool) -> Figure:
    if hidden:
        return Figure(area, measure, None)
    noisy = count + _noise(secret, f"{key}\n{area}")
    return Figure(area, measure, max(LEAST, STEP * round(noisy / STEP)))


def _noise(secret: bytes, key: str) -> int:
    mark = hmac.digest(secret, key.encode(), sha256)
    wide = 2 * SPREAD + 1
    return int.from_bytes(mark[:8]) % wide + int.from_bytes(mark[8:16]) % wide - 2 * SPREAD


def lines(figures: Sequence[Figure]) -> list[tuple[str, dict[Measure, int | None]]]:
    """One for each area, all together last."""
    by_area: dict[str, dict[Measure, int | None]] = defaultdict(dict)
    for one in figures:
        by_area[one.area][one.measure] = one.value
    return sorted(by_area.items(), key=lambda line: (line[0] == ALL, line[0]))
