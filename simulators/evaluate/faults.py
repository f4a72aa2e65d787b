"""Five things that happen to kits, clocks and hubs, played into homes: none may cause an alert about the person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from models.detection.backtest import STEP
from models.detection.prior import Prior
from simulators.evaluate.homes import DAY, HOUR, Recorded
from simulators.evaluate.played import Played, alerts, late, played, twice, wall, without

ZONE = "Europe/London"
BEFORE_SPRING = datetime(2026, 3, 2, tzinfo=UTC)
BEFORE_AUTUMN = datetime(2026, 9, 28, tzinfo=UTC)
BEFORE_NEITHER = datetime(2026, 4, 6, tzinfo=UTC)
"""Mondays. Four weeks after the first two the clocks change; after the last they don't for half a year."""

KNOWN_AFTER = 25 * DAY
"""Faults come when the home is known."""

SAME = timedelta(hours=12)
"""An alert that came without the fault too, a little sooner or later, was not caused by it."""


def caused(
    homes: Sequence[Recorded], prior: Prior | None, done: Callable[[], object] = lambda: None, step: float = STEP
) -> dict[str, list[str]]:
    """By fault the alerts about a person that it caused: those with no counterpart in the undisturbed homes."""
    well = played(homes, prior, ZONE, BEFORE_NEITHER)
    found, undisturbed = {}, _told(well, step)
    for name, fault in FAULTS.items():
        found[name] = _new(_told(fault(well), step), undisturbed)
        done()
    for name, monday in CLOCKS.items():
        same = _told(played(homes, prior, "UTC", monday), step)
        found[name] = _new(_told(played(homes, prior, ZONE, monday), step), same)
        done()
    return found


Told = list[tuple[str, str, datetime]]
"""Home, kind, and since when by the clock of the recording."""


def _told(one: Played, step: float) -> Told:
    return [(each.home, str(each.kind), wall(one, each.home, each.since)) for each in alerts(one, step)]


def _new(disturbed: Told, well: Told) -> list[str]:
    return [
        f"{home}: {kind} since {since:%Y-%m-%d %H:%M}"
        for home, kind, since in disturbed
        if not any(home == other and abs(since - at) < SAME for other, _, at in well)
    ]


def _restarts(well: Played) -> Played:
    every = (well.start + timedelta(hours=31) * count for count in range(1, 400))
    return replace(well, restarts=tuple(moment for moment in every if moment < well.until))


def _late(well: Played) -> Played:
    """Nine hours of a day, and nine of the night after the next."""
    known = well.start.timestamp() + KNOWN_AFTER
    starts = (known + 9 * HOUR, known + DAY + 22 * HOUR)
    return late(well, [(home, at, at + 9 * HOUR) for home in range(len(well.homes)) for at in starts])


def _dead(well: Played) -> Played:
    """In every home the sensor that says most."""
    busiest: dict[int, tuple[int, int]] = {}
    for (home, sensor), count in Counter(zip(well.seen.home.tolist(), well.seen.sensor.tolist(), strict=True)).items():
        busiest[home] = max(busiest.get(home, (0, 0)), (count, sensor))
    since = well.start.timestamp() + KNOWN_AFTER
    return without(well, {sensor: since for _, sensor in busiest.values()})


FAULTS: dict[str, Callable[[Played], Played]] = {
    "the hub restarts every 31 hours": _restarts,
    "nine hours arrive late": _late,
    "a third of all arrives twice": twice,
    "the busiest sensor dies": _dead,
}
CLOCKS = {"clocks go forward": BEFORE_SPRING, "clocks go back": BEFORE_AUTUMN}
"""Against the same weeks where no clock changes: people live by the wall clock in both."""
