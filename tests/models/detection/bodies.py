"""Invented movement, as an accelerometer on the body would feel it."""

import numpy as np

from models.detection.batch import Floats

DOWN = np.array([0.0, -1.0, 0.0])
LYING = np.array([0.95, -0.1, 0.3])
SITTING = np.array([0.0, -0.96, 0.28])
START = 1_700_000_000.0


class Body:
    """Acceleration that is written down as it is lived."""

    def __init__(self, fs: float = 100.0, seed: int = 1) -> None:
        self.fs, self.luck, self.parts = fs, np.random.default_rng(seed), [np.empty((0, 3))]

    def still(self, seconds: float, up: Floats, sway: float = 0.01) -> "Body":
        n = round(seconds * self.fs)
        slow = np.cumsum(self.luck.normal(0, 1, (n, 3)), axis=0) / np.sqrt(n) * sway
        return self._felt(up + slow + self.luck.normal(0, 0.006, (n, 3)))

    def walking(self, seconds: float, up: Floats = DOWN) -> "Body":
        t = np.arange(round(seconds * self.fs)) / self.fs
        step = 0.25 * np.sin(2 * np.pi * 1.8 * t) + 0.12 * np.sin(2 * np.pi * 3.6 * t + 1)
        sway = 0.1 * np.sin(2 * np.pi * 0.9 * t)[:, None] * np.array([1.0, 0.0, 0.5])
        return self._felt(up * (1 + step)[:, None] + sway + self.luck.normal(0, 0.03, (len(t), 3)))

    def turning(self, seconds: float, before: Floats, after: Floats) -> "Body":
        share = np.sin(np.linspace(0, np.pi / 2, round(seconds * self.fs)))[:, None] ** 2
        way = before * (1 - share) + after * share
        way /= np.sqrt((way * way).sum(1))[:, None]
        return self._felt(way + self.luck.normal(0, 0.02, way.shape))

    def falling(self, up: Floats = DOWN, down: Floats = LYING, hard: float = 4.5) -> "Body":
        self._felt(np.linspace(up, up * 0.35 + down * 0.1, round(0.45 * self.fs)))
        t = np.arange(round(0.7 * self.fs)) / self.fs
        ringing = np.exp(-t / 0.07) * np.cos(2 * np.pi * 7 * t) * hard
        return self._felt(down + ringing[:, None] * (down * 0.8 + up * 0.4) + self.luck.normal(0, 0.03, (len(t), 3)))

    def bump(self, up: Floats, hard: float, seconds: float = 0.2) -> "Body":
        t = np.arange(round(seconds * self.fs)) / self.fs
        return self._felt(up * (1 + hard * np.sin(np.pi * t / seconds) ** 2)[:, None])

    def _felt(self, acc: Floats) -> "Body":
        self.parts.append(acc)
        return self

    @property
    def acc(self) -> Floats:
        return np.concatenate(self.parts)

    @property
    def t(self) -> Floats:
        return START + np.arange(len(self.acc)) / self.fs
