"""What would these settings have done last month? On recorded homes, by the function that pages call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from models.detection.backtest import Happened, backtest
from models.home import Home
from simulators.evaluate.homes import Recorded, read_folder
from simulators.evaluate.played import Played, played, wall
from simulators.recording import BadRecording

KNOWN_DAYS = 28
"""So much is played before, so that the homes are known."""


def last_month(
    folder: Path, home: str | None = None, days: float = 30.0, by_day: float | None = None, up_by: int | None = None
) -> Iterator[str]:
    """Lines for each home: how many alerts, and when. Raises BadRecording."""
    for one in _chosen(folder, home):
        all_of_it = played([one])
        part = replace(all_of_it, homes=tuple(_as_asked(each, by_day, up_by) for each in all_of_it.homes))
        yield from _lines(part, _last_days(part, days), days)


def _chosen(folder: Path, home: str | None) -> list[Recorded]:
    homes = read_folder(folder)
    chosen = [each for each in homes if home in (None, each.id)]
    if not chosen:
        raise BadRecording(f"{folder}: no home '{home}'; there are {', '.join(each.id for each in homes)}")
    return chosen


def _as_asked(home: Home, by_day: float | None, up_by: int | None) -> Home:
    limits = home.limits
    if by_day is not None:
        limits = replace(limits, by_day=timedelta(hours=by_day))
    if up_by is not None:
        limits = replace(limits, up_by_hour=up_by)
    return replace(home, limits=limits)


def _last_days(one: Played, days: float) -> Happened:
    start = max(one.start, one.until - timedelta(days=days))
    known = one.seen[one.seen.at >= (start - timedelta(days=KNOWN_DAYS)).timestamp()]
    return backtest(one.engine(), known, start, one.until, one.kits)[0]


def _lines(one: Played, happened: Happened, days: float) -> Iterator[str]:
    yield f"{happened.home}: {len(happened.alerts)} alerts in the last {min(days, happened.days):.0f} days"
    for kind, at, over in happened.alerts:
        ended = f"ended {wall(one, happened.home, over):%d %H:%M}" if over else "not ended"
        yield f"  {wall(one, happened.home, at):%Y-%m-%d %H:%M} {kind}, {ended}"
