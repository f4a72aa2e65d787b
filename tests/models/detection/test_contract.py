"""One contract for everything that is found beside presses: whatever arrives how, the same history gives the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from models.alert import Lane
from models.detection import Finding, FindingKind, changes, stream
from models.detection.batch import Batch, batch
from models.detection.engine import Engine
from models.detection.explain import explain
from models.home import Home, Sensor
from models.observation import SensorKind, What

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY, HOUR, MIN = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SLOW = frozenset(changes.KINDS)
ALL = (*stream.KINDS, FindingKind.SILENCE)
HOME = Home(
    "h_1",
    "-",
    (
        Sensor("hall", SensorKind.MOTION, "hall"),
        Sensor("kitchen", SensorKind.MOTION, "kitchen"),
        Sensor("bath", SensorKind.MOTION, "bathroom"),
        Sensor("bedroom", SensorKind.MOTION, "bedroom"),
        Sensor("front", SensorKind.DOOR, "hall", is_exit=True),
        Sensor("back", SensorKind.DOOR, "kitchen", is_exit=True),
        Sensor("bed", SensorKind.BED, "bedroom"),
    ),
    "UTC",
)
WANDERER = replace(HOME, may_wander=True)
Day = list[tuple[float, str, What]]


def usual(dice: np.random.Generator) -> Day:
    """Up about seven, out for an hour, once up at night."""
    up, out, bed, awake = 7.0 + 0.3 * dice.random(), 10.5 + dice.random(), 22.4 + 0.3 * dice.random(), 2 + dice.random()
    day: Day = [(awake, "bed", What.GOT_UP), (awake + 0.02, "bath", What.MOVED), (awake + 0.1, "bed", What.LAY_DOWN)]
    day += [(up, "bed", What.GOT_UP), (up + 0.05, "bath", What.MOVED), (bed, "bed", What.LAY_DOWN)]
    for at in (out, out + 1.0 + 0.5 * dice.random()):
        day += [(at, "front", What.OPENED), (at + 0.01, "front", What.CLOSED), (at + 0.02, "hall", What.MOVED)]
    about = [*np.arange(up + 0.2, out, 0.2), *np.arange(out + 1.7, bed - 0.1, 0.25)]
    day += [(float(hour), str(dice.choice(["hall", "kitchen", "kitchen"])), What.MOVED) for hour in about]
    return sorted(day)


@dataclass(frozen=True)
class Story:
    """The `last` days are lived otherwise; then nothing until `until` of the last day."""

    last: tuple[Day, ...]
    until: float = 24.0
    home: Home = HOME


def moved(sensor: str, first: float, every: float, count: int) -> Day:
    return [(first + every * each, sensor, What.MOVED) for each in range(count)]


def only(day: Day, until: float) -> Day:
    return [one for one in day if one[0] < until]


def no(day: Day, *sensors: str) -> Day:
    return [one for one in day if one[1] not in sensors]


@cache
def stories() -> dict[FindingKind, Story]:
    dice = np.random.default_rng(7)
    day = usual(dice)
    many = [sorted(usual(dice)) for _ in range(24)]
    blink: Day = [(13 + n / 1000, "bed", What.GOT_UP if n % 2 else What.LAY_DOWN) for n in range(60)]
    opened: Day = [(n / 3, "back", What.OPENED) for n in range(14)]
    door: Day = [(3.0, "front", What.OPENED), (3.01, "front", What.CLOSED)]
    stuck = moved("kitchen", 0.0, 0.1, 240)
    longer = [one for one in many[0] if one[1] != "front"]
    quiet = [one for one in longer if not 13.0 < one[0] < 13.6]
    short = sorted([*quiet, *((13.1 + k, "front", What.OPENED) for k in (0, 0.4)), (13.51, "hall", What.MOVED)])
    return {
        FindingKind.SILENCE: Story((only(day, 12.0),), 40.0),
        FindingKind.NOT_BACK_IN_BED: Story(([*only(day, 2.0), (2.0, "bed", What.GOT_UP)],), 12.0),
        FindingKind.NOT_IN_BED: Story(([one for one in day if one[0] < 22.0],), 27.0),
        FindingKind.NOT_UP: Story((only(day, 4.0),), 14.0),
        FindingKind.BATHROOM_TRIPS: Story((moved("bath", 0.1, 0.4, 12) + day,), 12.0),
        FindingKind.BED_MAT: Story((day + blink,)),
        FindingKind.DOOR_AT_NIGHT: Story(([*day, *door, (3.05, "hall", What.MOVED)],)),
        FindingKind.NOT_BACK_HOME: Story((only(day, 2.9) + door,), 12.0),
        FindingKind.DOOR_OPEN: Story(([*day, (17.0, "front", What.OPENED)],)),
        FindingKind.LONG_LIE: Story(([*only(day, 15.0), (15.0, "bath", What.MOVED)],), 20.0),
        FindingKind.SENSOR_FLAPPING: Story((day + moved("hall", 14.0, 0.002, 600),)),
        FindingKind.SENSOR_STUCK: Story((day + stuck, day + stuck)),
        FindingKind.SENSOR_MISLABELLED: Story(tuple(one + opened for one in many[:8])),
        FindingKind.LESS_MOVEMENT: Story(tuple(no(one, "kitchen") for one in many)),
        FindingKind.FEWER_OUTINGS: Story(tuple(no(one, "front") for one in many)),
        FindingKind.MORE_NIGHT_MOVEMENT: Story(tuple(one + moved("bath", 0.3, 0.5, 9) for one in many)),
        FindingKind.SHORTER_OUTINGS: Story(tuple(short for _ in many)),
        FindingKind.BROKEN_SLEEP: Story(tuple(one + moved("hall", 3.4, 0.1, 18) for one in many)),
    }


def lasting(kind: FindingKind | None) -> int:
    """Days: a slow change needs a home that has been known for weeks."""
    return 54 if kind is None or kind in SLOW else 34


@cache
def history(kind: FindingKind | None) -> Batch:
    """Usual days, and then those of the story; what was noticed arrives seconds later."""
    story = stories()[kind] if kind else Story(())
    dice = np.random.default_rng(3)
    days = [*(usual(dice) for _ in range(lasting(kind) - len(story.last))), *story.last]
    of = Engine([story.home], START)
    rows = []
    for number, (day, hour, sensor, what) in enumerate(
        (day, hour, sensor, what) for day, events in enumerate(days) for hour, sensor, what in sorted(events)
    ):
        at = START + day * DAY + hour * HOUR
        rows.append(of.row("h_1", sensor, what, at, at + timedelta(seconds=2), number + 1))
    return batch(rows)


def end(kind: FindingKind | None) -> datetime:
    return START + (lasting(kind) - 1) * DAY + (stories()[kind].until if kind else 24.0) * HOUR


def fresh(kind: FindingKind | None, now: datetime = START) -> Engine:
    return Engine([stories()[kind].home if kind else HOME], now, watched_for=ALL)


def found(
    of: Engine,
    seen: Batch,
    until: datetime,
    since: datetime = START,
    parts: np.random.Generator | None = None,
    mixed: Callable[[Batch], Batch] = lambda rows: rows,
    step: timedelta = 30 * MIN,
) -> list[Finding]:
    """Looked at at even steps; between two looks what arrived comes at once, or in `parts` by chance."""
    told, now, news = [], since, seen[np.argsort(seen.arrived, kind="stable")]
    while now < until:
        before, now = now, now + step
        fresh_rows = mixed(news[(news.arrived > before.timestamp()) & (news.arrived <= now.timestamp())])
        cuts = sorted(parts.integers(0, len(fresh_rows) + 1, 3)) if parts is not None else []
        for a, b in pairwise([0, *cuts, len(fresh_rows)]):
            told += of.observe(fresh_rows[a:b])
        told += of.observe(of.beat("h_1", now, now, {sensor.id: now for sensor in HOME.sensors}))
        told += of.overdue(now)
    return told


def keys(told: list[Finding]) -> list[str]:
    return sorted(one.key for one in told)


@cache
def plain(kind: FindingKind | None) -> list[Finding]:
    return found(fresh(kind), history(kind), end(kind))


def test_a_usual_life_says_nothing() -> None:
    assert plain(None) == []


@pytest.mark.parametrize("kind", ALL)
def test_each_story_is_told_and_explains_itself(kind: FindingKind) -> None:
    told = next(one for one in plain(kind) if one.kind is kind)
    assert told.since >= START + 26 * DAY
    said = explain(told, stories()[kind].home)
    for part in (said.observed, said.expected, said.health, said.clears):
        assert len(part) > 15
        assert part.endswith(".")
        assert "None" not in part
        assert "nan" not in part


@pytest.mark.parametrize("kind", ALL)
def test_the_same_history_in_any_batching_gives_the_same(kind: FindingKind) -> None:
    again = found(fresh(kind), history(kind), end(kind), parts=np.random.default_rng(1))
    assert keys(again) == keys(plain(kind))


@pytest.mark.parametrize("kind", ALL)
def test_what_comes_twice_or_out_of_order_changes_nothing(kind: FindingKind) -> None:
    dice = np.random.default_rng(1)

    def mixed(rows: Batch) -> Batch:
        """Some rows twice, and all in disorder: of eight that wait each still finds its place."""
        twice = rows[np.sort(np.append(np.arange(len(rows)), np.flatnonzero(dice.random(len(rows)) < 0.3)))]
        return twice[np.argsort(np.arange(len(twice)) + 4 * dice.random(len(twice)), kind="stable")]

    assert keys(found(fresh(kind), history(kind), end(kind), mixed=mixed)) == keys(plain(kind))


@pytest.mark.parametrize("kind", ALL)
def test_a_restart_changes_nothing(kind: FindingKind) -> None:
    middle = end(kind) - 9 * HOUR
    first = fresh(kind)
    told = found(first, history(kind), middle)
    second = fresh(kind, middle)
    assert second.restore(first.snapshot())
    assert keys(told + found(second, history(kind), end(kind), middle)) == keys(plain(kind))


@pytest.mark.parametrize(
    ("kind", "hours"),
    [
        (FindingKind.SILENCE, 2),
        (FindingKind.NOT_UP, 9),
        (FindingKind.NOT_IN_BED, 2),
        (FindingKind.NOT_BACK_HOME, 2),
        (FindingKind.DOOR_OPEN, 2),
        (FindingKind.LONG_LIE, 2),
        (FindingKind.SENSOR_FLAPPING, 9),
        (FindingKind.FEWER_OUTINGS, 2),
    ],
)
def test_to_begin_with_the_last_day_and_to_adopt_what_is_usual_later_changes_nothing(
    kind: FindingKind, hours: int
) -> None:
    """As after an update: what stood still stands, and is told of once."""
    rows, adopted = history(kind), START + (end(kind) - START) // HOUR * HOUR - hours * HOUR
    begun = adopted - HOUR
    told = found(fresh(kind), rows, begun)
    of, learned = fresh(kind), fresh(kind)
    of.observe(rows[(rows.at > (begun - DAY).timestamp()) & (rows.arrived <= begun.timestamp())])
    of.observe(of.beat("h_1", begun, begun, {sensor.id: begun for sensor in HOME.sensors}, START))
    for one in {one.kind: one for one in told}.values():
        assert one.over or of.recall(one.kind, one.home, one.sensor or "", one.since, hold=True)
    of.outdate()
    told += found(of, rows, adopted, begun)
    learned.observe(rows[rows.arrived <= adopted.timestamp()])
    told += of.adopt(learned, adopted)
    assert not of.outdated.any()
    told += found(of, rows, end(kind), adopted)
    assert set(keys(told)) == set(keys(plain(kind)))


@pytest.mark.parametrize("kind", ALL)
def test_a_finding_is_raised_once_until_it_is_over(kind: FindingKind) -> None:
    standing: set[FindingKind] = set()
    for one in plain(kind):
        assert (one.kind in standing) is one.over
        standing ^= {one.kind}


@pytest.mark.parametrize("kind", ALL)
def test_when_life_goes_on_as_usual_it_is_over(kind: FindingKind) -> None:
    dice, after = np.random.default_rng(11), []
    of = fresh(kind)
    told = found(of, history(kind), end(kind))
    first = (end(kind) - START) // DAY + 1
    for day in range(first, first + 32):
        at = START + day * DAY
        after += [
            of.row("h_1", sensor, what, at + hour * HOUR, at + hour * HOUR, 1) for hour, sensor, what in usual(dice)
        ]
    told += found(of, batch(after), START + (first + 32) * DAY, end(kind))
    mine = [one.over for one in told if one.kind is kind]
    assert mine[0] is False
    assert mine[-1] is True


@pytest.mark.parametrize("kind", ALL)
def test_nothing_about_the_person_is_found_while_the_home_is_not_heard(kind: FindingKind) -> None:
    of, last = fresh(kind), end(kind) - timedelta(hours=min(stories()[kind].until, 24.0))
    told = found(of, history(kind), last)
    later = [one for hours in range(1, 90) for one in of.overdue(last + hours * HOUR)]
    assert [one for one in later if one.kind.lane is Lane.PERSON and not one.over] == []
    assert keys([one for one in told if one.kind is FindingKind.SILENCE]) == []


@pytest.mark.parametrize("monday", [datetime(2026, 2, 16, tzinfo=UTC), datetime(2026, 9, 14, tzinfo=UTC)])
def test_a_clock_change_finds_nothing(monday: datetime) -> None:
    """London's clocks change six weeks later; the resident goes by the clock on the wall."""
    from zoneinfo import ZoneInfo

    home, dice = replace(HOME, timezone="Europe/London"), np.random.default_rng(5)
    of = Engine([home], monday, watched_for=ALL)
    rows = []
    for day in range(50):
        midnight = (monday + day * DAY).replace(tzinfo=None)
        for hour, sensor, what in usual(dice):
            at = (midnight + hour * HOUR).replace(tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)
            rows.append(of.row("h_1", sensor, what, at, at, 1))
    assert found(of, batch(rows), monday + 49 * DAY + 20 * HOUR, monday) == []


def test_a_wanderer_is_told_of_from_the_first_night_and_called_for() -> None:
    of = Engine([WANDERER], START, watched_for=ALL)
    rows = [
        of.row("h_1", sensor, what, START + hours * HOUR, START + hours * HOUR, 1)
        for hours, sensor, what in ((20.0, "hall", What.MOVED), (26.9, "front", What.OPENED))
    ]
    told = found(of, batch(rows), START + 29 * HOUR, step=5 * MIN)
    doors = {one.kind: one for one in told if not one.over}
    assert doors[FindingKind.DOOR_AT_NIGHT].at - START <= 27 * HOUR
    assert doors[FindingKind.NOT_BACK_HOME].at - START <= 27.2 * HOUR
    assert {one.urgency for one in doors.values()} == {"call"}
    assert "may wander" in explain(doors[FindingKind.DOOR_AT_NIGHT], WANDERER).expected
