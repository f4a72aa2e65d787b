from dataclasses import replace

import numpy as np
import pytest

from models.detection.batch import Floats
from simulators.evaluate import baselines, bounds
from simulators.evaluate.homes import DAY, Recorded
from simulators.evaluate.inactivity import teaches
from simulators.evaluate.invented import lived
from simulators.evaluate.silences import EARLIEST, MINUTE, Silences
from simulators.evaluate.study import Family, Judged, cut, false_alerts, judged, just_meets, per_30_days


@pytest.fixture(scope="module")
def homes(town: list[Recorded]) -> list[Judged]:
    found = [judged(home, 28) for home in town]
    return [one for one in found if one is not None]


def test_short_homes_are_left_out_with_the_reason(town: list[Recorded]) -> None:
    chosen = cut([*town, lived("short", 20, 9)])
    assert set(chosen.learning.values()) == {28}
    assert chosen.left_out == {"short": "19.9 days recorded, fewer than 42"}


def test_where_all_are_short_two_thirds_are_for_learning() -> None:
    chosen = cut([lived("short", 20, 9), lived("shorter", 12, 9)])
    assert chosen.learning == {"short": 13}
    assert list(chosen.left_out) == ["shorter"]


def test_nothing_that_is_judged_was_learned_from(homes: list[Judged]) -> None:
    for one in homes:
        assert one.rows.t.min() >= one.home.first_midnight + 28 * DAY
        for places, past in baselines.refits(one):
            assert (past.t + past.g).max() <= one.rows.t[places].min()


def test_after_months_without_a_recording_what_was_known_before_counts(home: Recorded) -> None:
    later = np.where(home.t > home.first_midnight + 35 * DAY, 100 * DAY, 0.0)
    one = judged(replace(home, t=home.t + later), 28)
    assert one
    assert min(len(past) for _, past in baselines.refits(one)) > 100


def families(homes: list[Judged]) -> list[Family]:
    return [
        baselines.single_timer(homes),
        baselines.timer_per_home(homes),
        baselines.hour_of_day(homes),
        *baselines.clock_lines(homes),
        baselines.isolation_forest(homes[:1]),
        bounds.clairvoyant(homes),
        bounds.hazard_in_sample(homes[:1]),
    ]


def test_every_family_alerts_less_at_a_higher_level_and_just_meets_a_rate(homes: list[Judged]) -> None:
    for family in families(homes):
        among = homes[: len(family.watches)]
        level, due = just_meets(among, family, 2)
        assert per_30_days(among, due) <= 2, family.name
        later = just_meets(among, family, 1)[0]
        assert later >= level, family.name
        assert all((each.tau >= EARLIEST).all() for each in due), family.name


def test_the_single_timer_is_the_shortest_that_meets_the_rate(homes: list[Judged]) -> None:
    level, due = just_meets(homes, baselines.single_timer(homes), 4)
    allowed = int(4 * sum(one.days for one in homes) / 30)
    silences = np.sort(np.concatenate([one.rows.g[~one.rows.left_out] for one in homes]))[::-1]
    assert level == pytest.approx(silences[allowed], rel=1e-3)
    assert sum(false_alerts(one, each)[0] for one, each in zip(homes, due, strict=True)) == allowed


def test_the_clairvoyant_is_never_later_than_the_next_sign_of_life(homes: list[Judged]) -> None:
    _, due = just_meets(homes, bounds.clairvoyant(homes), 1)
    for one, each in zip(homes, due, strict=True):
        assert (each.tau <= np.maximum(one.rows.g + 1, EARLIEST)).all()


def slow_line(line: Floats, began: float, level: float) -> float:
    """Cuddihy's rule as it is told: every five minutes, is the silence longer than the line allows?"""
    for wait in np.arange(300.0, 86400.0, 300.0):
        allowed = max(line[int(((began + wait) % DAY) // 900)], 30 * MINUTE) * level
        if wait > allowed:
            return float(max(wait, EARLIEST))
    return DAY


def test_the_line_over_the_clock_says_what_its_slow_twin_says(homes: list[Judged]) -> None:
    one = homes[0]
    due = baselines.clock_lines([one])[0].at(1.5)[0]
    for places, past in baselines.refits(one):
        table = np.quantile(slow_reached(past), 0.98, axis=0)
        around = np.concatenate([table[-4:], table, table[:4]])
        line = np.array([around[at + 2 : at + 7].mean() for at in range(96)])
        for place in places[::7]:
            assert due.tau[place] == slow_line(line, np.floor(one.rows.t[place] / 300) * 300, 1.5)


def slow_reached(past: Silences) -> Floats:
    last = int(past.t[-1] // DAY)
    days = min(45, last - int(past.t[0] // DAY))
    table = np.zeros((days, 96))
    for began, length, away, out in zip(past.t, past.g, past.away, past.left_out, strict=True):
        for quarter in range(int(began // 900), int((began + length) // 900) + 1):
            day = quarter // 96 - (last - days)
            if 0 <= day < days and not away and not out and length >= MINUTE and began >= (last - days) * DAY:
                reached = min(began + length, (quarter + 1) * 900) - began
                table[day, quarter % 96] = max(table[day, quarter % 96], reached)
    return table


def test_homes_that_teach_are_told_apart_by_their_names_alone() -> None:
    names = [f"tihm_{number:05x}" for number in range(400)]
    assert 160 < sum(map(teaches, names)) < 240
