"""What a pendant felt around a suspected fall, as a plain trace of how hard, and the same in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import acos, degrees, sqrt

from models.hours import clock_s

AT_LEAST_G = 3.0
"""The height of the picture, unless it was harder; so that two traces can be compared."""
STILL_G = 0.05
NEAR = 1.0
"""Seconds around the moment of suspicion in which the hardest is looked for."""

Sample = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Trace:
    """`points` are of an SVG 100 wide and 100 high, `one_g` the height of 1 g there, `zero` where the suspicion is."""

    at: datetime
    points: str
    one_g: float
    zero: float
    begins: str
    ends: str
    words: str


def drawn(at: datetime, begins: float, every: float, mg: Sequence[int], zone: str) -> Trace | None:
    """As of models.wire.Trace. None of one that holds next to nothing."""
    samples = [(x / 1000, y / 1000, z / 1000) for x, y, z in zip(mg[::3], mg[1::3], mg[2::3], strict=True)]
    size = [sqrt(x * x + y * y + z * z) for x, y, z in samples]
    when = [begins + every * place for place in range(len(size))]
    if len(size) < 2:
        return None
    height, length = max(AT_LEAST_G, *size), when[-1] - when[0]
    across = [100 * (one - when[0]) / length for one in when]
    points = " ".join(f"{x:.1f},{100 - 100 * g / height:.1f}" for x, g in zip(across, size, strict=True))
    return Trace(
        at,
        points,
        100 - 100 / height,
        max(0.0, min(100.0, -100 * when[0] / length)),
        f"{-when[0]:.0f} s before",
        f"{when[-1]:.0f} s after",
        _words(at, samples, size, when, zone),
    )


def _words(at: datetime, samples: list[Sample], size: list[float], when: list[float], zone: str) -> str:
    near = [place for place, one in enumerate(when) if abs(one) <= NEAR] or list(range(len(when)))
    hardest = max(near, key=lambda place: size[place])
    said = [f"Hardest {size[hardest]:.1f} g, at {clock_s(at + timedelta(seconds=when[hardest]), zone)}."]
    light = min((size[place] for place in range(len(when)) if -NEAR <= when[place] - when[hardest] < 0), default=1.0)
    if light < 0.7:
        said.append(f"In the second before that as light as {light:.1f} g.")
    begin, end = _mean(samples[: len(samples) // 4]), _mean(samples[-len(samples) // 4 :])
    said.append(f"It hung {_angle(begin, end):.0f}° from how it did at first.")
    last = [place for place, one in enumerate(when) if one >= when[-1] - 2.0]
    moved = max((abs(size[b] - size[a]) for a, b in pairwise(last)), default=0.0)
    said.append("At the end it hardly moved." if moved < STILL_G else "At the end it was still moving.")
    return " ".join(said)


def _mean(samples: list[Sample]) -> Sample:
    count = max(len(samples), 1)
    x, y, z = (sum(one[axis] for one in samples) / count for axis in range(3))
    return x, y, z


def _angle(one: Sample, other: Sample) -> float:
    along = sum(a * b for a, b in zip(one, other, strict=True))
    sizes = sqrt(sum(a * a for a in one) * sum(b * b for b in other))
    return degrees(acos(max(-1.0, min(1.0, along / sizes)))) if sizes else 0.0
