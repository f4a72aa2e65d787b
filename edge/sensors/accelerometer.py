"""Accelerometers on the Pi's I2C bus, read in batches from the queue that the chip itself keeps.

Registers are those of Analog Devices' ADXL345 and ST's LIS3DH data sheets. Both chips keep 32 samples; at 50 a second
and a look every quarter of one, a Pi that is busy for a third loses none. A chip's own clock is off by some percent, so
samples are spread over the time between two looks and not counted.
"""

import logging
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

from edge.clock import Moment
from edge.sensors import Felt, Fitted, Noticed, Surroundings
from models.wire import SensorHealth

log = logging.getLogger(__name__)

RATE = 50.0
EVERY = 0.25
AGAIN_AFTER = 5.0
"""Real s until a chip that did not answer is asked again."""
QUEUE = 32

Sample = tuple[float, float, float]


class Bus(Protocol):
    """What is used of smbus2.SMBus. Raises OSError where no chip answers."""

    def read_byte_data(self, i2c_addr: int, register: int) -> int: ...
    def write_byte_data(self, i2c_addr: int, register: int, value: int) -> None: ...
    def read_i2c_block_data(self, i2c_addr: int, register: int, length: int) -> list[int]: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Chip:
    """How to tell one, set it up, count what waits in its queue, and read a sample of it, in units of `g`."""

    identity: tuple[int, int]
    setup: tuple[tuple[int, int], ...]
    waiting: int
    count: Callable[[int], int]
    data: int
    g: float


CHIPS: dict[str, Chip] = {
    # 50 a second; full resolution, so 3.9 mg a digit at ±16 g; queue keeps the newest; measure.
    "adxl345": Chip(
        (0x00, 0xE5), ((0x2D, 0x00), (0x2C, 0x09), (0x31, 0x0B), (0x38, 0x00), (0x38, 0x80), (0x2D, 0x08)),
        0x39, lambda status: status & 0x3F, 0x32, 1 / 256,
    ),
    # 50 a second, x y z; ±8 g, high resolution, left-justified 4 mg a digit; queue on, emptied, keeps the newest.
    "lis3dh": Chip(
        (0x0F, 0x33), ((0x20, 0x47), (0x23, 0xA8), (0x24, 0x40), (0x2E, 0x00), (0x2E, 0x80)),
        0x2F, lambda status: QUEUE if status & 0x40 else status & 0x1F, 0x28 | 0x80, 0.004 / 16,
    ),
}  # fmt: skip


class NoChip(OSError):
    """What answers at that address is something else."""


class Reader:
    """One chip. Real time in s is handed in."""

    def __init__(self, chip: Chip, bus: Bus, address: int) -> None:
        self._chip, self._bus, self._address = chip, bus, address
        self._until: float | None = None

    def begin(self) -> None:
        """Raises OSError."""
        register, expected = self._chip.identity
        found = self._bus.read_byte_data(self._address, register)
        if found != expected:
            raise NoChip(f"what answers at {self._address:#04x} says {found:#04x}, not {expected:#04x}")
        for place, value in self._chip.setup:
            self._bus.write_byte_data(self._address, place, value)
        self._until = None

    def look(self, now: float) -> tuple[list[float], list[Sample]]:
        """What was felt since the last look, and when. Raises OSError."""
        count = self._chip.count(self._bus.read_byte_data(self._address, self._chip.waiting))
        acc = [self._sample() for _ in range(count)]
        since = now - count / RATE if self._until is None or count >= QUEUE else self._until
        since = max(since, self._until or since)
        if count:
            self._until = now
        return [since + (now - since) * (place + 1) / count for place in range(count)], acc

    def _sample(self) -> Sample:
        raw = self._bus.read_i2c_block_data(self._address, self._chip.data, 6)
        x, y, z = struct.unpack("<hhh", bytes(raw))
        return x * self._chip.g, y * self._chip.g, z * self._chip.g


class Accelerometer:
    """All of a kit's; one thread, which asks each in turn."""

    topics: Sequence[str] = ()
    deaf_since: datetime | None = None
    bridge: bool | None = None

    def __init__(
        self, fitted: Sequence[Fitted], surroundings: Surroundings, opened: Callable[[int], Bus] | None = None
    ) -> None:
        self._fitted, self._around, self._opened = fitted, surroundings, opened or _opened
        self._alive: dict[str, datetime] = {}
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._listen, args=(one,), daemon=True) for one in fitted]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def read(self, *_: object, **__: object) -> list[Noticed]:
        """Chips speak no MQTT."""
        return []

    def set_right(self, began: datetime, moment: Moment) -> None:
        """A chip is felt many times a second."""

    def alive(self, now: datetime) -> dict[str, datetime]:
        return {sensor: min(at, now) for sensor, at in self._alive.copy().items()}

    def health(self) -> dict[str, SensorHealth]:
        """A wire says nothing of itself."""
        return {}

    def close(self) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(1.0)

    def _listen(self, sensor: Fitted) -> None:
        """Until the end; a chip that does not answer is tried again, and never takes the others with it."""
        troubled = ""
        while not self._ending.is_set():
            try:
                self._listen_while_it_answers(sensor)
            except (OSError, ImportError) as error:
                if str(error) != troubled:
                    log.warning("sensor %s at %s can't be felt: %s", sensor.id, sensor.address, error)
                troubled = str(error)
            self._ending.wait(AGAIN_AFTER)

    def _listen_while_it_answers(self, sensor: Fitted) -> None:
        kind, number, address = sensor.address.split("/")
        bus = self._opened(int(number))
        try:
            reader = Reader(CHIPS[kind], bus, int(address, 16))
            reader.begin()
            while not self._ending.wait(EVERY):
                t, acc = reader.look(time.monotonic())
                moment = self._around.clock.moment()
                if t:
                    self._alive[sensor.id] = moment.at
                    self._around.notice(Felt(sensor.id, t, acc, moment))
        finally:
            bus.close()


def _opened(number: int) -> Bus:
    from smbus2 import SMBus

    return cast("Bus", SMBus(number))


def fit(fitted: Sequence[Fitted], surroundings: Surroundings) -> Accelerometer:
    return Accelerometer(fitted, surroundings)
