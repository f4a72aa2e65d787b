"""Watches that others use or have published, each with its level swept, which favours them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.detection.batch import Floats, Ints
from models.training import outlier_scores
from simulators.evaluate.homes import DAY, HOUR
from simulators.evaluate.silences import EARLIEST, LONGEST, MINUTE, MISSED, Silences
from simulators.evaluate.study import Deadlines, Family, Judged, Watch

KEPT_DAYS, FEW = 70, 3
QUARTER = 15 * MINUTE
SLOTS = 96
STEP = 5 * MINUTE
STEPS_A_DAY = 288

Excess = Callable[[Floats, Floats], Floats]
"""How far silences are above a line."""


def refits(one: Judged, every: int = 7) -> Iterator[tuple[Ints, Silences]]:
    """Places in `one.rows` of a block of days, and the silences that had ended before it began; after months in which
    nothing was recorded, those before them.
    """
    day = np.floor((one.rows.t - one.home.first_midnight) / DAY).astype(int)
    for start in range(int(day.min()), int(day.max()) + 1, every):
        places = np.flatnonzero((day >= start) & (day < start + every))
        begins = one.home.first_midnight + start * DAY
        first, last = np.searchsorted(one.whole.t, [begins - KEPT_DAYS * DAY, begins])
        if last - first < FEW:
            first = np.searchsorted(one.whole.t, one.whole.t[max(last - 1, 0)] - KEPT_DAYS * DAY)
        if len(places):
            yield places, one.whole[first : max(last - 1, first + 1)]


def single_timer(homes: Sequence[Judged]) -> Family:
    def watch(one: Judged) -> Watch:
        return lambda level: Deadlines(np.full(len(one.rows), level))

    return Family("single_timer_hindsight", tuple(map(watch, homes)), EARLIEST, LONGEST)


def timer_per_home(homes: Sequence[Judged]) -> Family:
    """For every home the timer that is best at one common price of a false alert, found on the judged days."""
    slots = [float(np.sum(one.collapses["active"].weight)) for one in homes]

    def watch(one: Judged, weight: float) -> Watch:
        known = np.sort(one.rows.g[~one.rows.left_out & (one.rows.g > EARLIEST)])
        timers = np.append(EARLIEST, known)
        alerts = len(known) - np.searchsorted(known, timers, "right")
        return lambda price: Deadlines(np.full(len(one.rows), timers[np.argmin(weight * timers + price * alerts)]))

    watches = tuple(watch(one, weight) for one, weight in zip(homes, slots, strict=True))
    return Family("timer_per_home_hindsight", watches, 1.0, 1e12)


def hour_of_day(homes: Sequence[Judged], quantile: float = 0.99) -> Family:
    """So many times the 99 % quantile of past silences that began in that hour."""
    return Family("hour_of_day_quantile", tuple(_times(_by_hour(one, quantile)) for one in homes), 0.02, 200)


def _times(base: Floats) -> Watch:
    return lambda level: Deadlines(np.maximum(base * level, EARLIEST))


def _by_hour(one: Judged, quantile: float) -> Floats:
    base = np.empty(len(one.rows))
    for places, past in refits(one):
        known = past[(past.g >= MINUTE) & ~past.left_out & ~past.away]
        base[places] = _profile(known, quantile)[one.rows.hour[places].astype(int)]
    return base


def _profile(known: Silences, quantile: float) -> Floats:
    """A limit for each hour of the day; that of all hours where one was seen too rarely."""
    if not len(known):
        return np.full(24, MISSED)
    hour = known.hour.astype(int)
    common = float(np.quantile(known.g, quantile))
    often = [known.g[hour == each] for each in range(24)]
    return np.array([np.quantile(seen, quantile) if len(seen) > 20 else common for seen in often])


def clock_lines(homes: Sequence[Judged], done: Callable[[], object] = lambda: None) -> tuple[Family, Family]:
    """Cuddihy 2007: over the clock, the 98 % quantile over 45 days of the longest silence reached in each quarter of an
    hour, smoothed; alert when the silence is so many times longer than the line (of at least 30 minutes). Floeck and
    Litz: the highest silence reached instead; alert when so many seconds above it.
    """
    cuddihy, floeck = [], []
    for one in homes:
        seen = [(places, reached(past)) for places, past in refits(one)]
        cuddihy.append(_Line(one, [(places, np.quantile(table, 0.98, axis=0)) for places, table in seen], _ratio))
        floeck.append(_Line(one, [(places, table.max(0)) for places, table in seen], _above))
        done()
    return (
        Family("cuddihy_2007", tuple(cuddihy), 0.02, 60),
        Family("floeck_litz_profile", tuple(floeck), -20 * HOUR, 30 * HOUR),
    )


def _ratio(silence: Floats, line: Floats) -> Floats:
    return silence / np.maximum(line, 30 * MINUTE)


def _above(silence: Floats, line: Floats) -> Floats:
    return silence - line


class _Line:
    """Deadlines of a line over the clock: for every five minutes of the day at which a silence may begin, how far
    above the line it has been by each step; the level is met at the first step at which it was that far above.
    """

    def __init__(self, one: Judged, lines: list[tuple[Ints, Floats]], excess: Excess) -> None:
        self.size = len(one.rows)
        start = (np.mod(one.rows.t, DAY) // STEP).astype(np.int64)
        self.blocks = [(places, start[places], _highest(_smooth(line), excess)) for places, line in lines]

    def __call__(self, level: float) -> Deadlines:
        tau = np.empty(self.size)
        for places, start, highest in self.blocks:
            met = highest > level
            step = np.where(met.any(1), met.argmax(1) + 1.0, STEPS_A_DAY)
            tau[places] = np.maximum(step[start] * STEP, EARLIEST)
        return Deadlines(tau)


def reached(past: Silences, days: int = 45) -> Floats:
    """(days, 96): the longest silence reached in each quarter of an hour, of up to `days` past days."""
    last = int(past.t[-1] // DAY)
    first = max(int(past.t[0] // DAY), last - days)
    table = np.zeros((max(last - first, 1)) * SLOTS + 2 * SLOTS)
    known = past[~past.left_out & ~past.away & (past.t >= first * DAY) & (past.g >= MINUTE)]
    for began, length in zip(known.t, known.g, strict=True):
        here, there = int(began // QUARTER), int((began + length) // QUARTER)
        long = np.minimum(began + length, (np.arange(here, there + 1) + 1) * QUARTER) - began
        into = slice(here - first * SLOTS, there + 1 - first * SLOTS)
        part = table[into]
        np.maximum(part, long[: len(part)], out=part)
    return table[: max(last - first, 1) * SLOTS].reshape(-1, SLOTS)


def _smooth(line: Floats) -> Floats:
    around = np.concatenate([line[-4:], line, line[:4]])
    return np.convolve(around, np.full(5, 0.2), "same")[4:-4]


def _highest(line: Floats, excess: Excess) -> Floats:
    """(start of the silence, step): the most that it has been above the line so far."""
    step = np.arange(1, STEPS_A_DAY)
    clock = (np.arange(STEPS_A_DAY)[:, None] + step) * STEP
    above = excess((step * STEP).astype(np.float64), line[(np.mod(clock, DAY) // QUARTER).astype(np.int64)])
    return np.maximum.accumulate(above, axis=1)


WINDOWS = np.concatenate([np.arange(5, 60, 5), np.arange(60, 240, 15), np.arange(240, 1441, 60)]) * MINUTE


def isolation_forest(homes: Sequence[Judged], done: Callable[[], object] = lambda: None) -> Family:
    """scikit-learn's IsolationForest on the state of the home every five minutes, fitted anew every two weeks."""
    watches = []
    for one in homes:
        watches.append(_Outliers(one))
        done()
    low = min(float(each.scores.min()) for each in watches) - 1e-3
    high = max(float(each.scores.max()) for each in watches) + 1e-3
    return Family("isolation_forest", tuple(watches), low, high)


@dataclass(init=False)
class _Outliers:
    """Scores never fall within a silence, so that a level is a deadline."""

    scores: Floats

    def __init__(self, one: Judged) -> None:
        scores = np.zeros((len(one.rows), len(WINDOWS)), np.float32)
        for places, past in refits(one, 14):
            grid = np.arange(past.t[0], past.t[-1], STEP)
            seen = _state(past, np.searchsorted(past.t, grid, "right") - 1, grid)
            asked = [_state(one.rows, places, one.rows.t[places] + wait) for wait in WINDOWS]
            scores[places] = outlier_scores(seen, np.concatenate(asked)).reshape(len(WINDOWS), -1).T
        self.scores = np.maximum.accumulate(scores, 1)

    def __call__(self, level: float) -> Deadlines:
        met = self.scores > level
        return Deadlines(np.where(met.any(1), WINDOWS[met.argmax(1)], MISSED))


def _state(known: Silences, last: Ints, now: Floats) -> Floats:
    """Clock, length of the silence, fading counts and room at the moments `now`, `last` being the last observation."""
    silence, clock = now - known.t[last], np.mod(now, DAY) / HOUR
    counts = ((known.n15, 15 * MINUTE), (known.n60, HOUR), (known.n240, 4 * HOUR))
    faded = [count[last] * np.maximum(0, 1 - silence / window) for count, window in counts]
    turn = clock * np.pi / 12
    return np.column_stack([np.sin(turn), np.cos(turn), np.log1p(silence / MINUTE), *faded, known.room[last]])
