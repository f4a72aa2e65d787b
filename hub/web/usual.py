"""The usual day behind the ribbon: how surely there is a sign of life in each half hour of the home's clock."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from hub.web.picture import Mound, percent
from models.hours import PARTS, local
from models.people import Level
from models.telling import Saying

HALF_HOUR = timedelta(minutes=30)
HALVES = 48
KNOWN_AFTER = timedelta(days=7)
DAILY = 0.06
"""How far the engine's counters go each day towards what that day was (models.detection.kernels)."""
LIKELY = 0.5
LIVELY = 0.4
"""Of a part of the day, in which some half hours are quieter."""
MORNING, AFTERNOON = 6, 30
"""Half hours: nobody is called up by what happens before three, nor in bed by what happens before three in the
afternoon.
"""


class Usual(NamedTuple):
    """`chances`, one a half hour; empty while the home is not known well enough."""

    chances: tuple[float, ...] = ()

    def mounds(self, start: datetime, end: datetime, level: Level, zone: str) -> tuple[Mound, ...]:
        """From `start` to `end`, no finer than `level` may see."""
        if not self.chances:
            return ()
        heights = self.chances if level in (Level.TIMES, Level.ROOMS) else _by_part(self.chances)
        first = datetime.fromtimestamp(start.timestamp() // 1800 * 1800, UTC)
        halves = [first + HALF_HOUR * count for count in range(int((end - first) / HALF_HOUR) + 1)]
        drawn = [(max(at, start), min(at + HALF_HOUR, end), round(heights[_half(at, zone)], 1)) for at in halves]
        runs = [list(run) for _, run in groupby((one for one in drawn if one[0] < one[1]), key=lambda one: one[2])]
        return tuple(_mound(run[0][0], run[-1][1], run[0][2], start, end) for run in runs if run[0][2] > 0)

    def words(self, level: Level, say: Saying) -> str:
        """'Usually up by 07:30, and quiet from 22:30.'"""
        if not self.chances:
            return ""
        if level not in (Level.TIMES, Level.ROOMS):
            return _parts_in_words(self.chances, say)
        up = next((half for half in range(MORNING, AFTERNOON) if self.chances[half] >= LIKELY), None)
        evening = [half for half in range(AFTERNOON, HALVES + MORNING) if self.chances[half % HALVES] >= LIKELY]
        said = {"up": _clock(up + 1)} if up is not None else {}
        said |= {"quiet": _clock(evening[-1] + 1)} if evening else {}
        return say(f"usual.{'both' if len(said) > 1 else next(iter(said))}", **said) if said else ""


def usual(counters: bytes, known_for: timedelta) -> Usual:
    """From the engine's `counters` (0 to 255 for each half hour), which begin at nothing."""
    if len(counters) != HALVES or known_for < KNOWN_AFTER:
        return Usual()
    reached = 1.0 - (1.0 - DAILY) ** (known_for / timedelta(days=1))
    return Usual(tuple(min(count / 255 / reached, 1.0) for count in counters))


def _half(at: datetime, zone: str) -> int:
    here = local(at, zone)
    return here.hour * 2 + here.minute // 30


def _mound(begin: datetime, finish: datetime, height: float, start: datetime, end: datetime) -> Mound:
    x = percent(begin, start, end)
    return Mound(x, round(percent(finish, start, end) - x, 2), height)


def _part(half: int) -> str:
    return next(name for hour, name in reversed(PARTS) if half // 2 >= hour)


def _by_part(chances: Sequence[float]) -> list[float]:
    parts = [_part(half) for half in range(HALVES)]
    mean = {one: sum(c for c, part in zip(chances, parts, strict=True) if part == one) / parts.count(one)
            for one in set(parts)}  # fmt: skip
    return [mean[part] for part in parts]


def _parts_in_words(chances: Sequence[float], say: Saying) -> str:
    means = _by_part(chances)
    lively = [say(f"ribbon.part.{name}") for hour, name in PARTS[1:4] if means[hour * 2] >= LIVELY]
    return say("usual.parts", parts=say.listed(lively)) if lively else ""


def _clock(half: int) -> str:
    return f"{half // 2 % 24:02}:{half % 2 * 30:02}"
