from dataclasses import replace

import pytest

from models.alert import LEGAL, REOPENED_WITHIN, Act, Alert, Lane, Outcome, Refused, State, after, reopened_until
from tests.conftest import NOON

OPEN = Alert(7, "h_okafor", "r_okafor", Lane.PERSON, "press", State.RAISED, NOON, NOON, NOON, 1, presses=1)
HELD = replace(OPEN, holder="tom")


@pytest.mark.parametrize(("state", "act"), [(state, act) for state in State for act in Act])
def test_every_change_is_in_the_table_or_refused(state: State, act: Act) -> None:
    alert = replace(HELD, state=state, lane=Lane.KIT)
    if (state, act) in LEGAL:
        assert after(alert, act, "tom") is LEGAL[state, act]
    else:
        with pytest.raises(Refused, match="alert"):
            after(alert, act, "tom")


def test_only_taking_the_closing_back_leads_out_of_closed() -> None:
    assert [act for (state, act), to in LEGAL.items() if state is not to and state is State.CLOSED] == [Act.REOPEN]
    closed = replace(HELD, state=State.CLOSED, outcome=Outcome.TEST, closed_at=NOON)
    assert reopened_until(closed) == NOON + REOPENED_WITHIN
    assert reopened_until(replace(closed, outcome=Outcome.CLEARED)) is None, "no hand did that"
    assert reopened_until(HELD) is None


def test_an_alert_about_a_person_never_clears_itself() -> None:
    with pytest.raises(Refused, match="only a person may end it"):
        after(OPEN, Act.CLEAR, "hub")


@pytest.mark.parametrize("act", [Act.SEND, Act.CLOSE])
def test_only_who_holds_it_may_send_or_close(act: Act) -> None:
    answered = replace(HELD, state=State.ANSWERED)
    with pytest.raises(Refused, match="somebody else holds this alert"):
        after(answered, act, "sunita")


def test_two_operators_can_not_both_answer() -> None:
    with pytest.raises(Refused):
        after(replace(HELD, state=State.ANSWERED), Act.ANSWER, "sunita")
