"""A clock that is changed teaches nothing and calls nobody: people live by the one on the wall, and follow it late."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import models.data
from models.detection import Finding, FindingKind
from models.detection.batch import batch
from models.detection.engine import Engine
from models.detection.prior import Prior, prior_from
from models.observation import CODE_OF, What
from tests.conftest import okafor_home

MIN, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOME = okafor_home("h_1")
FORWARD, BACK = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
UNCHANGED = {FORWARD: "UTC", BACK: "Etc/GMT-1"}
"""The clock that goes on as London's went before."""
KNOWN = 20 * DAY
HALL, KITCHEN, FRONT, BED = 1, 2, 4, 5


@pytest.fixture(scope="module")
def prior() -> Prior:
    return prior_from((Path(models.data.__path__[0]) / "prior.npz").read_bytes())


def days(first: datetime, until: datetime) -> list[tuple[datetime, int]]:
    """When by the clock on the wall which sensor noticed somebody: about from seven to eleven at night, out at noon."""
    luck, seen = np.random.default_rng(4), []
    while first < until:
        now = first + 7 * HOUR + float(luck.random()) * HOUR
        while now < first + 23 * HOUR:
            seen.append((now, int(luck.integers(HALL, FRONT))))
            now += 5 * MIN + timedelta(hours=float(luck.exponential(0.25)))
        seen += [(first + 12 * HOUR, FRONT), (first + 13.5 * HOUR, FRONT)]
        first += DAY
    return sorted(seen)


def wall(zone: str, at: datetime) -> datetime:
    """The moment at which a clock shows that."""
    return at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def engine(zone: str, now: datetime, prior: Prior | None) -> Engine:
    return Engine([replace(HOME, timezone=zone)], now, prior=prior, watched_for=list(FindingKind))


def lived(of: Engine, seen: list[tuple[datetime, int]]) -> None:
    """Everything arrives at once, and a heartbeat with it."""
    what = {FRONT: What.OPENED}
    for at, sensor in seen:
        row = (0, sensor, CODE_OF[what.get(sensor, What.MOVED)], at.timestamp(), at.timestamp(), 1)
        of.observe(batch([row, of.heard("h_1", at, at, at - DAY)]))


def look(of: Engine, now: datetime) -> list[Finding]:
    alive = {sensor.id: now for sensor in HOME.sensors}
    of.observe(of.beat("h_1", now, now, alive, now - 90 * DAY))
    return of.overdue(now)


def due(of: Engine) -> timedelta:
    """After the last sign of life, five minutes on."""
    last = datetime.fromtimestamp(of.last_sign[0], UTC)
    look(of, last + 6 * MIN)
    return datetime.fromtimestamp(of.expected_by[0], UTC) - last


def told_after(of: Engine) -> timedelta:
    """When the silence that follows is told."""
    last = now = datetime.fromtimestamp(of.last_sign[0], UTC)
    while True:
        now += 5 * MIN
        if any(one.kind is FindingKind.SILENCE for one in look(of, now)):
            return now - last


@pytest.mark.parametrize("change", [FORWARD, BACK])
def test_a_home_is_learned_by_the_clock_on_the_wall(prior: Prior, change: datetime) -> None:
    """All that it learns, and every deadline from the first sign of life after a change on, is as if there was none."""
    midnight = datetime(change.year, change.month, change.day, tzinfo=UTC)
    first, until = midnight - KNOWN, midnight + 9 * DAY
    homes = [engine(zone, first, prior) for zone in ("Europe/London", UNCHANGED[change])]
    for of in homes:
        zone = of.homes[0].timezone
        lived(of, [(wall(zone, at), sensor) for at, sensor in days(first, until)])
    for name in ("habits", "short", "now", "outlasted"):
        changed, unchanged = (of._state[name][0] for of in homes)
        np.testing.assert_array_equal(changed, unchanged, err_msg=name)
    assert due(homes[0]) == due(homes[1])


@pytest.mark.parametrize(("change", "longer"), [(FORWARD, timedelta()), (BACK, HOUR)])
def test_the_night_of_a_change_may_be_as_long_as_it_is(prior: Prior, change: datetime, longer: timedelta) -> None:
    homes = [engine(zone, change - KNOWN, prior) for zone in ("Europe/London", UNCHANGED[change])]
    evening = [(at, sensor) for at, sensor in days(change - KNOWN, change) if at < change - 3 * HOUR]
    for of in homes:
        lived(of, evening)
    assert due(homes[0]) == due(homes[1]) + longer


@pytest.mark.parametrize("change", [FORWARD, BACK])
@pytest.mark.parametrize("learned", [True, False])
def test_for_a_week_a_silence_is_too_long_by_the_old_clock_as_well(
    prior: Prior, change: datetime, learned: bool
) -> None:
    """Whoever is seen just as the clocks change is then the same to both, but for what the clock says."""
    model = prior if learned else None
    homes = [engine(zone, change - KNOWN, model) for zone in ("Europe/London", UNCHANGED[change])]
    up = [(change - 20 * MIN, HALL), (change - MIN, KITCHEN), (change + MIN, KITCHEN)]
    for of in homes:
        lived(of, [one for one in days(change - KNOWN, change) if one[0] < change - 3 * HOUR] + up)
    by_the_new, by_the_old = (due(of) for of in homes)
    assert by_the_new != by_the_old
    later = told_after(homes[0]) - max(by_the_new, by_the_old)
    assert timedelta() < later <= 5 * MIN


def test_a_week_later_the_new_clock_holds_alone() -> None:
    """By the simple rule, people are up by ten."""
    of, evening = engine("Europe/London", FORWARD, None), datetime(2026, 4, 5, 21, tzinfo=UTC)
    lived(of, [(evening, HALL)])
    assert told_after(of) == 12 * HOUR + 5 * MIN


def found(of: Engine, seen: list[tuple[datetime, int, What]]) -> set[FindingKind]:
    """From the hour before each sign of life on."""
    told: list[Finding] = []
    for at, sensor, what in seen:
        told += look(of, at - HOUR) + look(of, at - MIN)
        of.observe(batch([(0, sensor, CODE_OF[what], at.timestamp(), at.timestamp(), 1)]))
        told += look(of, at + MIN)
    return {one.kind for one in told}


def nights(count: int) -> list[datetime]:
    """At ten by London's clock, as many evenings up to the one before clocks are put back."""
    return [wall("Europe/London", BACK - 3 * HOUR - each * DAY) for each in reversed(range(count))]


def test_whoever_lies_in_longest_may_do_so_in_the_night_that_is_an_hour_longer() -> None:
    """Up by seven for weeks, and at ten to ten on that morning: three hours later than usual are told."""
    of, seen = engine("Europe/London", BACK - 30 * DAY, None), []
    for evening in nights(24):
        seen += [(evening, BED, What.LAY_DOWN), (evening + 9 * HOUR, BED, What.GOT_UP)]
    seen[-1] = (datetime(2026, 10, 25, 9, 50, tzinfo=UTC), BED, What.GOT_UP)
    assert FindingKind.NOT_UP not in found(of, seen)


def test_whoever_goes_out_at_half_past_five_may_do_so_by_the_old_clock() -> None:
    of, seen = engine("Europe/London", BACK - 40 * DAY, None), []
    for evening in [*nights(30), datetime(2026, 10, 25, 21, tzinfo=UTC)]:
        early = evening + 7.5 * HOUR
        seen += [(evening, HALL, What.MOVED), (early, FRONT, What.OPENED), (early + 2 * HOUR, FRONT, What.OPENED)]
    assert seen[-2][0] == datetime(2026, 10, 26, 4, 30, tzinfo=UTC)
    assert not found(of, seen) & {FindingKind.DOOR_AT_NIGHT, FindingKind.NOT_BACK_HOME}
