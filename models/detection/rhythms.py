"""How often each sensor of many homes reports, as columns. `models.health` says what a rhythm is.

(A compiled loop is kept on disk by its own file's age only: after a change in what it calls, `make clean`.)
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.detection.batch import Bools, Floats, Ints
from models.detection.kernels import Row, compiled_plain, fade, woven_in
from models.health import (
    COUNTS_AT_MOST,
    GAP_EDGES,
    LEARNED_FROM,
    LEARNED_GAPS,
    LIMIT_AT_LEAST,
    LIMIT_AT_MOST,
    MISSES,
    REMEMBERED,
    SENSOR_UNHEARD_AFTER,
    SHARE,
    Rhythm,
)
from models.home import Home

GAPS = len(GAP_EDGES)
STATE = np.dtype(
    [("seen", "f8"), ("by_kind", "f8"), ("limit", "f8"), ("gaps", "f4"), ("spent", "f4", (GAPS,))], align=True
)
"""`seen` is the last sign of life; the next two are in s: how long the sensor may give none while nothing is learned of
it, and how long now. The rest is as in `Rhythm`.
"""
LEARNED, LIMIT_CHANGED = 1, 2
_EDGES = np.array(GAP_EDGES)
_LASTING, _KNOWN_FROM = REMEMBERED.total_seconds() / math.log(2.0), LEARNED_FROM.total_seconds()
_LEAST, _MOST = LIMIT_AT_LEAST.total_seconds(), LIMIT_AT_MOST.total_seconds()

Place = Mapping[tuple[str, str], int]
"""Of a sensor, by the ids of its home and itself."""


class Rhythms:
    """Of all sensors of `homes`, each at its `place`. What was learned, and when each was last seen, is taken over from
    `before`.
    """

    def __init__(self, homes: Sequence[Home] = (), place: Place | None = None, before: "Rhythms | None" = None) -> None:
        self.place: Place = {} if place is None else place
        self._state = np.zeros(len(self.place), STATE)
        self._state["seen"] = -np.inf
        kinds = [SENSOR_UNHEARD_AFTER[sensor.kind].total_seconds() for home in homes for sensor in home.sensors]
        self._state["by_kind"] = kinds
        if before is not None:
            self._take_over(before)
        self.look_up()

    def _take_over(self, before: "Rhythms") -> None:
        known = before.place
        pairs = [(here, known[name]) for name, here in self.place.items() if name in known]
        here, there = np.array(pairs, np.int64).reshape(-1, 2).T
        for column in ("seen", "gaps", "spent"):
            self._state[column][here] = before._state[column][there]

    @property
    def limit(self) -> Floats:
        """How long each may give no sign of life, in s."""
        limit: Floats = self._state["limit"]
        return limit

    def take(self, sensors: Ints, at: Floats, held: Bools) -> NDArray[np.uint8]:
        """Signs of life in their order; those of a place below 0 are of no sensor. A gap is learned only where the kit
        was heard all along, `held`. What that came to, for each: LEARNED and LIMIT_CHANGED.
        """
        told = np.zeros(len(sensors), np.uint8)
        take(self._state, sensors, at, held, _EDGES, told)
        return told

    def of(self, home: Home) -> dict[str, Rhythm]:
        """Of those sensors of which anything is learned."""
        mine = [(sensor.id, self._state[self.place[home.id, sensor.id]]) for sensor in home.sensors]
        return {sensor: Rhythm(tuple(one["spent"].tolist()), float(one["gaps"])) for sensor, one in mine if one["gaps"]}

    def know(self, home: str, rhythms: Mapping[str, Rhythm]) -> None:
        """What was learned earlier; `look_up` afterwards."""
        fitted = [(self.place[home, one], rhythms[one]) for one in rhythms if (home, one) in self.place]
        known = [(place, rhythm) for place, rhythm in fitted if len(rhythm.spent) == GAPS]
        if known:
            places = [place for place, _ in known]
            self._state["spent"][places] = [rhythm.spent for _, rhythm in known]
            self._state["gaps"][places] = [rhythm.gaps for _, rhythm in known]

    def look_up(self) -> None:
        limits(self._state, _EDGES)

    def set_back(self, now: float) -> None:
        """None was seen later than `now`."""
        np.minimum(self._state["seen"], now, out=self._state["seen"])

    def forget(self, sensors: Iterable[tuple[str, str]]) -> None:
        """Those are learned anew."""
        gone = [self.place[name] for name in sensors if name in self.place]
        self._state["spent"][gone], self._state["gaps"][gone], self._state["seen"][gone] = 0.0, 0.0, -np.inf
        self.look_up()


@compiled_plain
def take(state: Row, sensors: Row, at: Row, held: Row, edges: Row, told: Row) -> None:
    for row in range(len(sensors)):
        sensor = sensors[row]
        if sensor < 0:
            continue
        gap = at[row] - state[sensor].seen
        if gap <= 0.0:
            continue
        state[sensor].seen = at[row]
        if held[row] and gap < np.inf:
            learn(state, sensor, gap, edges)
            told[row] = LEARNED
            limit = limit_of(state, sensor, edges)
            if limit != state[sensor].limit:
                state[sensor].limit = limit
                told[row] = LEARNED | LIMIT_CHANGED


@compiled_plain
def limits(state: Row, edges: Row) -> None:
    for sensor in range(len(state)):
        state[sensor].limit = limit_of(state, sensor, edges)


@woven_in
def learn(state: Row, sensor: int, gap: float, edges: Row) -> None:
    left = fade(gap, _LASTING)
    place = 0
    for one in range(GAPS):
        state[sensor].spent[one] *= left
        if edges[one] < gap:
            place = one + 1
    state[sensor].spent[min(place, GAPS - 1)] += min(gap, COUNTS_AT_MOST)
    state[sensor].gaps = state[sensor].gaps * left + 1.0


@woven_in
def limit_of(state: Row, sensor: int, edges: Row) -> float:
    whole = 0.0
    for one in range(GAPS):
        whole += state[sensor].spent[one]
    if whole < _KNOWN_FROM or state[sensor].gaps < LEARNED_GAPS:
        return float(state[sensor].by_kind)
    so_far = 0.0
    for one in range(GAPS):
        so_far += state[sensor].spent[one]
        if so_far >= SHARE * whole:
            return float(min(max(MISSES * edges[one], _LEAST), _MOST))
    return _MOST
