from dataclasses import replace
from datetime import timedelta

import pytest

from models.alert import Alert, Lane, State
from models.urgency import Circumstances, Graver, asks_for_a_look, because, graver, rank, unusual
from tests.conftest import NOON

MIN = timedelta(minutes=1)
OPEN = Alert(7, "h_okafor", "r_okafor", Lane.PERSON, "press", State.RAISED, NOON, NOON, NOON, 1, presses=1)
SILENCE = replace(OPEN, id=3, kind="silence", presses=0, round_began_at=NOON - timedelta(hours=2))
KIT = replace(OPEN, id=5, lane=Lane.KIT, kind="kit_unheard", presses=0)


def test_people_before_kits_unanswered_before_answered_and_kinds_in_the_order_of_the_field() -> None:
    again = replace(OPEN, id=2, presses=3, raised_at=NOON + MIN)
    answered = replace(OPEN, id=4, state=State.ANSWERED)
    older = replace(OPEN, id=6, round_began_at=NOON - 5 * MIN)
    fall, late = replace(OPEN, id=8, kind="fall"), replace(SILENCE, id=9, kind="not_up")
    order = sorted([KIT, answered, SILENCE, OPEN, older, again, late, fall], key=rank)
    assert [alert.id for alert in order] == [2, 6, 7, 8, 3, 9, 4, 5]


def test_a_silent_call_goes_before_all_others() -> None:
    known = {OPEN.id: Circumstances(unanswered=1)}
    again = replace(OPEN, id=2, round_began_at=NOON - 9 * MIN)
    order = sorted([again, SILENCE, OPEN], key=lambda one: rank(one, known.get(one.id, Circumstances())))
    assert [one.id for one in order] == [7, 2, 3]


def test_what_is_graver_goes_before_its_kind_and_never_before_another() -> None:
    grave = Circumstances(NOON, NOON, NOON + 5 * MIN, unusual=True, at_risk=True)
    known = {SILENCE.id: grave, 11: grave}
    presses = [OPEN, replace(OPEN, id=11, round_began_at=NOON + 5 * MIN)]
    order = sorted([SILENCE, *presses], key=lambda one: rank(one, known.get(one.id, Circumstances())))
    assert [one.id for one in order] == [11, 7, 3]


@pytest.mark.parametrize(
    ("sign", "heard", "still"),
    [(0, 5, True), (None, 5, True), (2, 5, False), (0, 2, False), (0, None, False)],
)
def test_no_movement_is_said_only_as_far_as_the_home_is_heard(sign: int | None, heard: int | None, still: bool) -> None:
    known = Circumstances(
        noticed_at=NOON,
        last_sign=None if sign is None else NOON + sign * MIN,
        heard_until=None if heard is None else NOON + heard * MIN,
    )
    assert (Graver.STILL in graver(OPEN, known)) is still
    assert Graver.STILL not in graver(SILENCE, known), "a silence says nothing else"


def test_who_moved_after_a_fall_is_not_said_to_lie_still_because_the_alert_grew_by_that() -> None:
    fall = replace(OPEN, kind="fall", presses=0)
    grown = Circumstances(noticed_at=NOON + 9 * MIN, last_sign=NOON + 9 * MIN, heard_until=NOON + 20 * MIN)
    assert Graver.STILL not in graver(fall, grown)
    assert Graver.STILL in graver(fall, replace(grown, last_sign=NOON))


def test_the_reason_is_one_line_and_a_usual_alert_has_none() -> None:
    everything = Circumstances(NOON, NOON, NOON + 5 * MIN, heard=False, unusual=True, at_risk=True, unanswered=2)
    lapsed = replace(OPEN, presses=2, lapsed_by="tom")
    assert because(graver(lapsed, everything)) == (
        "Rung, and nobody spoke; pressed again; an answer lapsed; at an unusual hour; no movement since; "
        "the home is no longer heard; a risk is on record."
    )
    assert because(graver(OPEN)) == ""
    assert graver(KIT, everything) == (), "a kit is at no risk"


def test_an_hour_is_unusual_by_the_homes_own_day_or_by_night() -> None:
    assert unusual(NOON.replace(hour=2))
    assert unusual(NOON.replace(hour=23))
    assert not unusual(NOON)
    owl = [0.9] * 12 + [0.05] * 20 + [0.8] * 16
    assert not unusual(NOON.replace(hour=2), owl)
    assert unusual(NOON.replace(hour=11), owl)


def test_what_asks_for_a_look() -> None:
    assert asks_for_a_look("not_up")
    assert asks_for_a_look("not_back_in_bed")
    for now in ("press", "fall", "silence", "long_lie", "not_back_home", "kit_unheard", "what we never heard of"):
        assert not asks_for_a_look(now)
