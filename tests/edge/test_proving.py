import signal
from datetime import timedelta
from typing import Any

import pytest

from edge.outbox import look
from edge.proving import FIRST_AFTER, Proving
from models.observation import KIT, What
from models.wire import Down, Order, Receipt
from tests.conftest import eventually
from tests.edge.conftest import NIGHT, FakeHub, Kit, moment, play

DAY = 86_400.0


def made(proving: Proving, at: float) -> bool:
    """Whether a test press was due that many s after the start; if so it was made and kept."""
    due = proving.due(moment(at), at)
    if due:
        proving.kept("box", 7, moment(at).at, at + 0.003)
    return due


def test_a_new_kit_is_proved_soon_and_then_once_a_day() -> None:
    proving = Proving(DAY, None, moment())
    assert not made(proving, FIRST_AFTER - 1)
    assert made(proving, FIRST_AFTER)
    assert [hour for hour in range(1, 60) if made(proving, FIRST_AFTER + hour * 3600)] == [24, 48]


def test_a_restart_does_not_make_it_come_sooner() -> None:
    proving = Proving(DAY, NIGHT - timedelta(hours=20), moment())
    assert not made(proving, 3 * 3600)
    assert made(proving, 4 * 3600)


def test_a_clock_that_was_put_back_does_not_make_it_wait_for_a_year() -> None:
    assert made(Proving(DAY, NIGHT + timedelta(days=365), moment()), 1)


def test_an_untrusted_clock_makes_none_and_never_is_never() -> None:
    assert not Proving(DAY, NIGHT - timedelta(days=9), moment()).due(moment(trusted=False), 0)
    assert not made(Proving(0, None, moment()), 10 * DAY)


def test_the_hub_may_ask_for_one_at_any_time() -> None:
    proving = Proving(0, None, moment())
    proving.ask()
    assert made(proving, 1)
    assert not made(proving, 2)


def test_it_is_timed_hop_by_hop() -> None:
    proving = Proving(DAY, None, moment())
    assert made(proving, DAY)
    proving.look(lambda outbox, number: False, DAY + 0.005)
    assert proving.tested
    assert proving.tested.sent is None
    proving.look(lambda outbox, number: (outbox, number) == ("box", 7), DAY + 0.006)
    assert not proving.receipted(Receipt("box", ((1, 6), (8, 9))), DAY + 0.2)
    assert not proving.receipted(Receipt("other", ((7, 7),)), DAY + 0.2)
    assert proving.receipted(Receipt("box", ((5, 9),)), DAY + 0.25)
    assert not proving.receipted(Receipt("box", ((5, 9),)), DAY + 0.3)
    tested = proving.tested
    assert (tested.kept, tested.sent, tested.receipted) == pytest.approx((0.003, 0.006, 0.25), abs=1e-3)


@pytest.mark.broker
@pytest.mark.processes
def test_asked_for_by_the_hub_it_goes_the_whole_way(hub: FakeHub, kit: Kit) -> None:
    kit.start()
    hub.order(Down("t1", Order.TEST))
    eventually(lambda: [(one.sensor, one.what) for one in hub.heard] == [(KIT, What.TESTED)])
    eventually(lambda: hub.last.tested is not None and hub.last.tested.receipted is not None)
    tested = hub.last.tested
    assert tested
    assert 0 < (tested.kept or 0) <= (tested.sent or 0) <= (tested.receipted or 0)
    assert (tested.outbox, tested.number) in hub.stored
    eventually(lambda: look(kit.outbox).urgent == 0)


@pytest.mark.broker
@pytest.mark.processes
def test_by_itself_it_comes_soon_after_the_first_start_and_then_daily_whatever_restarts(hub: FakeHub, kit: Kit) -> None:
    def passed(minutes: float) -> int:
        """How many test presses the hub has when so much later a heartbeat has come."""
        at = NIGHT + timedelta(minutes=minutes)
        play(kit.folder / "clock", at, 0.0)
        eventually(lambda: hub.last.at == at and hub.last.waiting == 0)
        return len(hub.stored)

    play(kit.folder / "clock", NIGHT, 0.0)
    told: dict[str, Any] = {"clock_file": "clock", "test_every": 86_400.0}
    kit.start(**told)
    assert passed(9) == 0
    passed(11)
    eventually(lambda: len(hub.stored) == 1)
    eventually(lambda: look(kit.outbox).urgent == 0)  # or it would wait yet in the one heartbeat of the next moment
    kit.end(signal.SIGKILL)
    kit.start(**told)
    assert passed(30) == 1
    assert passed(600) == 1
    passed(12 + 24 * 60)
    eventually(lambda: len(hub.stored) == 2)
    assert {one.what for one in hub.heard} == {What.TESTED}
    assert hub.last.sensors == {}
