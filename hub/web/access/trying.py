"""What would other settings have done in a home last month? Counted, and nothing of when or where.

Both settings are played into the engine that watches, side by side. It takes a second or so, and one at a time.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from hub.desk import Desk
from hub.knowing import DEAF
from hub.learned import shipped
from hub.web.access.accounts import mark
from hub.web.access.door import Door, Viewer
from models.detection import WATCHED, FindingKind, Urgency
from models.home import Home
from models.observation import SIGNS_OF_LIFE
from models.privacy import Data, Purpose, agreed, in_use
from models.sheet import SHEETS, Column, Mistake

TRIED = timedelta(days=30)
KNOWN_BEFORE = timedelta(days=28)
"""So much is played before, so that the home is known by then."""
LEAST = timedelta(days=3)
ASKS = tuple(kind for kind in WATCHED if kind.urgency is not Urgency.TELL)
"""What is told at the next talk is no alert."""
SETTINGS = ("false_alerts_a_month", "quiet_hours", "up_by_hour", "may_wander")


class Busy(Exception):
    """Somebody else is trying settings, and the pages of those who answer alerts go first."""


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
class Trial:
    """The form: its `columns`, all `cells` of the home as typed, and what is `wrong` by column; `found` where something
    was tried. `too_new` says that the home was not watched for long enough, `busy` that somebody else is trying at
    this moment. `seen` marks how the record stood.
    """

    home: str
    columns: tuple[Column, ...]
    cells: Mapping[str, str]
    seen: str
    wrong: Mapping[str, str]
    found: Compared | None = None
    too_new: bool = False
    busy: bool = False

    @property
    def carried(self) -> dict[str, str]:
        """What was typed elsewhere and is kept with it."""
        here = {*SHEETS["homes"].keys, *(column.name for column in self.columns)}
        return {name: cell for name, cell in self.cells.items() if name not in here}


class TryingDesk:
    def __init__(self, door: Door) -> None:
        self._door, self._one_at_a_time = door, Lock()

    def trial(self, viewer: Viewer, home_id: str, typed: Mapping[str, str]) -> Trial:
        """Whatever of the home's record was `typed`; nothing is tried where nothing was. Raises Hidden."""
        shown = self._door.shown(viewer, Purpose.ADMINISTER, (Data.KIT, Data.TRIED))
        home, sheet = self._door.home(viewer, home_id), SHEETS["homes"]
        columns = {one.name: one for one in sheet.columns if one.name not in sheet.keys}
        cells = sheet.cells(home) | {name: typed[name].strip() for name in columns if name in typed}
        blank = Trial(home_id, tuple(columns[name] for name in SETTINGS), cells, typed.get("seen") or mark(home), {})
        if not typed:
            return blank
        made = Desk(self._door.records.engine, viewer.council).form("homes", cells, home)
        if isinstance(made, list):
            wrong = _by_column(made)
            more = tuple(column for name, column in columns.items() if name in wrong and name not in SETTINGS)
            return replace(blank, columns=(*blank.columns, *more), wrong=wrong)
        self._door.look(viewer, Purpose.ADMINISTER, home_id, shown, "other settings", timedelta(minutes=10))
        try:
            found = self._compared(home, made.after)
        except Busy:
            return replace(blank, busy=True)
        return replace(blank, found=found, too_new=found is None)

    def _compared(self, now: Home, asked: Home) -> Compared | None:
        if not self._one_at_a_time.acquire(blocking=False):
            raise Busy
        try:
            return self._played(now, asked)
        finally:
            self._one_at_a_time.release()

    def _played(self, now: Home, asked: Home) -> Compared | None:
        """What was noticed by sensors in use now. While the home was not heard, nobody knows what happened in it."""
        from models.detection.backtest import Kits, backtest
        from models.detection.batch import batch
        from models.detection.engine import Engine

        until = self._door.clock.now()
        rows = [
            row for row in self._door.noticed(now, until - TRIED - KNOWN_BEFORE, until) if row.what in SIGNS_OF_LIFE
        ]
        if not rows or until - rows[0].at < LEAST:
            return None
        first, start = rows[0].at, max(until - TRIED, rows[0].at)
        kinds = agreed(self._door.records.consents(now.id), now.id)
        twins = [replace(in_use(home, kinds), id=name) for name, home in (("now", now), ("asked", asked))]
        engine = Engine(twins, first, prior=shipped().prior, watched_for=ASKS)
        columns = [
            engine.row(twin.id, row.sensor, row.what, row.at, row.at, number)
            for number, row in enumerate(rows, 1)
            for twin in twins
        ]
        deaf = self._deaf(now.id, first, until)
        dead = {engine.sensor_index[twin.id, sensor]: at for twin in twins for sensor, at in self._dead(twin, now.id)}
        kits = Kits(off=[(place, *spell) for place in range(len(twins)) for spell in deaf], dead=dead)
        found = backtest(engine, batch(columns), start, until, kits)
        counted = (Counter(kind for kind, _, _ in one.alerts) for one in found)
        return Compared((until - start) / timedelta(days=1), *counted)

    def _deaf(self, home: str, start: datetime, until: datetime) -> list[tuple[float, float]]:
        spells = self._door.records.health.spells(start, until, home, DEAF)
        return [(one.began.timestamp(), (one.ended or until).timestamp()) for one in spells]

    def _dead(self, twin: Home, home: str) -> list[tuple[str, float]]:
        """Sensors that are dead, and since when."""
        standing = self._door.alerts.standing()
        mine = [one for one in standing if one.home == home and one.kind is FindingKind.SENSOR_UNHEARD]
        return [(one.sensor, one.since.timestamp()) for one in mine if twin.sensor(one.sensor)]


def _by_column(wrong: Sequence[Mistake]) -> dict[str, str]:
    return {one.column: one.text for one in wrong}
