"""What would other settings have done in a home last month? Counted, and nothing of when or where.

Both settings are played into the engine that watches, side by side. It takes a second or so, and one at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Lock

from hub.lastmonth import SETTINGS, Compared, beginning, compared
from hub.web.access.accounts import mark
from hub.web.access.door import Door, Viewer
from models.home import Home
from models.privacy import Data, Purpose
from models.sheet import SHEETS, Column, Mistake


class Busy(Exception):
    """Somebody else is trying settings, and the pages of those who answer alerts go first."""


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
        made = self._door.desk(viewer).form("homes", cells, home)
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
        door, until = self._door, self._door.clock.now()
        rows = door.noticed(now, beginning(until), until)
        return compared(door.records, door.alerts.standing(), rows, now, asked, until)


def _by_column(wrong: Sequence[Mistake]) -> dict[str, str]:
    return {one.column: one.text for one in wrong}
