"""What the pages of kits are handed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.web.shown import Fault, Hearing, Protection
from models.battery import Basis, Forecast


@dataclass(frozen=True, slots=True)
class HomeRow:
    """A home in the list; `lost` are this month's unprotected minutes."""

    home: str
    area: str
    zone: str
    hearing: Hearing
    faults: tuple[str, ...]
    tested: datetime | None
    lost: float

    @property
    def wrong(self) -> bool:
        return bool(self.faults) or not self.hearing.heard


@dataclass(frozen=True, slots=True)
class Homes:
    now: datetime
    rows: tuple[HomeRow, ...]

    @property
    def wrong(self) -> int:
        return sum(row.wrong for row in self.rows)


@dataclass(frozen=True, slots=True)
class Part:
    """A sensor as fitted: `wrong` in words, blank where nothing is; `limit` is how long it may say nothing, `learned`
    from its own rhythm or by its kind; `link_then` is the radio's margin when the home was proved.
    """

    id: str
    name: str
    source: str
    last: datetime | None
    wrong: str
    agreed: bool
    limit: timedelta
    learned: bool
    link: int | None
    link_then: int | None
    battery: float | None
    forecast: Forecast


@dataclass(frozen=True, slots=True)
class Test:
    """The last test press that came through, with its hops; `asked` while one is on its way, `late` if for too long."""

    __test__ = False

    home: str
    zone: str
    now: datetime
    came: datetime | None
    hops: tuple[tuple[str, str], ...]
    asked: datetime | None
    late: bool


@dataclass(frozen=True, slots=True)
class Swapped:
    at: datetime
    sensor: str
    was: str
    now: str
    by: str


@dataclass(frozen=True, slots=True)
class KitOfHome:
    """The installer's page of one home."""

    home: str
    area: str
    zone: str
    now: datetime
    addresses: tuple[str, ...]
    hearing: Hearing
    faults: tuple[Fault, ...]
    parts: tuple[Part, ...]
    test: Test
    protection: Protection
    not_watched: tuple[str, ...]
    swaps: tuple[Swapped, ...]


@dataclass(frozen=True, slots=True)
class Battery:
    home: str
    area: str
    zone: str
    sensor: str
    forecast: Forecast
    due: bool

    @property
    def order(self) -> tuple[object, ...]:
        """What is due, then by when it will be flat; what can't be told comes last."""
        latest = self.forecast.latest
        return not self.due, latest is None, latest.timestamp() if latest else 0.0, self.home, self.sensor

    @property
    def guessed(self) -> bool:
        return self.forecast.basis is Basis.AGE


@dataclass(frozen=True, slots=True)
class Batteries:
    now: datetime
    rows: tuple[Battery, ...]

    @property
    def due(self) -> int:
        return sum(row.due for row in self.rows)
