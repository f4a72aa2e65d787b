"""Chips on a bus that behave as their data sheets say: registers, and a queue that keeps the newest 32 samples."""

import struct
from collections import deque

import pytest

from edge.clock import Clock
from edge.sensors import Felt, Fitted, Noticed, Surroundings
from edge.sensors.accelerometer import CHIPS, Accelerometer, NoChip, Reader
from models.observation import SensorKind
from tests.conftest import eventually

Counts = tuple[int, int, int]


class Adxl345:
    """Measures once POWER_CTL says so; each read of its six data registers takes one sample off the queue."""

    address = 0x53

    def __init__(self) -> None:
        self.registers = {0x00: 0xE5}
        self.queue: deque[Counts] = deque(maxlen=32)
        self.closed = False

    def happens(self, g: float = 1.0, count: int = 1) -> None:
        if self.registers.get(0x2D, 0) & 0x08 and self.registers.get(0x38, 0) >> 6 == 2:
            scale = 256 if self.registers[0x31] & 0x08 else 32
            self.queue.extend([(0, 0, round(g * scale))] * count)

    def read_byte_data(self, i2c_addr: int, register: int) -> int:
        self.answers(i2c_addr)
        return len(self.queue) if register == 0x39 else self.registers.get(register, 0)

    def write_byte_data(self, i2c_addr: int, register: int, value: int) -> None:
        self.answers(i2c_addr)
        self.registers[register] = value
        if register == 0x38 and value >> 6 == 0:
            self.queue.clear()

    def read_i2c_block_data(self, i2c_addr: int, register: int, length: int) -> list[int]:
        self.answers(i2c_addr)
        assert (register, length) == (0x32, 6)
        return list(struct.pack("<hhh", *self.queue.popleft()))

    def answers(self, address: int) -> None:
        if address != self.address:
            raise OSError(121, "Remote I/O error")

    def close(self) -> None:
        self.closed = True


class Lis3dh(Adxl345):
    """Left-justified in 16 bits; a register's address is counted up only when its top bit is set."""

    address = 0x18

    def __init__(self) -> None:
        super().__init__()
        self.registers = {0x0F: 0x33}

    def happens(self, g: float = 1.0, count: int = 1) -> None:
        on = self.registers.get(0x20, 0) >> 4 and self.registers.get(0x24, 0) & 0x40
        if on and self.registers.get(0x2E, 0) >> 6 == 2:
            assert self.registers[0x23] & 0x38 == 0x28, "±8 g, high resolution"
            self.queue.extend([(0, 0, round(g * 250) << 4)] * count)

    def read_byte_data(self, i2c_addr: int, register: int) -> int:
        self.answers(i2c_addr)
        if register == 0x2F:
            full = len(self.queue) == 32
            return (0x40 if full else 0) | (0x20 if not self.queue else 0) | (31 if full else len(self.queue))
        return self.registers.get(register, 0)

    def write_byte_data(self, i2c_addr: int, register: int, value: int) -> None:
        super().write_byte_data(i2c_addr, register, value)
        if register == 0x2E and value >> 6 == 0:
            self.queue.clear()

    def read_i2c_block_data(self, i2c_addr: int, register: int, length: int) -> list[int]:
        assert register == 0x28 | 0x80
        return super().read_i2c_block_data(i2c_addr, 0x32, length)


@pytest.fixture(params=["adxl345", "lis3dh"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bus(kind: str) -> Adxl345:
    return {"adxl345": Adxl345, "lis3dh": Lis3dh}[kind]()


@pytest.fixture
def reader(kind: str, bus: Adxl345) -> Reader:
    reader = Reader(CHIPS[kind], bus, bus.address)
    reader.begin()
    return reader


@pytest.mark.parametrize("g", [1.0, -1.0, 3.5, 7.9])
def test_a_sample_is_read_in_g(reader: Reader, bus: Adxl345, g: float) -> None:
    bus.happens(g)
    _, acc = reader.look(10.0)
    assert acc == [pytest.approx((0.0, 0.0, g), abs=0.005)]


def test_all_that_waits_is_read_and_spread_over_the_time_since(reader: Reader, bus: Adxl345) -> None:
    bus.happens(count=12)
    first, _ = reader.look(10.0)
    assert first == pytest.approx([9.78 + 0.02 * place for place in range(12)])
    bus.happens(count=11)
    second, acc = reader.look(10.25)
    assert len(acc) == 11
    assert (second[0] - 10.0, second[-1]) == pytest.approx((0.25 / 11, 10.25))
    assert reader.look(10.5) == ([], [])


def test_after_a_queue_that_ran_over_the_newest_keep_their_time(reader: Reader, bus: Adxl345) -> None:
    bus.happens(count=5)
    reader.look(10.0)
    bus.happens(count=90)
    t, acc = reader.look(20.0)
    assert len(acc) == 32
    assert t[0] == pytest.approx(20 - 31 / 50)


def test_something_else_at_that_address_is_named(kind: str, bus: Adxl345) -> None:
    for register in (0x00, 0x0F):
        bus.registers[register] = 0x42
    with pytest.raises(NoChip, match="says 0x42"):
        Reader(CHIPS[kind], bus, bus.address).begin()


def test_a_kits_chips_are_heard_by_themselves_and_closed(kind: str, bus: Adxl345) -> None:
    heard: list[Noticed | Felt] = []
    here = Fitted("belt", SensorKind.PENDANT, f"{kind}/1/{bus.address:#04x}")
    away = Fitted("gone", SensorKind.PENDANT, f"{kind}/1/0x77")
    adapter = Accelerometer([here, away], Surroundings(heard.append, Clock(), "", {}), opened=lambda _: bus)
    adapter.start()
    eventually(lambda: bus.registers.get(0x38, bus.registers.get(0x2E, 0)) >> 6 == 2)
    bus.happens(count=10)
    eventually(lambda: any(isinstance(one, Felt) and one.sensor == "belt" for one in heard))
    assert set(adapter.alive(Clock().now())) == {"belt"}
    adapter.close()
    assert bus.closed
