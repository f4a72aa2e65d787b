from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from edge.link import AGAIN_AFTER, DEAF, DEAF_PRESS, PRESS_AGAIN_AFTER, WINDOW, Link
from edge.outbox import Outboxes
from edge.sensors import Noticed
from models.wire import Receipt, UpRead, read_up
from tests.edge.conftest import HOME, NIGHT, noticed, press

BATCH = 10


@dataclass
class Way:
    """A connection that appends to a list."""

    is_up: bool = True
    messages: list[UpRead] = field(default_factory=list)
    unanswered: float = 0.0
    hurried: int = 0
    begun_anew: int = 0

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        if self.is_up:
            assert topic == f"nightlight/1/{HOME}/up"
            assert not retain
            self.messages.append(read_up(payload))
        return self.is_up

    def unanswered_for(self) -> float:
        return self.unanswered

    def hurry(self) -> None:
        self.hurried += 1

    def begin_anew(self) -> None:
        self.begun_anew += 1

    def take(self) -> list[list[int]]:
        """The numbers of each message since the last look."""
        taken, self.messages = [message.numbers for message in self.messages], []
        return taken


class Sending:
    """A link with a real outbox, on a way that is a list."""

    def __init__(self, path: Path) -> None:
        self.way = Way()
        self.outboxes = Outboxes(path, "boot", 100_000)
        self.link = Link(HOME, self.outboxes, self.way, lambda: NIGHT, BATCH)
        self.connected(0.0)
        self.close = self.outboxes.close

    def connected(self, real: float) -> None:
        self.link.connected(real)
        self.link.agreed = True

    def keep(self, *news: Noticed, flush_at: float = 0.0) -> None:
        self.outboxes.keep(news, 0.0)
        self.link.kept(urgent=any(one.what == "pressed" for one in news), flush_at=flush_at)

    def pump(self, real: float) -> list[list[int]]:
        self.link.pump(real)
        return self.way.take()

    def receipt(self, *numbers: tuple[int, int], outbox: str | None = None) -> None:
        self.link.receipted(Receipt(outbox or self.outboxes.name, numbers))


@pytest.fixture
def sending(tmp_path: Path) -> Iterator[Sending]:
    with closing(Sending(tmp_path / "o.db")) as sending:
        yield sending


def many(count: int) -> list[Noticed]:
    return [noticed(seconds=second) for second in range(count)]


def test_routine_observations_wait_for_company(sending: Sending) -> None:
    sending.pump(0.0)
    sending.keep(noticed(), flush_at=3.0)
    assert sending.pump(1.0) == []
    sending.keep(noticed(), flush_at=5.0)
    assert sending.link.next_at() == 3.0
    assert sending.pump(3.0) == [[1, 2]]


def test_a_full_batch_does_not_wait(sending: Sending) -> None:
    sending.pump(0.0)
    sending.keep(*many(BATCH), flush_at=3.0)
    assert sending.pump(0.1) == [list(range(1, BATCH + 1))]


def test_a_press_goes_alone_at_once_and_first(sending: Sending) -> None:
    sending.pump(0.0)
    sending.keep(noticed(), press(), noticed(), press(), flush_at=3.0)
    assert sending.pump(0.0) == [[2], [4]]
    sending.receipt((2, 2), (4, 4))
    assert sending.pump(3.0) == [[1, 3]]


def test_a_press_overtakes_a_backlog_that_fills_the_window(sending: Sending) -> None:
    sending.keep(*many(500))
    assert len(sending.pump(0.0)) == WINDOW
    sending.keep(press())
    assert sending.pump(0.1) == [[501]]


def test_receipts_open_the_window(sending: Sending) -> None:
    sending.keep(*many(100))
    assert sending.pump(0.0)[-1] == list(range(31, 41))
    assert sending.pump(0.1) == []
    sending.receipt((1, 20))
    assert sending.pump(0.2) == [list(range(41, 51)), list(range(51, 61))]
    assert sending.outboxes.waiting == 80


def test_a_batch_counts_until_all_of_it_is_receipted(sending: Sending) -> None:
    sending.keep(*many(BATCH * 5))
    sending.pump(0.0)
    sending.receipt((1, 9), (11, 19))
    assert sending.pump(0.1) == []
    assert sending.outboxes.waiting == BATCH * 5 - 18
    assert sending.pump(AGAIN_AFTER) == [[10], [20], list(range(21, 31)), list(range(31, 41))]


def test_what_is_not_receipted_is_sent_again_ever_more_patiently(sending: Sending) -> None:
    sending.keep(press())
    sent = [real / 10 for real in range(300) if sending.pump(real / 10) == [[1]]]
    assert sent[:4] == [0.0, PRESS_AGAIN_AFTER, 3.0, 7.0]
    assert {round(later - one, 1) for one, later in pairwise(sent[3:])} == {5.0}


def test_the_same_number_is_the_same_observation_each_time(sending: Sending) -> None:
    sending.keep(press(5))
    for real in (0.0, 2.0, 10.0):
        sending.link.pump(real)
    first, second, third = (message.observations for message in sending.way.messages)
    assert first == second == third


def test_a_new_connection_sends_all_that_waits_presses_first(sending: Sending) -> None:
    sending.keep(noticed(), press(), noticed())
    assert sending.pump(0.0) == [[2], [1, 3]]
    sending.connected(0.5)
    assert sending.pump(0.5) == [[2], [1, 3]]


def test_while_there_is_no_connection_nothing_is_sent_and_a_press_hurries_it(sending: Sending) -> None:
    sending.way.is_up = False
    sending.keep(noticed())
    assert sending.way.hurried == 0
    sending.keep(press())
    assert sending.pump(0.0) == []
    assert sending.way.hurried == 1
    assert sending.link.next_at() is None


def test_a_receipt_for_another_outbox_forgets_nothing(sending: Sending) -> None:
    sending.keep(press())
    sending.pump(0.0)
    sending.receipt((1, 1), outbox="0123456789abcdef")
    assert sending.outboxes.waiting == 1


def test_a_receipt_forgets_nothing_that_was_not_sent(sending: Sending) -> None:
    sending.keep(press())
    sending.pump(0.0)
    sending.keep(press(), noticed(), flush_at=9.0)
    sending.receipt((-(2**70), 2**70), (5, 1))
    assert sending.outboxes.waiting == 2


def test_a_receipt_with_very_many_ranges_takes_no_time(sending: Sending) -> None:
    sending.keep(*many(1000))
    sending.pump(0.0)
    sending.receipt(*((number * 2, number * 2) for number in range(30_000)))
    assert sending.outboxes.waiting == 980


def test_messages_that_are_never_receipted_do_not_hold_up_the_others_for_ever(sending: Sending) -> None:
    sending.keep(*many(BATCH * (WINDOW + 1)))
    last = list(range(BATCH * WINDOW + 1, BATCH * (WINDOW + 1) + 1))
    sent = [numbers for real in range(60) for numbers in sending.pump(float(real))]
    assert last in sent


def test_a_broker_that_does_not_answer_is_left_sooner_for_a_press(sending: Sending) -> None:
    sending.keep(noticed())
    sending.way.unanswered = DEAF_PRESS + 1
    sending.link.pump(0.0)
    assert sending.way.begun_anew == 0
    sending.keep(press())
    sending.link.pump(1.0)
    assert sending.way.begun_anew == 1
    sending.receipt((1, 2))
    sending.way.unanswered = DEAF + 1
    sending.link.pump(2.0)
    assert sending.way.begun_anew == 2


def test_a_card_that_fails_stops_no_press_in_memory(sending: Sending) -> None:
    sending.keep(noticed())
    sending.outboxes.all[0]._db.execute("DROP TABLE waiting")
    sending.outboxes.keep([press(1)], 1.0)
    numbers = sending.pump(1.0)
    assert numbers == [[1]]
    assert sending.outboxes.all[1].urgent_waiting == 1


def test_a_thousand_presses_all_go(sending: Sending) -> None:
    sending.keep(*(press(second) for second in range(1000)))
    sent = [numbers for real in range(6) for numbers in sending.pump(real / 100)]
    assert sent == [[number] for number in range(1, 1001)]


def test_on_a_new_connection_only_presses_go_until_it_is_said_what_may(sending: Sending) -> None:
    sending.keep(noticed(), press(), noticed())
    sending.link.connected(1.0)
    assert sending.pump(1.0) == [[2]]
    assert sending.link.next_at() == 1.0 + PRESS_AGAIN_AFTER, "nothing else is due, so nobody turns in vain"
    sending.link.agreed = True
    assert sending.pump(1.1) == [[1, 3]]
