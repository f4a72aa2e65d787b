"""What happens to kits, clocks and hubs, played into homes: nothing of it may cause an alert about the person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np

from models.alert import Lane
from models.detection import WATCHED, FindingKind, Urgency
from models.detection.backtest import STEP
from models.detection.prior import Prior
from simulators.evaluate.homes import DAY, HOUR, Recorded
from simulators.evaluate.played import Played, Told, alerts, late, learned, played, twice, wall, without
from simulators.recording import BadRecording

ZONE = "Europe/London"
BEFORE_SPRING = datetime(2026, 3, 2, tzinfo=UTC)
BEFORE_AUTUMN = datetime(2026, 9, 28, tzinfo=UTC)
BEFORE_NEITHER = datetime(2026, 4, 6, tzinfo=UTC)
"""Mondays. Four weeks after the first two the clocks change; after the last they don't for half a year."""

KNOWN_AFTER, ALMOST = 25 * DAY, 24 * DAY
"""Faults come when the home is known."""

LEAST_DAYS = 35.0
"""Whichever weekday a home begins on, the clocks have then changed in it and every fault has begun."""

DEAD_FOR = 3 * DAY

ANSWERED = tuple(
    kind for kind in FindingKind if kind in WATCHED and kind.lane is Lane.PERSON and kind.urgency is not Urgency.TELL
)
"""What a hub watches for, beside silence, and asks people to answer."""


def long_enough(homes: Sequence[Recorded]) -> list[Recorded]:
    """Those in which every fault is played. Raises BadRecording where there is none."""
    found = [home for home in homes if home.days >= LEAST_DAYS]
    if not found:
        raise BadRecording(f"no home is recorded for {LEAST_DAYS:.0f} days, and faults come once a home is known")
    return found


def caused(
    homes: Sequence[Recorded], prior: Prior | None, done: Callable[[], object] = lambda: None, step: float = STEP
) -> dict[str, list[str]]:
    """By fault the alerts about a person that it caused: those that the undisturbed homes do not account for."""
    well = _watched(homes, prior, ZONE, BEFORE_NEITHER)
    known, found = learned(well, ALMOST), {}
    undisturbed = _told(well, well, known, step)
    for name, fault in FAULTS.items():
        found[name] = unaccounted(_told(fault(well), well, known, step, KNOWN_AFTER), undisturbed)
        done()
    for name, monday in CLOCKS.items():
        same, changed = (_watched(homes, prior, zone, monday) for zone in ("UTC", ZONE))
        undisturbed = _told(same, same, learned(same, ALMOST), step)
        found[name] = unaccounted(_told(changed, changed, learned(changed, ALMOST), step, KNOWN_AFTER), undisturbed)
        done()
    return found


def _watched(homes: Sequence[Recorded], prior: Prior | None, zone: str, monday: datetime) -> Played:
    return replace(played(homes, prior, zone, monday), watched_for=ANSWERED)


def _told(one: Played, well: Played, known: bytes, step: float, after: float = 0.0) -> list[Told]:
    """By the clock of the recording. What goes on while the installation is known to be dead nobody can judge."""
    first = one.start + timedelta(seconds=after)
    found = (each for each in alerts(one, step, ALMOST, known) if each.at >= first)
    return [_by_wall(one, each) for each in found if not _dead_meanwhile(well, each)]


def _by_wall(one: Played, told: Told) -> Told:
    since, at = (wall(one, told.home, moment) for moment in (told.since, told.at))
    return replace(told, since=since, at=at, over=told.over and wall(one, told.home, told.over))


def _dead_meanwhile(well: Played, told: Told) -> bool:
    since, at = told.since.timestamp(), told.at.timestamp()
    mine = next(place for place, home in enumerate(well.homes) if home.id == told.home)
    return any(home == mine and since < end and at >= start for home, start, end in well.kits.off)


def unaccounted(disturbed: Sequence[Told], well: Sequence[Told]) -> list[str]:
    return [
        f"{one.home}: {one.kind} since {one.since:%Y-%m-%d %H:%M}, told {one.at:%Y-%m-%d %H:%M}"
        for one in disturbed
        if not any(accounts_for(other, one) for other in well)
    ]


def accounts_for(well: Told, disturbed: Told) -> bool:
    """Whether that silence, told of without the fault too, is why this was told: when this was, that had begun, and it
    had not ended before this began. What is told while the home was in fact seen moving about was caused.
    """
    slack = timedelta(hours=1)
    going_on = well.over is None or well.over > disturbed.since
    return well.home == disturbed.home and well.since <= disturbed.at + slack and going_on


def _restarts(well: Played) -> Played:
    every = (well.start + timedelta(hours=31) * count for count in range(1, 400))
    return replace(well, restarts=tuple(moment for moment in every if moment < well.until))


def _late(well: Played) -> Played:
    """Nine hours of a day, and nine of the night after the next."""
    known = well.start.timestamp() + KNOWN_AFTER
    starts = (known + 9 * HOUR, known + DAY + 22 * HOUR)
    return late(well, [(home, at, at + 9 * HOUR) for home in range(len(well.homes)) for at in starts])


def _dead(well: Played, rank: int, lasting: float = np.inf) -> Played:
    """In every home the sensor that says most, or the one of that `rank`."""
    sensors = np.cumsum([0, *(len(home.sensors) for home in well.homes)])
    said = np.bincount(well.seen.sensor, minlength=int(sensors[-1]))
    since = well.start.timestamp() + KNOWN_AFTER
    mine = zip(sensors[:-1].tolist(), sensors[1:].tolist(), strict=True)
    ranked = [first + np.argsort(-said[first:last], kind="stable") for first, last in mine]
    return without(well, {int(each[rank]): since for each in ranked if rank < len(each)}, lasting)


FAULTS: dict[str, Callable[[Played], Played]] = {
    "the hub restarts every 31 hours": _restarts,
    "nine hours arrive late": _late,
    "a third of all arrives twice": twice,
    "the busiest sensor dies": partial(_dead, rank=0),
    "the second busiest sensor dies": partial(_dead, rank=1),
    "the third busiest sensor dies": partial(_dead, rank=2),
    "the busiest sensor is dead for three days": partial(_dead, rank=0, lasting=DEAD_FOR),
}
CLOCKS = {"clocks go forward": BEFORE_SPRING, "clocks go back": BEFORE_AUTUMN}
"""Against the same weeks where no clock changes: people live by the wall clock in both."""
