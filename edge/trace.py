"""The last seconds that each pendant felt, and what may be cut from them around a suspected fall.

Kept in memory alone, and only while it was agreed to that such a cut leaves the home.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.wire import MOST_MG

BEFORE, AFTER = 4.0, 4.0
"""Seconds around the moment of suspicion. A detector decides a little later than that."""
STEP = 0.02
KEPT = 12.0
GAP = 0.5
"""Nothing felt for longer: what lies beyond is left out rather than guessed."""

Sample = tuple[float, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Cut:
    """The first sample is `begins` s from the moment of suspicion, then one `every` s; `mg` as in models.wire.Trace."""

    begins: float
    every: float
    mg: tuple[int, ...]


class Recent:
    """One pendant's."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque()

    def add(self, t: Sequence[float], acc: Sequence[Sequence[float]]) -> None:
        for sample in zip(t, acc, strict=True):
            if self._samples and sample[0] <= self._samples[-1][0]:
                self._samples.clear()
            self._samples.append(sample)
        while self._samples and self._samples[0][0] < self._samples[-1][0] - KEPT:
            self._samples.popleft()

    def around(self, at: float) -> Cut | None:
        """On an even grid, between the samples as on a straight line; None where nothing was felt around `at`."""
        near = _unbroken([one for one in self._samples if at - BEFORE - STEP <= one[0] <= at + AFTER + STEP], at)
        if len(near) < 2:
            return None
        first, last = max(near[0][0], at - BEFORE), min(near[-1][0], at + AFTER)
        grid = [first + STEP * place for place in range(int((last - first) / STEP) + 1)]
        return Cut(round(first - at, 3), STEP, tuple(value for one in _asked(near, grid) for value in one))


def _unbroken(samples: Sequence[Sample], at: float) -> Sequence[Sample]:
    """The run without a gap that holds `at`, or ends nearest before it."""
    begins = [place for place in range(1, len(samples)) if samples[place][0] - samples[place - 1][0] > GAP]
    edges = [0, *begins, len(samples)]
    holds = [place for place, begin in enumerate(edges[:-1]) if begin < len(samples) and samples[begin][0] <= at]
    return samples[edges[holds[-1]] : edges[holds[-1] + 1]] if holds else ()


def _asked(samples: Sequence[Sample], grid: Sequence[float]) -> Iterator[list[int]]:
    place = 1
    for when in grid:
        while place < len(samples) - 1 and samples[place][0] < when:
            place += 1
        (t0, low), (t1, high) = samples[place - 1], samples[place]
        share = min(max((when - t0) / (t1 - t0), 0.0), 1.0)
        yield [_mg(a + share * (b - a)) for a, b in zip(low, high, strict=True)]


def _mg(g: float) -> int:
    return max(-MOST_MG, min(MOST_MG, round(g * 1000)))
