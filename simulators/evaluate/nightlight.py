"""Nightlight's own deadlines, as a family: the only place here that knows what the detectors are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models.detection.batch import Floats
from models.detection.inactivity import expected_by, limits
from models.home import Home
from simulators.evaluate.homes import Recorded
from simulators.evaluate.silences import EARLIEST
from simulators.evaluate.study import Deadlines, Family, Judged, Watch

NAME = "nightlight"


@dataclass(frozen=True, slots=True)
class Prior:
    """What is known of homes before one is known; `seen` are the recorded homes that it was learned from."""

    name: str
    seen: frozenset[str]


NO_PRIOR = Prior("none", frozenset())


def shipped() -> Prior:
    return NO_PRIOR


def learned(homes: Sequence[Recorded], done: Callable[[], object] = lambda: None) -> Prior:
    for _ in homes:
        done()
    return Prior("learned in this run", frozenset(home.id for home in homes))


def family(homes: Sequence[Judged], prior: Prior, done: Callable[[], object] = lambda: None) -> Family:
    del prior
    watches = []
    for one in homes:
        watches.append(_times(by_the_rule(one)))
        done()
    return Family(NAME, tuple(watches), 0.05, 20.0)


def by_the_rule(one: Judged) -> Floats:
    """Seconds that the simple rule allows after each needed row."""
    own = limits([Home(one.home.id, "-", (), timezone="UTC")])
    home = np.zeros(len(one.rows), np.int64)
    return expected_by(own, home, one.rows.t) - one.rows.t


def _times(base: Floats) -> Watch:
    return lambda level: Deadlines(np.maximum(base * level, EARLIEST))


def as_set(homes: Sequence[Judged], prior: Prior, asked: float) -> list[Deadlines]:
    """As the product sets itself for `asked` false alerts per home and 30 days, from what it knew by then."""
    del prior, asked
    return [Deadlines(np.maximum(by_the_rule(one), EARLIEST)) for one in homes]
