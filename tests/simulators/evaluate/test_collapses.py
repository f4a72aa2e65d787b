import numpy as np
import pytest

from simulators.evaluate.collapses import EACH, EACH_LIMITED, KINDS, collapses
from simulators.evaluate.homes import ROOMS, Recorded
from simulators.evaluate.silences import MINUTE, silences


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_collapses_while_away_or_after_being_seen_again(home: Recorded, kind: str) -> None:
    seen = silences(home)
    played = collapses("a", seen, kind)
    assert len(played.row) == (EACH_LIMITED if kind == "limited" else EACH)
    assert not seen.away[played.row].any()
    assert (played.after <= seen.g[played.row]).all()


@pytest.mark.parametrize("kind", ["active", "day", "night", "bath", "limited"])
def test_people_fall_within_a_minute_of_moving(home: Recorded, kind: str) -> None:
    assert (collapses("a", silences(home), kind).after <= MINUTE).all()


def test_kinds_are_what_they_say(home: Recorded) -> None:
    seen = silences(home)
    hour = {kind: seen.hour[collapses("a", seen, kind).row] for kind in KINDS}
    assert ((hour["day"] >= 7) & (hour["day"] < 22)).all()
    assert ((hour["night"] >= 23) | (hour["night"] < 6)).all()
    assert (seen.room[collapses("a", seen, "bath").row] == ROOMS.index("bathroom")).all()
    assert (seen.room[collapses("a", seen, "bed").row] == ROOMS.index("bedroom")).all()


def test_the_same_home_has_the_same_collapses(home: Recorded) -> None:
    first, second = (collapses("a", silences(home), "active") for _ in range(2))
    assert np.array_equal(first.row, second.row)
    assert not np.array_equal(first.row, collapses("b", silences(home), "active").row)
