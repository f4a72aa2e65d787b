from dataclasses import replace
from datetime import timedelta

import pytest

from models.alert import LEGAL, Act, Alert, Lane, Refused, State, after, urgency
from tests.conftest import NOON

OPEN = Alert(7, "h_okafor", "r_okafor", Lane.PERSON, "press", State.RAISED, NOON, NOON, NOON, 1, presses=1)
HELD = replace(OPEN, holder="tom")


@pytest.mark.parametrize(("state", "act"), [(state, act) for state in State for act in Act])
def test_every_change_is_in_the_table_or_refused(state: State, act: Act) -> None:
    alert = replace(HELD, state=state, lane=Lane.KIT)
    if (state, act) in LEGAL:
        assert after(alert, act, "tom") is LEGAL[state, act]
    else:
        with pytest.raises(Refused, match="alert 7"):
            after(alert, act, "tom")


def test_nothing_leads_out_of_closed() -> None:
    assert not [state for state, _ in LEGAL if state is State.CLOSED]


def test_an_alert_about_a_person_never_clears_itself() -> None:
    with pytest.raises(Refused, match="only a person may end it"):
        after(OPEN, Act.CLEAR, "hub")


@pytest.mark.parametrize("act", [Act.SEND, Act.CLOSE])
def test_only_who_holds_it_may_send_or_close(act: Act) -> None:
    answered = replace(HELD, state=State.ANSWERED)
    with pytest.raises(Refused, match="held by tom"):
        after(answered, act, "sunita")


def test_two_operators_can_not_both_answer() -> None:
    with pytest.raises(Refused):
        after(replace(HELD, state=State.ANSWERED), Act.ANSWER, "sunita")


def test_the_queue_is_worked_by_urgency() -> None:
    press = OPEN
    again = replace(OPEN, id=2, presses=3, raised_at=NOON + timedelta(minutes=1))
    silence = replace(OPEN, id=3, kind="silence", presses=0, round_began_at=NOON - timedelta(hours=2))
    answered = replace(OPEN, id=4, state=State.ANSWERED)
    kit = replace(OPEN, id=5, lane=Lane.KIT, kind="kit_unheard", presses=0)
    older = replace(OPEN, id=6, round_began_at=NOON - timedelta(minutes=5))
    order = sorted([kit, answered, silence, press, older, again], key=urgency)
    assert [alert.id for alert in order] == [2, 6, 7, 3, 4, 5]
