"""The same movement as other hardware, worn otherwise, would have felt it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.detection.batch import Floats


@dataclass(frozen=True, slots=True)
class Hardware:
    """What is done to a recording: what stays at its default is left as it is."""

    fs: float | None = None
    clip_g: float | None = None
    gain: float = 1.0
    offset_g: float = 0.0
    turned: bool = False
    lost: float = 0.0
    jitter: float = 0.0

    def feels(self, acc: Floats, fs: float, luck: np.random.Generator) -> tuple[Floats, Floats]:
        """Times (n) in s and acceleration (n, 3) in g, from an even rate of `fs`; what is no number was not felt."""
        t = np.arange(len(acc)) / fs
        if self.fs and self.fs < fs:
            t, acc = _resampled(acc, fs, self.fs)
        if self.turned:
            acc = acc @ turn(luck)
        acc = acc * self.gain + self.offset_g * luck.uniform(-1, 1, 3)
        if self.clip_g:
            acc = np.clip(acc, -self.clip_g, self.clip_g)
        t = t + self.jitter * np.median(np.diff(t)) * luck.uniform(-0.5, 0.5, len(t))
        kept = (luck.random(len(t)) >= self.lost) & np.isfinite(acc).all(1)
        return t[kept], acc[kept]


def any_hardware(luck: np.random.Generator, fs: float) -> Hardware:
    """Something that might be worn somewhere."""
    return Hardware(
        fs=min(fs, float(luck.choice([20, 25, 32, 50, 100, 119]))),
        clip_g=[None, 2.0, 4.0, 8.0][luck.integers(4)],
        gain=float(luck.uniform(0.9, 1.1)),
        offset_g=0.05,
        turned=True,
        lost=float(luck.choice([0.0, 0.0, 0.1, 0.2])),
        jitter=float(luck.choice([0.0, 0.5])),
    )


def turn(luck: np.random.Generator) -> Floats:
    """A rotation (3, 3), all equally likely."""
    q, r = np.linalg.qr(luck.normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    turned: Floats = q * np.sign(np.linalg.det(q))
    return turned


def _resampled(acc: Floats, fs: float, wanted: float) -> tuple[Floats, Floats]:
    """Smoothed over half of the new step, as a sensor's own filter does, and then asked at each new step."""
    width = max(round(fs / wanted / 2), 1)
    sums = np.cumsum(np.vstack([np.zeros((1, 3)), np.nan_to_num(acc)]), axis=0)
    lost = np.cumsum(np.concatenate([[0], np.isnan(acc).any(1)]))
    smooth = (sums[width:] - sums[:-width]) / width
    smooth[lost[width:] > lost[:-width]] = np.nan
    t = np.arange(int((len(smooth) - 1) / fs * wanted)) / wanted
    known = np.arange(len(smooth)) / fs
    return t, np.column_stack([np.interp(t, known, column) for column in smooth.T])
