"""Observations out of a hub and into one: Parquet with all that is known of each, or CSV as homes are recorded in.

Both can be stopped at any moment and go on where they stopped. What comes in is nobody's call for help now: it is kept
as what has settled, within the consents on record and no longer than it may be kept, and nothing is raised for it.
"""

import csv
import gzip
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TextIO
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from hub.store import Store
from hub.store.amendments import Amendment, keep
from hub.store.row import Row
from hub.store.schema import to_us
from hub.store.settled import Columns, columns_of
from models.home import Home
from models.observation import KINDS_OF, SensorKind, What
from models.privacy import NOTHING, RETENTION, may_leave
from models.recorded import COLUMNS, MEANS, ON, SAID, BadTable, moments, went_on
from models.telling import plural

if TYPE_CHECKING:
    from hub.parquet import Reader, Writer

STATE = "export.json"
SAY_EVERY = 2.0
"""Real seconds."""


class Unusable(Exception):
    """What stands in the way, and what to do."""


@dataclass(slots=True)
class Told:
    """How far it is, said now and then. What an earlier call did, `before`, tells nothing of how long it takes."""

    say: Callable[[str], None]
    total: int
    what: str
    before: int = 0
    done: int = 0
    rows: int = 0
    began: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)

    def one(self, rows: int = 0) -> None:
        self.done += 1
        self.rows += rows
        now = time.monotonic()
        if now - self.said >= SAY_EVERY:
            self.said = now
            whole = self.before + self.done
            left = (now - self.began) / self.done * (self.total - whole)
            read = f", {self.rows:,} observations" if self.rows else ""
            self.say(f"{whole:,} of {self.total:,} {self.what}{read}, {left / 60:.0f} min left")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an export is of; a second call into the same folder must ask for the same."""

    form: str
    homes: tuple[str, ...]
    since: datetime
    until: datetime


def export(store: Store, into: Path, asked: Asked, actor: str, now: datetime, say: Callable[[str], None]) -> int:
    """How many observations are in the folder then. Raises Unusable and OSError."""
    homes = on_record(store, asked.homes)
    first = _begun(into, asked)
    if first:
        note(store, homes, actor, now, f"exported observations of {plural(len(homes), 'home')} as {asked.form}")
    months = list(_months(asked.since, asked.until))
    told = Told(say, len(homes) * len(months), "months of homes" if len(months) > 1 else "homes")
    if asked.form == "csv":
        for home in homes:
            _export_csv(store, into / f"{home.id}.csv.gz", home, asked, told)
    else:
        for start, end in months:
            _export_month(store, into / f"{start:%Y-%m}.parquet", homes, (start, end), told)
    return told.rows


def on_record(store: Store, ids: Sequence[str], *, ended: bool = True) -> list[Home]:
    """Those of `ids`, or all. Raises Unusable."""
    homes = {home.id: home for home in store.records.homes(ended=ended)}
    strange = sorted(set(ids) - homes.keys())
    if strange:
        raise Unusable(f"there is no home '{strange[0]}' on record")
    return [homes[one] for one in sorted(ids or homes)]


def _begun(into: Path, asked: Asked) -> bool:
    """Whether this is the first call for it."""
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = into / STATE
    if state.exists():
        if msgspec.json.decode(state.read_bytes(), type=Asked) != asked:
            raise Unusable(f"{into} holds another export: name a folder of its own, or ask for the same as then")
        return False
    if any(into.iterdir()):
        raise Unusable(f"{into} is not empty: an export goes into a folder of its own")
    state.write_bytes(msgspec.json.encode(asked))
    return True


def begun(into: Path) -> Asked | None:
    """What an export there is of, if one was begun."""
    state = into / STATE
    return msgspec.json.decode(state.read_bytes(), type=Asked) if state.exists() else None


def note(store: Store, homes: Sequence[Home], actor: str, now: datetime, text: str) -> None:
    councils = sorted({home.council for home in homes})
    keep(store.records.engine, [Amendment(now, actor, one, "observations", "", text) for one in councils])


def _months(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    start = since.astimezone(UTC)
    while start < until:
        first = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        end = min((first + timedelta(days=32)).replace(day=1), until)
        yield start, end
        start = end


def _parquet() -> "tuple[type[Reader], type[Writer]]":
    try:
        from hub.parquet import Reader, Writer
    except ModuleNotFoundError as bad:
        raise Unusable(f"Parquet needs {bad.name}: install nightlight[parquet], or choose CSV") from bad
    return Reader, Writer


def _export_month(store: Store, path: Path, homes: Sequence[Home], span: tuple[datetime, datetime], told: Told) -> None:
    reader, writer = _parquet()
    if path.exists():
        told.before += len(homes)
        told.rows += reader(path).rows()
        return
    to = writer(path)
    for home in homes:
        columns = store.series.columns(home.id, *span)
        to.add(home.id, columns)
        told.one(len(columns))
    to.close()


def _export_csv(store: Store, path: Path, home: Home, asked: Asked, told: Told) -> None:
    """In the order in which it happened, by the home's own clock; falls and tests have no word there."""
    if path.exists():
        told.one(0)
        return
    zone, part = ZoneInfo(home.timezone), path.with_suffix(".part")
    rooms = {sensor.id: (sensor.kind.value, sensor.room) for sensor in home.sensors}
    with gzip.open(part, "wt", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        rows = [row for row in store.series.between(home.id, asked.since, asked.until) if row.what in SAID]
        for row in rows:
            kind, value = SAID[row.what]
            fitted, room = rooms.get(row.sensor, (kind, ""))
            wall = row.at.astimezone(zone).replace(tzinfo=None).isoformat()
            table.writerow([wall, row.sensor, fitted if row.what is What.PRESSED else kind, value, room])
    part.replace(path)
    told.one(len(rows))


class Importer:
    """What is taken in, and what is left out and why."""

    def __init__(self, store: Store, state: Path, now: datetime, say: Callable[[str], None]) -> None:
        self._store, self._state, self._now, self._say = store, state, now, say
        self._homes = {home.id: home for home in store.records.homes(ended=True)}
        self._agreed = store.records.agreed()
        self._done: dict[str, int] = _read_state(state)
        self.new = 0
        self.known = 0
        self.left_out: Counter[str] = Counter()

    def bring(self, files: Sequence[Path], weeks_later: int, actor: str) -> None:
        """Raises Unusable, BadTable and OSError; what was taken in by then stays, and is not taken twice."""
        paths = list(_files(files))
        for path in paths:
            if path.suffix == ".parquet":
                self._parquet(path)
            else:
                self._csv(path, weeks_later)
        brought = (
            f"imported {plural(self.new, 'observation')}, {plural(self.known, 'was', 'were')} known, "
            f"from {plural(len(paths), 'file')}"
        )
        note(self._store, list(self._homes.values()), actor, self._now, brought)
        self._state.unlink(missing_ok=True)

    def _parquet(self, path: Path) -> None:
        reader, name = _parquet()[0](path), _named(path)
        told = Told(self._say, len(reader), f"row groups of {path.name}", before=self._done.get(name, 0))
        for place in range(told.before, len(reader)):
            rows = 0
            for home, columns in reader.group(place):
                rows += len(columns)
                self._take(home, columns)
            self._remember(name, place + 1)
            told.one(rows)

    def _csv(self, path: Path, weeks_later: int) -> None:
        home = self._homes.get(path.name.removesuffix(".gz").removesuffix(".csv"))
        if home is None:
            raise Unusable(f"{path}: the file is called after no home on record: load the home, or rename the file")
        if self._done.get(_named(path)):
            return
        rows = _rows(path, home, timedelta(weeks=weeks_later), self.left_out)
        self._take(home.id, columns_of(rows))
        self._remember(_named(path), 1)
        self._say(f"{path.name}: {len(rows):,} observations read")

    def _take(self, home: str, columns: Columns) -> None:
        if home not in self._homes:
            self.left_out[f"of home '{home}', which is not on record"] += len(columns)
            return
        kept = self._allowed(home, columns)
        new = self._store.series.bring(home, kept) if len(kept) else 0
        self.new += new
        self.known += len(kept) - new

    def _allowed(self, home: str, columns: Columns) -> Columns:
        whats, kinds = [What(one) for one in columns.whats], self._agreed.get(home, NOTHING).kinds
        consented = np.array([may_leave(what, kinds) for what in whats], bool)
        oldest = np.array([to_us(self._now - _kept(what)) for what in whats], np.int64)
        may = consented[columns.what] if len(columns) else np.empty(0, bool)
        young = columns.at >= oldest[columns.what] if len(columns) else may
        past = columns.at <= to_us(self._now)
        self.left_out["that nobody consented to"] += int((~may).sum())
        self.left_out["older than it may be kept"] += int((may & ~young).sum())
        self.left_out["of the future"] += int((may & young & ~past).sum())
        return columns.where(may & young & past)

    def _remember(self, name: str, done: int) -> None:
        self._done[name] = done
        new = self._state.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(self._done))
        new.replace(self._state)


def _kept(what: What) -> timedelta:
    return max((RETENTION[kind] for kind in KINDS_OF[what]), default=min(RETENTION.values()))


def _read_state(path: Path) -> dict[str, int]:
    """What a call that was stopped had done. Lost, all is read again, and known."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except (OSError, msgspec.DecodeError):
        return {}


def _files(given: Sequence[Path]) -> Iterator[Path]:
    for path in given:
        if path.is_dir():
            yield from sorted(one for one in path.iterdir() if _is_table(one))
        elif _is_table(path):
            yield path
        else:
            raise Unusable(f"{path}: is no .parquet, .csv or .csv.gz")


def _is_table(path: Path) -> bool:
    return path.name.endswith((".parquet", ".csv", ".csv.gz")) and ".labels." not in path.name


def _named(path: Path) -> str:
    stat = path.stat()
    return f"{path.resolve()} {stat.st_size} {stat.st_mtime_ns}"


def _rows(path: Path, home: Home, later: timedelta, left_out: Counter[str]) -> list[Row]:
    """A row's number is its line, so that a file that is read again brings nothing new."""
    kinds = {sensor.id: sensor.kind for sensor in home.sensors}
    with _opened(path) as file:
        lines = list(_lines(path, file))
    walls = moments([at + later for _, at, *_ in lines], ZoneInfo(home.timezone))
    rows: list[Row] = []
    for (number, _, sensor, kind, value), at in zip(lines, walls, strict=True):
        fitted = kinds.get(sensor) or (SensorKind(kind) if kind in set(SensorKind) else None)
        contact = fitted is SensorKind.DOOR and "contact" in kind.lower()
        what = MEANS.get((fitted, went_on(value, contact=contact))) if fitted else None
        if what is None:
            left_out["of kinds, or of a rest, that no sensor of ours notices"] += 1
            continue
        rows.append(Row(home.id, f"csv {path.name}"[:64], number, sensor, what, at, at))
    return rows


def _lines(path: Path, file: TextIO) -> Iterator[tuple[int, datetime, str, str, str]]:
    table = csv.reader(file)
    try:
        if (header := next(table, [])) != COLUMNS:
            raise BadTable(f"{path}:1: the columns are {header}, expected {COLUMNS}")
        for cells in table:
            yield _line(cells, table.line_num, path)
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, csv.Error) as bad:
        raise BadTable(f"{path}:{table.line_num + 1}: not readable: {bad}") from bad


def _line(cells: Sequence[str], number: int, path: Path) -> tuple[int, datetime, str, str, str]:
    try:
        when, sensor, kind, value, _room = cells
        at, _ = datetime.fromisoformat(when), ON[value.upper()]
    except (ValueError, KeyError) as bad:
        text = f"{path}:{number}: wants a time such as 2019-05-15T12:19:32, a sensor, a kind, {'/'.join(ON)}, a room"
        raise BadTable(text) from bad
    if at.tzinfo or not 0 < len(sensor) <= 64:
        raise BadTable(f"{path}:{number}: a time has no zone, and a sensor's name has 1 to 64 letters")
    return number, at, sensor, kind, value


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")
