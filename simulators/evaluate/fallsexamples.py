"""What a fall model learns from: the candidates of recorded wearers, as the detector would judge them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from models.detection import falls
from models.detection.batch import Bools, Floats, Ints
from models.detection.falls import FallModel
from models.training import WOODS, learn_falls
from simulators.evaluate import parallel
from simulators.evaluate.hardware import Hardware, any_hardware
from simulators.evaluate.wearers import Joined, Worn, by_person, joined
from simulators.recording import BadRecording

AS_RECORDED, OTHERWISE = 2, 2
"""How often each person's trials are joined anew: as recorded, and as other hardware would have felt them."""

OTHERWISE_COUNTS = 0.25
SLIPPED_COUNTS = 0.5
"""What is felt once more by a sensor that slips on its cord: a pendant does not always turn as its wearer does."""

FORGOTTEN, MISLED = 0.25, 0.15
"""Of what other hardware felt: how often nobody had walked before, and how often it hung otherwise since."""

SLIPS = (0.3, 1.0)
SLIPPING = 0.4 * falls.RATE
AROUND = 3 * falls.RATE // 2


@dataclass(frozen=True, slots=True)
class Examples:
    """Candidates of one person in one file: what the model is asked, whether it was a fall, what it counts for."""

    file: str
    person: str
    asked: Floats
    fell: Bools
    weight: Floats


def suited(files: Sequence[Worn]) -> list[Worn]:
    """Not those worn on a wrist: what an arm does is another matter."""
    return [file for file in files if not file.on_an_arm]


def examples(files: Sequence[Worn], done: Callable[[], object] = lambda: None) -> Iterator[Examples]:
    """Of each person in each suited file."""
    return parallel.each(_examples, by_person(suited(files)), done)


def learned(files: Sequence[Worn], known: Sequence[Examples], without: frozenset[str] = frozenset()) -> FallModel:
    """From all people but those. Each file counts for the root of its size. Raises BadRecording."""
    kept = [each for each in known if each.person not in without]
    size = {each.file: 0.0 for each in kept}
    for each in kept:
        size[each.file] += float(each.weight.sum())
    weight = [each.weight / np.sqrt(max(size[each.file], 1.0)) for each in kept]
    fell = np.concatenate([each.fell for each in kept]) if kept else np.zeros(0, np.bool_)
    if not fell.any() or fell.all():
        raise BadRecording(
            "too little to learn from: it takes people who fall, and other things that they do, with a sensor elsewhere"
            " than on a wrist; and to leave each out, more people than one"
        )
    scaled = np.concatenate(weight)
    return learn_falls(
        np.concatenate([each.asked for each in kept]),
        fell,
        scaled * len(scaled) / scaled.sum(),
        np.repeat(_groups(kept), [len(each.fell) for each in kept]),
        _said(files, kept),
    )


def _groups(kept: Sequence[Examples]) -> Ints:
    """Of each the group of people with which it is left out, those of each file apart as evenly as can be. Who has the
    same name in several files is held to be one.
    """
    group: dict[str, int] = {}
    for file in sorted({each.file for each in kept}):
        for place, person in enumerate(sorted(each.person for each in kept if each.file == file)):
            group.setdefault(person, place % WOODS)
    return np.array([group[each.person] for each in kept])


def _said(files: Sequence[Worn], kept: Sequence[Examples]) -> dict[str, str | int | float]:
    used = suited(files)
    return {
        "learned_from": "; ".join(f"{file.name}: {file.source}, {file.placement}, {file.fs:g} Hz" for file in used),
        "people": " ".join(sorted({f"{each.file}/{each.person}" for each in kept})),
        "falls": int(sum(int(file.is_fall.sum()) for file in used)),
        "kind": "acted falls and scripted activity",
        "recordings_sha256": hashlib.sha256(b"".join(_digest(file) for file in used)).hexdigest(),
        "made_with": f"numpy {np.__version__}, scikit-learn {version('scikit-learn')}",
    }


def _digest(file: Worn) -> bytes:
    arrays = (file.acc, file.offsets, file.is_fall, file.subject, file.activity)
    whole = hashlib.sha256(file.name.encode())
    for array in arrays:
        whole.update(np.ascontiguousarray(array).tobytes())
    return whole.digest()


def _examples(file: Worn) -> Examples:
    (person,) = file.people
    asked, fell, weight = [], [], []

    def add(found: Floats, what: Bools, counts: float) -> None:
        asked.append(found)
        fell.append(what)
        weight.append(np.full(len(what), counts))

    for copy in range(AS_RECORDED + OTHERWISE):
        luck = np.random.default_rng([copy, 1, *file.name.encode(), *person.encode()])
        hardware = any_hardware(luck, file.fs) if copy >= AS_RECORDED else Hardware()
        stream = joined(file, person, 100 + copy)
        bins, rows, what = _candidates(file, stream, hardware, luck)
        if copy >= AS_RECORDED:
            add(_asked(bins, rows, partial(misled, luck=luck)), what, OTHERWISE_COUNTS)
            continue
        add(_asked(bins, rows), what, 1.0)
        if copy == 0:
            add(_asked(bins, rows, partial(slipped, luck=luck)), what, SLIPPED_COUNTS)
    return Examples(file.name, person, np.concatenate(asked), np.concatenate(fell), np.concatenate(weight))


def _candidates(
    file: Worn, stream: Joined, hardware: Hardware, luck: np.random.Generator
) -> tuple[Floats, Ints, Bools]:
    """The bins, the rows that the detector would judge, and which of them were the fall; what else happens in a fall's
    trial is left out.
    """
    bins = falls.laid(*hardware.feels(stream.acc, stream.fs, luck))
    rows = np.array(falls.candidates(bins, 0, 0, len(bins) - falls.JUDGED), np.int64)
    fall = file.is_fall[stream.trial] & ~stream.filler
    edges = stream.edges / stream.fs * falls.RATE
    piece = np.clip(np.searchsorted(edges, rows, "right") - 1, 0, len(fall) - 1)
    moment = np.full(len(fall), -np.inf)
    for each in np.flatnonzero(fall):
        moment[each] = _impact(bins, int(np.ceil(edges[each])), int(edges[each + 1]) - falls.RATE)
    fell = np.abs(rows - moment[piece]) <= AROUND
    kept = fell | ~fall[piece]
    return bins, rows[kept], fell[kept]


def _asked(bins: Floats, rows: Ints, felt: Callable[[Floats], Floats] = lambda windows: windows) -> Floats:
    parts = np.array_split(rows, len(rows) // 500 + 1)
    return np.concatenate([falls.features(felt(falls.windows(bins, part))) for part in parts]).astype(np.float32)


def misled(windows: Floats, luck: np.random.Generator) -> Floats:
    """As often as said without a way that was up, or with any other: some sensors are put on anew each time."""
    chance = luck.random((len(windows), 1, 1))
    other = luck.normal(size=(len(windows), 1, 3))
    other /= np.sqrt((other * other).sum(-1, keepdims=True))
    up = windows[:, :, falls.UP]
    hung = np.where(chance < FORGOTTEN + MISLED, np.broadcast_to(other, up.shape), up)
    return np.concatenate([windows[:, :, : falls.COLUMNS], np.where(chance < FORGOTTEN, 0.0, hung)], axis=-1)


def slipped(windows: Floats, luck: np.random.Generator) -> Floats:
    """As a sensor would have felt it that slips as its wearer goes down: from about the moment on it is turned back,
    within 0.4 s, by some part of the angle between before and after.
    """
    acc = windows[:, :, :3]
    before, after = _upright(falls.spanned(acc, -3.5, -1)), _upright(falls.spanned(acc, 2, 4.4))
    axis = np.cross(before, after)
    sine = np.sqrt((axis * axis).sum(1))
    axis = (axis / np.maximum(sine, 1e-9)[:, None])[:, None]
    angle = np.arctan2(sine, (before * after).sum(1)) * luck.uniform(*SLIPS, len(windows))
    since = np.arange(falls.WINDOW) - falls.BEFORE - luck.uniform(-0.4, 0.3, (len(windows), 1)) * falls.RATE
    back = -angle[:, None] * np.clip(since / SLIPPING + 0.5, 0, 1)
    cosine, sine = np.cos(back)[..., None], np.sin(back)[..., None]
    along = axis * (axis * acc).sum(-1, keepdims=True)
    turned = acc * cosine + np.cross(np.broadcast_to(axis, acc.shape), acc) * sine + along * (1 - cosine)
    return np.concatenate([turned, windows[:, :, 3:]], axis=-1)


def _upright(acc: Floats) -> Floats:
    mean = acc.mean(1)
    found: Floats = mean / np.maximum(np.sqrt((mean * mean).sum(1)), 1e-9)[:, None]
    return found


def _impact(bins: Floats, begin: int, end: int) -> float:
    """The largest bump, weighed by the quiet from one second to three after it: recordings do not say when it was."""
    size = bins[begin:end, falls.LARGEST]
    if not len(size):
        return -np.inf
    after = np.pad(size, (0, 3 * falls.RATE), mode="edge")[falls.RATE :]
    unrest = sliding_window_view(after, 2 * falls.RATE)[: len(size)].std(1)
    return float(begin + int((size / (unrest + 0.3)).argmax()))
