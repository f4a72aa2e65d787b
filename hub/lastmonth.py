"""What would other settings have done in a home last month? Counted, and nothing of when or where: by the function that
the page calls for one home, and by the command for all of them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from hub import cluster
from hub.knowing import DEAF, noticed
from hub.learned import shipped
from hub.settings import Settings
from hub.store import Records, Store, open_store
from hub.store.alerts import Standing
from hub.store.row import Row
from models.detection import WATCHED, FindingKind, Urgency
from models.home import Home
from models.observation import SIGNS_OF_LIFE
from models.privacy import agreed, in_use
from models.sheet import SHEETS, Mistake, read_cells
from models.telling import plural

if TYPE_CHECKING:
    from models.detection.prior import Prior

TRIED = timedelta(days=30)
KNOWN_BEFORE = timedelta(days=28)
"""So much is played before, so that the home is known by then."""
LEAST = timedelta(days=3)
ASKS = tuple(kind for kind in WATCHED if kind.urgency is not Urgency.TELL)
"""What is told at the next talk is no alert."""
SETTINGS = ("false_alerts_a_month", "quiet_hours", "up_by_hour", "may_wander")
TOGETHER = 10
"""Homes in one part of the work: some seconds of it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Alerts about the person in the last `days`, by kind: with the settings `now`, and with those `asked` for."""

    days: float
    now: Counter[FindingKind]
    asked: Counter[FindingKind]

    @property
    def kinds(self) -> list[FindingKind]:
        return [kind for kind in FindingKind if self.now[kind] or self.asked[kind]]


@dataclass(frozen=True, slots=True)
class Tried:
    """A home, of which `found` is None where it was not watched for long enough."""

    home: str
    found: Compared | None


@dataclass(frozen=True, slots=True)
class Part:
    """Of the homes that are to be tried until then, with `cells` of the sheet of homes."""

    settings: Settings
    cells: Mapping[str, str]
    until: datetime
    homes: tuple[str, ...]


def beginning(until: datetime) -> datetime:
    """Of what is played."""
    return until - TRIED - KNOWN_BEFORE


def compared(
    records: Records, standing: Sequence[Standing], rows: Sequence[Row], now: Home, asked: Home, until: datetime
) -> Compared | None:
    """Both settings played into the engine that watches, side by side: `rows` are what was noticed since the
    `beginning` by sensors in use now. While the home was not heard, nobody knows what happened in it. None where it was
    not watched for long enough.
    """
    from models.detection.backtest import Kits, backtest
    from models.detection.batch import batch
    from models.detection.engine import Engine

    rows = [row for row in rows if row.what in SIGNS_OF_LIFE]
    if not rows or until - rows[0].at < LEAST:
        return None
    first, start = rows[0].at, max(until - TRIED, rows[0].at)
    kinds = agreed(records.consents(now.id), now.id)
    twins = [replace(in_use(home, kinds), id=name) for name, home in (("now", now), ("asked", asked))]
    engine = Engine(twins, first, prior=_prior(), watched_for=ASKS)
    columns = [
        engine.row(twin.id, row.sensor, row.what, row.at, row.at, number)
        for number, row in enumerate(rows, 1)
        for twin in twins
    ]
    deaf = _deaf(records, now.id, first, until)
    dead = {engine.sensor_index[twin.id, sensor]: at for twin in twins for sensor, at in _dead(twin, now.id, standing)}
    kits = Kits(off=[(place, *spell) for place in range(len(twins)) for spell in deaf], dead=dead)
    found = backtest(engine, batch(columns), start, until, kits)
    counted = (Counter(kind for kind, _, _ in one.alerts) for one in found)
    return Compared((until - start) / timedelta(days=1), *counted)


@lru_cache(maxsize=1)
def _prior() -> "Prior":
    return shipped().prior


def _deaf(records: Records, home: str, start: datetime, until: datetime) -> list[tuple[float, float]]:
    spells = records.health.spells(start, until, home, DEAF)
    return [(one.began.timestamp(), (one.ended or until).timestamp()) for one in spells]


def _dead(twin: Home, home: str, standing: Sequence[Standing]) -> list[tuple[str, float]]:
    """Sensors that are dead, and since when."""
    mine = [one for one in standing if one.home == home and one.kind is FindingKind.SENSOR_UNHEARD]
    return [(one.sensor, one.since.timestamp()) for one in mine if twin.sensor(one.sensor)]


def mistakes(cells: Mapping[str, str]) -> list[Mistake]:
    """What can't be tried, and why not."""
    known = {name: cell for name, cell in cells.items() if name in SETTINGS}
    strange = [Mistake(0, name, f"is none of {', '.join(SETTINGS)}") for name in cells if name not in known]
    return strange + read_cells(SHEETS["homes"], known)[1]


def of_homes(settings: Settings, homes: Sequence[str], cells: Mapping[str, str], until: datetime) -> Iterator[Tried]:
    """In their order; of `cells` there are no `mistakes`. On the machines of a Ray cluster, where the settings name
    one. Raises BadSettings.
    """
    some = [tuple(homes[start : start + TOGETHER]) for start in range(0, len(homes), TOGETHER)]
    parts = [Part(settings, cells, until, ids) for ids in some]
    for found in cluster.each(settings, tried, parts):
        yield from found


def tried(part: Part) -> list[Tried]:
    """Wherever this runs, it reads the store itself."""
    store = _store(part.settings)
    standing = store.alerts.standing()
    return [Tried(one, _tried(store, standing, part, one)) for one in part.homes]


@lru_cache(maxsize=1)
def _store(settings: Settings) -> Store:
    return open_store(settings)


def _tried(store: Store, standing: Sequence[Standing], part: Part, home: str) -> Compared | None:
    now = store.records.home(home)
    if now is None:
        return None
    asked = SHEETS["homes"].make(read_cells(SHEETS["homes"], part.cells)[0], now)
    rows = noticed(store.records, store.series, now, beginning(part.until), part.until)
    return compared(store.records, standing, rows, now, asked, part.until)


def line(one: Tried) -> str:
    if one.found is None:
        return f"{one.home}  was not watched for three days"
    return f"{one.home}  {one.found.days:.0f} days: {_count(one.found.now)} as set, {_count(one.found.asked)} as asked"


def total(found: Sequence[Tried]) -> str:
    known = [one.found for one in found if one.found]
    now, asked = (
        sum(counts.total() for counts in of) for of in ((one.now for one in known), (one.asked for one in known))
    )
    new = plural(len(found) - len(known), "home is", "homes are")
    return f"{plural(len(known), 'home')}: {plural(now, 'alert')} as set, {asked} as asked; {new} too new"


def document(found: Sequence[Tried]) -> dict[str, object]:
    """By home: `days`, and alerts by kind `now` and as `asked`; None for one that was not watched for long enough."""
    return {one.home: one.found and _document(one.found) for one in found}


def _document(found: Compared) -> dict[str, object]:
    return {"days": round(found.days, 2), "now": found.now, "asked": found.asked}


def _count(alerts: Counter[FindingKind]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(alerts.items())) or "no alert"
