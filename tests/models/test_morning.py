"""When somebody was up, and how that compares: told apart from a walk to the bathroom, by their own mornings."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.day import Seen
from models.home import Home, Sensor
from models.morning import Compared, came_home, compared, minute_of, morning, up_at
from models.observation import SensorKind, What

START = datetime(2026, 11, 20, 4, tzinfo=UTC)


def moved(*minutes: float, sensor: str = "hall_pir") -> list[Seen]:
    return [Seen(START + timedelta(minutes=one), What.MOVED, sensor) for one in minutes]


def test_a_stretch_of_a_quarter_of_an_hour_is_being_up_from_where_it_began() -> None:
    seen = moved(60, 62, 67, 200, 204, 216)
    assert up_at(seen, START, START + timedelta(minutes=215)) is None, "not long enough yet"
    assert up_at(seen, START, START + timedelta(hours=8)) == START + timedelta(minutes=200)


def test_a_pause_longer_than_quiet_begins_anew() -> None:
    assert up_at(moved(10, 56, 58), START, START + timedelta(hours=8)) is None
    assert up_at(moved(10, 55), START, START + timedelta(hours=8)) == START + timedelta(minutes=10)


def test_what_stirs_while_somebody_lies_in_bed_is_another_one() -> None:
    lay = Seen(START - timedelta(hours=5), What.LAY_DOWN, "bed")
    up = Seen(START + timedelta(minutes=220), What.GOT_UP, "bed")
    seen = [lay, *moved(60, 70, 80), up, *moved(222, 240)]
    assert up_at(seen, START, START + timedelta(hours=8)) == up.at


def test_back_to_bed_is_not_being_up() -> None:
    up, lay = Seen(START, What.GOT_UP, "bed"), Seen(START + timedelta(minutes=12), What.LAY_DOWN, "bed")
    assert up_at([up, *moved(2), lay], START, START + timedelta(hours=8)) is None


def test_the_night_before_does_not_count() -> None:
    assert up_at(moved(-20, -10, -2), START, START + timedelta(hours=8)) is None


class Looked(list[Seen]):
    """Counts how many were looked at."""

    looks = 0

    def __getitem__(self, place: Any) -> Any:
        self.looks += 1
        return super().__getitem__(place)

    def __iter__(self) -> Iterator[Seen]:
        for one in super().__iter__():
            self.looks += 1
            yield one


def test_coming_home_is_told_from_the_sign_before_alone() -> None:
    door = Sensor("door", SensorKind.DOOR, "hall", is_exit=True)
    home = Home("rowe", "Rowe", (door, Sensor("hall_pir", SensorKind.MOTION, "hall")), "UTC")
    up = START + timedelta(hours=6)
    month = moved(*range(-40_000, -60, 2))
    went = Seen(START, What.OPENED, "door")
    seen = Looked([*month, went, *moved(360, 370, 380)])
    assert came_home(home, seen, up)
    assert seen.looks < 100, "28 mornings of each home are asked, of a month of signs"
    assert not came_home(home, [*month, went, *moved(1, 360, 370)], up)
    assert not came_home(home, [replace(went, at=up - timedelta(minutes=45)), *moved(360)], up)
    assert not came_home(home, moved(360), up)


def test_a_morning_begins_by_the_homes_clock_also_when_it_changes() -> None:
    spring = datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert [morning(spring, "Europe/London", day).hour for day in (-1, 0)] == [4, 3]
    assert minute_of(spring, "Europe/London") == 13 * 60


MORNINGS = [420, 430, 440, 450, 460, 480, 540, 420]


@pytest.mark.parametrize(
    ("minute", "how"),
    [
        (400, Compared.EARLIEST),
        (445, Compared.USUAL),
        (520, Compared.LATER),
        (555, Compared.LATER),
        (556, Compared.LATEST),
    ],
)
def test_a_morning_beside_others(minute: int, how: Compared) -> None:
    assert compared(minute, MORNINGS) is how


def test_earlier_within_the_normal_range() -> None:
    assert compared(360, [350, *[450] * 10]) is Compared.EARLIER


def test_nothing_is_said_of_what_is_usual_before_a_week_is_known() -> None:
    assert compared(420, [420] * 6) is None
