"""What would these settings have done last month? On recorded homes, by the function that pages call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from models.detection.backtest import Happened, backtest
from models.home import Home
from simulators.evaluate.homes import Recorded, read_folder
from simulators.evaluate.nightlight import shipped
from simulators.evaluate.played import Played, played, wall
from simulators.recording import BadRecording

KNOWN_DAYS = 28
"""So much is played before, so that the homes are known."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Settings to try over the last `days`; what is None stays as it is."""

    days: float = 30.0
    budget: float | None = None
    by_rule: bool = False
    by_day: float | None = None
    up_by: int | None = None


def last_month(folder: Path, home: str | None, asked: Asked) -> Iterator[str]:
    """Lines for each home: how many alerts, and when. Raises BadRecording."""
    prior = None if asked.by_rule else shipped().model
    for one in _chosen(folder, home):
        all_of_it = played([one], prior)
        part = replace(all_of_it, homes=tuple(_as_asked(each, asked) for each in all_of_it.homes))
        yield from _lines(part, _last_days(part, asked.days), asked.days)


def _chosen(folder: Path, home: str | None) -> list[Recorded]:
    homes = read_folder(folder)
    chosen = [each for each in homes if home in (None, each.id)]
    if not chosen:
        raise BadRecording(f"{folder}: no home '{home}'; there are {', '.join(each.id for each in homes)}")
    return chosen


def _as_asked(home: Home, asked: Asked) -> Home:
    limits = home.limits
    if asked.by_day is not None:
        limits = replace(limits, by_day=timedelta(hours=asked.by_day))
    if asked.up_by is not None:
        limits = replace(limits, up_by_hour=asked.up_by)
    budget = home.false_alerts_a_month if asked.budget is None else asked.budget
    return replace(home, limits=limits, false_alerts_a_month=budget)


def _last_days(one: Played, days: float) -> Happened:
    start = max(one.start, one.until - timedelta(days=days))
    known = one.seen[one.seen.at >= (start - timedelta(days=KNOWN_DAYS)).timestamp()]
    return backtest(one.engine(), known, start, one.until, one.kits)[0]


def _lines(one: Played, happened: Happened, days: float) -> Iterator[str]:
    yield f"{happened.home}: {len(happened.alerts)} alerts in the last {min(days, happened.days):.0f} days"
    for kind, at, over in happened.alerts:
        ended = f"ended {wall(one, happened.home, over):%d %H:%M}" if over else "not ended"
        yield f"  {wall(one, happened.home, at):%Y-%m-%d %H:%M} {kind}, {ended}"
