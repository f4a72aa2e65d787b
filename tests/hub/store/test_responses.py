from datetime import datetime, timedelta

import pytest

from hub.store import Store
from hub.store.responses import Responses
from models.alert import Act, Alert, Outcome, Refused, State
from models.detection import Finding, FindingKind
from models.register import Register
from models.response import Answer, Tried, held_until

MIN = timedelta(minutes=1)


@pytest.fixture
def responses(store: Store, register: Register) -> Responses:
    store.records.load(register, {one.login: "-" for one in register.accounts})
    return Responses(store.alerts.engine)


def press(store: Store, at: datetime, number: int = 1) -> Alert:
    finding = Finding(FindingKind.PRESS, "okafor-home", at, at, number=number)
    raised = store.alerts.raise_(finding, "grace", "Help was called for.", at)
    assert raised is not None
    return raised.alert


def reach(store: Store, alert: Alert, at: datetime) -> int:
    now = store.alerts.alert(alert.id)
    assert now is not None
    attempt = store.alerts.intend(now, 1, "ada", "email", at)
    assert attempt is not None
    store.alerts.finish(attempt, Tried.SENT, "told", at)
    return attempt


def test_the_word_of_a_contact_stops_the_chain_for_all(store: Store, responses: Responses, t0: datetime) -> None:
    alert = press(store, t0)
    attempt = reach(store, alert, t0)
    said = responses.replied(attempt, Answer.ON_THE_WAY, t0 + MIN)
    assert (said.answer, said.answered_at, said.holds_until) == (Answer.ON_THE_WAY, t0 + MIN, t0 + 31 * MIN)
    now = store.alerts.alert(alert.id)
    assert now is not None
    assert (now.state, now.look_again_at) == (State.RAISED, t0 + 31 * MIN)
    last = store.alerts.timeline(alert.id)[-1]
    assert (last.act, last.actor, last.text) == (Act.REPLY, "ada", "on the way.")


def test_the_first_word_stands(store: Store, responses: Responses, t0: datetime) -> None:
    attempt = reach(store, press(store, t0), t0)
    responses.replied(attempt, Answer.REFUSED, t0)
    assert responses.replied(attempt, Answer.FINE, t0 + MIN).answer is Answer.REFUSED
    assert held_until(store.alerts.attempts(1), t0 + MIN) is None


def test_a_word_about_what_is_over_changes_nothing(store: Store, responses: Responses, t0: datetime) -> None:
    alert = press(store, t0)
    attempt = reach(store, alert, t0)
    store.alerts.act(alert.id, Act.ANSWER, "tom", t0)
    store.alerts.act(alert.id, Act.CLOSE, "tom", t0, outcome=Outcome.ACCIDENT)
    with pytest.raises(Refused, match="it is over"):
        responses.replied(attempt, Answer.ON_THE_WAY, t0 + MIN)
    assert store.alerts.attempts(alert.id)[0].answer is None


def test_a_further_press_makes_an_old_word_worthless(store: Store, responses: Responses, t0: datetime) -> None:
    alert = press(store, t0)
    responses.replied(reach(store, alert, t0), Answer.FINE, t0)
    pressed = press(store, t0 + MIN, number=2)
    assert (pressed.id, pressed.look_again_at) == (alert.id, t0 + MIN)
    assert held_until(store.alerts.attempts(alert.id), t0 + MIN) is None


def test_what_an_operator_tried_is_on_record_and_renews_the_answer(
    store: Store, responses: Responses, t0: datetime
) -> None:
    alert = press(store, t0)
    with pytest.raises(Refused, match="answer it before you ring"):
        responses.tried(alert.id, 1, "grace", "tel", Answer.VOICEMAIL, "tom", t0, "")
    store.alerts.act(alert.id, Act.ANSWER, "tom", t0)
    moved = responses.tried(alert.id, 1, "ada", "tel", Answer.VOICEMAIL, "tom", t0 + MIN, "Left no message.")
    assert moved.look_again_at == t0 + 4 * MIN
    (attempt,) = store.alerts.attempts(alert.id)
    assert (attempt.actor, attempt.answer, attempt.holds_until) == ("tom", Answer.VOICEMAIL, None)
    assert store.alerts.timeline(alert.id)[-1].text == "ada: voicemail.\nLeft no message."
    assert store.records.broken_logs() == []


def test_an_attempt_that_is_not_there(responses: Responses, t0: datetime) -> None:
    assert responses.attempt(9) is None
    with pytest.raises(LookupError):
        responses.replied(9, Answer.FINE, t0)
