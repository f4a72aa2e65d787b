from datetime import timedelta

import pytest

from models.day import Seen
from models.observation import What
from models.presence import Where, chairs, doors, in_bed, presence
from tests.conftest import NOON, okafor_home, with_armchair

MIN = timedelta(minutes=1)
HOME = okafor_home()


def seen(*told: tuple[float, str, What]) -> list[Seen]:
    return [Seen(NOON + minutes * MIN, what, sensor) for minutes, sensor, what in told]


OUT = seen((-200, "hall_pir", What.MOVED), (-90, "front_door", What.OPENED), (-89, "front_door", What.CLOSED))


@pytest.mark.parametrize(
    ("told", "heard", "where"),
    [
        (OUT, 0, Where.OUT),
        (OUT, -60, Where.PERHAPS_OUT),
        (OUT, None, Where.UNKNOWN),
        ([], 0, Where.UNKNOWN),
        ([*OUT, *seen((-88, "hall_pir", What.MOVED))], 0, Where.OUT),
        ([*OUT, *seen((-60, "kitchen_pir", What.MOVED))], 0, Where.IN),
        (seen((-300, "kitchen_pir", What.MOVED)), 0, Where.IN),
        ([*OUT, *seen((-30, "pendant", What.PRESSED))], 0, Where.IN),
    ],
)
def test_who_is_in_by_doors_and_movement(told: list[Seen], heard: int | None, where: Where) -> None:
    until = None if heard is None else NOON + heard * MIN
    assert presence(HOME, told, until, NOON).where is where


def test_two_rooms_that_answer_each_other_are_two_people() -> None:
    rooms = ("kitchen_pir", "hall_pir")
    lively = seen(*((-20 + n / 10, rooms[n % 2], What.MOVED) for n in range(8)))
    slowly = seen(*((-20 + n, rooms[n % 2], What.MOVED) for n in range(8)))
    assert presence(HOME, lively, NOON, NOON).company
    assert not presence(HOME, slowly, NOON, NOON).company
    assert not presence(HOME, lively, NOON + 120 * MIN, NOON + 120 * MIN).company, "they may have gone"


def test_bed_and_doors_say_what_they_told_last() -> None:
    told = [*OUT, *seen((-50, "bed", What.LAY_DOWN), (-5, "front_door", What.OPENED))]
    assert in_bed(told) == (True, NOON - 50 * MIN)
    assert in_bed(OUT) is None
    assert doors(HOME, told) == {"front_door": (True, NOON - 5 * MIN)}


def test_a_chair_is_doubted_where_another_room_reports_while_it_says_it_is_taken() -> None:
    home, sat = with_armchair(HOME), seen((-50, "armchair", What.SAT_DOWN))
    assert chairs(home, OUT) == {}
    assert chairs(home, [*sat, *seen((-40, "lounge_pir", What.MOVED), (-30, "pendant", What.PRESSED))]) == {
        "armchair": (True, NOON - 50 * MIN, None)
    }
    up = seen((-20, "kitchen_pir", What.MOVED), (-10, "hall_pir", What.MOVED))
    assert chairs(home, [*sat, *up]) == {"armchair": (True, NOON - 50 * MIN, NOON - 20 * MIN)}
    assert chairs(home, [*sat, *seen((-45, "armchair", What.STOOD_UP))]) == {"armchair": (False, NOON - 45 * MIN, None)}
