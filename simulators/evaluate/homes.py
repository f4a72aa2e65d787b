"""Recorded homes as columns: CSV files with the columns time, sensor, kind, value, room; a file a home."""

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from models.detection.batch import Bools, Floats, Ints
from models.home import Home, Sensor
from models.observation import CODE_OF, SensorKind, What
from models.recorded import COLUMNS, ON, went_on
from simulators.recording import WAYS_OUT, BadRecording, check_folder, is_recording, slug

HOUR = 3600.0
DAY = 24 * HOUR
ROOMS = ("bathroom", "bedroom", "entrance", "hall", "kitchen", "living", "office", "other")
WORDS = {
    "bath": "bathroom",
    "toilet": "bathroom",
    "shower": "bathroom",
    "wc": "bathroom",
    "lavatory": "bathroom",
    "washroom": "bathroom",
    "bed": "bedroom",
    "ensuite": "bathroom",
    "en_suite": "bathroom",
    "dresser": "bedroom",
    "kitchen": "kitchen",
    "fridge": "kitchen",
    "freez": "kitchen",
    "microwave": "kitchen",
    "cupboard": "kitchen",
    "living": "living",
    "lounge": "living",
    "sitting": "living",
    "front_room": "living",
    "dining": "living",
    "couch": "living",
    "office": "office",
    "study": "office",
    "hall": "hall",
    "landing": "hall",
    "corridor": "hall",
    "stair": "hall",
}

KIND_OF = {"door": SensorKind.DOOR, "bed": SensorKind.BED, "chair": SensorKind.CHAIR}
"""Whatever else is recorded (motion, items, mats) is taken as a sensor that notices movement."""

KIND_WORDS = {"motion": "motion", "pir": "motion"} | {kind: kind for kind in KIND_OF} | {"contact": "door"}
"""Words in what a recording calls a kind; the first counts."""

GLUED = ("", "s", "sensor", "detector", "contact", "mat", "pad")
"""What such a word may end in: "DoorSensor", "bedmat"."""

AT_ONCE = 5
"""So many homes must be recording for their common silence to mean that the installation was dead."""

DEAD_AFTER = 3 * HOUR
LONGEST_RECORDED = 3650 * DAY


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


class NothingRecorded(BadRecording):
    """A file as it should be, but nobody was noticed in it."""


def read_folder(
    folder: Path, done: Callable[[], object] = lambda: None, empty: dict[str, str] | None = None
) -> list[Recorded]:
    """Every home of `folder`, by name; label files are passed over, and so are homes in which nobody was noticed, which
    `empty` is told of, with the reason. Raises BadRecording.
    """
    check_folder(folder)
    homes, nobody = [], {}
    for path in recordings(folder):
        try:
            homes.append(read_home(path))
        except NothingRecorded as reason:
            nobody[home_id(path)] = str(reason).removeprefix(f"{path}: ")
        done()
    if not homes:
        why = "; ".join(f"{name}: {reason}" for name, reason in nobody.items())
        raise BadRecording(f"{folder}: {why or 'no recording here; expected files named <home>.csv or <home>.csv.gz'}")
    if empty is not None:
        empty.update(nobody)
    _named_once(folder, homes)
    spells = dead_spells(homes)
    return [replace(home, dead=within(spells, home)) for home in homes]


def _named_once(folder: Path, homes: Sequence[Recorded]) -> None:
    twice = [name for name, times in Counter(home.id for home in homes).items() if times > 1]
    if twice:
        raise BadRecording(f"{folder}: {twice[0]} is there twice, as .csv and as .csv.gz; remove one of them")


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
    """Raises BadRecording, naming the file; NothingRecorded where nobody was noticed."""
    try:
        with _opened(path) as lines:
            rows = list(csv.reader(lines))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error) as error:
        raise BadRecording(f"{path}: not readable: {error}") from error
    if not any(rows):
        raise NothingRecorded(f"{path}: nothing in it")
    return _home(path, _signs(path, _places(path, rows[0]), rows))


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _places(path: Path, header: list[str]) -> list[int]:
    """Where each of COLUMNS is; they may be in any order, with others between."""
    said = [name.strip().lower() for name in header]
    missing = [name for name in COLUMNS if name not in said]
    if missing:
        raise BadRecording(f"{path}:1: the columns are {header}, expected {COLUMNS}; missing: {', '.join(missing)}")
    return [said.index(name) for name in COLUMNS]


Sign = tuple[str, int, Fitted, int]
"""When, in which line, by which sensor, and the code of what was noticed."""


def _signs(path: Path, places: list[int], rows: list[list[str]]) -> list[Sign]:
    """What a person caused. The first of `rows` names the columns."""
    known: dict[tuple[str, ...], Source] = {}
    signs = []
    for line, row in enumerate(rows[1:], 2):
        if not row:
            continue
        if len(row) != len(rows[0]):
            raise BadRecording(f"{path}:{line}: {len(row)} columns, expected {len(rows[0])}")
        time, *said = [row[place].strip() for place in places]
        source = tuple(said)
        if source not in known:
            known[source] = _source(source, f"{path}:{line}")
        fit, what, _ = known[source]
        if what is not None:
            signs.append((time, line, fit, CODE_OF[what]))
    measuring = {fit for fit, _, measured in known.values() if measured}
    signs = [sign for sign in signs if sign[2] not in measuring]
    if not signs:
        raise NothingRecorded(f"{path}: no sign of life in it")
    return signs


Source = tuple[Fitted, What | None, bool]
"""A sensor, what a person caused if it says so, and whether it has been measuring something."""


def _source(cells: tuple[str, ...], where: str) -> Source:
    """A thermometer says numbers, and a 1 among them is no movement."""
    sensor, said, value, room = cells
    words = slug(said).split("_")
    kind = next((kind for word, kind in KIND_WORDS.items() if any(word + end in words for end in GLUED)), said.lower())
    fit = Fitted(sensor, kind, room)
    if value.upper() in ON:
        return fit, noticed(kind, went_on(value, contact=kind == "door" and "contact" in slug(said))), False
    if kind in KIND_WORDS or not _is_number(value):
        raise BadRecording(f"{where}: value '{value}' is none of {', '.join(ON)}; correct the row or leave it out")
    return fit, None, True


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def noticed(kind: str, on: bool) -> What | None:
    """What a person caused; None for what a sensor does by itself, as a motion sensor that goes back to rest."""
    if kind == "bed":
        return What.LAY_DOWN if on else What.GOT_UP
    if kind == "chair":
        return What.SAT_DOWN if on else What.STOOD_UP
    if kind == "door":
        return What.OPENED if on else What.CLOSED
    return What.MOVED if on else None


def _home(path: Path, signs: list[Sign]) -> Recorded:
    times, lines, fits, codes = zip(*signs, strict=True)
    t = _moments(path, times, lines)
    fitted = tuple(sorted(set(fits)))
    place = {fit: index for index, fit in enumerate(fitted)}
    order = np.argsort(t, kind="stable")
    sensor = np.array([place[fit] for fit in fits], np.int64)[order]
    out = np.array([leads_out(fit) for fit in fitted])
    rooms = np.array([ROOMS.index(room_of(fit)) for fit in fitted], np.int64)
    what = np.array(codes, np.int64)[order]
    return Recorded(home_id(path), t[order], sensor, rooms[sensor], out[sensor], what, fitted, np.zeros((0, 2)))


def home_id(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".csv")


def _moments(path: Path, times: Sequence[str], lines: Sequence[int]) -> Floats:
    try:
        read = [datetime.fromisoformat(time) for time in times]
    except ValueError:
        which = next(place for place, time in enumerate(times) if not _is_time(time))
        said = f"{path}:{lines[which]}: '{times[which]}' is no time such as 2019-05-15T12:19:32"
        raise BadRecording(said) from None
    if (abroad := _in_utc(times, read)) is not None:
        said = f"{path}:{lines[abroad]}: '{times[abroad]}' has the zone UTC; write the home's wall time, without a zone"
        raise BadRecording(said)
    walls = [time.replace(tzinfo=None) for time in read]
    moments = np.array(walls, "datetime64[us]").astype(np.int64) / 1e6
    return _plausible(path, moments, times, lines)


def _in_utc(times: Sequence[str], read: Sequence[datetime]) -> int | None:
    """Where a time says that it is of UTC. The offset +00:00 says so unless others beside it show it to be a home's."""
    only_utc = {time.utcoffset() for time in read} <= {None, timedelta()}
    zoned = (place for place, time in enumerate(read) if time.tzinfo and (only_utc or times[place][-1] in "zZ"))
    return next(zoned, None)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _plausible(path: Path, moments: Floats, times: Sequence[str], lines: Sequence[int]) -> Floats:
    """A kit without the time says 1970, and a slip of the pen 2109: nobody is recorded for so long."""
    far = np.abs(moments - np.median(moments)) > LONGEST_RECORDED
    if far.any():
        which = int(np.argmax(far))
        raise BadRecording(f"{path}:{lines[which]}: '{times[which]}' lies years from most of the other times")
    return moments


def leads_out(fit: Fitted) -> bool:
    """By its name, whichever room it is in, or by its room."""
    by_room = _says_out(fit.room) and _is_no_room(fit.name)
    return fit.kind == "door" and (_says_out(fit.name) or by_room)


def _says_out(text: str) -> bool:
    return any(way in text.lower() for way in WAYS_OUT) and _is_no_room(text)


def _is_no_room(text: str) -> bool:
    return _room_named(text) in (None, "hall")


def room_of(fit: Fitted) -> str:
    if leads_out(fit):
        return "entrance"
    return _room_named(fit.room) or _room_named(fit.name) or "other"


def _room_named(text: str) -> str | None:
    return next((room for word, room in WORDS.items() if word in slug(text)), None)


def as_home(recorded: Recorded, zone: str) -> Home:
    sensors = tuple(
        Sensor(
            f"{place}_{slug(fit.name)}", KIND_OF.get(fit.kind, SensorKind.MOTION), slug(fit.room or fit.name), bool(out)
        )
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
