"""What a pendant felt around a suspected fall: taken in, and let out by a kit, only where that was agreed to."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import pytest

from hub.keeping import FELT, Keeping
from hub.store import Store
from hub.store.aged import Aged
from models.commission import configured
from models.observation import SensorKind
from models.privacy import FELT_KEPT, Consent
from models.register import Register
from models.wire import Leg, Order, Trace, encode, mark_of
from tests.conftest import eventually
from tests.hub.conftest import Kit, moved, now

MOMENT = timedelta(seconds=20)


def said(store: Store, *agreed: str, felt: bool = False) -> str:
    home = store.records.home("okafor-home")
    assert home
    return replace(configured((), home), agreed=agreed, felt=felt).text


def agree(store: Store, *, withdrawn: datetime | None = None, pendant: bool = True) -> None:
    worn = Consent("okafor-home", SensorKind.PENDANT, "grace", "asked and agreed", now())
    felt = replace(worn, felt=True, withdrawn_at=withdrawn, review_at=now() + timedelta(days=180))
    store.records.load(Register(consents=(worn, felt) if pendant else (felt,)), {})


def trace(number: int, at: datetime, sent: datetime | None = None, **more: Any) -> Trace:
    return replace(Trace("box", sent or at, number, "pendant", at, -0.02, 0.02, (0, -1000, 0, 12, -2400, 31)), **more)


def felt(store: Store) -> list[int]:
    found = store.traces.between("okafor-home", now() - timedelta(days=90), now() + timedelta(days=1))
    return [one.number for one in found]


@pytest.mark.broker
def test_without_an_agreement_it_is_dropped_counted_and_receipted(running: Store, kit: Kit) -> None:
    kit.raw(encode(trace(7, now())), Leg.TRACE)
    kit.send(*moved([8], now()), sent=now())
    eventually(lambda: kit.receipted == {7, 8})
    assert felt(running) == []
    eventually(lambda: running.records.set_aside_counts("okafor-home") == {"consent": 1})
    assert running.records.set_aside_recent(1)[0].raw == b""


@pytest.mark.broker
def test_with_one_it_is_stored_once_at_its_time_and_with_its_withdrawal_no_more(running: Store, kit: Kit) -> None:
    agree(running)
    began = now()
    for _ in range(2):
        kit.raw(encode(trace(7, began)), Leg.TRACE)
    past = datetime.fromtimestamp(1000, began.tzinfo)
    kit.raw(encode(trace(9, past, past + timedelta(minutes=5), clock_trusted=False)), Leg.TRACE)
    eventually(lambda: kit.receipted == {7, 9})
    late, first = running.traces.between("okafor-home", began - timedelta(days=1), began + timedelta(days=1))
    assert (first.number, first.at, first.mg) == (7, began, (0, -1000, 0, 12, -2400, 31))
    assert abs(late.at + timedelta(minutes=5) - began) < MOMENT
    agree(running, withdrawn=now())
    kit.raw(encode(trace(11, now())), Leg.TRACE)
    eventually(lambda: kit.receipted == {7, 9, 11})
    assert felt(running) == [9, 7]


@pytest.mark.broker
def test_a_kit_is_told_when_it_is_agreed_and_when_it_is_withdrawn(running: Store, kit: Kit) -> None:
    kit.beat(now(), keeps_to=mark_of(said(running, "door", "motion")))
    eventually(lambda: running.records.heard()["okafor-home"].until)
    worn, nothing = (said(running, "door", "motion", "pendant", felt=felt) for felt in (True, False))
    agree(running)
    eventually(lambda: [one.text for one in kit.orders] == [worn])
    agree(running, withdrawn=now())
    kit.beat(now(), keeps_to=mark_of(worn))
    # that it was withdrawn may be told for itself, and once more as the kit says that it keeps to something else
    eventually(lambda: [text for text, _ in groupby(one.text for one in kit.orders)] == [worn, nothing])
    assert {one.order for one in kit.orders} == {Order.CONFIGURE}


@pytest.mark.broker
def test_a_kit_that_keeps_to_it_or_is_too_old_to_is_told_nothing(running: Store, kit: Kit) -> None:
    agree(running)
    kit.beat(now(), keeps_to=mark_of(said(running, "door", "motion", "pendant", felt=True)))
    kit.beat(now())
    kit.send(*moved([1], now()), sent=now())
    eventually(lambda: kit.receipted == {1})
    assert kit.orders == []


@pytest.mark.broker
def test_a_consent_to_this_without_a_consent_to_the_pendant_is_none(running: Store, kit: Kit) -> None:
    agree(running, pendant=False)
    kit.raw(encode(trace(7, now())), Leg.TRACE)
    eventually(lambda: kit.receipted == {7})
    assert felt(running) == []


@pytest.mark.broker
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"felt?", "json"),
        (b'{"outbox":"box"}', "shape"),
        (b'{"v":1,"x":"' + b"x" * 20_000 + b'"}', "size"),
        (encode(trace(7, now(), mg=(1, 2))), "shape"),
        (encode(trace(7, now(), sensor="p\0")), "shape"),
        (encode(trace(2**70, now())), "shape"),
    ],
)
def test_one_that_does_not_read_says_why(running: Store, kit: Kit, content: bytes, reason: str) -> None:
    agree(running)
    kit.raw(content, Leg.TRACE)
    eventually(lambda: running.records.set_aside_counts("okafor-home") == {reason: 1})
    assert felt(running) == []


def test_it_reaches_the_end_of_its_retention(on_record: Store, t0: datetime) -> None:
    from hub.store.traces import Felt

    one = Felt("okafor-home", "box", 7, "pendant", t0, -0.02, 0.02, (0, -1000, 0))
    on_record.traces.keep([one, replace(one, number=8, at=t0 + timedelta(minutes=1))])
    keeping = Keeping(on_record)
    for later in (30, 60):
        keeping.forget("okafor-home", t0 + FELT_KEPT + timedelta(seconds=later))
    assert [(one.about, one.count) for one in Aged(on_record.records.engine).of("okafor-home")] == [(FELT, 1)]
    assert [left.number for left in on_record.traces.between("okafor-home", t0, t0 + FELT_KEPT)] == [8]
