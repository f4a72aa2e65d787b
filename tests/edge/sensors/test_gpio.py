import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from edge.clock import Clock
from edge.sensors import Adapter, Felt, Fitted, Noticed, Surroundings, fit, lamp
from models.observation import SensorKind, What
from tests.edge.conftest import NIGHT, play

FITTED = (
    Fitted("pendant", SensorKind.PENDANT, "4"),
    Fitted("cord", SensorKind.PULL_CORD, "5"),
    Fitted("door", SensorKind.DOOR, "6"),
    Fitted("bed", SensorKind.BED, "7"),
    Fitted("pir", SensorKind.MOTION, "8"),
    Fitted("chair", SensorKind.CHAIR, "9"),
)


class HeldPin(MockPin):  # type: ignore[misc]
    """A pin that is held from outside, which its own weak pull can't change."""

    def _set_pull(self, value: str) -> None:
        self._pull = value


@pytest.fixture
def held(pins: MockFactory) -> MockFactory:
    pins.pin_class = HeldPin
    return pins


class Wired:
    """Sensors on pretended pins, and what they put on the queue."""

    def __init__(self, folder: Path, *fitted: Fitted) -> None:
        play(folder / "clock", NIGHT, 0.0)
        self.queue: SimpleQueue[Noticed | Felt] = SimpleQueue()
        self.clock = Clock(folder / "clock")
        around = Surroundings(self.queue.put, self.clock, "", {})
        self.adapter: Adapter = fit("gpio", fitted or FITTED, around)
        self.close = self.adapter.close

    def pin(self, number: int) -> Any:
        return Device.pin_factory.pin(f"GPIO{number}")

    def taken(self) -> list[tuple[str, What]]:
        taken = []
        while not self.queue.empty():
            one = self.queue.get()
            assert isinstance(one, Noticed)
            assert one.moment.at == NIGHT
            taken.append((one.sensor, one.what))
        return taken


@pytest.fixture
def wired(pins: MockFactory, tmp_path: Path) -> Iterator[Wired]:
    with closing(Wired(tmp_path)) as wired:
        yield wired


def pulsed(pin: Any, *, high: bool) -> None:
    for drive in (pin.drive_high, pin.drive_low) if high else (pin.drive_low, pin.drive_high):
        drive()


def test_each_kind_notices_what_it_should(wired: Wired) -> None:
    wired.adapter.start()
    for number in (4, 5, 6, 7, 9):
        pulsed(wired.pin(number), high=False)
    pulsed(wired.pin(8), high=True)
    assert wired.taken() == [
        ("pendant", What.PRESSED),
        ("cord", What.PRESSED),
        ("door", What.CLOSED),
        ("door", What.OPENED),
        ("bed", What.LAY_DOWN),
        ("bed", What.GOT_UP),
        ("chair", What.SAT_DOWN),
        ("chair", What.STOOD_UP),
        ("pir", What.MOVED),
    ]


def test_at_the_start_a_held_cord_is_a_press_and_all_else_only_a_state(held: MockFactory, wired: Wired) -> None:
    wired.pin(4).drive_high()
    for number in (5, 6, 7, 9):
        wired.pin(number).drive_low()
    wired.pin(8).drive_high()
    wired.adapter.start()
    assert wired.taken() == [("cord", What.PRESSED)]
    wired.pin(6).drive_high()
    assert wired.taken() == [("door", What.OPENED)]


def test_a_contact_wired_the_other_way_round(held: MockFactory, tmp_path: Path) -> None:
    cord = Fitted("cord", SensorKind.PULL_CORD, "5", inverted=True)
    door = Fitted("door", SensorKind.DOOR, "6", inverted=True)
    with closing(Wired(tmp_path, cord, door)) as wired:
        wired.pin(5).drive_low()
        wired.pin(6).drive_high()
        wired.adapter.start()
        assert wired.taken() == []
        pulsed(wired.pin(5), high=True)
        wired.pin(6).drive_low()
        assert wired.taken() == [("cord", What.PRESSED), ("door", What.OPENED)]


def test_a_callback_from_another_thread_only_puts_on_the_queue(wired: Wired) -> None:
    wired.adapter.start()
    thread = threading.Thread(target=lambda: pulsed(wired.pin(8), high=True))
    thread.start()
    thread.join()
    assert wired.taken() == [("pir", What.MOVED)]


def test_a_lost_clock_leaves_no_sensor_deaf(wired: Wired, tmp_path: Path) -> None:
    wired.adapter.start()
    (tmp_path / "clock").unlink()
    for _ in range(2):
        pulsed(wired.pin(8), high=True)
    assert wired.taken() == [("pir", What.MOVED)] * 2


def test_a_sensor_that_cannot_be_fitted_does_not_take_the_others_with_it(
    pins: MockFactory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = Fitted("nowhere", SensorKind.DOOR, "99")
    twice = Fitted("twice", SensorKind.DOOR, "4")
    with closing(Wired(tmp_path, nowhere, *FITTED, twice)) as wired:
        wired.adapter.start()
        pulsed(wired.pin(4), high=False)
        assert wired.taken() == [("pendant", What.PRESSED)]
        assert wired.adapter.alive(NIGHT) == dict.fromkeys(("pendant", "cord", "door", "bed", "pir", "chair"), NIGHT)
    assert "sensor nowhere" in caplog.text
    assert "sensor twice" in caplog.text


def test_wired_sensors_hear_no_broker(wired: Wired) -> None:
    assert list(wired.adapter.topics) == []
    assert wired.adapter.read("any/topic", b"{}", wired.clock.moment(), retained=False, repeated=False) == []


def test_a_lamp_is_lit_and_one_that_is_not_there_does_no_harm(pins: MockFactory) -> None:
    lit = lamp(24)
    assert lit is not None
    lit.on()
    assert pins.pin("GPIO24").state
    assert lamp(99) is None
