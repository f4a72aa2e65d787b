"""Recorded homes: CSV files with the columns time, sensor, kind, value, room; a file a home.

Times are the wall clock of the home, without a zone. Many recordings hold only that a sensor went on; what went back
to rest is then filled in by the kit that plays them.
"""

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple, TextIO
from zoneinfo import ZoneInfo

from models.home import Sensor
from models.observation import SensorKind
from models.recorded import COLUMNS, ON, moments, went_on

FITTED = {
    "motion": SensorKind.MOTION,
    "door": SensorKind.DOOR,
    "bed": SensorKind.BED,
    "chair": SensorKind.CHAIR,
}
WAYS_OUT = ("front", "back", "entrance", "balcony", "garden")


class BadRecording(ValueError):
    """A file that can't be played; the text names the file, the line, and what is wrong with it."""


class Trigger(NamedTuple):
    """A sensor went on (moved, opened, taken) or off, at a moment: UTC, or wall time while in a `Recording`."""

    at: datetime
    sensor: str
    on: bool


@dataclass(frozen=True, slots=True)
class Recording:
    """One home as recorded: wall times in the order of the file. `skipped` counts rows of kinds that no kit has."""

    home: str
    sensors: tuple[Sensor, ...]
    triggers: tuple[Trigger, ...]
    skipped: dict[str, int]

    @property
    def first_day(self) -> date:
        return min(trigger.at for trigger in self.triggers).date()

    def shifted(self, weeks: int) -> "Recording":
        """Later by whole weeks, so that every day keeps its weekday and every hour its place in the day."""
        later = timedelta(weeks=weeks)
        return replace(self, triggers=tuple(Trigger(at + later, sensor, on) for at, sensor, on in self.triggers))

    def first_days(self, days: int) -> "Recording":
        end = datetime.combine(self.first_day, time.min) + timedelta(days=days)
        return replace(self, triggers=tuple(trigger for trigger in self.triggers if trigger.at < end))

    def in_utc(self, zone: str = "Europe/London") -> list[Trigger]:
        return in_utc(self.triggers, ZoneInfo(zone))


def read_folder(folder: Path) -> list[Recording]:
    """Every home of a folder, by name; label files are passed over. Raises BadRecording when there is none."""
    check_folder(folder)
    files = sorted(path for path in folder.glob("*.csv*") if is_recording(path))
    if not files:
        raise BadRecording(f"{folder}: no recording here; expected files named <home>.csv or <home>.csv.gz")
    return [read_recording(path) for path in files]


def check_folder(folder: Path) -> None:
    """Raises BadRecording."""
    if not folder.is_dir():
        why = "is a file; name the folder that it is in" if folder.exists() else "no such folder"
        raise BadRecording(f"{folder}: {why}")


def is_recording(path: Path) -> bool:
    return path.name.endswith((".csv", ".csv.gz")) and ".labels." not in path.name


def read_recording(path: Path) -> Recording:
    """Raises BadRecording."""
    with _opened(path) as lines:
        rows = list(_rows(path, lines))
    played = [(at, sensor, on) for at, sensor, on, kind, _ in rows if kind in FITTED]
    if not played:
        raise BadRecording(f"{path}: nothing in it that a kit could notice (motion, door or bed)")
    triggers = (Trigger(at, slug(sensor), on) for at, sensor, on in played)
    skipped = Counter(kind for *_, kind, _ in rows if kind not in FITTED)
    return Recording(_home_id(path), _sensors(rows), tuple(triggers), dict(skipped))


def slug(name: str) -> str:
    """A name as ids and topics can carry it."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "unnamed"


def in_utc(triggers: Sequence[Trigger], zone: ZoneInfo) -> list[Trigger]:
    """From wall time, in order."""
    walls = moments([trigger.at for trigger in triggers], zone)
    placed = [Trigger(at, sensor, on) for at, (_, sensor, on) in zip(walls, triggers, strict=True)]
    return sorted(placed, key=lambda one: one.at)


def weeks_until(first_day: date, monday: date) -> int:
    """How many weeks later `first_day` has to be to lie in the week that begins on `monday`."""
    return (monday - (first_day - timedelta(days=first_day.weekday()))).days // 7


def aligned(recordings: Sequence[Recording], monday: date) -> list[Recording]:
    """Shifted by whole weeks so that all of them begin in the week of `monday`."""
    return [recording.shifted(weeks_until(recording.first_day, monday)) for recording in recordings]


def closes_itself(triggers: Sequence[Trigger]) -> frozenset[str]:
    """Sensors whose going off is recorded too, so that none has to be filled in."""
    return frozenset(trigger.sensor for trigger in triggers if not trigger.on)


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


class _Row(NamedTuple):
    at: datetime
    sensor: str
    on: bool
    kind: str
    room: str


def _rows(path: Path, lines: TextIO) -> Iterator[_Row]:
    reader = csv.reader(lines)
    try:
        if (header := next(reader, [])) != COLUMNS:
            raise BadRecording(f"{path}:1: the columns are {header}, expected {COLUMNS}")
        for cells in reader:
            yield _row(cells, f"{path}:{reader.line_num}")
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, csv.Error) as error:
        raise BadRecording(f"{path}:{reader.line_num + 1}: not readable: {error}") from error


def _row(cells: list[str], where: str) -> _Row:
    if len(cells) != len(COLUMNS):
        raise BadRecording(f"{where}: {len(cells)} columns, expected {len(COLUMNS)}")
    when, sensor, kind, value, room = cells
    if value.upper() not in ON:
        raise BadRecording(f"{where}: value '{value}' is none of {', '.join(ON)}")
    if not sensor:
        raise BadRecording(f"{where}: the sensor has no name")
    return _Row(_wall_time(when, where), sensor, went_on(value), kind, room)


def _wall_time(text: str, where: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRecording(f"{where}: '{text}' is no time such as 2019-05-15T12:19:32") from error
    if at.tzinfo:
        raise BadRecording(f"{where}: '{text}' has a zone; expected the home's wall time without one")
    return at


def _home_id(path: Path) -> str:
    return slug(path.name.removesuffix(".gz").removesuffix(".csv"))[:64]


def _sensors(rows: Sequence[_Row]) -> tuple[Sensor, ...]:
    found = {slug(row.sensor): (FITTED[row.kind], row.room) for row in rows if row.kind in FITTED}
    return tuple(
        Sensor(name, kind, slug(room), is_exit=kind is SensorKind.DOOR and _leads_out(name, room))
        for name, (kind, room) in sorted(found.items())
    )


def _leads_out(name: str, room: str) -> bool:
    return any(way in f"{name} {room}".lower() for way in WAYS_OUT)
