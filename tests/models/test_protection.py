from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from models.protection import Spell, Unprotected, by_reason, minutes
from tests.conftest import NOON

END = NOON + timedelta(hours=10)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def spell(began: float, ended: float | None, kind: str = Unprotected.KIT_UNHEARD) -> Spell:
    return Spell("h_okafor", kind, at(began), None if ended is None else at(ended))


def test_a_minute_counts_once_however_much_is_wrong() -> None:
    spells = [spell(10, 30), spell(20, 50, Unprotected.HUB_DEAF), spell(25, 26, Unprotected.NO_BUTTON), spell(70, 75)]
    assert minutes(spells, NOON, END) == 45
    assert by_reason(spells, NOON, END) == {"hub_deaf": 30, "kit_unheard": 25, "no_button": 1}


def test_only_what_is_in_the_month_counts_and_what_lasts_goes_on_to_its_end() -> None:
    assert minutes([spell(-60, 5), spell(590, None)], NOON, END) == 15
    assert minutes([spell(-60, -5), spell(600, None)], NOON, END) == 0


@given(some.lists(some.tuples(some.integers(-50, 700), some.integers(0, 200))))
def test_it_is_what_counting_minute_by_minute_gives(lengths: list[tuple[int, int]]) -> None:
    spells = [spell(began, began + lasting) for began, lasting in lengths]
    naive = sum(any(b <= minute < b + n for b, n in lengths) for minute in range(600))
    assert minutes(spells, NOON, END) == naive
