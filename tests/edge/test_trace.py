"""The seconds around a suspected fall: cut, kept until receipted, sent last, and never without an agreement."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import paho.mqtt.client as mqtt
import pytest
from gpiozero.pins.mock import MockFactory
from paho.mqtt.enums import CallbackAPIVersion

from edge.outbox import TRACES, Outbox
from edge.sensors import Noticed
from edge.trace import AFTER, BEFORE, Cut, Recent
from models.observation import What
from models.wire import LARGEST_TRACE, MOST_MG, SAMPLES, Down, Leg, Order, mark_of, read_topic
from tests.conftest import Mosquitto, eventually
from tests.edge.conftest import EVERY_KIND, NIGHT, FakeHub, moment, noticed, play, press
from tests.edge.test_agent_falls import A_FALL, Worn

CUT = Cut(-0.02, 0.02, (0, -1000, 0, 10, -2500, 30))
FELL = Noticed("pendant", What.FELL, moment(), {"chance": 0.9}, CUT)
AGREED, WITHDRAWN = replace(EVERY_KIND, felt=True), EVERY_KIND


def felt(begin: float, end: float, rate: float = 100.0) -> Recent:
    """A ramp: as many g along x as seconds."""
    recent = Recent()
    t = np.arange(begin, end, 1 / rate).tolist()
    recent.add(t, [(when, 0.0, -1.0) for when in t])
    return recent


@pytest.mark.parametrize("rate", [20.0, 50.0, 119.0, 400.0])
def test_a_cut_is_of_the_seconds_around_on_an_even_grid(rate: float) -> None:
    cut = felt(0, 11, rate).around(6.0)
    assert cut is not None
    when = 6.0 + cut.begins + cut.every * np.arange(len(cut.mg) // 3)
    assert when[0] == pytest.approx(6.0 - BEFORE, abs=0.06)
    assert when[-1] == pytest.approx(6.0 + AFTER, abs=0.06)
    assert (
        np.abs(np.array(cut.mg).reshape(-1, 3) / 1000 - np.column_stack([when, 0 * when, 0 * when - 1])).max() < 0.002
    )


def test_what_was_felt_long_ago_is_gone_and_a_silence_is_not_bridged() -> None:
    assert felt(0, 30).around(6.0) is None
    assert Recent().around(6.0) is None
    broken = felt(0, 5)
    broken.add([6.0, 6.01, 6.02], [(6.0, 0.0, -1.0)] * 3)
    cut = broken.around(5.5)
    assert cut is not None
    assert cut.begins + cut.every * (len(cut.mg) / 3 - 1) < -0.4


def test_what_no_sensor_feels_still_fits_into_a_message() -> None:
    recent = Recent()
    t = np.arange(0, 11, 0.001).tolist()
    recent.add(t, [(1e6, -1e6, 64.5)] * len(t))
    cut = recent.around(5.0)
    assert cut is not None
    assert cut.mg[:3] == (MOST_MG, -MOST_MG, MOST_MG)
    assert len(cut.mg) <= 3 * SAMPLES
    assert len(str(cut.mg)) < LARGEST_TRACE


def test_it_waits_on_the_card_until_it_is_receipted(tmp_path: Path) -> None:
    with closing(Outbox(tmp_path / "o.db", "boot", 1000)) as outbox:
        outbox.keep([noticed(), FELL])
        assert [one.what for one in outbox.between(0, 10)] == [What.MOVED, What.FELL]
    with closing(Outbox(tmp_path / "o.db", "boot", 1000)) as outbox:
        held = outbox.first_trace()
        assert held is not None
        assert (held.number, held.sensor, held.at, held.cut) == (3, "pendant", FELL.moment.at, CUT)
        assert outbox.keep([press()]) == 4
        outbox.forget([(1, 4)])
        assert (outbox.first_trace(), outbox.waiting, outbox.traces) == (None, 0, 0)


def test_a_clock_set_right_places_it_anew_with_its_fall(tmp_path: Path) -> None:
    with closing(Outbox(tmp_path / "o.db", "boot", 1000)) as outbox:
        outbox.keep([replace(FELL, moment=replace(FELL.moment, trusted=False, at=NIGHT - timedelta(days=9000)))])
        outbox.set_right(moment(5))
        held, (fell,) = outbox.first_trace(), outbox.between(0, 10)
        assert held is not None
        assert held.at == fell.at == NIGHT
        assert held.clock_trusted


def test_many_do_not_fill_the_card_and_are_the_first_to_go(tmp_path: Path) -> None:
    with closing(Outbox(tmp_path / "o.db", "boot", 1000)) as outbox:
        for _ in range(TRACES + 3):
            outbox.keep([FELL])
        first = outbox.first_trace()
        assert outbox.traces == TRACES
        assert first is not None
        assert first.number == 2 * 4
        outbox.keep([noticed()] * 1001)
        assert (outbox.traces, outbox.first_trace(), outbox.urgent_waiting) == (0, None, TRACES + 3)


@pytest.fixture
def worn(hub: FakeHub, mosquitto: Mosquitto, pins: MockFactory, tmp_path: Path) -> Iterator[Worn]:
    with closing(Worn(tmp_path, mosquitto.port)) as worn:
        yield worn


@pytest.fixture
def wire(mosquitto: Mosquitto) -> Iterator[list[tuple[str, bytes]]]:
    """Everything that any home says to its hub."""
    said: list[tuple[str, bytes]] = []
    ear = mqtt.Client(CallbackAPIVersion.VERSION2)
    ear.on_message = lambda _client, _data, message: said.append((message.topic, bytes(message.payload)))
    ear.connect("127.0.0.1", mosquitto.port)
    ear.subscribe("nightlight/#", 1)
    ear.loop_start()
    yield said
    ear.disconnect()
    ear.loop_stop()


def legs_of(wire: list[tuple[str, bytes]]) -> list[Leg]:
    return [read_topic(topic)[1] for topic, _ in wire]


def fall_and_nobody_answers(worn: Worn, hub: FakeHub, minutes: int = 0, times: int = 1) -> None:
    worn.falls(1000 + 60_000 * minutes)
    eventually(lambda: worn.pending() == 1)
    play(worn.folder / "clock", NIGHT + timedelta(minutes=minutes, seconds=30), 0.0)
    eventually(lambda: [one.what for one in hub.heard].count(What.FELL) == times)


@pytest.mark.broker
def test_without_an_agreement_nothing_that_was_felt_leaves(
    worn: Worn, hub: FakeHub, wire: list[tuple[str, bytes]]
) -> None:
    fall_and_nobody_answers(worn, hub)
    worn.stop()  # what was to be sent has been
    worn.begin()
    eventually(lambda: len(hub.beats) > 2)
    eventually(lambda: Leg.UP in legs_of(wire))
    assert Leg.TRACE not in legs_of(wire)
    assert not any(b'"mg"' in content for _, content in wire)
    with closing(sqlite3.connect(worn.folder / "o.db")) as card:
        assert card.execute("SELECT count(*) FROM traces").fetchone() == (0,)


@pytest.mark.broker
def test_with_one_they_follow_the_fall_and_withdrawn_they_stop(
    worn: Worn, hub: FakeHub, wire: list[tuple[str, bytes]]
) -> None:
    hub.configure(AGREED)
    worn.stop()
    worn.begin()  # it holds over a restart
    fall_and_nobody_answers(worn, hub)
    eventually(lambda: len(hub.traces) == 1)
    (trace,), (fell,) = hub.traces, [one for one in hub.heard if one.what is What.FELL]
    assert (trace.sensor, trace.at) == (fell.sensor, fell.at)
    eventually(lambda: Leg.TRACE in legs_of(wire))
    legs = legs_of([(topic, content) for topic, content in wire if b'"fell"' in content or b'"mg"' in content])
    assert legs[0] is Leg.UP, "and what has no receipt yet may be said again after the trace"
    size = np.sqrt((np.array(trace.mg).reshape(-1, 3) ** 2).sum(1)) / 1000
    hardest = trace.begins + trace.every * size.argmax()
    assert abs(hardest) < 1.0
    assert size.max() == pytest.approx(np.sqrt((A_FALL**2).sum(1)).max(), abs=0.3)
    hub.configure(WITHDRAWN)
    fall_and_nobody_answers(worn, hub, minutes=5, times=2)
    worn.stop()
    assert len(hub.traces) == 1


@pytest.mark.broker
def test_of_a_fall_that_was_called_off_nothing_leaves(worn: Worn, hub: FakeHub) -> None:
    hub.configure(AGREED)
    worn.falls()
    eventually(lambda: worn.pending() == 1)
    play(worn.folder / "clock", NIGHT + timedelta(seconds=5), 0.0)
    worn.presses(90_000)
    eventually(lambda: worn.asked[-1:] == [b"off"])
    play(worn.folder / "clock", NIGHT + timedelta(seconds=16), 0.0)
    eventually(lambda: What.FALL_CALLED_OFF in [one.what for one in hub.heard])
    worn.stop()
    assert hub.traces == []


@pytest.mark.broker
def test_what_waits_when_it_is_withdrawn_is_forgotten(worn: Worn, hub: FakeHub) -> None:
    hub.configure(AGREED)
    hub.deaf = True
    worn.falls()
    eventually(lambda: worn.pending() == 1)
    play(worn.folder / "clock", NIGHT + timedelta(seconds=30), 0.0)
    card = worn.folder / "o.db"
    eventually(lambda: waiting(card) == 1)
    hub.order(Down("c", Order.CONFIGURE, WITHDRAWN.text))
    eventually(lambda: waiting(card) == 0)
    hub.deaf = False
    eventually(lambda: What.FELL in [one.what for one in hub.heard])
    assert hub.traces == []


def waiting(card: Path) -> int:
    with closing(sqlite3.connect(card)) as db:
        found: int = db.execute("SELECT count(*) FROM traces").fetchone()[0]
        return found


@pytest.mark.broker
def test_nonsense_from_the_hub_changes_nothing(worn: Worn, hub: FakeHub) -> None:
    hub.configure(AGREED)
    hub.order(Down("c", Order.CONFIGURE, "felt?"))
    hub.order(Down("d", Order.TEST))
    worn.stop()
    worn.begin()
    eventually(lambda: hub.last.keeps_to == mark_of(AGREED.text))
    assert {one.keeps_to for one in hub.beats} <= {"", mark_of(EVERY_KIND.text), mark_of(AGREED.text)}
