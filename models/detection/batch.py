"""Observations as columns, which is how the engine reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NO_SENSOR = -1


def utc(moment: float) -> datetime:
    """Columns hold moments in s since 1970; people and pages are told times."""
    return datetime.fromtimestamp(float(moment), UTC)


@dataclass(frozen=True, slots=True)
class Batch:
    """`n` rows: index of the home, index of the sensor (or -1), code of `What`, moment and arrival in s since 1970 UTC,
    and the number that the outbox gave it (0 for what the kit says of itself).
    """

    home: Ints
    sensor: Ints
    what: Ints
    at: Floats
    arrived: Floats
    number: Ints

    def __len__(self) -> int:
        return len(self.home)

    def __getitem__(self, rows: Any) -> Batch:  # numpy's own index types
        return Batch(
            self.home[rows], self.sensor[rows], self.what[rows], self.at[rows], self.arrived[rows], self.number[rows]
        )


def batch(rows: Sequence[tuple[int, int, int, float, float, int]]) -> Batch:
    """From rows of (home, sensor, what, at, arrived, number)."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 6
    ints = [np.asarray(columns[place], np.int64) for place in (0, 1, 2, 5)]
    floats = [np.asarray(columns[place], np.float64) for place in (3, 4)]
    return Batch(ints[0], ints[1], ints[2], floats[0], floats[1], ints[3])
