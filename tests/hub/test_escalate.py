"""A clock moved by hand, a real store, and transports that append to a list."""

import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

import hub.asking
import hub.escalate
from hub import transports
from hub.calls import Calls
from hub.clock import Clock
from hub.escalate import AT_ONCE, TOLD_AGAIN_AFTER, Escalate, Handed, Sending
from hub.keyring import Keyring
from hub.links import Expired, Links, Matter
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.afterwards import Afterwards
from hub.store.alerts import Looked
from hub.store.key_safes import KeySafes
from hub.store.records import Beat
from hub.store.register import Change, keep
from hub.store.relatives import Relatives
from hub.store.responses import Responses
from hub.store.ways import Ways
from hub.transports import Call, Unreached
from models.alert import Act, Alert, HomeTold, Lane, Outcome, State
from models.detection import Finding, FindingKind
from models.notices import Preferences
from models.people import Account, Address, Level, Role
from models.privacy import Data
from models.register import PlanOf, Register
from models.response import OUTSIDE, TELEPHONE, Answer, ResponsePlan, Step, Tried
from models.wire import Heartbeat, Leg, Order, encode, read_down
from tests.conftest import eventually
from tests.hub.conftest import Hand, Told


class Line:
    """A link that keeps what it is told to publish."""

    def __init__(self) -> None:
        self.hindrance = ""
        self.sent: list[tuple[str, Leg, bytes]] = []
        self.taken = True

    def tell(self, home: str, leg: Leg, content: bytes) -> Handed:
        self.sent.append((home, leg, content))
        return self

    def is_published(self) -> bool:
        return self.taken


class Desk:
    """An escalation with a few transports, turned by hand."""

    def __init__(self, store: Store, hand: Hand, time_limit: float = 20.0, *, partner: bool = False) -> None:
        self.store, self.hand, self.line = store, hand, Line()
        self.told = {"log": Told(), "email": Told(), "partner": Told()}
        self.sending = Sending(self.told, time_limit)
        clock = Clock(str(hand.path))
        self.links = Links(Keyring(hand.path.parent / "secrets"))
        calls = Calls(store, self.links, "https://hub.example", phone="01632 960999")
        self.escalate = Escalate(
            store, self.line, self.sending, self.told, clock, threading.Event(), calls, partner=partner
        )

    def turn(self, **by: float) -> None:
        if by:
            self.hand.move(**by)
        self.escalate.turn()

    def settle(self, count: int, transport: str = "log") -> None:
        """Turn until so many were told and their outcome is known."""

        def settled() -> bool:
            self.turn()
            return len(self.told[transport].calls) >= count and not self.store.alerts.unfinished(self.hand.now)

        eventually(settled)

    def told_whom(self, transport: str = "log") -> list[str]:
        return [call.who for call in self.told[transport].calls]


@pytest.fixture
def store(tmp_path: Path, register: Register) -> Store:
    store = open_store(Settings(data_dir=str(tmp_path / "data")))
    store.records.load(register, {one.login: "-" for one in register.accounts})
    return store


@pytest.fixture
def desk(store: Store, hand: Hand) -> Desk:
    return Desk(store, hand)


def raised(desk: Desk, kind: FindingKind = FindingKind.PRESS, resident: str | None = "grace") -> Alert:
    finding = Finding(kind, "okafor-home", desk.hand.now, desk.hand.now, number=1)
    outcome = desk.store.alerts.raise_(
        finding, resident, "Help was called for with the pendant at 08:00.", desk.hand.now
    )
    assert outcome is not None
    return outcome.alert


def agree(store: Store, *steps: Step, resident: str = "grace", kind: str = "default") -> None:
    store.records.load(Register(plans=(PlanOf(resident, ResponsePlan(kind, steps)),)), {})


def state(desk: Desk, alert: Alert) -> State:
    now = desk.store.alerts.alert(alert.id)
    assert now is not None
    return now.state


def test_the_built_in_plan_never_ends(desk: Desk) -> None:
    raised(desk)
    desk.settle(1)
    for minutes in (3, 3, 3, 3):
        before = len(desk.told["log"].calls)
        desk.turn(minutes=minutes)
        desk.settle(before + 1)
    assert desk.told_whom() == ["operator", *["supervisor"] * 4]


def test_nothing_is_done_twice_or_too_early(desk: Desk) -> None:
    raised(desk)
    desk.settle(1)
    for _ in range(5):
        desk.turn(seconds=30)
    assert desk.told_whom() == ["operator"]


def test_the_plan_agreed_with_the_resident_is_kept_to(desk: Desk) -> None:
    agree(desk.store, Step("operator", "log"), Step("ada", "email", timedelta(minutes=5)))
    raised(desk)
    desk.settle(1)
    desk.turn(minutes=5)
    desk.settle(1, "email")
    (call,) = desk.told["email"].calls
    assert (call.who, call.to) == ("ada", ("ada@home.example",))
    assert "Please check on Mrs Okafor" in call.text
    assert "Ring the contact centre: 01632 960999" in call.text
    assert "08:00" not in call.text, "she is to know that all is well, or not, and no more"


def test_a_contact_who_may_see_times_is_told_more(desk: Desk, register: Register) -> None:
    desk.store.records.load(Register(contacts=(replace(register.contacts[0], level=Level.TIMES),)), {})
    agree(desk.store, Step("ada", "email"))
    raised(desk)
    desk.settle(1, "email")
    text = desk.told["email"].calls[0].text
    assert "08:00" in text
    assert "would clear it" not in text, "that is for whoever closes it"
    assert "  " not in text


def test_karl_is_told_nothing_whatever_a_plan_says(desk: Desk) -> None:
    agree(desk.store, Step("karl", "email"), Step("operator", "log", timedelta(minutes=9)))
    alert = raised(desk)
    desk.settle(1)
    assert desk.told["email"].calls == []
    failed, reached = desk.store.alerts.attempts(alert.id)
    assert (failed.who, failed.tried) == ("karl", Tried.FAILED)
    assert (reached.who, reached.tried) == ("operator", Tried.SENT)


@pytest.mark.parametrize("fault", [Unreached("the mail server refused: 550"), RuntimeError("a bug in a transport")])
def test_a_failed_step_leads_to_the_next_at_once(desk: Desk, fault: Exception) -> None:
    agree(desk.store, Step("ada", "email"), Step("operator", "log", timedelta(minutes=9)))
    desk.told["email"].fault = fault
    alert = raised(desk)
    desk.settle(1)
    assert [one.tried for one in desk.store.alerts.attempts(alert.id)] == [Tried.FAILED, Tried.SENT]
    assert desk.hand.now == alert.raised_at


@pytest.mark.parametrize(
    "step", [Step("operator", "pigeon"), Step("nobody", "log"), Step("neil", "email"), Step("supervisor", "email")]
)
def test_a_step_that_cannot_be_taken_fails_and_leads_on(desk: Desk, step: Step) -> None:
    desk.told["email"].needs_address = True
    agree(desk.store, step, Step("operator", "log", timedelta(minutes=9)))
    alert = raised(desk)
    desk.settle(1)
    assert [one.tried for one in desk.store.alerts.attempts(alert.id)] == [Tried.FAILED, Tried.SENT]


def test_a_transport_that_hangs_delays_nobody(store: Store, hand: Hand) -> None:
    desk = Desk(store, hand, time_limit=2.0)
    desk.told["email"].hold.clear()
    agree(store, Step("ada", "email"), Step("operator", "log", timedelta(minutes=9)))
    agree(store, Step("operator", "log"), kind="kit_unheard")
    hanging = raised(desk)
    desk.turn()
    raised(desk, FindingKind.KIT_UNHEARD, None)
    desk.turn()
    eventually(desk.told_whom)
    assert desk.told_whom("email") == [], "that hangs still"
    desk.settle(2)
    (first, second) = store.alerts.attempts(hanging.id)
    assert (first.tried, first.detail) == (Tried.FAILED, "it was not known after 2 s whether it went through")
    assert second.tried is Tried.SENT
    desk.told["email"].hold.set()


def test_nobody_is_called_about_what_is_answered(desk: Desk) -> None:
    alert = raised(desk)
    desk.store.alerts.act(alert.id, Act.ANSWER, "tom", desk.hand.now)
    desk.turn(minutes=2)
    desk.turn()
    assert desk.told_whom() == []


def test_an_answer_nobody_follows_up_stands_open_again(desk: Desk) -> None:
    alert = raised(desk)
    desk.settle(1)
    desk.store.alerts.act(alert.id, Act.ANSWER, "tom", desk.hand.now)
    desk.turn(minutes=3)
    assert state(desk, alert) is State.RAISED
    desk.settle(2)
    assert desk.told_whom() == ["operator", "operator"]
    lapse = next(entry for entry in desk.store.alerts.timeline(alert.id) if entry.act is Act.LAPSE)
    assert "tom" in lapse.text


def test_a_closed_alert_is_left_alone(desk: Desk) -> None:
    alert = raised(desk)
    desk.settle(1)
    desk.store.alerts.act(alert.id, Act.ANSWER, "tom", desk.hand.now)
    desk.store.alerts.act(alert.id, Act.CLOSE, "tom", desk.hand.now, outcome=Outcome.ACCIDENT)
    desk.turn(hours=9)
    assert desk.told_whom() == ["operator"]


def test_what_was_under_way_when_the_hub_ended_is_done_again(desk: Desk, store: Store, hand: Hand) -> None:
    alert = raised(desk)
    assert store.alerts.intend(alert, 0, "operator", "log", hand.now) is not None
    desk.settle(1)
    assert [one.tried for one in store.alerts.attempts(alert.id)] == [Tried.UNKNOWN, Tried.SENT]


def test_a_step_that_the_hub_falls_over_twice_has_failed(store: Store, hand: Hand) -> None:
    agree(store, Step("ada", "email"), Step("operator", "log", timedelta(minutes=9)))
    desk = Desk(store, hand)
    alert = raised(desk)
    for _ in range(2):
        now = store.alerts.alert(alert.id)
        assert now is not None
        assert store.alerts.intend(now, 0, "ada", "email", hand.now) is not None
        desk = Desk(store, hand)
        desk.escalate._recover()
    desk.settle(1)
    assert desk.told_whom() == ["operator"]
    assert desk.told_whom("email") == []


def test_two_hubs_take_each_step_once(store: Store, hand: Hand) -> None:
    desks = [Desk(store, hand), Desk(store, hand)]
    for desk in desks:
        desk.turn()
    alerts = [raised(desks[0])]
    threads = [threading.Thread(target=lambda desk=desk: [desk.turn() for _ in range(20)]) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: len(desks[0].told_whom() + desks[1].told_whom()) == len(alerts))
    assert len(store.alerts.attempts(alerts[0].id)) == 1


def test_the_home_is_told_that_help_is_coming(desk: Desk) -> None:
    alert = raised(desk)
    desk.line.hindrance = "not connected"
    desk.store.alerts.act(alert.id, Act.ANSWER, "tom", desk.hand.now)
    desk.turn()
    assert desk.line.sent == []
    desk.line.hindrance, desk.line.taken = "", False
    desk.turn()
    desk.turn()
    ((home, leg, content),) = desk.line.sent
    assert (home, leg, read_down(content).order) == ("okafor-home", Leg.DOWN, Order.HELP_COMING)
    assert len(desk.store.alerts.orders()) == 1, "the broker has not taken it yet"
    desk.line.taken = True
    desk.turn()
    assert desk.store.alerts.orders() == []
    assert of_the_home(desk, alert) == [HomeTold.SENT], "a kit that can't say more"


def of_the_home(desk: Desk, alert: Alert) -> list[str]:
    return [one.text for one in desk.store.alerts.timeline(alert.id) if one.text in set(HomeTold)]


def beats(desk: Desk, *obeyed: str) -> None:
    now = desk.hand.now
    told = Heartbeat("box", now, now, obeyed=obeyed)
    desk.store.records.beat([Beat("okafor-home", encode(told), now, now)])


def test_the_home_is_told_again_until_its_kit_says_that_help_was_announced_there(desk: Desk) -> None:
    """The broker took it while the kit was away for a moment."""
    alert = raised(desk)
    beats(desk)
    desk.store.alerts.act(alert.id, Act.ANSWER, "tom", desk.hand.now)
    for _ in range(3):
        desk.turn()
    (first,) = desk.line.sent
    ((order, (handed, at)),) = desk.escalate._telling.items()
    desk.escalate._telling[order] = handed, at - TOLD_AGAIN_AFTER
    desk.turn()
    assert desk.line.sent == [first, first]
    assert of_the_home(desk, alert) == []
    beats(desk, "order-0-0", read_down(first[2]).id)
    desk.turn()
    assert of_the_home(desk, alert) == [HomeTold.SAID]
    assert desk.store.alerts.orders() == []


def test_that_the_home_could_not_be_told_is_said(desk: Desk) -> None:
    alert = raised(desk)
    beats(desk)
    desk.store.alerts.act(alert.id, Act.ANSWER, "tom", desk.hand.now, hold=timedelta(hours=1))
    desk.turn()
    desk.turn(minutes=11)
    assert of_the_home(desk, alert) == [HomeTold.NOT]
    desk.turn()
    assert len(desk.line.sent) == 1


def test_help_that_is_no_longer_coming_is_not_announced(desk: Desk) -> None:
    alert = raised(desk)
    desk.store.alerts.act(alert.id, Act.ANSWER, "tom", desk.hand.now)
    desk.store.alerts.act(alert.id, Act.CLOSE, "tom", desk.hand.now, outcome=Outcome.ACCIDENT)
    desk.turn()
    assert desk.line.sent == []
    assert desk.store.alerts.orders() == []


def test_an_alert_about_nobody_in_particular_follows_the_first_plan_of_the_home(
    desk: Desk, register: Register, t0: datetime
) -> None:
    second = replace(register.residents[0], id="amos", name="Amos Okafor", called="Mr Okafor")
    desk.store.records.load(Register(residents=(second,)), {})
    agree(desk.store, Step("ada", "email"))
    raised(desk, FindingKind.SILENCE, None)
    desk.settle(1, "email")
    assert desk.told_whom("email") == ["ada"]


def test_staff_are_told_what_and_where_to_look(desk: Desk) -> None:
    agree(desk.store, Step("operator", "email"))
    alert = raised(desk)
    desk.settle(1, "email")
    (call,) = desk.told["email"].calls
    assert call.to == ("tom@centre.example",)
    assert f"https://hub.example/console/alert/{alert.id}" in call.text
    assert "Okafor" not in call.subject


def test_another_councils_staff_are_told_nothing(desk: Desk) -> None:
    west = Account("west", "Wes Tarn", Role.OPERATOR, None, (Address("email", "west@moor.example"),), "Westmoor")
    desk.store.records.load(Register(accounts=(west,)), {"west": "-"})
    agree(desk.store, Step("operator", "email"))
    raised(desk)
    desk.settle(1, "email")
    assert [call.to for call in desk.told["email"].calls] == [("tom@centre.example",)]


def _trying() -> set[threading.Thread]:
    return {one for one in threading.enumerate() if one.name.startswith("attempt-")}


def test_attempts_that_all_hang_do_not_pile_up_for_ever(store: Store, hand: Hand) -> None:
    before = _trying()
    desk = Desk(store, hand, time_limit=0.01)
    desk.told["log"].hold.clear()
    raised(desk)
    for _ in range(30):
        desk.turn(minutes=3)
        time.sleep(0.012)
    desk.turn()
    assert len(_trying() - before) <= AT_ONCE
    details = {one.detail for one in store.alerts.attempts(1)}
    assert any("still under way" in detail for detail in details)
    desk.told["log"].hold.set()


def test_an_alert_that_cannot_be_escalated_holds_up_no_other(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = desk.store.records.plan

    def broken(resident: str | None, kind: str, lane: Lane) -> ResponsePlan:
        if kind == "press":
            raise KeyError("a bug")
        return honest(resident, kind, lane)

    monkeypatch.setattr(desk.store.records, "plan", broken)
    monkeypatch.setattr(hub.escalate, "ALERTS_AT_ONCE", 1)
    bad, good = raised(desk), raised(desk, FindingKind.KIT_UNHEARD, None)
    with pytest.raises(KeyError) as bug:
        desk.turn()
    desk.escalate.stumbled(bug.value)
    desk.settle(1)
    assert [one.alert for one in desk.store.alerts.attempts(good.id)] == [good.id]
    assert desk.escalate.standing()[1] == f"can't be escalated: alert {bad.id}"


def test_a_clock_that_was_ahead_and_is_set_back_leaves_nobody_waiting(desk: Desk) -> None:
    """What was put off by it would wait for a year. A muted home goes on waiting, as it was told to."""
    answered, held = raised(desk), raised(desk, FindingKind.SILENCE, None)
    desk.settle(2)
    desk.turn(days=365)
    desk.settle(4)
    desk.store.alerts.act(answered.id, Act.ANSWER, "tom", desk.hand.now)
    desk.escalate._responses.volunteered(held.id, "ada", Answer.ON_THE_WAY, desk.hand.now)
    desk.turn(days=-365, minutes=1)
    (waiting,) = [one for one in desk.store.alerts.open_alerts() if one.id == answered.id]
    assert waiting.look_again_at == desk.hand.now + timedelta(minutes=3), "Tom has as long as ever"
    told = len(desk.told["log"].calls)
    desk.turn(minutes=3)
    assert state(desk, answered) is State.RAISED
    desk.turn(minutes=28)
    desk.settle(told + 2)
    assert {call.alert for call in desk.told["log"].calls[told:]} == {answered.id, held.id}


def test_what_was_under_way_by_a_clock_that_was_ahead_is_taken_again_by_a_hub_that_begins_anew(desk: Desk) -> None:
    alert = raised(desk)
    desk.hand.move(days=30)
    (attempt,) = desk.store.alerts.take([Looked(alert, ((0, "operator", "log"),), desk.hand.now)], desk.hand.now)[0]
    desk.store.records.turned("escalate", 0.0, desk.hand.now)
    desk.hand.move(days=-30)
    again = Desk(desk.store, desk.hand)
    again.settle(1)
    tried = {one.id: one.tried for one in again.store.alerts.attempts(alert.id)}
    assert tried.pop(attempt) is Tried.UNKNOWN
    assert list(tried.values()) == [Tried.SENT]


def test_a_clock_that_was_set_back_while_the_hub_was_down(desk: Desk) -> None:
    alert = raised(desk)
    desk.hand.move(days=30)
    desk.store.alerts.act(alert.id, Act.ANSWER, "tom", desk.hand.now)
    desk.store.records.turned("escalate", 0.0, desk.hand.now)
    desk.hand.move(days=-30)
    again = Desk(desk.store, desk.hand)
    again.turn()
    again.turn(minutes=4)
    assert state(again, alert) is State.RAISED


def test_an_outcome_that_the_hub_fails_to_learn_from_holds_up_no_alert(desk: Desk) -> None:
    """Somebody's word about an attempt that was erased meanwhile."""
    raised(desk)
    desk.escalate._to_finish.append(hub.escalate.Outcome(99, Tried.SENT, "told", "log", Answer.FINE))
    with pytest.raises(LookupError) as gone:
        desk.turn()
    desk.escalate.stumbled(gone.value)
    desk.settle(1)
    assert desk.told_whom() == ["operator"]


@pytest.mark.parametrize("error", [OperationalError("SELECT", {}, Exception("locked")), KeyError("a slip")])
def test_a_step_that_the_hub_fails_over_after_it_was_written_down_is_taken_or_has_failed(
    desk: Desk, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would stand as under way for as long as the hub does."""
    agree(desk.store, Step("ada", "email"), Step("operator", "log", timedelta(minutes=9)))
    honest, calls = desk.escalate._calls.call, list[int]()

    def once_fails(*of: Any) -> Call:
        calls.append(1)
        if len(calls) == 1:
            raise error
        return honest(*of)

    monkeypatch.setattr(desk.escalate._calls, "call", once_fails)
    alert = raised(desk)
    with pytest.raises(type(error)) as fell:
        desk.turn()
    desk.escalate.stumbled(fell.value)
    passing = isinstance(error, OperationalError)
    desk.escalate._passed_over.clear()
    desk.settle(1, "email" if passing else "log")
    first = desk.store.alerts.attempts(alert.id)[0]
    assert (first.who, first.tried) == ("ada", Tried.SENT if passing else Tried.FAILED)
    assert desk.told_whom() == ([] if passing else ["operator"])


def test_what_failed_for_a_passing_reason_is_tried_again_before_the_next_step(desk: Desk) -> None:
    agree(desk.store, Step("ada", "email"), Step("operator", "log", timedelta(minutes=9)))
    honest, tries = desk.told["email"].send, list[Call]()

    def once_busy(call: Call) -> transports.Told:
        tries.append(call)
        if len(tries) == 1:
            raise Unreached("the mail server failed: 421", broken=True)
        return honest(call)

    desk.told["email"].send = once_busy  # type: ignore[method-assign]
    raised(desk)
    desk.settle(1, "email")
    assert len(tries) == 2
    assert desk.told_whom() == []
    assert Ways(desk.store.alerts.engine).broken() == []


def test_a_way_that_stays_broken_is_a_fault_that_ends_by_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.escalate, "PAUSES", ())
    monkeypatch.setattr(hub.escalate, "PROBE_EVERY", 0.0)
    agree(desk.store, Step("ada", "email"), Step("operator", "log", timedelta(minutes=9)))
    desk.told["email"].fault = Unreached("the mail server does not answer", broken=True)
    alert, ways = raised(desk), Ways(desk.store.alerts.engine)
    desk.settle(1)
    (way,) = ways.broken()
    assert (way.transport, way.began, way.failures) == ("email", desk.hand.now, 1)
    assert [one.tried for one in desk.store.alerts.attempts(alert.id)] == [Tried.FAILED, Tried.SENT]
    said = [entry.text for entry in desk.store.alerts.timeline(alert.id)]
    assert "Reaching ada by email failed: the mail server does not answer" in said
    desk.told["email"].fault = None

    def mended() -> bool:
        desk.turn()
        return not ways.broken()

    eventually(mended)
    (over,) = ways.latest(10)
    assert (over.id, over.ended) == (way.id, desk.hand.now)


def test_a_dead_browser_an_unreachable_server_and_a_phone_in_flight_mode_lead_on_and_it_is_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first two at once; the third is taken by its gateway and answered by nobody, so its time has to pass."""
    monkeypatch.setattr(hub.escalate, "PAUSES", ())
    ways, number = Ways(desk.store.alerts.engine), Address("sms", "01632 960077")
    (ada,) = [one for one in desk.store.records.contacts_of("grace") if one.id == "ada"]
    desk.store.records.load(Register(contacts=(replace(ada, addresses=(*ada.addresses, number)),)), {})
    ways.subscribe("ada", "https://push.example/1", "{}", desk.hand.now)
    desk.told |= {"webpush": Told(), "sms": Told()}
    desk.told["webpush"].fault = Unreached("the browser is subscribed no longer", gone=("https://push.example/1",))
    desk.told["email"].fault = Unreached("the mail server does not answer", broken=True)
    by = [Step("ada", way) for way in ("webpush", "email", "sms")]
    agree(desk.store, *by, Step("operator", "log", timedelta(minutes=5)))
    alert = raised(desk)
    desk.settle(1, "sms")
    assert desk.hand.now == alert.raised_at
    assert desk.told_whom() == []
    desk.turn(minutes=5)
    desk.settle(1)
    tried = [(one.who, one.tried) for one in desk.store.alerts.attempts(alert.id)]
    assert tried == [("ada", Tried.FAILED), ("ada", Tried.FAILED), ("ada", Tried.SENT), ("operator", Tried.SENT)]
    said = " ".join(entry.text for entry in desk.store.alerts.timeline(alert.id))
    assert "Reaching ada by webpush failed: the browser is subscribed no longer" in said
    assert "Reaching ada by email failed: the mail server does not answer" in said
    assert ways.subscriptions("ada") == [], "the dead browser is forgotten"
    assert [one.transport for one in ways.broken()] == ["email"], "and the server is on every console"


def test_a_refused_address_is_no_broken_way(desk: Desk) -> None:
    agree(desk.store, Step("ada", "email"), Step("operator", "log", timedelta(minutes=9)))
    desk.told["email"].fault = Unreached("the mail server refused: 550")
    raised(desk)
    desk.settle(1)
    assert Ways(desk.store.alerts.engine).broken() == []


def test_the_partner_that_takes_over_is_told_what_we_know_and_holds_the_chain(
    store: Store, hand: Hand, register: Register
) -> None:
    desk = Desk(store, hand, partner=True)
    desk.told["partner"].answer = Answer.TAKEN_OVER
    grace, ada = register.residents[0], register.contacts[0]
    grace = replace(grace, phone="01632 960001", speak_with="Speak slowly", way_in="Neighbour at number 5 holds a key")
    grace = replace(grace, medical_notes="blood thinner", risks="fell in May")
    ada = replace(ada, keyholder=True, addresses=(Address("tel", "01632 960077"), *ada.addresses))
    store.records.load(Register(residents=(grace,), contacts=(ada,)), {})
    KeySafes(store.records.engine).enter("okafor-home", b"4711", "sunita", hand.now)
    alert = raised(desk)
    desk.settle(1)
    store.alerts.act(alert.id, Act.ANSWER, "tom", hand.now, text="I take this one")
    responses, words = Responses(store.alerts.engine), "Her mobile is off"
    responses.tried(alert.id, OUTSIDE, "ada", TELEPHONE, Answer.VOICEMAIL, "tom", hand.now, words)
    responses.wrote(alert.id, "ada", "the key is under the pot", hand.now, let_go=False)
    store.alerts.act(alert.id, Act.NOTE, "tom", hand.now, text="She fell in May too.")
    store.alerts.act(alert.id, Act.SEND, "tom", hand.now, text="tom\nBring the cushion")
    store.alerts.act(alert.id, Act.LEAVE, "tom", hand.now, text="genuine fall.\nThe ambulance took her")
    desk.turn(minutes=46)
    desk.settle(2)
    for minutes in (3, 3, 3):
        desk.turn(minutes=minutes)
    desk.settle(1, "partner")
    (call,) = desk.told["partner"].calls
    for told in (
        "Grace Okafor, 1 Elm Row, telephone 01632 960001",
        "Likes to be called: Mrs Okafor",
        "Speaking with them: Speak slowly",
        "How to tell them: in writing, language en",
        "Way in: Neighbour at number 5 holds a key",
        "Key safe: the code only through our responder.",
        "Medical notes: blood thinner",
        "Risks: fell in May",
        "Contacts, in order:",
        "1. Ada Okafor, daughter, keyholder: 01632 960077, ada@home.example",
        "tried: the contact centre, on the console: no word yet",
        "08:00 tried: Ada Okafor (daughter), by telephone: voicemail",
        "08:00 note by Tom Reed: She fell in May too.",
        "08:00 after calling Ada Okafor (daughter), Tom Reed wrote down: Her mobile is off",
        "08:00 Ada Okafor (daughter) wrote: the key is under the pot",
        "08:00 note by Tom Reed: I take this one",
        "08:00 responder sent: Tom Reed. Bring the cushion",
        "08:00 responder: leave. genuine fall. The ambulance took her",
    ):
        assert told in call.text, told
    assert "4711" not in call.text
    assert "Brandt" not in call.text
    (look,) = [one for one in store.records.looks("okafor-home") if one.viewer == "partner"]
    for data in (Data.WAY_IN, Data.MEDICAL, Data.CONTACTS, Data.TIMELINE):
        assert data in look.data
    (attempt,) = [one for one in store.alerts.attempts(alert.id) if one.who == "partner"]
    assert attempt.answer is Answer.TAKEN_OVER
    before = len(desk.told["log"].calls)
    desk.turn(minutes=29)
    desk.turn()
    assert len(desk.told["log"].calls) == before, "the partner has it"
    desk.turn(minutes=5)
    desk.settle(before + 1)


def test_a_contact_who_is_taken_off_the_record_costs_nobody_their_turn(desk: Desk, register: Register) -> None:
    ben = replace(register.contacts[0], id="ben")
    desk.store.records.load(Register(contacts=(ben,)), {})
    agree(desk.store, Step("operator", "log"), Step("contacts", "email"))
    raised(desk)
    desk.settle(1, "email")
    ada = desk.store.records.contact("ada")
    keep(desk.store.records.engine, [Change("contacts", ("ada",), ada, None)], ())
    desk.turn(minutes=2)
    desk.settle(2, "email")
    assert desk.told_whom("email") == ["ada", "ben"]


def test_a_contact_gets_a_link_that_is_theirs(desk: Desk) -> None:
    agree(desk.store, Step("ada", "email"))
    alert = raised(desk)
    desk.settle(1, "email")
    (call,) = desk.told["email"].calls
    assert call.link in call.text
    token = call.link.removeprefix("https://hub.example/by-link/reply/")
    (attempt,) = desk.store.alerts.attempts(alert.id)
    assert desk.links.read(Matter.ATTEMPT, token, desk.hand.now) == attempt.id
    with pytest.raises(Expired):
        desk.links.read(Matter.ATTEMPT, token, desk.hand.now + timedelta(hours=4))


def test_how_it_went_is_asked_by_the_way_they_chose_or_else_at_the_next_call(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert, after = raised(desk), Afterwards(desk.store.records.engine)
    for person, way in (("ada", "email"), ("nobody", "email"), ("ada", "sms")):
        after.ask(alert.id, alert.home, person, way, desk.hand.now)

    def asked() -> bool:
        desk.turn()
        return not after.to_send()

    Relatives(desk.store.records.engine).prefer("ada", Preferences(quiet_from=8, quiet_until=9))
    desk.turn()
    assert [one.person for one in after.to_send()] == ["ada", "ada"], "these are her quiet hours"
    desk.turn(hours=1)
    assert len(after.to_send()) == 2, "they are looked at once a minute"
    monkeypatch.setattr(hub.asking, "ASK_EVERY", 0.0)
    eventually(asked)
    (call,) = desk.told["email"].calls
    assert (call.to, call.subject) == (("ada@home.example",), "How did it go?")
    token = call.link.removeprefix("https://hub.example/by-link/feedback/")
    assert desk.links.read(Matter.FEEDBACK, token, desk.hand.now) == 1
    assert {one.id for one in after.at_next_call(alert.home)} == {2, 3}
