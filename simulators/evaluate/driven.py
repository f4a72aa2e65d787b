"""Homes through the streaming engine itself, row by row as a hub hands them in: deadlines and findings are its own.

Before each reading the engine is put by, told that the kit was heard for another five minutes, and looked at, as if
nothing more had come; then it goes on from where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from models.detection import Finding, FindingKind, kernels, stream
from models.detection.backtest import ALIVE_EVERY, STEP, about_the_person
from models.detection.batch import NO_SENSOR, Batch, Bools, Floats, Ints, utc
from models.detection.engine import KNOWN_AFTER, Engine
from models.detection.inactivity import expected_by
from models.detection.prior import Prior
from models.observation import CODE_OF, What
from simulators.evaluate.homes import HOUR, Recorded, as_home
from simulators.evaluate.silences import EARLIEST, MISSED
from simulators.evaluate.study import Judged

BUDGETS = (0.5, 1.0, 2.0, 4.0)
"""False alerts asked for per 30 days: a home is driven once for each, side by side in one engine."""
OWN = BUDGETS.index(1.0)

JUST_BEFORE = 1e-3
AGREED = 1.0
"""Seconds by which a deadline read at any price may differ from what the engine set."""

MOVES_EVERY = 240.0
"""Seconds between two movements of someone on the floor: sooner than any silence could call."""


class Disagrees(Exception):
    """What is read from the engine at a price is not what the engine does."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What the engine knew at each needed row: the chance of being `still` silent at each of `kernels.EDGES`, what a
    false alert `costs` there beside a delay, how `noisy` the home has been, and for how long the simple rule lets it be
    silent at most (`cap`, s; infinite once the home is known).
    """

    still: Floats
    costs: Floats
    noisy: Floats
    cap: Floats
    prices: Floats

    def deadlines(self, asked: float) -> Floats:
        """Seconds after each needed row at which an engine would call that is asked for so many per 30 days."""
        place = (np.log(asked / self.noisy) - stream.RATE_FROM) / stream.RATE_STEP
        price = np.exp(np.interp(place, np.arange(len(self.prices)), self.prices))
        tau: Floats = np.minimum(kernels.bests(self.still, self.costs * price), self.cap)
        return tau


@dataclass(frozen=True, slots=True)
class Driven:
    """What the engine did in one home. (needed, BUDGETS): `tau`, s after each needed row at which it calls; `rang`,
    whether it found that silence. `lies` are the moments at which it found a long lie that was none; `limited` (s) how
    long each collapse of that kind went on until it found anything.
    """

    tau: Floats
    rang: Bools
    lies: Floats
    limited: Floats
    read: Readings


def drive(one: Judged, prior: Prior) -> Driven:
    """Raises Disagrees."""
    found = _Drive(one, prior).whole()
    prove(one, found)
    return found


def prove(one: Judged, found: Driven) -> None:
    """What is read at a price is what the engine does at it, at every needed row and every budget."""
    g = one.rows.g
    for place, asked in enumerate(BUDGETS):
        tau = found.tau[:, place]
        apart = np.abs(found.read.deadlines(asked) - tau)
        if (apart > AGREED).any():
            worst = int(apart.argmax())
            raise Disagrees(
                f"{one.home.id}: asked for {asked:g}, the engine calls {tau[worst]:.0f} s after row"
                f" {one.needed[worst]}, {apart[worst]:.0f} s from what was read there;"
                f" so in {int((apart > AGREED).sum())} of {len(apart)} rows"
            )
        odd = (found.rang[:, place] != (g > tau)) & (np.abs(g - tau) > AGREED) & np.isfinite(g)
        if odd.any():
            row = one.needed[odd][0]
            raise Disagrees(f"{one.home.id}: asked for {asked:g}, the engine's finding after row {row} is not as due")


class _Drive:
    """An engine with a twin of the home for each budget, and what is still to come."""

    def __init__(self, one: Judged, prior: Prior) -> None:
        self.one, self.prior = one, prior
        home = as_home(one.home, "UTC")
        twins = [replace(home, id=f"{home.id} {asked:g}", false_alerts_a_month=asked) for asked in BUDGETS]
        self.place = {twin.id: place for place, twin in enumerate(twins)}
        start = utc(float(one.home.t[0]) - 1.0)
        self.engine = Engine(twins, start, prior=prior, watched_for=[FindingKind.LONG_LIE])
        self.fitted = len(home.sensors)
        self.news = _for_twins(_events(one.home), len(twins), self.fitted)
        self.fed = 0

    def whole(self) -> Driven:
        one, count = self.one, len(self.one.needed)
        tau, rang = np.empty((count, len(BUDGETS))), np.zeros((count, len(BUDGETS)), bool)
        lies: list[float] = []
        limited = np.full(len(one.collapses["limited"].row), MISSED)
        read = self._empty(count)
        for moment, row in _stops(one):
            self._feed(moment)
            if row >= 0:
                tau[row] = self._read(row, read)
                self._play_limited(row, limited)
            for finding in self._look(moment):
                self._note(finding, rang, lies)
        return Driven(tau, rang, np.array(lies), limited, read)

    def _empty(self, count: int) -> Readings:
        costs, noisy = np.empty((2, count))
        still, prices = np.empty((count, kernels.BINS + 1)), np.asarray(self.engine._prices)
        return Readings(still, costs, noisy, np.full(count, np.inf), prices)

    def _feed(self, until: float) -> None:
        to = int(np.searchsorted(self.news.at, until, "right"))
        if to > self.fed:
            self.engine.observe(self.news[self.fed : to])
            self.fed = to

    def _look(self, moment: float) -> list[Finding]:
        if self.engine.wake_at.min() >= moment:
            return []
        return [found for found in self.engine.overdue(utc(moment)) if about_the_person(found)]

    def _note(self, finding: Finding, rang: Bools, lies: list[float]) -> None:
        if finding.kind is FindingKind.SILENCE:
            row = int(np.searchsorted(self.one.rows.t, finding.since.timestamp() + JUST_BEFORE)) - 1
            if row >= 0 and abs(self.one.rows.t[row] - finding.since.timestamp()) < JUST_BEFORE:
                rang[row, self.place[finding.home]] = True
        elif self.place[finding.home] == OWN and finding.at.timestamp() >= self.one.judge_from:
            lies.append(finding.at.timestamp())

    @contextmanager
    def _put_by(self) -> Iterator[None]:
        own = (self.engine._state, self.engine._fitted, self.engine.wake_at)
        kept = [column.copy() for column in own]
        yield
        for column, before in zip(own, kept, strict=True):
            column[:] = before

    def _read(self, row: int, read: Readings) -> Floats:
        """When each twin calls if nothing more comes, and into `read` what it knows."""
        engine, at = self.engine, float(self.one.rows.t[row])
        with self._put_by():
            heard = at + EARLIEST + 1.0
            engine.observe(self._rows([NO_SENSOR], CODE_OF[What.HEARD], heard))
            engine.overdue(utc(heard))
            tau: Floats = engine.expected_by - at
            mine = engine._state[OWN]
            read.costs[row] = stream.look_closer(engine._columns, engine._known, OWN, at, mine["rate"], read.still[row])
            read.noisy[row] = stream.noise(engine._columns, engine._known, OWN, at)
            if at - mine["began"] < KNOWN_AFTER:
                read.cap[row] = expected_by(engine._limits, np.array([OWN]), np.array([at]))[0] - at
        return tau

    def _rows(self, sensors: list[int], what: int, at: float) -> Batch:
        """The same of every twin."""
        return _for_twins(
            _Events(np.full(len(sensors), at), np.array(sensors), np.full(len(sensors), what)),
            len(BUDGETS),
            self.fitted,
        )

    def _play_limited(self, row: int, limited: Floats) -> None:
        for which in np.flatnonzero(self.one.collapses["limited"].row == row):
            with self._put_by():
                limited[which] = self._until_found(row, float(self.one.collapses["limited"].after[which]))

    def _until_found(self, row: int, after: float) -> float:
        """Seconds from the collapse until anything is found, while movement in that one room goes on for a day."""
        fallen = float(self.one.rows.t[row]) + after
        sensor = int(self.one.home.sensor[self.one.needed[row]])
        for moment in np.arange(fallen + MOVES_EVERY, fallen + MISSED, MOVES_EVERY).tolist():
            self.engine.observe(self._moved(sensor, moment))
            if any(self.place[found.home] == OWN for found in self._look(moment)):
                return float(moment - fallen)
        return MISSED

    def _moved(self, sensor: int, at: float) -> Batch:
        """Movement, and what the kit of the one twin says of itself."""
        alive = range(self.fitted) if at // HOUR != (at - MOVES_EVERY) // HOUR else range(0)
        shift = OWN * self.fitted
        which = np.array([sensor + shift, *(each + shift for each in alive), NO_SENSOR])
        what = np.full(len(which), CODE_OF[What.ALIVE])
        what[0], what[-1] = CODE_OF[What.MOVED], CODE_OF[What.HEARD]
        moments = np.full(len(which), at)
        return Batch(np.full(len(which), OWN), which, what, moments, moments, np.zeros(len(which), np.int64))


@dataclass(frozen=True, slots=True)
class _Events:
    at: Floats
    sensor: Ints
    what: Ints


def _events(home: Recorded) -> _Events:
    """All that a kit would send: what was noticed, its beats, and every hour that each sensor is alive."""
    first, last = float(home.t[0]), float(home.t[-1])
    ends = home.t[1:][np.diff(home.t) >= EARLIEST] - JUST_BEFORE
    beats = np.unique(np.concatenate([home.t, ends, np.arange(first, last, STEP)]))
    hours = np.repeat(np.arange(first, last, ALIVE_EVERY), len(home.sensors))
    beats, hours = (_while_running(home, each) for each in (beats, hours))
    at = np.concatenate([home.t, hours, beats])
    alive = np.tile(np.arange(len(home.sensors)), len(hours) // len(home.sensors))
    sensor = np.concatenate([home.sensor, alive, np.full(len(beats), NO_SENSOR)])
    own = (np.full(len(hours), CODE_OF[What.ALIVE]), np.full(len(beats), CODE_OF[What.HEARD]))
    what = np.concatenate([home.what, *own])
    rank = np.repeat([0, 1, 2], [len(home.t), len(hours), len(beats)])
    order = np.lexsort((rank, at))
    return _Events(at[order], sensor[order], what[order])


def _while_running(home: Recorded, moments: Floats) -> Floats:
    running = np.ones(len(moments), bool)
    for start, end in home.dead:
        running &= (moments <= start) | (moments >= end)
    kept: Floats = moments[running]
    return kept


def _for_twins(of: _Events, twins: int, fitted: int) -> Batch:
    count = len(of.at)
    home = np.tile(np.arange(twins), count)
    sensor = np.repeat(of.sensor, twins)
    sensor = np.where(sensor == NO_SENSOR, NO_SENSOR, sensor + home * fitted)
    at = np.repeat(of.at, twins)
    return Batch(home, sensor, np.repeat(of.what, twins), at, at.copy(), np.zeros(count * twins, np.int64))


def _stops(one: Judged) -> Iterator[tuple[float, int]]:
    """(moment, row of `one.rows` or -1) in order: where to read, and when to look besides."""
    looks = np.arange(one.judge_from, float(one.home.t[-1]), STEP)
    judged = one.whole[one.first :]
    ends = (judged.t + judged.g)[(judged.g >= EARLIEST) & np.isfinite(judged.g)] - JUST_BEFORE
    moments = np.concatenate([one.rows.t, looks, ends])
    rows = np.concatenate([np.arange(len(one.rows)), np.full(len(looks) + len(ends), -1)])
    order = np.argsort(moments, kind="stable")
    return zip(moments[order].tolist(), rows[order].tolist(), strict=True)
