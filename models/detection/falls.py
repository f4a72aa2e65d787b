"""A fall, from what an accelerometer on the body feels: cheap candidates, each judged once on the seconds around it.

Everything is laid on a grid of 25 bins a second by the samples' own times, so that hardware, rate, jitter and lost
samples matter little, and how the stream is cut into chunks not at all. A bin holds five columns: the mean of the three
axes (g), the largest and the smallest magnitude (g). Nothing depends on how the sensor is mounted.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.detection.batch import Bools, Floats, Ints

RATE = 25
BEFORE, AFTER = 6 * RATE, 110
"""Bins of a window before the moment that is judged, and from it on."""

WINDOW = BEFORE + AFTER
BESIDE = (-3, 0, 3)
"""Nobody knows to a tenth of a second when it was, so a candidate is judged so many bins off it as well; the mean of
the log odds counts.
"""

JUDGED = AFTER + max(BESIDE)
"""So many bins from a candidate's own on have to be known."""

LARGEST, SMALLEST = 3, 4
COLUMNS = 5
UP = slice(COLUMNS, COLUMNS + 3)

GAP_S = 1.5
"""Nothing heard for longer: what was is over, and what comes begins anew."""

BUMP_G = 1.6
ALONE = RATE * 3 // 2
"""An impact is the largest within so many bins on either side."""

NEAR = RATE * 2 // 5
"""Or the last of somebody who ran and then is turned otherwise: the largest within so many, and no bump from there to
ALONE. Who falls as they run may have come down harder on each foot before.
"""

RAN, RAN_G, STEPS, APART = 3 * RATE, 2.0, 3, 6
"""Who runs has come down on their feet so often, as hard as that, more than APART each time."""

EVERY = RATE
"""So often the posture is looked at for a slide without an impact."""

TILTED = np.cos(np.radians(25.0))
LATER = 5 * RATE // 2, AFTER
REFRACTORY_S = 10.0
"""A fall is told of once."""

MOVED_G = 0.08
"""From one bin to the next, by a body; what lies on a table and is shaken by a door is over in half a second."""

MOVED_FOR = RATE
MINUTE = 60 * RATE


class BadFallModel(ValueError):
    """The file is no fall model that this version can read."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Somebody may have fallen `at`, as it seemed by `decided_at` (s, by the clock of the samples). `chance` 0 to 1."""

    at: float
    decided_at: float
    chance: float
    evidence: Mapping[str, float]


class Grid:
    """Samples in, bins out, each once it is over."""

    def __init__(self) -> None:
        self._t: Floats = np.empty(0)
        self._acc: Floats = np.empty((0, 3))
        self._last = np.empty(0)
        self.bin = -1
        """Which the last finished one was, counted from time 0."""

    def feed(self, t: Floats, acc: Floats) -> Floats:
        """The bins (n, 5) that are over now, without holes. Longer gaps are the detector's to find."""
        self._t, self._acc = np.concatenate([self._t, t]), np.concatenate([self._acc, acc])
        place = np.floor(self._t * RATE).astype(np.int64)
        over = int(np.searchsorted(place, place[-1])) if len(place) else 0
        if not over:
            return np.empty((0, COLUMNS))
        found = self._finished(place[:over], self._acc[:over])
        self._t, self._acc = self._t[over:], self._acc[over:]
        return found

    def _finished(self, place: Ints, acc: Floats) -> Floats:
        starts = np.flatnonzero(np.diff(place, prepend=place[0] - 1))
        bins, known = binned(acc, starts), place[starts]
        if len(self._last):
            bins, known = np.vstack([self._last, bins]), np.concatenate([[self.bin], known])
        first = known[0] + len(self._last)
        self._last, self.bin = bins[-1:], int(known[-1])
        if known[-1] - known[0] == len(known) - 1:
            return bins[first - known[0] :]
        asked = np.arange(first, known[-1] + 1)
        return np.column_stack([np.interp(asked, known, column) for column in bins.T])


def binned(acc: Floats, starts: Ints) -> Floats:
    size = np.sqrt((acc * acc).sum(1))
    mean = np.add.reduceat(acc, starts) / np.diff(starts, append=len(acc))[:, None]
    return np.column_stack([mean, np.maximum.reduceat(size, starts), np.minimum.reduceat(size, starts)])


STRIDES = 3 * RATE
STEP_LAGS = np.arange(8, 23)
RHYTHM = 0.5
"""So alike is walking to itself a step later, over STRIDES."""

LIVELY_G, TOO_LIVELY_G, BUMPED_G = 0.08, 0.8, 4.0
AS_BEFORE = np.cos(np.radians(12.0))
KEPT = 0.5 ** (1 / 15)
"""Half of what is known of the way up is from the last 15 s of walking."""

ENOUGH = 3
FORGOTTEN = 3600 * RATE
"""After so long without a sample the sensor may have been put on otherwise."""


class Upright:
    """Which way is up for a wearer, however the sensor hangs: bins in, and for each where gravity pulled while somebody
    walked before it (n, 3), or zeros where nobody did. Whoever lies already may turn over hard, and has not fallen.
    """

    def __init__(self) -> None:
        self._bins = np.empty((0, LARGEST + 1))
        self._next: int | None = None
        self._up, self._walked = np.zeros(3), 0
        self._stepped: Floats | None = None
        """Which way up was a second before, if that was rhythmic."""

    def feed(self, bins: Floats, first: int) -> Floats:
        """`first`: which bin of the grid the first one is."""
        self._after_a_gap(first)
        known = np.concatenate([self._bins, bins[:, : LARGEST + 1]])
        begin, end = first - len(self._bins), first + len(bins)
        found, since = np.empty((len(bins), 3)), first
        seconds = np.arange(first + (-first) % RATE, end, RATE)
        seconds = seconds[seconds - STRIDES >= begin]
        for second, way in zip(seconds.tolist(), self._ways(known, seconds - begin), strict=True):
            found[since - first : second - first] = self.up
            self._step(way)
            since = second
        found[since - first :] = self.up
        self._bins, self._next = known[-STRIDES:], end
        return found

    @property
    def up(self) -> Floats:
        return self._up if self._walked >= ENOUGH else np.zeros(3)

    def _after_a_gap(self, first: int) -> None:
        if self._next is None or first == self._next:
            return
        if first - self._next > FORGOTTEN:
            self._walked = 0
        self._bins, self._stepped = self._bins[:0], None

    def _ways(self, bins: Floats, ends: Ints) -> list[Floats | None]:
        """The way of gravity over the STRIDES before each of `ends`, where it was felt as in walking."""
        if not len(ends):
            return []
        around = bins[ends[:, None] + np.arange(-STRIDES, 0)]
        mean = around[:, :, :3].mean(1)
        walks = _is_rhythmic(around) & (around[:, :, LARGEST].max(1) < BUMPED_G)
        ways = mean / np.maximum(np.sqrt((mean * mean).sum(1)), 1e-6)[:, None]
        return [way if walk else None for way, walk in zip(ways, walks.tolist(), strict=True)]

    def _step(self, way: Floats | None) -> None:
        if way is not None and self._stepped is not None and float(way @ self._stepped) > AS_BEFORE:
            self._walked += 1
            self._up = self._up + max(1 - KEPT, 1 / self._walked) * (way - self._up)
        self._stepped = way


def _is_rhythmic(around: Floats) -> Bools:
    size = np.sqrt((around[:, :, :3] ** 2).sum(-1))
    sway = size - size.mean(1, keepdims=True)
    lively = np.sqrt((sway * sway).mean(1))
    found: Bools = (lively > LIVELY_G) & (lively < TOO_LIVELY_G)
    for row in np.flatnonzero(found):
        found[row] = _alike(sway[row]) > RHYTHM
    return found


def _alike(sway: Floats) -> float:
    """How like itself it is a step later: 1 is the same."""
    whole = np.correlate(sway, sway, "full")[STRIDES - 1 :][STEP_LAGS]
    power = np.concatenate([[0.0], np.cumsum(sway * sway)])
    both = power[STRIDES - STEP_LAGS] * (power[STRIDES] - power[STEP_LAGS])
    return float((whole / np.sqrt(both + 1e-9)).max())


def laid(t: Floats, acc: Floats) -> Floats:
    """A whole stream without gaps as the detector lays it: bins (n, COLUMNS + 3)."""
    grid = Grid()
    bins = grid.feed(t, acc)
    return np.hstack([bins, Upright().feed(bins, grid.bin - len(bins) + 1)])


def candidates(bins: Floats, first: int, begin: int, end: int) -> list[int]:
    """Of the rows `begin` to `end` of `bins`, whose row 0 is bin `first` of the grid: those worth a judgement."""
    bumps = (begin + np.flatnonzero(bins[begin:end, LARGEST] >= BUMP_G)).tolist()
    found = [row for row in bumps if _is_largest(bins, row, ALONE) or _ends_a_run(bins, row)]
    ticks = np.arange(begin + (-(first + begin)) % EVERY, end, EVERY)
    return sorted(found + _slides(bins, ticks[ticks >= 3 * RATE]).tolist())


def _is_largest(bins: Floats, row: int, within: int) -> bool:
    """Of equals the first."""
    around = bins[max(row - within, 0) : row + within + 1, LARGEST]
    return int(around.argmax()) == row - max(row - within, 0)


def _ends_a_run(bins: Floats, row: int) -> bool:
    if row < RAN or (bins[row + NEAR + 1 : row + ALONE + 1, LARGEST] >= BUMP_G).any():
        return False
    if not _is_largest(bins, row, NEAR) or not _turned(bins, np.array([row])).all():
        return False
    hard = row - RAN + np.flatnonzero(bins[row - RAN : row - NEAR, LARGEST] >= RAN_G)
    return sum(_is_largest(bins, step, APART) for step in hard.tolist()) >= STEPS


def _slides(bins: Floats, rows: Ints) -> Ints:
    """No impact around, another posture after than before, and still by then."""
    if not len(rows):
        return rows
    bumps = np.concatenate([[0], np.cumsum(bins[:, LARGEST] >= BUMP_G)])
    rows = rows[bumps[np.minimum(rows + ALONE + 1, len(bins))] == bumps[rows - ALONE]]
    still = np.sqrt(_around(bins, rows, *LATER).var(1).sum(1)) <= 0.25
    found: Ints = rows[still & _turned(bins, rows)]
    return found


def _turned(bins: Floats, rows: Ints) -> Bools:
    """Another posture after than before."""
    before, after = _around(bins, rows, -3 * RATE, -RATE).mean(1), _around(bins, rows, *LATER).mean(1)
    sizes = np.sqrt((before * before).sum(1) * (after * after).sum(1))
    found: Bools = (before * after).sum(1) < TILTED * sizes
    return found


def _around(bins: Floats, rows: Ints, begin: int, end: int) -> Floats:
    """(m, end - begin, 3)."""
    found: Floats = bins[np.minimum(rows[:, None] + np.arange(begin, end), len(bins) - 1), :3]
    return found


MOST_G = 6.0
"""Beyond this an impact is an impact: sensors clip there, and differently."""

LAGS = np.array([-50, -25, -13, 0, 13, 25, 38, 50, 75, 100])
"""Bins around the moment at which the posture is asked."""

NAMES = (
    *("tilt", "tilt_soon", "tilt_later", "tilt_from_early", "tilt_way", "size_before", "size_after"),
    *("lively_early", "lively_before", "lively_soon", "lively_after", "lively_last", "stillest", "still_after"),
    *("shaken_before", "shaken_after", "bumps_before", "bumps_around", "bumps_after"),
    *("peak", "peak_mean", "peak_low", "impact", "impact_low", "long_above", "second_peak", "before_peak"),
    *("least", "light", "light_long", "fell_for", "drop", "along_low", "along_high", "across", "across_std", "jolt"),
    *("onset", "onset_early", "stillest_before", "stiller", "light_wide", "stumble", "descent"),
    *(f"upright_{lag}" for lag in LAGS),
    *("walked", "stood_early", "stood", "stands_soon", "stands", "stands_last", "stood_least", "stands_most"),
)


def features(windows: Floats) -> Floats:
    """(m, len(NAMES)) of windows (m, WINDOW, COLUMNS + 3)."""
    windows = windows / _gain(windows)[:, None, None]
    acc = windows[:, :, :3]
    size = np.minimum(windows[:, :, LARGEST], MOST_G)
    least = windows[:, :, SMALLEST]
    moved = [*_movement(acc), *_bumps(size), *_impact(acc, size), *_flight(acc, size, least), *_descent(acc)]
    stood = _stood(acc, windows[:, BEFORE - RATE, UP])
    return np.column_stack([*_posture(acc), *moved, *_uprights(acc), *stood])


def _gain(windows: Floats) -> Floats:
    """What the sensor says where 1 g is, since many are out by a tenth: mostly it feels nothing but gravity."""
    size = np.sqrt((windows[:, :, :3] ** 2).sum(-1))
    gain: Floats = np.clip(np.median(size, axis=1), 0.8, 1.25)
    return gain


def spanned(windows: NDArray[Any], begin_s: float, end_s: float) -> NDArray[Any]:
    """Of windows (m, WINDOW, ...) what is from `begin_s` to `end_s` of the moment judged."""
    return windows[:, BEFORE + round(begin_s * RATE) : BEFORE + round(end_s * RATE)]


def _angle(one: Floats, other: Floats) -> Floats:
    """Degrees between rows."""
    sizes = np.sqrt((one * one).sum(-1) * (other * other).sum(-1))
    found: Floats = np.degrees(np.arccos(np.clip((one * other).sum(-1) / np.maximum(sizes, 1e-3), -1, 1)))
    return found


def _posture(acc: Floats) -> list[Floats]:
    early, before = spanned(acc, -6, -3).mean(1), spanned(acc, -3.5, -1).mean(1)
    soon, after = spanned(acc, 0.8, 2).mean(1), spanned(acc, 2, 4.4).mean(1)
    last = spanned(acc, 3.4, 4.4).mean(1)
    smooth = acc[:, : WINDOW // 10 * 10].reshape(len(acc), -1, 10, 3).mean(2)
    way = _angle(smooth[:, 1:], smooth[:, :-1]).sum(1)
    sizes = [np.sqrt((each * each).sum(1)) for each in (before, after)]
    return [_angle(before, after), _angle(before, soon), _angle(soon, last), _angle(early, after), way, *sizes]


def _spread(acc: Floats) -> Floats:
    spread: Floats = np.log(np.sqrt(acc.var(1).sum(-1)) + 0.01)
    return spread


def _parts(acc: Floats, begin_s: float, end_s: float, step_s: float) -> Floats:
    """The spread in 0.8 s from each step on."""
    return np.stack([_spread(spanned(acc, begin, begin + 0.8)) for begin in np.arange(begin_s, end_s, step_s)], 1)


def _movement(acc: Floats) -> list[Floats]:
    spans = ((-6, -3), (-3, -1), (0.8, 2), (2, 4.4), (3.4, 4.4))
    lively = [_spread(spanned(acc, *span)) for span in spans]
    parts = _parts(acc, 0.4, 3.7, 0.4)
    still = parts < np.log(0.05)
    steps = [np.abs(np.diff(spanned(acc, *span), axis=1)) for span in ((-4, -1), (1.5, 4.4))]
    shaken = [np.log(step.mean((1, 2)) + 0.002) for step in steps]
    return [*lively, parts.min(1), still.sum(1) * 0.4, *shaken]


def _bumps(size: Floats) -> list[Floats]:
    """How often the magnitude rises over 1.5 g."""
    over = size > 1.5
    rising = over[:, 1:] & ~over[:, :-1]
    return [spanned(rising, *span).sum(1) for span in ((-5, -1), (-1, 1.5), (1, 4.4))]


def _impact(acc: Floats, size: Floats) -> list[Floats]:
    near = spanned(size, -1, 1)
    mean = np.minimum(np.sqrt((acc * acc).sum(-1)), MOST_G)
    over = np.maximum(near - 1.2, 0)
    return [
        near.max(1),
        spanned(mean, -1, 1).max(1),
        np.minimum(near, 2.0).max(1),
        over.sum(1),
        np.minimum(over, 0.8).sum(1),
        (near > 1.8).sum(1),
        spanned(size, 0.4, 2).max(1),
        spanned(size, -5, -1).max(1),
    ]


def _flight(acc: Floats, size: Floats, least: Floats) -> list[Floats]:
    """Lightness before the impact, and what happened along and across the vertical of before."""
    up = spanned(acc, -3.5, -1).mean(1)
    up = up / np.maximum(np.sqrt((up * up).sum(1)), 1e-3)[:, None]
    lately = spanned(least, -1, 0.12)
    along = np.einsum("mwi,mi->mw", acc, up)
    across = np.sqrt(np.maximum((acc * acc).sum(-1) - along * along, 0))
    light = np.maximum(0.8 - lately, 0)
    sinking = np.cumsum(spanned(along, -1.2, 0.2) - 1.0, axis=1) / RATE
    return [
        lately.min(1),
        light.sum(1),
        (lately < 0.75).sum(1),
        (lately.shape[1] - lately.argmin(1)).astype(np.float64),
        sinking.min(1),
        spanned(along, -1, 1).min(1),
        np.minimum(spanned(along, -1, 1), MOST_G).max(1),
        np.minimum(spanned(across, -1, 1), MOST_G).max(1),
        spanned(across, -1, 1).std(1),
        np.abs(np.diff(spanned(size, -1, 1), axis=1)).max(1),
    ]


def _descent(acc: Floats) -> list[Floats]:
    """For a slide down a wall: how it began, how long it was lighter than before, and by how much it sank."""
    before = spanned(acc, -6, -2).mean(1)
    weight = np.maximum(np.sqrt((before * before).sum(1)), 1e-3)[:, None]
    size = np.sqrt((acc * acc).sum(-1)) / weight
    stillest = _parts(acc, -6, -1, 0.8).min(1), _parts(acc, 1.0, 3.7, 0.8).min(1)
    along = np.einsum("mwi,mi->mw", spanned(acc, -2, 0.6), before) / weight**2 - 1.0
    sunk = np.cumsum(np.cumsum(along, axis=1), axis=1) / RATE**2
    return [
        _spread(spanned(acc, -1, -0.1)),
        _spread(spanned(acc, -2, -1)),
        stillest[0],
        stillest[1] - stillest[0],
        np.maximum(0.95 - spanned(size, -2.5, 0.2), 0).sum(1),
        np.maximum(spanned(size, -2.5, -0.3) - 1.1, 0).sum(1),
        sunk.min(1),
    ]


def _uprights(acc: Floats) -> list[Floats]:
    """The cosine between before and each of LAGS, over 0.4 s."""
    up = spanned(acc, -3.5, -2.3).mean(1)
    found = [acc[:, max(BEFORE + lag - 5, 0) : BEFORE + lag + 5].mean(1) for lag in LAGS]
    return [np.cos(np.radians(_angle(each, up))) for each in found]


def _stood(acc: Floats, up: Floats) -> list[Floats]:
    """How upright (1: as when walking) before and after; where nobody walked yet, beside how it was before."""
    walked = (up != 0).any(1)
    up = np.where(walked[:, None], up, spanned(acc, -3.5, -1).mean(1))
    whole = [_along(acc, up, *span) for span in ((-6, -3), (-3.5, -1), (0.8, 2), (2, 4.4), (3.4, 4.4))]
    before = [_along(acc, up, begin, begin + 0.8) for begin in np.arange(-6, -1.5, 0.8)]
    after = [_along(acc, up, begin, begin + 0.8) for begin in np.arange(1, 3.7, 0.8)]
    return [walked.astype(np.float64), *whole, np.min(before, axis=0), np.max(after, axis=0)]


def _along(acc: Floats, up: Floats, begin_s: float, end_s: float) -> Floats:
    mean = spanned(acc, begin_s, end_s).mean(1)
    sizes = np.sqrt((mean * mean).sum(1) * (up * up).sum(1))
    along: Floats = (mean * up).sum(1) / np.maximum(sizes, 1e-3)
    return along


@dataclass(frozen=True, slots=True)
class Net:
    """One hidden layer (k, h), its `bias` (h) and what each of it is worth (h), over k inputs that are held within
    `low` and `high`: of what lies beyond all that was learned from it knows nothing.
    """

    low: Floats
    high: Floats
    hidden: Floats
    bias: Floats
    worth: Floats

    def score(self, row: Floats) -> float:
        inner = np.clip(row, self.low, self.high) @ self.hidden + self.bias
        return float(np.maximum(inner, 0.0) @ self.worth)


@dataclass(frozen=True, slots=True)
class FallModel:
    """Trees and a net over `features`, whose scores add up. Of each node of a tree its input (-1: a leaf, its worth in
    `cut`) and the place of its lower child, which the upper one follows. From `threshold` on a chance is worth a
    question. `provenance` says from what it was learned.
    """

    roots: Ints
    feature: Ints
    cut: Floats
    child: Ints
    net: Net
    start: float
    threshold: float
    provenance: Mapping[str, str | int | float]

    def chances(self, asked: NDArray[np.floating]) -> Floats:
        """For each candidate, asked about some moments (m, b, len(NAMES)), the chance that it was a fall."""
        rows = asked.reshape(-1, len(NAMES)).astype(np.float32).astype(np.float64)
        place = np.arange(len(rows))[:, None]
        node = np.tile(self.roots, (len(rows), 1))
        while (inner := self.feature[node] >= 0).any():
            upper = rows[place, self.feature[node]] > self.cut[node]
            node = np.where(inner, self.child[node] + upper, node)
        # Row by row, so that what is judged together changes not even the last digit.
        smooth = np.array([self.net.score(row) for row in rows])
        scores = (self.start + self.cut[node].sum(1) + smooth).reshape(asked.shape[:2])
        chances: Floats = 1 / (1 + np.exp(-scores.mean(1)))
        return chances

    def to_bytes(self) -> bytes:
        content = io.BytesIO()
        small = {"roots": np.int32, "feature": np.int8, "cut": np.float64, "child": np.int32}
        arrays = {name: getattr(self, name).astype(kind) for name, kind in small.items()}
        arrays |= {field.name: getattr(self.net, field.name) for field in fields(Net)}
        said = json.dumps(dict(self.provenance))
        numbers = {"start": self.start, "threshold": self.threshold}
        np.savez_compressed(content, names=" ".join(NAMES), provenance=said, **arrays, **numbers)  # type: ignore[arg-type]
        return content.getvalue()


def fall_model_from(content: bytes) -> FallModel:
    """Raises BadFallModel."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as read:
            arrays = {name: read[name] for name in read.files}
        names, said = str(arrays.pop("names")), json.loads(str(arrays.pop("provenance")))
        start, threshold = (float(arrays.pop(name)) for name in ("start", "threshold"))
        whole = {name: arrays[name].astype(np.int64) for name in ("roots", "feature", "child")}
        net = Net(**{field.name: arrays[field.name] for field in fields(Net)})
        found = FallModel(**whole, cut=arrays["cut"], net=net, start=start, threshold=threshold, provenance=said)
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as wrong:
        raise BadFallModel(f"this is no fall model: {wrong}; make one with nightlight-sim train falls") from wrong
    if names != " ".join(NAMES):
        raise BadFallModel("this fall model was made for another version; make it again")
    return found


class FallDetector:
    """One wearer. The same samples give the same suspicions, however they are cut into chunks."""

    def __init__(self, model: FallModel, least: float | None = None) -> None:
        """Suspicions from the chance `least` on; without it from the model's threshold on."""
        self._model = model
        self._least = model.threshold if least is None else least
        self._heard, self._last = -np.inf, (-np.inf, 0.0)
        self._minute, self._lively, self._moved_at = -1, 0, -np.inf
        self._upright = Upright()
        self._anew()

    def _anew(self) -> None:
        self._grid, self._bins = Grid(), np.empty((0, UP.stop))
        self._first = self._next = 0

    def feed(self, t: Floats, acc: NDArray[np.floating]) -> list[Suspicion]:
        """`t` (n) in s by a clock that is never set back, `acc` (n, 3) in g. What is no later than what was heard, or
        no number, is left out.
        """
        t, acc = np.asarray(t, np.float64), np.asarray(acc, np.float64)
        good = np.isfinite(t) & np.isfinite(acc).all(1)
        t, acc = t[good], acc[good]
        good = t > np.maximum.accumulate(np.concatenate([[self._heard], t]))[:-1]
        t, acc = t[good], acc[good]
        if not len(t):
            return []
        breaks = np.flatnonzero(np.diff(t, prepend=self._heard) > GAP_S)
        self._heard = float(t[-1])
        found: list[Suspicion] = []
        for part, (when, what) in enumerate(zip(np.split(t, breaks), np.split(acc, breaks), strict=True)):
            found += self.rest() if part else []
            found += self._piece(when, what)
        return found

    def rest(self) -> list[Suspicion]:
        """What is pending is judged as if nothing moved any more; then all begins anew."""
        known = len(self._bins)
        self._bins = np.concatenate([self._bins, np.repeat(self._bins[-1:], JUDGED, axis=0)])
        found = self._look(known - 2 * RATE)
        self._anew()
        return found

    def worn(self, now: float, within_s: float = 3600.0) -> bool:
        """Whether it moved as on a body, a second or more of one minute, within the last `within_s`."""
        return now - self._moved_at <= within_s

    def _piece(self, t: Floats, acc: Floats) -> list[Suspicion]:
        new = self._grid.feed(t, acc)
        if not len(new):
            return []
        new = np.hstack([new, self._upright.feed(new, self._grid.bin - len(new) + 1)])
        if not len(self._bins):
            self._first = self._next = self._grid.bin - len(new) + 1
        self._note(new)
        self._bins = np.concatenate([self._bins, new])
        found = self._look(len(self._bins) - JUDGED + 1)
        over = max(len(self._bins) - (BEFORE - min(BESIDE)) - JUDGED, 0)
        self._bins, self._first = self._bins[over:], self._first + over
        return found

    def _note(self, new: Floats) -> None:
        """When it was last moved as on a body."""
        before = self._bins[-1:] if len(self._bins) else new[:1]
        lively = np.abs(np.diff(np.vstack([before, new])[:, :3], axis=0)).max(1) > MOVED_G
        moved = self._first + len(self._bins) + np.flatnonzero(lively)
        for minute in np.unique(moved // MINUTE).tolist():
            here = moved[moved // MINUTE == minute]
            self._lively = len(here) + (self._lively if minute == self._minute else 0)
            self._minute = minute
            if self._lively >= MOVED_FOR:
                self._moved_at = float(here[-1]) / RATE

    def _look(self, end: int) -> list[Suspicion]:
        """At the rows that were not looked at before, up to `end`."""
        begin = self._next - self._first
        if end <= begin:
            return []
        self._next = self._first + end
        rows = np.array(candidates(self._bins, self._first, begin, end), np.int64)
        found = self._judged(rows) if len(rows) else []
        return [each for each in found if each.chance >= self._least and self._is_news(each)]

    def _judged(self, rows: Ints) -> list[Suspicion]:
        asked = asked_about(self._bins, rows)
        chances = self._model.chances(asked).tolist()
        around, known = windows(self._bins, rows), asked[:, BESIDE.index(0)]
        return [
            Suspicion((bin_of + 0.5) / RATE, (bin_of + JUDGED) / RATE, chance, evidence(window, said))
            for bin_of, chance, window, said in zip((self._first + rows).tolist(), chances, around, known, strict=True)
        ]

    def _is_news(self, found: Suspicion) -> bool:
        """Not about what was told of; but what was held unlikely may turn out to be likely."""
        at, chance = self._last
        if found.at - at < REFRACTORY_S and not chance < self._model.threshold <= found.chance:
            return False
        self._last = found.at, found.chance
        return True


def windows(bins: Floats, rows: Ints) -> Floats:
    """(m, WINDOW, columns) around `rows`; before the first bin it was as in the first."""
    place = rows[:, None] + np.arange(-BEFORE, AFTER)
    found: Floats = bins[np.clip(place, 0, len(bins) - 1)]
    return found


def asked_about(bins: Floats, rows: Ints) -> Floats:
    """(m, len(BESIDE), len(NAMES)): the features of each of `rows` and beside it."""
    return np.stack([features(windows(bins, rows + beside)) for beside in BESIDE], axis=1)


def evidence(window: Floats, asked: Floats) -> dict[str, float]:
    """What a person can make something of: g, degrees, seconds."""
    named = dict(zip(NAMES, asked.tolist(), strict=True))
    return {
        "peak_g": round(float(window[BEFORE - RATE : BEFORE + RATE, LARGEST].max()), 2),
        "tilt_deg": round(named["tilt"], 1),
        "still_s": round(named["still_after"], 1),
        "free_fall_s": round(named["light_long"] / RATE, 2),
    }
