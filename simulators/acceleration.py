"""What a pendant feels, invented: walking, sitting down, a fall, a slide down a wall, a door that slams beside a table.

Arrays (n, 3) in g at `RATE` samples a second, made from the same luck every time, and the messages in which a pendant
of ESPHome's making sends them (firmware_config/esphome/pendant.yaml).
"""

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

Acceleration = NDArray[np.float64]

RATE = 50
IN_A_MESSAGE = 25
UPRIGHT = np.array([0.0, -1.0, 0.0])
SEATED = np.array([0.0, -0.96, 0.28])
ON_THE_FLOOR = np.array([0.95, -0.1, 0.3])
AGAINST_A_WALL = np.array([0.15, -0.8, 0.58])
ON_A_TABLE = np.array([0.0, 0.0, 1.0])


class Lived:
    """One piece after another; `acc` is all of it."""

    def __init__(self, seed: int = 1) -> None:
        self._luck = np.random.default_rng(seed)
        self._pieces: list[Acceleration] = []

    @property
    def acc(self) -> Acceleration:
        return np.concatenate(self._pieces)

    def rests(self, seconds: float, posture: Acceleration = UPRIGHT, sway: float = 0.01) -> "Lived":
        """Breath and small shifts, where it is worn; on a table nothing but the sensor's own noise (`sway` 0)."""
        count = round(seconds * RATE)
        drift = np.cumsum(self._noise(count, 1.0), axis=0) * sway / max(np.sqrt(count), 1.0)
        return self._felt(posture + drift + self._noise(count, 0.006))

    def walks(self, seconds: float) -> "Lived":
        t = np.arange(round(seconds * RATE)) / RATE
        step = 0.25 * np.sin(2 * np.pi * 1.8 * t) + 0.12 * np.sin(2 * np.pi * 3.6 * t + 1)
        sway = 0.1 * np.sin(2 * np.pi * 0.9 * t)[:, None] * np.array([1.0, 0.0, 0.5])
        return self._felt(UPRIGHT * (1 + step)[:, None] + sway + self._noise(len(t), 0.03))

    def sits_down(self) -> "Lived":
        self._turns(1.2, UPRIGHT, SEATED)
        return self._blow(SEATED, 0.6, 0.2)

    def falls(self) -> "Lived":
        """Half a second of growing lightness, a blow, and lying as it came."""
        light = np.linspace(UPRIGHT, 0.35 * UPRIGHT + 0.1 * ON_THE_FLOOR, round(0.45 * RATE))
        t = np.arange(round(0.7 * RATE)) / RATE
        ringing = np.exp(-t / 0.07) * np.cos(2 * np.pi * 7 * t) * 4.5
        landed = ON_THE_FLOOR + ringing[:, None] * (0.8 * ON_THE_FLOOR + 0.4 * UPRIGHT)
        return self._felt(light)._felt(landed + self._noise(len(t), 0.03))

    def slides_down(self, hard: float = 0.8, seconds: float = 1.5, to: Acceleration = AGAINST_A_WALL) -> "Lived":
        """Down a wall, with a bump of `hard` g at its end."""
        self._turns(seconds, UPRIGHT, to)
        return self._blow(to, hard, 0.2)

    def hears_a_slam(self, hard: float = 2.0) -> "Lived":
        return self._blow(ON_A_TABLE, hard, 0.06)

    def gets_up(self) -> "Lived":
        return self._turns(2.5, ON_THE_FLOOR, UPRIGHT)

    def _turns(self, seconds: float, before: Acceleration, after: Acceleration) -> "Lived":
        share = np.sin(np.linspace(0, np.pi / 2, round(seconds * RATE)))[:, None] ** 2
        way = before * (1 - share) + after * share
        way /= np.sqrt((way * way).sum(1))[:, None]
        return self._felt(way + self._noise(len(way), 0.02))

    def _blow(self, posture: Acceleration, hard: float, seconds: float) -> "Lived":
        t = np.arange(max(round(seconds * RATE), 1)) / RATE
        return self._felt(posture * (1 + hard * np.sin(np.pi * (t + 0.5 / RATE) / seconds) ** 2)[:, None])

    def _noise(self, count: int, size: float) -> Acceleration:
        return self._luck.normal(0, size, (count, 3))

    def _felt(self, piece: Acceleration) -> "Lived":
        self._pieces.append(piece)
        return self


def messages(acc: Acceleration, first_ms: int) -> Iterator[bytes]:
    """As the pendant sends them; `first_ms` is its own clock at the first sample."""
    every = 1000 // RATE
    for begin in range(0, len(acc), IN_A_MESSAGE):
        mg = np.round(acc[begin : begin + IN_A_MESSAGE] * 1000).astype(int).ravel().tolist()
        yield msgspec.json.encode({"ms": first_ms + begin * every, "every": every, "mg": mg})
