from dataclasses import replace

import numpy as np

from simulators.evaluate.homes import DAY, HOUR
from simulators.evaluate.invented import FIRST_DAY, recorded
from simulators.evaluate.silences import MINUTE, silences

BATHROOM, BEDROOM, DOOR, HALL, KITCHEN = range(5)
NINE = FIRST_DAY * DAY + 9 * HOUR


def test_a_silence_between_two_doors_was_time_away() -> None:
    minutes = [0, 30, 31, 150, 151, 200]
    seen = silences(recorded("a", [NINE + each * MINUTE for each in minutes], [4, 3, DOOR, DOOR, 3, 4]))
    assert seen.away.tolist() == [False, False, True, False, False, False]
    assert seen.g[2] == 119 * MINUTE


def test_a_door_that_nothing_followed_was_no_time_away() -> None:
    seen = silences(recorded("a", [NINE, NINE + MINUTE, NINE + 90 * MINUTE, NINE + 300 * MINUTE], [3, DOOR, 4, DOOR]))
    assert not seen.away.any()


def test_how_long_in_this_room_and_until_another_is_seen() -> None:
    seen = silences(recorded("a", [NINE, NINE + 60, NINE + 100, NINE + 400], [KITCHEN, KITCHEN, BATHROOM, KITCHEN]))
    assert seen.dwell.tolist() == [0, 60, 0, 0]
    assert seen.leaves.tolist() == [100, 40, 300, np.inf]
    assert seen.quick.tolist() == [1, 2, 3, 2]


def test_what_nobody_knows_is_left_out() -> None:
    home = recorded("a", [NINE, NINE + 31 * HOUR, NINE + 32 * HOUR, NINE + 36 * HOUR], [3, 4, 3, 4])
    dead = np.array([[NINE + 33 * HOUR, NINE + 35 * HOUR]])
    seen = silences(replace(home, dead=dead))
    assert seen.left_out.tolist() == [True, False, True, True]
    assert seen.days == 1 / 24
