"""All figures of one evaluation as one document, in the form that `--json` writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from simulators.evaluate import baselines, bounds, nightlight
from simulators.evaluate.driven import BUDGETS, OWN, Driven
from simulators.evaluate.figures import (
    RESAMPLES,
    Delays,
    Setting,
    at_rate,
    by_room,
    delays,
    interval,
    resamples,
    setting,
    sweep,
)
from simulators.evaluate.nightlight import Prior
from simulators.evaluate.study import Cut, Deadlines, Family, Judged, false_alerts, just_meets

RATES = BUDGETS
CURVE = tuple(round(float(rate), 3) for rate in np.geomspace(0.25, 8, 11))
REACHED = tuple(range(0, 1441, 10))
"""Minutes."""

TIMER = "single_timer_hindsight"
PASSES = 3
"""How many times `families` goes through the homes, for a progress bar."""

Document = dict[str, Any]  # a JSON document: each part is described where it is made


@dataclass(frozen=True, slots=True)
class Study:
    """What is judged, what the engine did there, and what is said of it besides the figures."""

    homes: tuple[Judged, ...]
    driven: tuple[Driven, ...]
    cut: Cut
    source: str
    day: date
    prior: Prior


def families(homes: Sequence[Judged], driven: Sequence[Driven], done: Callable[[], object]) -> list[Family]:
    """Nightlight, the watches of others, and the bounds."""
    cuddihy, floeck = baselines.clock_lines(homes, done)
    return [
        nightlight.family(homes, driven),
        baselines.single_timer(homes),
        baselines.timer_per_home(homes),
        baselines.hour_of_day(homes),
        cuddihy,
        floeck,
        baselines.isolation_forest(homes, done),
        bounds.hazard_in_sample(homes, done),
        bounds.clairvoyant(homes),
    ]


def document(study: Study, all_families: Sequence[Family], done: Callable[[], object] = lambda: None) -> Document:
    seen = sorted(one.home.id for one in study.homes if study.prior.has_seen(one.home.id))
    return {
        **main_part(study, all_families, done),
        "date": study.day.isoformat(),
        "source": study.source,
        "prior": {"name": study.prior.name, "seen": seen},
        "left_out": study.cut.left_out,
        "resamples": RESAMPLES,
        "calibrations": {f"{rate:g}": calibration(study, rate) for rate in RATES},
        "curves": {way.name: [point(study.homes, way, rate) for rate in CURVE] for way in all_families},
    }


def main_part(study: Study, all_families: Sequence[Family], done: Callable[[], object] = lambda: None) -> Document:
    """All figures at the RATES, the calibration, and every home by itself."""
    homes, times = study.homes, resamples(len(study.homes))
    settings: dict[float, dict[str, Setting]] = {rate: {} for rate in RATES}
    for family in all_families:
        swept = sweep(homes, family, min(RATES), max(RATES))
        for rate in RATES:
            settings[rate][family.name] = at_rate(homes, family, swept, rate, times)
        done()
    return {
        "homes": len(homes),
        "days": round(sum(one.days for one in homes), 1),
        "read_from_the_engine": sum(len(one.needed) for one in homes),
        "rates": {f"{rate:g}": with_ratios(settings[rate]) for rate in RATES},
        "calibration": calibration(study, BUDGETS[OWN]),
        "limited": limited(study),
        "noticed_by": {name: noticed_by(each.delays) for name, each in settings[1.0].items()},
        "by_home": by_home(homes, {rate: settings[rate][nightlight.NAME].due for rate in RATES}),
    }


def point(homes: Sequence[Judged], family: Family, rate: float) -> Document:
    """One point of a curve: minutes to an alert at so many false alerts per home and 30 days."""
    _, due = just_meets(homes, family, rate)
    active = delays(homes, due, "active").figures(np.ones((1, len(homes))))
    return {"rate": rate, **{name: round(float(active[name][0]), 1) for name in ("median_min", "p90_min")}}


def noticed_by(active: Delays) -> list[float]:
    """Share of active collapses noticed by each of REACHED."""
    place = np.searchsorted(active.minutes, REACHED, "right")
    mass = np.append(0.0, np.cumsum(active.weight)) / active.weight.sum()
    return [round(float(share), 4) for share in mass[place]]


def by_home(homes: Sequence[Judged], due: Mapping[float, Sequence[Deadlines]]) -> Document:
    return {
        one.home.id: {
            "days": round(one.days, 1),
            "learning_days": one.learning_days,
            "rates": {f"{rate:g}": _in_home(one, each[place]) for rate, each in due.items()},
        }
        for place, one in enumerate(homes)
    }


def _in_home(one: Judged, due: Deadlines) -> Document:
    count, away = false_alerts(one, due)
    active = delays([one], [due], "active")
    median = active.figures(np.ones((1, 1)))["median_min"][0] if len(active.minutes) else None
    return {
        "false_alerts": round(count * 30 / one.days, 3),
        "false_alerts_away": round(away * 30 / one.days, 3),
        "median_min": None if median is None else round(float(median), 1),
    }


def with_ratios(settings: Mapping[str, Setting]) -> Document:
    """Every entry with its ratio to the best single timer, over the same resampled homes."""
    timer = settings[TIMER].active
    for each in settings.values():
        ratios = {name: each.active[name] / timer[name] for name in ("median_min", "p90_min")}
        each.entry["ratio_to_single_timer"] = {name: round(float(of[0]), 3) for name, of in ratios.items()} | {
            "interval": {name: interval(of) for name, of in ratios.items()}
        }
    return {name: each.entry for name, each in settings.items()}


def calibration(study: Study, asked: float) -> Document:
    """False alerts per home and 30 days that the engine found, asked for so many, without the judged days."""
    homes, due = study.homes, nightlight.as_set(study.homes, study.driven, asked)
    place = BUDGETS.index(asked)
    found = [each.rang[:, place] & ~one.rows.left_out for one, each in zip(homes, study.driven, strict=True)]
    counts = np.array([(rang.sum(), (rang & one.rows.away).sum()) for one, rang in zip(homes, found, strict=True)])
    days = np.array([one.days for one in homes])
    each = counts[:, 0] * 30 / days
    entry = setting(homes, [(np.arange(1), due)], resamples(len(homes), 0), ("active",)).entry
    return {
        "asked": asked,
        "got": round(float(counts[:, 0].sum() * 30 / days.sum()), 3),
        "got_away": round(float(counts[:, 1].sum() * 30 / days.sum()), 3),
        "worst_home": round(float(each.max()), 3),
        "worst_home_id": homes[int(each.argmax())].home.id,
        "over_twice_the_budget": round(float(np.mean(each > 2 * asked)), 3),
        "median_min": entry["median_min"],
        "p90_min": entry["p90_min"],
    }


def limited(study: Study) -> Document:
    """Collapses after which motion goes on in one room, as the engine noticed them by its clocks beside silence, at its
    own level; and how often those clocks ran out for nothing, where no silence was found as well.
    """
    homes, asked = study.homes, BUDGETS[OWN]
    due = nightlight.as_set(homes, study.driven, asked)
    times = resamples(len(homes))
    entry = setting(homes, [(np.arange(len(times)), due)], times, ("active", "limited")).entry["by_kind"]["limited"]
    alerts = sum(_beside_silence(one, each) for one, each in zip(homes, study.driven, strict=True))
    return {
        "asked": asked,
        "collapses": sum(len(one.collapses["limited"].row) for one in homes),
        **(entry or {"median_min": None, "p90_min": None}),
        "by_room": by_room([(np.arange(len(times)), due)], [delays(homes, due, "limited")], times),
        "false_alerts": round(alerts * 30 / sum(one.days for one in homes), 3),
    }


def _beside_silence(one: Judged, found: Driven) -> int:
    """Long lies told of that were none, each silence in which the engine called anyway counted as one with it."""
    last = np.searchsorted(one.whole.t, found.lies, "right") - 1
    rang = np.zeros(len(one.whole), bool)
    rang[one.needed] = found.rang[:, OWN]
    return int(np.sum(~one.whole.left_out[last] & ~rang[last]))
