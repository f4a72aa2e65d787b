"""What pendants felt around suspected falls, of homes that agreed to it, until its own retention ends."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, func, select

from hub.store.database import upsert, writing
from hub.store.once import reading
from hub.store.schema import traces


@dataclass(frozen=True, slots=True)
class Felt:
    """One trace as stored, `at` in the hub's time; the rest as models.wire.Trace has it. (`home`, `outbox`, `number`)
    names it for ever.
    """

    home: str
    outbox: str
    number: int
    sensor: str
    at: datetime
    begins: float
    every: float
    mg: tuple[int, ...]


class Traces:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, felt: Sequence[Felt]) -> None:
        """All or none; one that is stored already stays one."""
        if felt:
            with writing(self._engine) as connection:
                upsert(connection, traces, [asdict(one) for one in felt])

    def between(self, home: str, start: datetime, end: datetime) -> list[Felt]:
        """Those with start <= at < end, in order of `at`."""
        at, mine = traces.c.at, traces.c.home == home
        question = select(traces).where(mine, at >= start, at < end).order_by(at)
        with reading(self._engine) as connection:
            return [Felt(**row._mapping) for row in connection.execute(question)]

    def count(self, home: str, start: datetime) -> int:
        """How many of `home` are from then on."""
        question = select(func.count()).where(traces.c.home == home, traces.c.at >= start)
        with reading(self._engine) as connection:
            return connection.execute(question).scalar_one()

    def forget(self, home: str, before: datetime | None = None) -> int:
        """How many were deleted: all of `home`, or those `before`."""
        doomed: Any = delete(traces).where(traces.c.home == home)
        with writing(self._engine) as connection:
            return connection.execute(doomed if before is None else doomed.where(traces.c.at < before)).rowcount
