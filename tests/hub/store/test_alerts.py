import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from hub.store import Store
from hub.store.alerts import HUB, Looked
from hub.store.database import writing
from models.alert import Act, Alert, HomeTold, Outcome, Refused, State
from models.detection import SEATED, Finding, FindingKind
from models.register import Register
from models.response import Tried

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def people(store: Store, register: Register) -> None:
    store.records.load(register, {"tom": "-", "ada": "-"})


def press(at: datetime, number: int = 1, home: str = "okafor-home") -> Finding:
    return Finding(FindingKind.PRESS, home, at, at, sensor="pendant", number=number)


def silence(at: datetime, *, over: bool = False) -> Finding:
    end = at + timedelta(hours=7)
    return Finding(FindingKind.SILENCE, "okafor-home", at, end, over=over, sensor="hall" if over else None)


def unheard(at: datetime, *, over: bool = False, sensor: str | None = None) -> Finding:
    kind = FindingKind.SENSOR_UNHEARD if sensor else FindingKind.KIT_UNHEARD
    return Finding(kind, "okafor-home", at, at, over=over, sensor=sensor)


def raised(store: Store, finding: Finding, now: datetime) -> Alert:
    outcome = store.alerts.raise_(finding, None if finding.kind.lane == "kit" else "grace", "It was noticed.", now)
    assert outcome is not None
    return outcome.alert


def test_a_finding_is_raised_once(store: Store, t0: datetime) -> None:
    first = store.alerts.raise_(press(t0), "grace", "Help was called for.", t0)
    assert first is not None
    assert first.new
    assert store.alerts.raise_(press(t0), "grace", "Help was called for.", t0) is None
    assert store.alerts.open_alerts() == [first.alert]
    assert first.alert.look_again_at == t0
    assert [(entry.act, entry.text) for entry in store.alerts.timeline(first.alert.id)] == [
        (Act.RAISE, "Help was called for.")
    ]


def test_a_burst_is_raised_together_or_not_at_all(store: Store, t0: datetime) -> None:
    burst = [(press(t0, 1), "grace", "One."), (press(t0, 2), "grace", "Two."), (press(t0, 1), "grace", "One.")]
    first, second, known = store.alerts.raise_all(burst, t0)
    assert first
    assert second
    assert (first.new, second.new, second.alert.presses, known) == (True, False, 2, None)
    nowhere = Finding(FindingKind.PRESS, "nowhere", t0, t0, number=9)
    with pytest.raises(IntegrityError):
        store.alerts.raise_all([(press(t0, 3), "grace", "Three."), (nowhere, None, "")], t0)
    assert [one.presses for one in store.alerts.open_alerts()] == [2]


def test_steps_of_many_alerts_are_written_down_together_but_for_what_was_changed_meanwhile(
    store: Store, t0: datetime
) -> None:
    first, second = (raised(store, press(t0, home=home), t0) for home in ("okafor-home", "next-door"))
    store.alerts.act(second.id, Act.ANSWER, "tom", t0)
    steps, again = ((0, "operator", "log"), (1, "ada", "email")), t0 + timedelta(minutes=3)
    attempts, none = store.alerts.take([Looked(one, steps, again) for one in (first, second)], t0)
    assert none == [], "it was answered"
    assert [(one.id, one.who) for one in store.alerts.attempts(first.id)] == [
        (attempts[0], "operator"),
        (attempts[1], "ada"),
    ]
    assert store.alerts.attempts_of([first.id, second.id])[second.id] == []
    now = store.alerts.alert(first.id)
    assert now is not None
    assert (now.look_again_at, now.version) == (again, first.version + 2)


def test_a_second_press_grows_the_open_alert(store: Store, t0: datetime) -> None:
    alert = raised(store, press(t0), t0)
    again = store.alerts.raise_(press(t0 + timedelta(seconds=9), 2), "grace", "Again.", t0)
    assert again is not None
    assert not again.new
    assert (again.alert.id, again.alert.presses) == (alert.id, 2)


def test_a_press_during_a_silence_makes_it_a_press_and_begins_the_round_anew(store: Store, t0: datetime) -> None:
    alert = raised(store, silence(t0), t0)
    store.alerts.look_again(alert, t0 + timedelta(hours=1))
    now = t0 + timedelta(minutes=20)
    grown = raised(store, press(now), now)
    assert (grown.id, grown.kind, grown.look_again_at, grown.round_began_at) == (alert.id, "press", now, now)


def test_lanes_and_homes_have_alerts_of_their_own(store: Store, t0: datetime) -> None:
    numbers = {raised(store, finding, t0).id for finding in (press(t0), unheard(t0))}
    other = store.alerts.raise_(press(t0, home="next-door"), "neil", "", t0)
    assert other is not None
    assert len({*numbers, other.alert.id}) == 3


def test_a_life_from_raised_to_closed(store: Store, t0: datetime) -> None:
    alert = raised(store, press(t0), t0)
    answered = store.alerts.act(alert.id, Act.ANSWER, "tom", t0)
    assert (answered.holder, answered.look_again_at) == ("tom", t0 + timedelta(minutes=3))
    later = t0 + timedelta(minutes=2)
    noted = store.alerts.act(alert.id, Act.NOTE, "tom", later, text="She is on the floor.")
    assert noted.look_again_at == later + timedelta(minutes=3)
    sent = store.alerts.act(alert.id, Act.SEND, "tom", later, text="priya")
    assert (sent.state, sent.look_again_at) == (State.ATTENDING, later + timedelta(minutes=45))
    with pytest.raises(Refused, match="without an outcome"):
        store.alerts.act(alert.id, Act.CLOSE, "tom", later)
    closed = store.alerts.act(alert.id, Act.CLOSE, "tom", later, outcome=Outcome.FALL)
    assert (closed.state, closed.look_again_at, closed.closed_at) == (State.CLOSED, None, later)
    assert store.alerts.open_alerts() == []
    assert store.alerts.alert(alert.id) == closed
    acts = [entry.act for entry in store.alerts.timeline(alert.id)]
    assert acts == [Act.RAISE, Act.ANSWER, Act.NOTE, Act.SEND, Act.CLOSE]


def test_a_note_by_somebody_else_does_not_renew(store: Store, t0: datetime) -> None:
    alert = raised(store, press(t0), t0)
    answered = store.alerts.act(alert.id, Act.ANSWER, "tom", t0)
    noted = store.alerts.act(alert.id, Act.NOTE, "maria", t0 + timedelta(minutes=1), text="Shall I help?")
    assert noted.look_again_at == answered.look_again_at


def test_what_the_table_refuses_is_refused(store: Store, t0: datetime) -> None:
    alert = raised(store, press(t0), t0)
    with pytest.raises(Refused):
        store.alerts.act(alert.id, Act.CLOSE, "tom", t0, outcome=Outcome.TEST)
    with pytest.raises(Refused):
        store.alerts.act(alert.id, Act.CLEAR, HUB, t0)
    with pytest.raises(LookupError):
        store.alerts.act(999, Act.ANSWER, "tom", t0)
    assert [entry.act for entry in store.alerts.timeline(alert.id)] == [Act.RAISE]


def test_an_answer_lapses_by_time_and_not_before(store: Store, t0: datetime) -> None:
    alert = raised(store, press(t0), t0)
    store.alerts.act(alert.id, Act.ANSWER, "tom", t0)
    with pytest.raises(Refused, match="held by tom until"):
        store.alerts.act(alert.id, Act.LAPSE, HUB, t0 + timedelta(minutes=2))
    now = t0 + timedelta(minutes=3)
    lapsed = store.alerts.act(alert.id, Act.LAPSE, HUB, now)
    assert (lapsed.state, lapsed.holder, lapsed.lapsed_by) == (State.RAISED, None, "tom")
    assert lapsed.look_again_at == lapsed.round_began_at == now


def test_a_fault_clears_when_all_of_it_is_over(store: Store, t0: datetime) -> None:
    alert = raised(store, unheard(t0), t0)
    raised(store, unheard(t0, sensor="hall"), t0)
    raised(store, unheard(t0, sensor="bed"), t0)
    later = t0 + timedelta(minutes=5)
    assert raised(store, unheard(later, over=True), later).state is State.RAISED
    assert raised(store, unheard(later, over=True, sensor="hall"), later).state is State.RAISED
    cleared = raised(store, unheard(later, over=True, sensor="bed"), later)
    assert (cleared.id, cleared.state, cleared.outcome) == (alert.id, State.CLOSED, Outcome.CLEARED)
    assert raised(store, unheard(later), later).id != alert.id


def test_a_silence_that_is_over_only_grows_its_timeline(store: Store, t0: datetime) -> None:
    alert = raised(store, silence(t0), t0)
    store.alerts.raise_(silence(t0, over=True), "grace", "A sign of life at 10:12: hall motion.", t0)
    after = store.alerts.alert(alert.id)
    assert after is not None
    assert after.state is State.RAISED
    assert store.alerts.timeline(alert.id)[-1].text == "A sign of life at 10:12: hall motion."


def test_a_chair_that_speaks_against_a_fall_is_told_calls_nobody_again_and_raises_nothing(
    store: Store, t0: datetime
) -> None:
    fell = Finding(FindingKind.FALL, "okafor-home", t0, t0, "pendant", evidence={"stage": "felt"})
    seated = replace(fell, at=t0 + 3 * MINUTE, evidence={"stage": SEATED}, number=16)
    alert = raised(store, fell, t0)
    grown = raised(store, seated, t0 + 3 * MINUTE)
    assert grown == replace(alert, version=alert.version + 1)
    assert [one.act for one in store.alerts.timeline(alert.id)] == [Act.RAISE, Act.GROW]
    store.alerts.act(alert.id, Act.ANSWER, "tom", t0 + 4 * MINUTE)
    store.alerts.act(alert.id, Act.CLOSE, "tom", t0 + 5 * MINUTE, outcome=Outcome.FALSE)
    late = replace(seated, number=17)
    assert store.alerts.raise_(late, "grace", "Somebody sits in the chair.", t0 + 6 * MINUTE) is None
    assert store.alerts.open_alerts() == []


def test_an_end_that_concerns_nothing_open_changes_nothing(store: Store, t0: datetime) -> None:
    assert store.alerts.raise_(unheard(t0, over=True), None, "", t0) is None
    alert = raised(store, silence(t0), t0)
    store.alerts.act(alert.id, Act.ANSWER, "tom", t0)
    store.alerts.act(alert.id, Act.CLOSE, "tom", t0, outcome=Outcome.AWAY)
    before = store.alerts.latest_change()
    assert store.alerts.raise_(silence(t0, over=True), "grace", "", t0) is None
    assert store.alerts.latest_change() == before


def test_due_is_people_first(store: Store, t0: datetime) -> None:
    kit = raised(store, unheard(t0), t0 - timedelta(hours=1))
    person = raised(store, press(t0), t0)
    assert [alert.id for alert in store.alerts.due(t0)] == [person.id, kit.id]
    assert store.alerts.look_again(person, t0 + timedelta(minutes=1))
    assert [alert.id for alert in store.alerts.due(t0)] == [kit.id]


def test_intent_is_written_by_one_of_two(store: Store, t0: datetime) -> None:
    alert = raised(store, press(t0), t0)
    first = store.alerts.intend(alert, 0, "operator", "log", t0)
    assert first is not None
    assert store.alerts.intend(alert, 0, "operator", "log", t0) is None
    assert not store.alerts.look_again(alert, t0 + timedelta(hours=1)), "it was seen before the attempt"
    assert [one.id for one in store.alerts.unfinished(t0)] == [first]
    assert store.alerts.finish(first, Tried.SENT, "", t0)
    assert not store.alerts.finish(first, Tried.FAILED, "too late", t0)
    assert [one.tried for one in store.alerts.attempts(alert.id)] == [Tried.SENT]


def test_a_failed_attempt_is_looked_into_at_once(store: Store, t0: datetime) -> None:
    alert = raised(store, press(t0), t0)
    attempt = store.alerts.intend(alert, 0, "ada", "email", t0)
    assert attempt is not None
    store.alerts.look_again(replace(alert, version=alert.version + 1), t0 + timedelta(minutes=3))
    assert store.alerts.due(t0) == []
    store.alerts.finish(attempt, Tried.FAILED, "no mail server is set up", t0)
    assert [one.id for one in store.alerts.due(t0)] == [alert.id]
    assert "no mail server" in store.alerts.timeline(alert.id)[-1].text


def test_nobody_is_reached_about_what_is_answered(store: Store, t0: datetime) -> None:
    alert = raised(store, press(t0), t0)
    assert store.alerts.intend(store.alerts.act(alert.id, Act.ANSWER, "tom", t0), 0, "operator", "log", t0) is None
    assert store.alerts.intend(alert, 0, "operator", "log", t0) is None


def test_an_answer_about_a_person_orders_that_the_home_is_told(store: Store, t0: datetime) -> None:
    kit, person = raised(store, unheard(t0), t0), raised(store, press(t0), t0)
    for alert in (kit, person):
        store.alerts.act(alert.id, Act.ANSWER, "tom", t0)
    (order,) = store.alerts.orders()
    assert (order.home, order.order, order.open) == ("okafor-home", "help_coming", True)
    store.alerts.ordered([order], HomeTold.SAID, t0)
    assert store.alerts.orders() == []
    assert store.alerts.timeline(person.id)[-1].text == HomeTold.SAID
    assert store.records.broken_logs() == []


def test_two_workers_raise_once_and_answer_once(store: Store, t0: datetime) -> None:
    raises: list[bool] = []
    answers: list[str] = []

    def work(name: str) -> None:
        raises.extend(store.alerts.raise_(press(t0, n), "grace", "", t0) is not None for n in range(1, 11))
        alert = store.alerts.open_alerts()[0]
        try:
            store.alerts.act(alert.id, Act.ANSWER, name, t0)
            answers.append(name)
        except Refused:
            pass

    workers = [threading.Thread(target=work, args=(name,)) for name in ("tom", "maria", "sam")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    (alert,) = store.alerts.open_alerts()
    assert (sum(raises), alert.presses, len(raises)) == (10, 10, 30)
    assert answers == [alert.holder]


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE alerts SET look_again_at = NULL",
        "UPDATE alerts SET state = 'closed', look_again_at = NULL",
        "UPDATE alerts SET state = 'forgotten'",
        "UPDATE alerts SET lane = 'none'",
        "UPDATE alerts SET home = 'nowhere'",
    ],
)
def test_the_database_itself_refuses(store: Store, t0: datetime, wrong: str) -> None:
    raised(store, press(t0), t0)
    with pytest.raises(IntegrityError), writing(store.alerts._engine) as connection:
        connection.execute(text(wrong))


@pytest.mark.parametrize("finding", [FindingKind.PRESS, FindingKind.KIT_UNHEARD])
def test_the_database_refuses_a_second_open_alert(store: Store, t0: datetime, finding: FindingKind) -> None:
    raised(store, Finding(finding, "okafor-home", t0, t0), t0)
    columns = "home, resident, lane, kind, state, raised_at, round_began_at, look_again_at, version, presses"
    copy = text(f"INSERT INTO alerts ({columns}) SELECT {columns} FROM alerts")
    with pytest.raises(IntegrityError), writing(store.alerts._engine) as connection:
        connection.execute(copy)


def test_a_changed_log_shows(store: Store, t0: datetime) -> None:
    alert = raised(store, press(t0), t0)
    store.alerts.act(alert.id, Act.ANSWER, "tom", t0)
    store.alerts.act(alert.id, Act.NOTE, "tom", t0, text="She fell.")
    assert store.records.broken_logs() == []
    with writing(store.alerts._engine) as connection:
        connection.execute(text("DELETE FROM timeline WHERE act = 'answer'"))
    assert store.records.broken_logs() == ["the log 'timeline' was changed at row 3"]


def test_counts_are_by_home_and_kind(store: Store, t0: datetime) -> None:
    raised(store, press(t0), t0)
    raised(store, press(t0, 2), t0)
    raised(store, unheard(t0), t0)
    raised(store, unheard(t0 + timedelta(hours=1), over=True), t0)
    assert store.alerts.counts() == {
        "okafor-home": {"alerts": {"press": 1, "kit_unheard": 1}, "findings": {"press": 2, "kit_unheard": 1}}
    }
