"""What the watch expects of each home, written down for the pages: only of silences that it has looked at, and only
what has changed. Of a home that has stirred since, the page sees that the row is older than the last sign of life.
"""

import time
from collections.abc import Sequence
from datetime import datetime

import numpy as np

from hub.beside import Beside
from hub.store.records import Expectation, Records
from models.detection.batch import Floats, Ints, utc
from models.detection.engine import Engine

TELL_EVERY = 2.0
"""Real seconds."""
AT_ONCE = 300
"""Rows of one turn."""


class Expecting:
    def __init__(self, records: Records) -> None:
        self._beside = Beside[Expectation]("what is expected", records.expect)
        self._told_at = float("-inf")
        self._homes: tuple[str, ...] = ()
        self._told: Floats = np.zeros((0, 2))

    def tell(self, engine: Engine) -> None:
        real = time.monotonic()
        if real - self._told_at < TELL_EVERY or self._beside.busy:
            return
        self._told_at = real
        self._mind_the_homes(engine)
        self._forget([engine.index_of[one.home] for one in self._beside.left() if one.home in engine.index_of])
        present = np.stack([engine.last_sign, engine.expected_by], axis=1)
        changed = np.flatnonzero(engine.settled & (present != self._told).any(axis=1))[:AT_ONCE]
        if len(changed):
            self._beside.write(expectations(engine, changed))
            self._told[changed] = present[changed]

    def _forget(self, homes: Sequence[int]) -> None:
        self._told[homes] = np.nan

    def _mind_the_homes(self, engine: Engine) -> None:
        ids = tuple(engine.index_of)
        if ids != self._homes:
            self._homes, self._told = ids, np.full((len(ids), 2), np.nan)


def expectations(engine: Engine, homes: Ints) -> list[Expectation]:
    usual = engine.usual_day(homes)
    return [_expectation(engine, int(home), usual[row].tobytes()) for row, home in enumerate(homes)]


def _expectation(engine: Engine, home: int, usual: bytes) -> Expectation:
    chance = float(engine.chance[home])
    return Expectation(
        engine.homes[home].id,
        utc(engine.last_sign[home]),
        utc(engine.expected_by[home]),
        chance if np.isfinite(chance) else None,
        known_since(engine, home),
        usual,
    )


def known_since(engine: Engine, home: int) -> datetime | None:
    """None while nothing was learned of it, or all is learned anew."""
    if engine.hardly_known(home):
        return None
    began = float(engine.began[home])
    return utc(began) if np.isfinite(began) else None
