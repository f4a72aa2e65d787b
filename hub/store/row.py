"""One observation as it is stored, and many."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from hub.store.schema import from_us
from models.observation import Evidence, What


class Row(msgspec.Struct, frozen=True, gc=False):
    """(`home`, `outbox`, `number`) names it for ever; `seq` is its place in arrival, and 0 once it has settled."""

    home: str
    outbox: str
    number: int
    sensor: str
    what: What
    at: datetime
    arrived: datetime
    clock_trusted: bool = True
    seq: int = 0
    evidence: Evidence | None = None


class Stored(NamedTuple):
    """Many, in order of arrival, a tuple for each column of the table and no object for each observation. Moments are
    microseconds since 1970 UTC, evidence is JSON.
    """

    seq: tuple[int, ...] = ()
    home: tuple[str, ...] = ()
    outbox: tuple[str, ...] = ()
    number: tuple[int, ...] = ()
    sensor: tuple[str, ...] = ()
    what: tuple[str, ...] = ()
    at: tuple[int, ...] = ()
    arrived: tuple[int, ...] = ()
    clock_trusted: tuple[bool, ...] = ()
    evidence: tuple[str | None, ...] = ()

    def felt(self) -> dict[int, Evidence]:
        """The evidence of those that have any, by place."""
        told = enumerate(self.evidence)
        return {place: msgspec.json.decode(one, type=dict[str, float]) for place, one in told if one is not None}

    def of(self, what: What) -> list[Row]:
        """Those of `what`, as objects."""
        felt = self.felt()
        return [
            Row(
                self.home[n], self.outbox[n], self.number[n], self.sensor[n], what, from_us(self.at[n]),
                from_us(self.arrived[n]), bool(self.clock_trusted[n]), self.seq[n], felt.get(n),
            )
            for n, one in enumerate(self.what)
            if one == what
        ]  # fmt: skip
