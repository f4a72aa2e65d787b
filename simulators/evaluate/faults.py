"""Five things that happen to kits, clocks and hubs, played into homes: none may cause an alert about the person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from models.detection import Finding
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


def caused(homes: Sequence[Recorded], done: Callable[[], object] = lambda: None) -> dict[str, list[str]]:
    """By fault the alerts about a person that it caused: those with no counterpart in the undisturbed homes."""
    well = played(homes, ZONE, BEFORE_NEITHER)
    without_fault = _told(well, alerts(well))
    found = {}
    for name, fault in FAULTS.items():
        found[name] = _new(fault(homes, well), without_fault)
        done()
    return found


Told = list[tuple[str, str, datetime]]
"""Home, kind, and since when by the clock of the recording."""


def _told(one: Played, found: Sequence[Finding]) -> Told:
    return [(each.home, str(each.kind), wall(one, each.home, each.since)) for each in found]


def _new(disturbed: Told, well: Told) -> list[str]:
    return [
        f"{home}: {kind} since {since:%Y-%m-%d %H:%M}"
        for home, kind, since in disturbed
        if not any(home == other and abs(since - at) < SAME for other, _, at in well)
    ]


def _clocks(monday: datetime) -> Callable[[Sequence[Recorded], Played], Told]:
    def fault(homes: Sequence[Recorded], well: Played) -> Told:
        del well
        changed = played(homes, ZONE, monday)
        return _told(changed, alerts(changed))

    return fault


def _restarts(homes: Sequence[Recorded], well: Played) -> Told:
    del homes
    every = [well.start + timedelta(hours=31) * count for count in range(1, 400)]
    return _told(well, alerts(well, restarts=[moment for moment in every if moment < well.until]))


def _late(homes: Sequence[Recorded], well: Played) -> Told:
    """Nine hours around midday, and nine over the night."""
    del homes
    known = well.start.timestamp() + KNOWN_AFTER
    starts = (known + 9 * HOUR, known + DAY + 22 * HOUR)
    disturbed = late(well, [(home, at, at + 9 * HOUR) for home in range(len(well.homes)) for at in starts])
    return _told(well, alerts(disturbed))


def _twice(homes: Sequence[Recorded], well: Played) -> Told:
    del homes
    return _told(well, alerts(twice(well)))


def _dead(homes: Sequence[Recorded], well: Played) -> Told:
    """In every home the sensor that says most."""
    del homes
    busiest: dict[int, tuple[int, int]] = {}
    for (home, sensor), count in Counter(zip(well.seen.home.tolist(), well.seen.sensor.tolist(), strict=True)).items():
        busiest[home] = max(busiest.get(home, (0, 0)), (count, sensor))
    since = well.start.timestamp() + KNOWN_AFTER
    return _told(well, alerts(without(well, {sensor: since for _, sensor in busiest.values()})))


FAULTS: dict[str, Callable[[Sequence[Recorded], Played], Told]] = {
    "clocks go forward": _clocks(BEFORE_SPRING),
    "clocks go back": _clocks(BEFORE_AUTUMN),
    "the hub restarts every 31 hours": _restarts,
    "nine hours arrive late": _late,
    "a third of all arrives twice": _twice,
    "the busiest sensor dies": _dead,
}
