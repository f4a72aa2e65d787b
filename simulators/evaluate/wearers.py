"""Recorded wearers of an accelerometer, and each one's trials joined into one long stream."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.detection.batch import Bools, Floats, Ints
from simulators.recording import BadRecording, check_folder

NEEDED = ("acc", "counts_per_g", "offsets", "subject", "activity", "is_fall", "fs")
FILLER_S = (4.0, 15.0)
FADE_S = 1.0
"""Two pieces flow into each other for so long: an instant change of posture would be nobody's."""

LAIN_S, LATELY_S = 5.0, 0.5
"""Who fell stays for so long after the hardest moment, where a trial is over sooner, as they were at its end: who is up
and about a second later has not fallen as one who lies there has.
"""

GRAVITY_G = (1 / 3, 3.0)
"""What a sensor at rest may say of 1 g."""

ARM = re.compile(r"wrist|watch|bracelet|hand|(?<!al)arm", re.IGNORECASE)
"""An alarm is worn elsewhere."""

RECOVERIES = frozenset(f"A{code}" for code in (102, 104, 106, 108, 110, 116, 118, 120, 122, 126, 128))


@dataclass(frozen=True, slots=True)
class Worn:
    """One file: trials of several people, worn at one place. `acc` in counts, not a number where a sample is missing;
    trial i is rows offsets[i] to [i + 1].
    """

    name: str
    fs: float
    placement: str
    counts_per_g: float
    acc: NDArray[Any]
    offsets: Ints
    subject: NDArray[np.str_]
    activity: NDArray[np.str_]
    is_fall: Bools
    elderly: Bools
    age: Floats
    source: str

    def trial(self, number: int) -> Floats:
        """(n, 3) in g."""
        rows = self.acc[self.offsets[number] : self.offsets[number + 1]]
        return rows.astype(np.float64) / self.counts_per_g

    def hardest(self, number: int) -> int:
        """The row of a trial in which most was felt."""
        return int(np.nan_to_num((self.trial(number) ** 2).sum(1)).argmax())

    def of(self, person: str) -> Worn:
        """The same with the trials of one person alone."""
        return self.only(np.flatnonzero(self.subject == person))

    def only(self, trials: Ints) -> Worn:
        rows = [self.acc[self.offsets[trial] : self.offsets[trial + 1]] for trial in trials]
        each = {name: getattr(self, name)[trials] for name in ("subject", "activity", "is_fall", "elderly", "age")}
        offsets = np.concatenate([[0], np.cumsum([len(part) for part in rows])])
        return replace(self, acc=np.concatenate(rows), offsets=offsets, **each)

    @property
    def on_an_arm(self) -> bool:
        return ARM.search(self.placement) is not None

    @property
    def people(self) -> list[str]:
        return sorted(set(self.subject.tolist()))

    @property
    def recovers(self) -> Bools:
        """Falls after which the person got up again, as one set of recordings has them."""
        of_that_set = bool(np.char.startswith(self.activity, "A1").any())
        found: Bools = self.is_fall & np.isin(self.activity, list(RECOVERIES)) & of_that_set
        return found


@dataclass(frozen=True, slots=True)
class Joined:
    """One person's stream: `acc` (n, 3) in g at an even rate. Piece i is rows edges[i] to [i + 1] of `trial` i;
    `filler` is a cut from it that fills a pause.
    """

    person: str
    fs: float
    acc: Floats
    edges: Ints
    trial: Ints
    filler: Bools


def worn(folder: Path) -> list[Worn]:
    """Raises BadRecording."""
    check_folder(folder)
    found = [read(path) for path in sorted(folder.glob("*.npz"))]
    if not found:
        raise BadRecording(f"{folder}: no recordings; it needs a <name>.npz each")
    return found


def read(path: Path) -> Worn:
    """Raises BadRecording."""
    try:
        with np.load(path, allow_pickle=False) as content:
            fields = {name: content[name] for name in content.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as wrong:
        raise BadRecording(f"{path}: this is no npz file of arrays: {wrong}") from wrong
    missing = [name for name in NEEDED if name not in fields]
    if missing:
        raise BadRecording(f"{path}: it lacks {', '.join(missing)}")
    return _checked(path, fields)


def _checked(path: Path, fields: dict[str, NDArray[Any]]) -> Worn:
    acc, offsets = _acc(path, fields), _offsets(path, fields)
    of = _Trials(path, fields, len(offsets) - 1)
    age = of.numbers("age", np.nan)
    made = Worn(
        name=path.stem,
        fs=_number(path, fields, "fs"),
        placement=_word(path, fields, "placement"),
        counts_per_g=_number(path, fields, "counts_per_g"),
        acc=acc,
        offsets=offsets,
        subject=of.words("subject"),
        activity=of.words("activity"),
        is_fall=_known(path, of.numbers("is_fall", np.nan)) > 0,
        elderly=of.numbers("elderly", np.nan) > 0 if "elderly" in fields else age >= 60,
        age=age,
        source=_word(path, fields, "source"),
    )
    if not 10 <= made.fs <= 1000:
        raise BadRecording(f"{path}: {made.fs:g} samples a second; 10 to 1000 can be played")
    return _with_gravity(path, _without_empty(path, made))


def _number(path: Path, fields: dict[str, NDArray[Any]], name: str) -> float:
    """It may be said again for each trial."""
    value = np.unique(fields[name])
    if value.size != 1 or value.dtype.kind not in "iuf" or not 0 < float(value[0]) < np.inf:
        raise BadRecording(f"{path}: {name} should be one number above 0")
    return float(value[0])


def _word(path: Path, fields: dict[str, NDArray[Any]], name: str) -> str:
    said = np.unique(_text(fields.get(name, np.array("not said"))))
    if said.size != 1:
        raise BadRecording(f"{path}: {name} should be one for the whole file; it says {', '.join(said.tolist())}")
    return str(said[0])


def _text(said: NDArray[Any]) -> NDArray[np.str_]:
    return np.char.decode(said, "utf-8", "replace") if said.dtype.kind == "S" else said.astype(np.str_)


def _known(path: Path, is_fall: Floats) -> Floats:
    if unknown := int(np.isnan(is_fall).sum()):
        raise BadRecording(f"{path}: is_fall says nothing of {unknown} trials; leave them out of the file")
    return is_fall


def _acc(path: Path, fields: dict[str, NDArray[Any]]) -> NDArray[Any]:
    """What is no number was not felt."""
    acc = fields["acc"]
    if acc.ndim != 2 or acc.shape[1] != 3 or acc.dtype.kind not in "iuf":
        raise BadRecording(f"{path}: acc should have three columns of numbers; it is {acc.dtype}, {acc.shape}")
    return np.where(np.isfinite(acc), acc, np.nan) if acc.dtype.kind == "f" else acc


def _offsets(path: Path, fields: dict[str, NDArray[Any]]) -> Ints:
    offsets, rows = fields["offsets"], len(fields["acc"])
    fits = offsets.ndim == 1 and len(offsets) > 1 and offsets.dtype.kind in "iuf" and bool(np.isfinite(offsets).all())
    if not fits or offsets[0] < 0 or offsets[-1] > rows or (np.diff(offsets.astype(np.int64)) < 0).any():
        raise BadRecording(f"{path}: offsets should rise from 0 to the {rows} rows of acc, a step a trial")
    return offsets.astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Trials:
    """What a file says of each of its trials. Raises BadRecording."""

    path: Path
    fields: dict[str, NDArray[Any]]
    count: int

    def words(self, name: str) -> NDArray[np.str_]:
        return _text(self._column(name, self.fields[name]))

    def numbers(self, name: str, unsaid: float) -> Floats:
        said = self.fields.get(name, np.array(unsaid))
        if said.dtype.kind not in "biuf":
            raise BadRecording(f"{self.path}: {name} should hold numbers, and holds {said.dtype}")
        return self._column(name, said).astype(np.float64)

    def _column(self, name: str, said: NDArray[Any]) -> NDArray[Any]:
        """One value may be said for all."""
        said = np.repeat(said, self.count) if said.ndim == 0 else said
        if said.shape != (self.count,):
            raise BadRecording(f"{self.path}: {name} has the shape {said.shape}, and offsets say {self.count} trials")
        return said


def _without_empty(path: Path, made: Worn) -> Worn:
    """A trial without a sample is none."""
    felt = np.concatenate([[0], np.cumsum(np.isfinite(made.acc).all(1))])[made.offsets]
    kept = np.flatnonzero(np.diff(felt) > 0)
    if not len(kept):
        raise BadRecording(f"{path}: no trial in it holds a sample")
    return made if len(kept) == len(made.subject) else made.only(kept)


def _with_gravity(path: Path, made: Worn) -> Worn:
    some = made.acc[:: len(made.acc) // 100_000 + 1].astype(np.float64) / made.counts_per_g
    felt = float(np.nanmedian(np.sqrt((some**2).sum(1))))
    if not GRAVITY_G[0] < felt < GRAVITY_G[1]:
        raise BadRecording(
            f"{path}: acc / counts_per_g is mostly {felt:.3g} g, and a sensor at rest feels 1 g; counts_per_g is wrong"
            " (9.81 where acc is in m/s²), gravity was taken out, or an axis is stuck"
        )
    return made


def joined(file: Worn, person: str, seed: int = 0) -> Joined:
    """All trials of one person in random order, each pause filled with a cut from another trial without a fall."""
    luck = np.random.default_rng([seed, *file.name.encode(), *person.encode()])
    pieces = list(_pieces(file, person, luck))
    fade = round(FADE_S * file.fs)
    acc = [_lain(file, number, file.trial(number)[begin:end]) for number, begin, end in pieces]
    whole: list[Floats] = []
    for before, after in zip([None, *acc[:-1]], acc, strict=True):
        if before is not None:
            whole.append(np.linspace(before[-1], after[0], fade + 2)[1:-1])
        whole.append(after)
    own = np.cumsum([0] + [len(each) + fade for each in acc])
    own[-1] -= fade
    return Joined(
        person,
        file.fs,
        np.concatenate(whole),
        own,
        np.array([number for number, _, _ in pieces]),
        np.array([(begin, end) != (0, _length(file, number)) for number, begin, end in pieces]),
    )


def _lain(file: Worn, number: int, acc: Floats) -> Floats:
    """After a fall for LAIN_S at least."""
    lacking = file.hardest(number) + round(LAIN_S * file.fs) - len(acc) if file.is_fall[number] else 0
    if lacking <= 0:
        return acc
    lately = acc[np.isfinite(acc).all(1)][-max(round(LATELY_S * file.fs), 1) :].mean(0)
    return np.vstack([acc, np.tile(lately, (lacking, 1))])


def _length(file: Worn, number: int) -> int:
    return int(file.offsets[number + 1] - file.offsets[number])


def _pieces(file: Worn, person: str, luck: np.random.Generator) -> Iterator[tuple[int, int, int]]:
    """Trial, and the rows of it to be played."""
    own = np.flatnonzero(file.subject == person)
    ordinary = own[~file.is_fall[own]]
    length = np.diff(file.offsets)[ordinary].astype(np.float64)
    for number in luck.permutation(own):
        yield int(number), 0, _length(file, int(number))
        if len(ordinary):
            filler = int(luck.choice(ordinary, p=length / length.sum()))
            wanted = min(round(luck.uniform(*FILLER_S) * file.fs), _length(file, filler) - 1)
            begin = int(luck.integers(0, _length(file, filler) - wanted))
            yield filler, begin, begin + max(wanted, 1)


def hours(stream: Joined, which: Bools) -> float:
    return float(np.diff(stream.edges)[which].sum() / stream.fs / 3600.0)


def by_person(files: Sequence[Worn]) -> list[Worn]:
    """Each file's people apart."""
    return [file.of(person) for file in files for person in file.people]
