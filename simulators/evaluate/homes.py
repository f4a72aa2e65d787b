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
from models.observation import CODE_OF, What

HOUR = 3600.0
DAY = 24 * HOUR
COLUMNS = ["time", "sensor", "kind", "value", "room"]
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
WAYS_OUT = ("front", "back", "main", "entrance", "foyer", "garden", "patio")

AT_ONCE = 5
"""So many homes must be recording for their common silence to mean that the installation was dead."""

DEAD_AFTER = 3 * HOUR


class BadFolder(ValueError):
    """A folder or file that can't be judged; the text names it and says what is wrong."""


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
    """Every home of `folder`, by name; label files are passed over. Raises BadFolder."""
    if not folder.is_dir():
        raise BadFolder(f"{folder}: no such folder")
    homes = []
    for path in recordings(folder):
        homes.append(read_home(path))
        done()
    if not homes:
        raise BadFolder(f"{folder}: no recording here; expected files named <home>.csv or <home>.csv.gz")
    spells = dead_spells(homes)
    return [replace(home, dead=within(spells, home)) for home in homes]


def recordings(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.csv")) + sorted(folder.glob("*.csv.gz"))
    return sorted(path for path in files if ".labels." not in path.name)


def read_home(path: Path) -> Recorded:
    """Raises BadFolder, naming the file."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", newline="") as lines:
            rows = list(csv.reader(lines))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise BadFolder(f"{path}: not readable: {error}") from error
    if not rows or rows[0] != COLUMNS:
        raise BadFolder(f"{path}:1: the columns are {rows[0] if rows else []}, expected {COLUMNS}")
    name = path.name.removesuffix(".gz").removesuffix(".csv")
    return _home(name, _signs(path, rows[1:]))


def _signs(path: Path, rows: list[list[str]]) -> list[tuple[str, Fitted, int]]:
    """Rows that a person caused, each with the code of what was noticed."""
    signs = []
    for line, row in enumerate(rows, 2):
        if len(row) != len(COLUMNS):
            raise BadFolder(f"{path}:{line}: {len(row)} columns, expected {len(COLUMNS)}")
        when, sensor, kind, value, room = row
        if (what := noticed(kind, value)) is not None:
            signs.append((when, Fitted(sensor, kind, room), CODE_OF[what]))
    if not signs:
        raise BadFolder(f"{path}: no sign of life in it")
    return signs


def noticed(kind: str, value: str) -> What | None:
    """What a person caused; None for what a sensor does by itself, as a motion sensor that goes back to rest."""
    on = value.upper() in {"ON", "OPEN", "1", "TRUE"}
    if kind == "bed":
        return What.LAY_DOWN if on else What.GOT_UP
    if kind == "door":
        return What.OPENED if on else What.CLOSED
    return What.MOVED if on else None


def _home(name: str, signs: list[tuple[str, Fitted, int]]) -> Recorded:
    try:
        t = np.array([when for when, _, _ in signs], "datetime64[ms]").astype(np.int64) / 1000.0
    except ValueError as error:
        raise BadFolder(f"{name}: {error}; expected times such as 2019-05-15T12:19:32") from error
    fitted = tuple(sorted({fit for _, fit, _ in signs}))
    place = {fit: index for index, fit in enumerate(fitted)}
    order = np.argsort(t, kind="stable")
    sensor = np.array([place[fit] for _, fit, _ in signs], np.int64)[order]
    what = np.array([code for _, _, code in signs], np.int64)[order]
    out = np.array([leads_out(fit) for fit in fitted])
    rooms = np.array([ROOMS.index(room_of(fit)) for fit in fitted], np.int64)
    return Recorded(name, t[order], sensor, rooms[sensor], out[sensor], what, fitted, np.zeros((0, 2)))


def leads_out(fit: Fitted) -> bool:
    said = f"{fit.name} {fit.room}".lower()
    return fit.kind == "door" and any(way in said for way in WAYS_OUT) and _room_named(fit.room) in (None, "hall")


def room_of(fit: Fitted) -> str:
    if leads_out(fit):
        return "entrance"
    return _room_named(fit.room) or _room_named(fit.name) or "other"


def _room_named(text: str) -> str | None:
    return next((room for word, room in WORDS.items() if word in text.lower()), None)


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
