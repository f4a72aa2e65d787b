"""How often each detector finds something in recorded homes, and how soon a mishap played into them is told.

Nothing is known to have been wrong in these homes, so every finding about the person counts as a false one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from rich.console import Console
from rich.table import Table

from models.alert import Lane
from models.detection import WATCHED, Finding, FindingKind, Urgency
from models.detection.backtest import STEP, replay
from models.detection.engine import Engine
from models.detection.prior import Prior
from models.observation import CODE_OF, What
from simulators.evaluate.homes import DAY, HOUR, ROOMS, Fitted, Recorded
from simulators.evaluate.inactivity import teaches
from simulators.evaluate.played import Played, played, span

AT_LEAST = 14.0
"""Days: of homes recorded for less nothing is known in time."""

MONTH = 30.0


@dataclass(frozen=True, slots=True)
class Load:
    """Findings in each home, and how many of them met no other standing one about the person, by kind; and days."""

    found: Mapping[FindingKind, Counter[str]]
    opened: Mapping[FindingKind, Counter[str]]
    days: Mapping[str, float]

    def of(self, homes: Sequence[str]) -> Load:
        chosen = {home: self.days[home] for home in homes}
        only = [
            {kind: Counter({home: n for home, n in by.items() if home in chosen}) for kind, by in each.items()}
            for each in (self.found, self.opened)
        ]
        return Load(only[0], only[1], chosen)

    def rates(self, kind: FindingKind) -> list[float]:
        """Per 30 days in each home, in order."""
        return sorted(self.found[kind][home] * MONTH / days for home, days in self.days.items())

    def a_month(self, kinds: Sequence[FindingKind], opened: bool = False) -> float:
        by = self.opened if opened else self.found
        return sum(by[kind].total() for kind in kinds if kind in by) * MONTH / max(sum(self.days.values()), 1e-9)


def load(homes: Sequence[Recorded], prior: Prior | None, step: float = STEP) -> Load:
    """Whole records of the homes, with everything that a hub watches for by default."""
    one = played(homes, prior)
    first, last = span(one)
    place = {home.id: index for index, home in enumerate(one.homes)}
    days = {home: float(last[index] - first[index]) / DAY for home, index in place.items()}
    found: dict[FindingKind, Counter[str]] = defaultdict(Counter)
    opened: dict[FindingKind, Counter[str]] = defaultdict(Counter)
    standing: dict[str, set[FindingKind]] = defaultdict(set)
    for finding in _findings(one, step):
        if finding.at.timestamp() > last[place[finding.home]]:
            continue
        told = standing[finding.home]
        if finding.over:
            told.discard(finding.kind)
            continue
        found[finding.kind][finding.home] += 1
        opened[finding.kind][finding.home] += not told
        if calls(finding):
            told.add(finding.kind)
    return Load(found, opened, days)


def calls(finding: Finding) -> bool:
    """It is about the person, and somebody is asked to act on it now."""
    return finding.kind.lane is Lane.PERSON and finding.urgency is not Urgency.TELL and not finding.over


def _findings(one: Played, step: float) -> list[Finding]:
    engine = Engine(one.homes, one.start, prior=one.prior, watched_for=WATCHED)
    return replay(engine, one.seen, one.start, one.until, one.kits, step)


def asked_for(found: Load) -> list[FindingKind]:
    """What the criterion counts: calls and looks about the person, but for silence and presses."""
    apart = (FindingKind.SILENCE, FindingKind.PRESS)
    return [
        kind
        for kind in FindingKind
        if kind.lane is Lane.PERSON and kind.urgency is not Urgency.TELL and kind not in apart and kind in found.found
    ]


# What is played into them.

BEFORE = 35 * DAY
AFTER = timedelta(hours=24)
NIGHTS = 4
"""So many nights or days of each home, evenly over what was recorded once it is known."""

Mishap = Callable[[Recorded, float], Recorded | None]
"""A home up to a mishap on the day that begins at that midnight, or None where it can't be played there."""


def door_at_three(home: Recorded, midnight: float) -> Recorded | None:
    doors = np.flatnonzero(home.way_out)
    if not len(doors) or not _at_home(home, midnight + 3 * HOUR):
        return None
    return _and_then(_until(home, midnight + 3 * HOUR), midnight + 3 * HOUR, int(doors[0]), home, What.OPENED)


def out_of_bed(home: Recorded, midnight: float) -> Recorded | None:
    """By the mat where there is one, or else by the bedroom's motion."""
    at, got_up = midnight + 2 * HOUR, np.flatnonzero(home.what == CODE_OF[What.GOT_UP])
    bedroom = np.flatnonzero(home.room == ROOMS.index("bedroom"))
    if not len(bedroom) or not _at_home(home, at):
        return None
    before = _until(home, at)
    if len(got_up) and before.what[-1] != CODE_OF[What.LAY_DOWN]:
        return None
    which, what = (got_up[0], What.GOT_UP) if len(got_up) else (bedroom[0], What.MOVED)
    return _and_then(before, at, int(which), home, what)


def in_the_bathroom(home: Recorded, midnight: float) -> Recorded | None:
    """The first entry after nine is the last sign."""
    late = (home.t > midnight + 9 * HOUR) & (home.t < midnight + 20 * HOUR)
    there = np.flatnonzero(late & (home.room == ROOMS.index("bathroom")))
    return _until(home, float(home.t[there[0]]) + 0.5) if len(there) else None


MISHAPS: dict[str, Mishap] = {
    "a door opened at 3:00, and nobody back": door_at_three,
    "out of bed at 2:00, and nothing": out_of_bed,
    "in the bathroom after 9:00, and nothing": in_the_bathroom,
}


def _at_home(home: Recorded, at: float) -> bool:
    """Seen in a room in the hours before, and not by a door last."""
    before = np.flatnonzero((home.t > at - 6 * HOUR) & (home.t <= at))
    return len(before) > 0 and not bool(home.way_out[before[-1]])


def _until(home: Recorded, at: float) -> Recorded:
    return _rows(home, (home.t <= at) & (home.t > at - BEFORE))


def _rows(home: Recorded, kept: np.typing.NDArray[np.bool_]) -> Recorded:
    columns = {name: getattr(home, name)[kept] for name in ("t", "sensor", "room", "way_out", "what")}
    return replace(home, **columns, dead=np.zeros((0, 2)))


def _and_then(before: Recorded, at: float, like: int, home: Recorded, what: What) -> Recorded:
    """One more row, by the sensor of row `like` of `home`."""
    return replace(
        before,
        t=np.append(before.t, at),
        sensor=np.append(before.sensor, home.sensor[like]),
        room=np.append(before.room, home.room[like]),
        way_out=np.append(before.way_out, home.way_out[like]),
        what=np.append(before.what, CODE_OF[what]),
    )


def midnights(home: Recorded) -> list[float]:
    first, last = home.first_midnight + min(BEFORE, home.days * DAY / 2), float(home.t[-1]) - DAY
    return [float(np.floor(each / DAY) * DAY) for each in np.linspace(first, last, NIGHTS)] if last > first else []


@dataclass(frozen=True, slots=True)
class Told:
    """Minutes until each playing of a mishap was told, inf where it was not within a day, and by what kind first."""

    minutes: tuple[float, ...]
    by: Counter[str]


def told(homes: Sequence[Recorded], mishap: Mishap, prior: Prior | None, step: float = STEP) -> Told:
    parts = [
        replace(part, id=f"{home.id}-{count}")
        for home in homes
        for count, midnight in enumerate(midnights(home))
        if (part := mishap(home, midnight)) is not None and len(part.t) > 1
    ]
    if not parts:
        return Told((), Counter())
    one = played(parts, prior)
    one = replace(one, until=one.until + AFTER)
    ends = {home.id: float(at) for home, at in zip(one.homes, span(one)[1], strict=True)}
    soonest: dict[str, Finding] = {}
    for finding in _findings(one, step):
        late = finding.at.timestamp() - ends[finding.home]
        if calls(finding) and 0 < late <= AFTER.total_seconds() and finding.home not in soonest:
            soonest[finding.home] = finding
    minutes = [_minutes(soonest.get(home), end) for home, end in ends.items()]
    return Told(tuple(minutes), Counter(str(finding.kind) for finding in soonest.values()))


def _minutes(finding: Finding | None, since: float) -> float:
    return (finding.at - datetime.fromtimestamp(since, UTC)).total_seconds() / 60 if finding else float("inf")


# Mats as they would be.


def with_mat(home: Recorded) -> Recorded:
    """As if the bed had a mat that never errs: somebody lies on it when the bedroom is quiet for twenty minutes from
    evening to morning.
    """
    gap = np.append(np.diff(home.t), 0.0)
    hour = (home.t % DAY) / HOUR
    lies = (home.room == ROOMS.index("bedroom")) & (gap > 20 * 60) & ((hour >= 20) | (hour < 9)) & (gap < 14 * HOUR)
    down, up = home.t[lies] + 30.0, (home.t + gap)[lies] - 1.0
    count, sensor = len(down), len(home.sensors)
    more = np.concatenate([down, up])
    what = np.repeat([CODE_OF[What.LAY_DOWN], CODE_OF[What.GOT_UP]], count)
    order = np.argsort(np.concatenate([home.t, more]), kind="stable")
    return replace(
        home,
        t=np.concatenate([home.t, more])[order],
        sensor=np.concatenate([home.sensor, np.full(2 * count, sensor)])[order],
        room=np.concatenate([home.room, np.full(2 * count, ROOMS.index("bedroom"))])[order],
        way_out=np.concatenate([home.way_out, np.zeros(2 * count, bool)])[order],
        what=np.concatenate([home.what, what])[order],
        sensors=(*home.sensors, Fitted("invented mat", "bed", "bedroom")),
    )


# As tables.


def show(
    homes: Sequence[Recorded],
    prior: Prior | None,
    mats: bool,
    console: Console,
    done: Callable[[], object] = lambda: None,
) -> None:
    """Prints the load of homes used for tuning and of the others apart, and how soon mishaps are told."""
    known = [with_mat(home) if mats else home for home in homes if home.days >= AT_LEAST]
    whole = load(known, prior)
    done()
    ids = {home.id: mine for home, mine in zip(known, whole.days, strict=True)}
    for title, wanted in (("used for tuning", True), ("not used for tuning", False)):
        chosen = [mine for home, mine in ids.items() if teaches(home) is wanted]
        if chosen:
            console.print(_load_table(whole.of(chosen), f"{len(chosen)} homes {title}"))
    for name, mishap in MISHAPS.items():
        line = _told_line(name, told(known, mishap, prior))
        done()
        console.print(line, markup=False, highlight=False)


def _load_table(found: Load, title: str) -> Table:
    table = Table(title=f"{title}, {sum(found.days.values()):.0f} days")
    for column in ("finding", "asks for", "homes", "findings", "a home and 30 days", "opening", "median", "worst"):
        table.add_column(column, justify="left" if column in ("finding", "asks for") else "right", no_wrap=True)
    for kind in sorted(found.found, key=lambda kind: (kind.lane, kind.urgency, kind)):
        rates, mine = found.rates(kind), found.found[kind]
        counts = (f"{sum(n > 0 for n in mine.values())}", f"{mine.total()}", f"{found.a_month([kind]):.2f}")
        spread = (f"{found.a_month([kind], opened=True):.2f}", f"{np.median(rates):.2f}", f"{rates[-1]:.2f}")
        table.add_row(str(kind), str(kind.urgency), *counts, *spread)
    counted = asked_for(found)
    sums = f"{found.a_month(counted):.2f}", f"{found.a_month(counted, opened=True):.2f}"
    table.add_section()
    table.add_row("calls and looks, silence apart", "", "", "", *sums, "", "")
    return table


def _told_line(name: str, found: Told) -> str:
    if not found.minutes:
        return f"{name}: could not be played here"
    middle, ninth = np.quantile(found.minutes, [0.5, 0.9], method="lower")
    within = np.mean(np.array(found.minutes) <= 60)
    by = ", ".join(f"{kind} {count}" for kind, count in found.by.most_common())
    return (
        f"{name}: {len(found.minutes)} times; told after {middle:.0f} min (median), {ninth:.0f} (ninth in ten);"
        f" {within:.0%} within an hour; first by {by or 'nothing'}"
    )
