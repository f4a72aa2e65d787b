"""One observation as it is stored."""

from datetime import datetime
from operator import attrgetter

import msgspec

from models.observation import Evidence, What


class Row(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """(`home`, `outbox`, `number`) names it for ever; `seq` is its place in arrival, and 0 once it has settled.
    The store keeps these fields in this order (`fresh.py`): only ever append.
    """

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


by_name = attrgetter("home", "outbox")
