import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from simulators.resident import BATHROOM, BED, CHAIR, FRONT_DOOR, LOUNGE, Habits, day, fitted, life

LONDON = ZoneInfo("Europe/London")
START = datetime(2026, 10, 1, 5, 0, tzinfo=UTC)
SEEDS = range(20)


def month(seed: int) -> list[list[str]]:
    """Thirty days, each as the sensors that said something."""
    days = (day(Habits(seed), date(2026, 10, 10) + timedelta(days=count), LONDON) for count in range(30))
    return [[trigger.sensor for trigger in each] for each in days]


def test_the_same_seed_lives_the_same_life() -> None:
    again = [list(itertools.islice(life(Habits(3), START, LONDON), 500)) for _ in range(2)]
    assert again[0] == again[1]
    assert again[0] != list(itertools.islice(life(Habits(4), START, LONDON), 500))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_has_between_a_hundred_and_four_hundred_triggers(seed: int) -> None:
    assert all(100 <= len(each) <= 400 for each in month(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_people_go_out_some_days_and_up_at_night_most(seed: int) -> None:
    days = month(seed)
    assert 5 <= sum(FRONT_DOOR in each for each in days) <= 28
    assert sum(each.count(BED) for each in days) > 3 * len(days)


def test_a_night_has_a_visit_to_the_bathroom() -> None:
    trips = 0
    for count in range(30):
        lived = day(Habits(5), date(2026, 9, 1) + timedelta(days=count), LONDON)
        trips += sum(trigger.sensor == BATHROOM and trigger.at.astimezone(LONDON).hour < 5 for trigger in lived)
    assert trips >= 30


def test_who_stays_in_never_opens_the_front_door_and_is_never_still_for_long_by_day() -> None:
    for count in range(30):
        lived = day(Habits(6, goes_out=0.0), date(2026, 9, 1) + timedelta(days=count), LONDON)
        by_day = [trigger.at for trigger in lived if 9 <= trigger.at.astimezone(LONDON).hour < 21]
        assert FRONT_DOOR not in {trigger.sensor for trigger in lived}
        assert max(after - before for before, after in itertools.pairwise(by_day)) < timedelta(minutes=35)


def test_a_life_is_in_order_of_time_across_days_and_the_nights_the_clocks_change() -> None:
    for start in (datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)):
        lived = [trigger.at for trigger in itertools.islice(life(Habits(7), start, LONDON), 2000)]
        assert lived == sorted(lived)
        assert lived[0] >= start


def test_the_clocks_change_the_hour_of_rising_with_them() -> None:
    def rising(on: date) -> datetime:
        return day(Habits(8, rises=7.0), on, LONDON)[0].at

    assert 6 <= rising(date(2026, 1, 10)).hour + rising(date(2026, 1, 10)).minute / 60 <= 7.6
    assert 5 <= rising(date(2026, 7, 10)).hour + rising(date(2026, 7, 10)).minute / 60 <= 6.6


def test_only_fitted_sensors_say_something() -> None:
    sensors = {sensor.id for sensor in fitted("r_okafor", chair=True)}
    assert {trigger.sensor for trigger in itertools.islice(life(Habits(9), START, LONDON), 3000)} <= sensors


def test_the_armchair_is_taken_and_left_in_turn_and_nobody_walks_about_meanwhile() -> None:
    lived = day(Habits(9), date(2026, 10, 10), LONDON)
    chair = [trigger for trigger in lived if trigger.sensor == CHAIR]
    assert len(chair) > 8
    assert [one.on for one in chair] == [True, False] * (len(chair) // 2)
    for sat, rose in zip(chair[::2], chair[1::2], strict=True):
        assert {one.sensor for one in lived if sat.at < one.at < rose.at} <= {LOUNGE}
