"""One observation as it is stored."""

from datetime import datetime

import msgspec

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
