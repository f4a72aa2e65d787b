"""Observations as Parquet, which every tool for tables reads: a file for each month, in it a row group a home."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import DecodeError, json

from hub.store.settled import ARRIVED, AT, NUMBER, OUTBOX, SENSOR, UNTRUSTED, WHAT, Columns, Ints
from models.observation import KINDS_OF, Evidence
from models.recorded import BadTable

_NAMES = pa.dictionary(pa.int32(), pa.string())
_MOMENT = pa.timestamp("us", "UTC")
SCHEMA = pa.schema([
    ("home", _NAMES), ("at", _MOMENT), ("sensor", _NAMES), ("what", _NAMES), ("arrived", _MOMENT), ("outbox", _NAMES),
    ("number", pa.int64()), ("clock_trusted", pa.bool_()), ("evidence", pa.string()),
])  # fmt: skip
_NAMED = ["home", "sensor", "what", "outbox"]
_STEPS = ("at", "arrived", "number")
_DELTA = "DELTA_BINARY_PACKED"


class Writer:
    """Has a file's name only once it is whole."""

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_suffix(".part")
        self._to = pq.ParquetWriter(
            self._part, SCHEMA, compression="zstd", use_dictionary=_NAMED, column_encoding=dict.fromkeys(_STEPS, _DELTA)
        )

    def add(self, home: str, columns: Columns) -> None:
        if len(columns):
            self._to.write_table(_table(home, columns))

    def close(self) -> None:
        self._to.close()
        self._part.replace(self._path)


def _table(home: str, columns: Columns) -> Any:
    numbers, evidence = columns.numbers, columns.evidence
    told = [json.encode(dict(evidence[n])).decode() if n in evidence else None for n in range(len(columns))]
    arrays = [
        _coded(np.zeros(len(columns), np.int64), (home,)), pa.array(numbers[AT]).cast(_MOMENT),
        _coded(numbers[SENSOR], columns.sensors), _coded(numbers[WHAT], columns.whats),
        pa.array(numbers[ARRIVED]).cast(_MOMENT), _coded(numbers[OUTBOX], columns.outboxes), pa.array(numbers[NUMBER]),
        pa.array(numbers[UNTRUSTED] == 0), pa.array(told, pa.string()),
    ]  # fmt: skip
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _coded(codes: Ints, names: Sequence[str]) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(names), pa.string()))


class Reader:
    """Raises BadTable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._from = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as bad:
            raise BadTable(f"{path}: does not read as Parquet: {bad}") from bad

    def __len__(self) -> int:
        """Row groups."""
        return int(self._from.num_row_groups)

    def rows(self) -> int:
        return int(self._from.metadata.num_rows)

    def group(self, place: int) -> Iterator[tuple[str, Columns]]:
        """Each home in it, with its observations."""
        try:
            table = self._from.read_row_group(place).select(SCHEMA.names).cast(SCHEMA).combine_chunks()
        except (pa.ArrowException, KeyError, OSError) as bad:
            wanted = ", ".join(f"{one.name} ({one.type})" for one in SCHEMA)
            raise BadTable(f"{self._path}: {bad}; the columns are {wanted}") from bad
        empty = [one.name for one in SCHEMA if one.name != "evidence" and table[one.name].null_count]
        if empty:
            raise BadTable(f"{self._path}: {', '.join(empty)} must not be empty")
        homes, home = _names(table["home"])
        whole = self._columns(table)
        for code, name in enumerate(homes):
            yield name, whole.where(home == code)

    def _columns(self, table: Any) -> Columns:
        sensors, sensor = _names(table["sensor"])
        whats, what = _names(table["what"])
        outboxes, outbox = _names(table["outbox"])
        strange = set(whats) - set(KINDS_OF)
        if strange:
            raise BadTable(f"{self._path}: '{min(strange)}' is nothing that a sensor notices")
        at, arrived = (table[name].cast(pa.int64()).to_numpy() for name in ("at", "arrived"))
        untrusted = ~table["clock_trusted"].to_numpy(zero_copy_only=False) if len(table) else np.empty(0, bool)
        numbers = [at, arrived, table["number"].to_numpy(), untrusted, sensor, what, outbox]
        return Columns(sensors, whats, outboxes, np.array(numbers, np.int64), self._evidence(table["evidence"]))

    def _evidence(self, column: Any) -> dict[int, Evidence]:
        if column.null_count == len(column):
            return {}
        try:
            told = enumerate(column.to_pylist())
            return {place: json.decode(one, type=dict[str, float]) for place, one in told if one is not None}
        except DecodeError as bad:
            raise BadTable(f"{self._path}: evidence is no JSON of numbers: {bad}") from bad


def _names(column: Any) -> tuple[tuple[str, ...], Ints]:
    chunk = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    return tuple(chunk.dictionary.to_pylist()), chunk.indices.to_numpy(zero_copy_only=False).astype(np.int64)
