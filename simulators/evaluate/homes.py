"""Recorded homes as columns: CSV files with the columns time, sensor, kind, value, room; a file a home."""

import csv
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.detection.batch import Bools, Floats, Ints
from models.home import Home, Sensor
from models.observation import CODE_OF, SensorKind, What
from simulators.recording import COLUMNS, ON, WAYS_OUT, BadRecording, is_recording, slug

HOUR = 3600.0
DAY = 24 * HOUR
ROOMS = ("bathroom", "bedroom", "entrance", "hall", "kitchen", "living", "office", "other")
WORDS = {
    "bath": "bathroom",
    "toilet": "bathroom",
    "shower": "bathroom",
    "wc": "bathroom",
    "bed": "bedroom",
    "dresser": "bedroom",
    "kitchen": "kitchen",
    "fridge": "kitchen",
    "freez": "kitchen",
    "microwave": "kitchen",
    "cupboard": "kitchen",
    "living": "living",
    "lounge": "living",
    "dining": "living",
    "couch": "living",
    "office": "office",
    "study": "office",
    "hall": "hall",
    "landing": "hall",
    "stair": "hall",
}

KIND_OF = {"door": SensorKind.DOOR, "bed": SensorKind.BED}
"""Whatever else is recorded (motion, items, mats) is taken as a sensor that notices movement."""

AT_ONCE = 5
"""So many homes must be recording for their common silence to mean that the installation was dead."""

DEAD_AFTER = 3 * HOUR


class Fitted(NamedTuple):
    """A sensor as the recording names it."""

    name: str
    kind: str
    room: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """One home: an entry for each sign of life, in order of time.

    `t` is the wall clock as if it were UTC, in s since 1970; `sensor` an index into `sensors`, `room` into ROOMS;
    `way_out` marks doors that lead out; `what` is the code of `What`. `dead` (k, 2) holds the spells in which the
    installation is known to have been dead.
    """

    id: str
    t: Floats
    sensor: Ints
    room: Ints
    way_out: Bools
    what: Ints
    sensors: tuple[Fitted, ...]
    dead: Floats

    @property
    def first_midnight(self) -> float:
        return float(np.floor(self.t[0] / DAY) * DAY)

    @property
    def days(self) -> float:
        return (float(self.t[-1]) - self.first_midnight) / DAY


def read_folder(folder: Path, done: Callable[[], object] = lambda: None) -> list[Recorded]:
    """Every home of `folder`, by name; label files are passed over. Raises BadRecording."""
    if not folder.is_dir():
        raise BadRecording(f"{folder}: no such folder")
    homes = []
    for path in recordings(folder):
        homes.append(read_home(path))
        done()
    if not homes:
        raise BadRecording(f"{folder}: no recording here; expected files named <home>.csv or <home>.csv.gz")
    spells = dead_spells(homes)
    return [replace(home, dead=within(spells, home)) for home in homes]


def longest(folder: Path, count: int) -> list[Recorded]:
    """The `count` homes recorded for longest, by name. Raises BadRecording."""
    homes = sorted(read_folder(folder), key=lambda home: -home.days)[:count]
    return sorted(homes, key=lambda home: home.id)


def first_weeks(home: Recorded, weeks: float) -> Recorded:
    """What was recorded from its first midnight on for so long."""
    kept = home.t < home.first_midnight + weeks * 7 * DAY
    columns = {name: getattr(home, name)[kept] for name in ("t", "sensor", "room", "way_out", "what")}
    return replace(home, **columns)


def recordings(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.csv*") if is_recording(path))


def read_home(path: Path) -> Recorded:
    """Raises BadRecording, naming the file."""
    try:
        with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as lines:
            rows = list(csv.reader(lines))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise BadRecording(f"{path}: not readable: {error}") from error
    if not rows or rows[0] != COLUMNS:
        raise BadRecording(f"{path}:1: the columns are {rows[0] if rows else []}, expected {COLUMNS}")
    return _home(path, _signs(path, rows[1:]))


Sign = tuple[str, Fitted, int]
"""When, by which sensor, and the code of what was noticed."""


def _signs(path: Path, rows: list[list[str]]) -> list[Sign]:
    """What a person caused."""
    known: dict[tuple[str, ...], tuple[Fitted, What | None]] = {}
    signs = []
    for line, row in enumerate(rows, 2):
        source = tuple(row[1:])
        if source not in known:
            known[source] = _source(source, f"{path}:{line}")
        fit, what = known[source]
        if what is not None:
            signs.append((row[0], fit, CODE_OF[what]))
    if not signs:
        raise BadRecording(f"{path}: no sign of life in it")
    return signs


def _source(cells: tuple[str, ...], where: str) -> tuple[Fitted, What | None]:
    if len(cells) != len(COLUMNS) - 1:
        raise BadRecording(f"{where}: {len(cells) + 1} columns, expected {len(COLUMNS)}")
    sensor, kind, value, room = cells
    if value not in ON:
        raise BadRecording(f"{where}: value '{value}' is none of {', '.join(ON)}")
    return Fitted(sensor, kind, room), noticed(kind, ON[value])


def noticed(kind: str, on: bool) -> What | None:
    """What a person caused; None for what a sensor does by itself, as a motion sensor that goes back to rest."""
    if kind == "bed":
        return What.LAY_DOWN if on else What.GOT_UP
    if kind == "door":
        return What.OPENED if on else What.CLOSED
    return What.MOVED if on else None


def _home(path: Path, signs: list[Sign]) -> Recorded:
    times, fits, codes = zip(*signs, strict=True)
    t = _moments(path, times)
    fitted = tuple(sorted(set(fits)))
    place = {fit: index for index, fit in enumerate(fitted)}
    order = np.argsort(t, kind="stable")
    sensor = np.array([place[fit] for fit in fits], np.int64)[order]
    out = np.array([leads_out(fit) for fit in fitted])
    rooms = np.array([ROOMS.index(room_of(fit)) for fit in fitted], np.int64)
    name = path.name.removesuffix(".gz").removesuffix(".csv")
    what = np.array(codes, np.int64)[order]
    return Recorded(name, t[order], sensor, rooms[sensor], out[sensor], what, fitted, np.zeros((0, 2)))


def _moments(path: Path, times: Sequence[str]) -> Floats:
    try:
        moments: Floats = np.array(times, "datetime64[ms]").astype(np.int64) / 1000.0
    except ValueError as error:
        raise BadRecording(f"{path}: {error}; expected times such as 2019-05-15T12:19:32") from error
    return moments


def leads_out(fit: Fitted) -> bool:
    said = f"{fit.name} {fit.room}".lower()
    return fit.kind == "door" and any(way in said for way in WAYS_OUT) and _room_named(fit.room) in (None, "hall")


def room_of(fit: Fitted) -> str:
    if leads_out(fit):
        return "entrance"
    return _room_named(fit.room) or _room_named(fit.name) or "other"


def _room_named(text: str) -> str | None:
    return next((room for word, room in WORDS.items() if word in text.lower()), None)


def as_home(recorded: Recorded, zone: str) -> Home:
    sensors = tuple(
        Sensor(f"{place}_{slug(fit.name)}", KIND_OF.get(fit.kind, SensorKind.MOTION), slug(fit.room), bool(out))
        for place, (fit, out) in enumerate(zip(recorded.sensors, _ways_out(recorded), strict=True))
    )
    return Home(slug(recorded.id), "recorded", sensors, zone)


def _ways_out(recorded: Recorded) -> list[bool]:
    return [bool(recorded.way_out[recorded.sensor == place].any()) for place in range(len(recorded.sensors))]


def dead_spells(homes: Sequence[Recorded]) -> Floats:
    """(k, 2) spells over three hours in which none of at least five homes that were recording reported anything."""
    beat = np.unique(np.concatenate([np.floor(home.t / 60) * 60 for home in homes]))
    gaps = np.flatnonzero(np.diff(beat) > DEAD_AFTER)
    spells = np.column_stack([beat[gaps], beat[gaps + 1]])
    running = np.array([sum(home.t[0] < a and home.t[-1] > b for home in homes) for a, b in spells], np.int64)
    kept: Floats = spells[running >= AT_ONCE]
    return kept


def within(spells: Floats, home: Recorded) -> Floats:
    inside: NDArray[np.float64] = spells[(spells[:, 1] > home.t[0]) & (spells[:, 0] < home.t[-1])]
    return inside
