"""What has settled: one home's week as one block of columns, a few bytes an observation.

A block is MessagePack inside zlib: names once each, and every column of integers as differences, lowest bytes first,
all lowest bytes before all next ones. Rows stand in the order in which they arrived. Any MessagePack library reads it.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from hub.store.row import Row
from hub.store.schema import from_us, to_us
from models.observation import Evidence, What

VERSION = 1
DAY_US = 86_400_000_000
WEEK_US = 7 * DAY_US
LEVEL = 6
USUALLY = 2**18
"""Bytes in which a block unpacks without a second allocation."""

Ints = NDArray[np.int64]

AT, ARRIVED, NUMBER, UNTRUSTED, SENSOR, WHAT, OUTBOX = range(7)
"""The columns; times in microseconds since 1970 UTC, the last three as places in the names beside them."""


class Damaged(ValueError):
    """A block that does not read: the disk or somebody's hand changed it."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Observations of one home: `numbers` has a row for each column named above. `evidence` is by place in them."""

    sensors: tuple[str, ...] = ()
    whats: tuple[str, ...] = ()
    outboxes: tuple[str, ...] = ()
    numbers: Ints = field(default_factory=lambda: np.empty((7, 0), np.int64))
    evidence: Mapping[int, Evidence] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.numbers.shape[1])

    @property
    def at(self) -> Ints:
        return cast("Ints", self.numbers[AT])

    @property
    def arrived(self) -> Ints:
        return cast("Ints", self.numbers[ARRIVED])

    @property
    def number(self) -> Ints:
        return cast("Ints", self.numbers[NUMBER])

    @property
    def sensor(self) -> Ints:
        return cast("Ints", self.numbers[SENSOR])

    @property
    def what(self) -> Ints:
        return cast("Ints", self.numbers[WHAT])

    def take(self, places: Ints) -> "Columns":
        """Those alone, in that order."""
        held = self.evidence
        evidence = {new: held[old] for new, old in enumerate(places.tolist()) if old in held} if held else {}
        return Columns(self.sensors, self.whats, self.outboxes, self.numbers[:, places], evidence)

    def where(self, kept: NDArray[np.bool_]) -> "Columns":
        return self.take(np.flatnonzero(kept))

    def between(self, first: int, end: int) -> "Columns":
        """Those with first <= at < end, ordered."""
        order = np.argsort(self.at, kind="stable")
        low, high = np.searchsorted(self.at[order], [first, end])
        return self.take(order[low:high])

    def ordered(self) -> "Columns":
        """By when it was noticed; what was noticed at once, as it arrived."""
        return self.take(np.argsort(self.at, kind="stable"))

    def names(self) -> tuple[list[str], list[str]]:
        """Of each its sensor, and what."""
        return [self.sensors[n] for n in self.sensor.tolist()], [self.whats[n] for n in self.what.tolist()]

    def rows(self, home: str) -> list[Row]:
        """As they were stored, but for `seq`: the place in the order of all homes ends with settling, and is 0."""
        sensors, outboxes, whats = self.sensors, self.outboxes, [What(one) for one in self.whats]
        return [
            Row(
                home, outboxes[outbox], number, sensors[sensor], whats[what], from_us(at), from_us(arrived),
                not untrusted, 0, self.evidence.get(place),
            )
            for place, (at, arrived, number, untrusted, sensor, what, outbox) in enumerate(self.numbers.T.tolist())
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Block:
    v: int
    count: int
    sensors: tuple[str, ...]
    whats: tuple[str, ...]
    outboxes: tuple[str, ...]
    planes: bytes
    evidence: dict[int, dict[str, float]]


def columns_of(rows: Sequence[Row]) -> Columns:
    """In the order given."""
    sensors, sensor = coded(row.sensor for row in rows)
    whats, what = coded(row.what.value for row in rows)
    outboxes, outbox = coded(row.outbox for row in rows)
    numbers = [
        [to_us(row.at) for row in rows],
        [to_us(row.arrived) for row in rows],
        [row.number for row in rows],
        [not row.clock_trusted for row in rows],
        sensor,
        what,
        outbox,
    ]
    evidence = {place: row.evidence for place, row in enumerate(rows) if row.evidence is not None}
    return Columns(sensors, whats, outboxes, np.array(numbers, np.int64), evidence)


def encoded(columns: Columns) -> bytes:
    evidence = {place: dict(what) for place, what in columns.evidence.items()}
    names = columns.sensors, columns.whats, columns.outboxes
    block = _Block(VERSION, len(columns), *names, _planes(columns.numbers), evidence)
    return zlib.compress(msgspec.msgpack.encode(block), LEVEL)


def decoded(body: bytes) -> Columns:
    """Raises Damaged."""
    try:
        block = msgspec.msgpack.decode(zlib.decompress(body, bufsize=USUALLY), type=_Block)
        if block.v != VERSION:
            raise Damaged(f"a block is of version {block.v}, and this hub reads {VERSION}: update the hub")
        numbers = _numbers(block.planes, block.count)
    except (zlib.error, msgspec.DecodeError, ValueError) as bad:
        raise Damaged(str(bad)) from bad
    return Columns(block.sensors, block.whats, block.outboxes, numbers, cast("Mapping[int, Evidence]", block.evidence))


def joined(parts: Sequence[Columns]) -> Columns:
    """One after the other."""
    if len(parts) <= 1:
        return parts[0] if parts else Columns()
    numbers = np.concatenate([one.numbers for one in parts], axis=1)
    sensors, numbers[SENSOR] = _recoded([(one.sensors, one.numbers[SENSOR]) for one in parts])
    whats, numbers[WHAT] = _recoded([(one.whats, one.numbers[WHAT]) for one in parts])
    outboxes, numbers[OUTBOX] = _recoded([(one.outboxes, one.numbers[OUTBOX]) for one in parts])
    evidence: dict[int, Evidence] = {}
    before = 0
    for one in parts:
        evidence |= {before + place: told for place, told in one.evidence.items()}
        before += len(one)
    return Columns(sensors, whats, outboxes, numbers, evidence)


def coded(names: Iterable[str]) -> tuple[tuple[str, ...], list[int]]:
    place: dict[str, int] = {}
    codes = [place.setdefault(name, len(place)) for name in names]
    return tuple(place), codes


def _recoded(parts: Sequence[tuple[tuple[str, ...], Ints]]) -> tuple[tuple[str, ...], Ints]:
    place: dict[str, int] = {}
    new = [np.array([place.setdefault(one, len(place)) for one in names], np.int64) for names, _ in parts]
    return tuple(place), np.concatenate([codes[old] for codes, (_, old) in zip(new, parts, strict=True)])


def _planes(numbers: Ints) -> bytes:
    """The zeros at the end, which are most of it, are left out."""
    steps = np.diff(numbers, prepend=0)
    folded = (steps << 1) ^ (steps >> 63)  # so that small steps down are small numbers too
    return folded.astype("<i8").reshape(-1, 1).view(np.uint8).T.tobytes().rstrip(b"\0")


def _numbers(planes: bytes, count: int) -> Ints:
    size = 7 * count
    full = np.frombuffer(planes.ljust(-(-len(planes) // max(size, 1)) * size, b"\0"), np.uint8).reshape(-1, 7, count)
    if len(full) > 8:
        raise Damaged(f"{len(planes)} bytes are too many for {count} rows")
    folded = np.zeros((7, count), np.int64)
    for place, plane in enumerate(full):
        for column in np.flatnonzero(plane.any(axis=1)).tolist():  # names have one byte, moments six
            folded[column] += plane[column].astype(np.int64) << 8 * place
    steps = (folded >> 1) & 0x7FFF_FFFF_FFFF_FFFF
    steps ^= -(folded & 1)
    return np.cumsum(steps, axis=1, out=steps)
