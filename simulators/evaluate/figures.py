"""What one setting of a watch comes to: minutes to an alert, false alerts, and how sure the figures are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.detection.batch import Bools, Floats, Ints
from simulators.evaluate.homes import ROOMS
from simulators.evaluate.silences import MINUTE, MISSED
from simulators.evaluate.study import Deadlines, Family, Judged, false_alerts, just_meets

RESAMPLES = 200
INTERVAL = (0.025, 0.975)
WITHIN = {"within_1h": 1, "within_2h": 2, "within_4h": 4}
LEAST_HOMES = 2
"""From fewer homes no interval is given."""

Entry = dict[str, Any]  # part of a JSON document
Resampled = dict[str, Floats]
"""By name of a figure, its value for each row of `resamples`."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Of all collapses of a kind, shortest first: minutes to an alert, weight, place of the home, and last room."""

    minutes: Floats
    weight: Floats
    home: Ints
    room: Ints

    def of(self, rows: Bools) -> Delays:
        return Delays(self.minutes[rows], self.weight[rows], self.home[rows], self.room[rows])

    def figures(self, times: Floats) -> dict[str, Floats]:
        """Per row of `times` (how often each home is counted): median, 90th percentile, and shares within hours."""
        mass = np.cumsum(times[:, self.home] * self.weight, axis=1)
        total = mass[:, -1:]
        mass = np.concatenate([np.zeros_like(total), mass], axis=1)
        until = {name: np.searchsorted(self.minutes, hours * 60, "right") for name, hours in WITHIN.items()}
        shares = {name: mass[:, place] / total[:, 0] for name, place in until.items()}
        return {"median_min": self._reaching(mass, 0.5), "p90_min": self._reaching(mass, 0.9), **shares}

    def _reaching(self, mass: Floats, share: float) -> Floats:
        found: Floats = self.minutes[(mass[:, 1:] >= share * mass[:, -1:]).argmax(1)]
        return found


@dataclass(frozen=True, slots=True)
class Sweep:
    """A family at levels from the most to the fewest alerts, with the count of false alerts (levels, homes)."""

    due: list[list[Deadlines]]
    counts: Floats

    def meeting(self, rate: float, times: Floats, days: Floats) -> Ints:
        """For each resample of homes the first level at which it has no more than `rate` per home and 30 days."""
        met = (times @ self.counts.T) * 30 <= rate * (times @ days)[:, None]
        return np.where(met.any(1), met.argmax(1), len(self.counts) - 1)


@dataclass(frozen=True, slots=True)
class Setting:
    """A family as set; `active` holds its main figures for every resample of homes, the first being all as they are."""

    entry: Entry
    due: Sequence[Deadlines] = field(repr=False)
    delays: Delays = field(repr=False)
    active: Resampled = field(repr=False)


def resamples(homes: int, count: int = RESAMPLES) -> Floats:
    """(1 + count, homes): how often each home is counted; in the first row each once."""
    luck = np.random.default_rng(11)
    count = count if homes >= LEAST_HOMES else 0
    drawn = luck.multinomial(homes, np.full(homes, 1 / homes), count).astype(np.float64)
    return np.concatenate([np.ones((1, homes)), drawn])


def sweep(homes: Sequence[Judged], family: Family, lowest: float, highest: float, count: int = 40) -> Sweep:
    """Over the levels that meet rates from a little over `highest` to a little under `lowest`."""
    low, high = (just_meets(homes, family, rate)[0] for rate in (highest * 2, lowest / 2))
    due = [family.at(float(level)) for level in between(family, low, high, count)]
    counts = [[false_alerts(*pair)[0] for pair in zip(homes, each, strict=True)] for each in due]
    return Sweep(due, np.array(counts, np.float64))


def between(family: Family, low: float, high: float, count: int) -> Floats:
    if family.steps is not None:
        steps = family.steps[(family.steps >= low) & (family.steps <= high)]
        return steps[np.unique(np.linspace(0, len(steps) - 1, min(count, len(steps))).astype(np.int64))]
    return np.geomspace(low, high, count) if low > 0 else np.linspace(low, high, count)


def at_rate(homes: Sequence[Judged], family: Family, swept: Sweep, rate: float, times: Floats) -> Setting:
    """At the level at which the family just meets the rate on these very days; set anew for every resample of homes."""
    level, due = just_meets(homes, family, rate)
    chosen = swept.meeting(rate, times, np.array([one.days for one in homes]))
    chosen[0] = -1
    parts: Parts = [
        (np.flatnonzero(chosen == each), due if each < 0 else swept.due[each]) for each in np.unique(chosen)
    ]
    return setting(homes, parts, times, family.kinds, level)


Parts = list[tuple[Ints, Sequence[Deadlines]]]
"""Which rows of the resamples are judged by which deadlines; the first row by the first."""


def setting(
    homes: Sequence[Judged], parts: Parts, times: Floats, kinds: Sequence[str], level: float | None = None
) -> Setting:
    played = {kind: [delays(homes, due, kind) for _, due in parts] for kind in kinds}
    of_kind = {kind: _resampled(parts, each, times) for kind, each in played.items()}
    active = of_kind["active"]
    entry: Entry = _with_intervals(active | _alerts(homes, parts, times))
    entry["by_kind"] = {kind: _with_intervals(each) if each else None for kind, each in of_kind.items()}
    entry["by_room"] = by_room(parts, played["active"], times)
    entry["level"] = level if level is not None and np.isfinite(level) else None
    return Setting(entry, parts[0][1], played["active"][0], active)


def by_room(parts: Parts, played: Sequence[Delays], times: Floats) -> Entry:
    return {
        room: _with_intervals(found)
        for code, room in enumerate(ROOMS)
        if (found := _resampled(parts, [each.of(each.room == code) for each in played], times))
    }


def _resampled(parts: Parts, played: Sequence[Delays], times: Floats) -> Resampled:
    """Empty where there is nothing; not a number in resamples in which no home had such a collapse."""
    if not len(played[0].minutes):
        return {}
    found: Resampled = {name: np.full(len(times), np.nan) for name in ("median_min", "p90_min", *WITHIN)}
    for (rows, _), each in zip(parts, played, strict=True):
        counted = rows[times[rows][:, each.home] @ each.weight > 0]
        for name, values in each.figures(times[counted]).items():
            found[name][counted] = values
    return found


def delays(homes: Sequence[Judged], due: Sequence[Deadlines], kind: str) -> Delays:
    minutes = np.concatenate([_minutes(one, each, kind) for one, each in zip(homes, due, strict=True)])
    weight = np.concatenate([one.collapses[kind].weight for one in homes])
    home = np.concatenate([np.full(len(one.collapses[kind].row), place) for place, one in enumerate(homes)])
    room = np.concatenate([one.rows.room[one.collapses[kind].row] for one in homes])
    order = np.argsort(minutes, kind="stable")
    return Delays(minutes[order], weight[order], home[order], room[order])


def _minutes(one: Judged, due: Deadlines, kind: str) -> Floats:
    """With motion going on in one room only a clock that asks for another room ever runs out."""
    played = one.collapses[kind]
    deadline = due.tau if kind != "limited" else due.other
    if deadline is None:
        return np.full(len(played.row), MISSED / MINUTE)
    waits: Floats = np.clip(deadline[played.row] - played.after, 0.0, MISSED) / MINUTE
    return waits


def _alerts(homes: Sequence[Judged], parts: Parts, times: Floats) -> Resampled:
    days = times @ np.array([one.days for one in homes])
    found = {name: np.zeros(len(times)) for name in ("false_alerts", "false_alerts_away")}
    for rows, due in parts:
        count = np.array([false_alerts(one, each) for one, each in zip(homes, due, strict=True)], np.float64)
        for name, column in zip(found, count.T, strict=True):
            found[name][rows] = times[rows] @ column * 30 / days[rows]
    return found


def _with_intervals(resampled: Resampled) -> Entry:
    entry: Entry = {name: _rounded(values[0]) for name, values in resampled.items()}
    entry["interval"] = {name: interval(values) for name, values in resampled.items()}
    return entry


def interval(values: Floats) -> list[float] | None:
    """95 % over resampled homes; none where there was nothing to resample."""
    if len(values) == 1:
        return None
    return [_rounded(value) for value in np.nanquantile(values[1:], INTERVAL)]


def _rounded(value: float) -> float:
    return round(float(value), 3)
