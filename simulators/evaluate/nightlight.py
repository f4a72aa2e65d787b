"""Nightlight's own deadlines, as a family: the only place here that knows what the detectors are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from pathlib import Path

import numpy as np

from models.detection.batch import Floats
from models.detection.prior import Prior as Model
from models.detection.prior import prior_from
from models.detection.rooms import room_code
from models.detection.routine import History
from models.training import FOLDS, learn_crossed, learn_prior
from simulators.evaluate.driven import BUDGETS, Driven
from simulators.evaluate.homes import Recorded, as_home, read_folder
from simulators.evaluate.parallel import long_ones
from simulators.evaluate.silences import MISSED, Silences, silences
from simulators.evaluate.study import SHORTEST, Deadlines, Family, Judged, Watch
from simulators.recording import BadRecording

NAME = "nightlight"
SOONEST, LATEST = 1 / 500, 500.0
"""A level says how many times 30 days lie between two false alerts, if the engine keeps to what it is asked."""

GIVEN = "recordings given to nightlight-sim evaluate"


@dataclass(frozen=True, slots=True)
class Prior:
    """What is known of homes before one is known; `seen` are the recorded homes that it was learned from. A home of
    `instead` is judged by that, which has not seen it.
    """

    name: str
    seen: frozenset[str]
    model: Model
    instead: Mapping[str, Model] = field(default_factory=dict)

    def of(self, home: str) -> Model:
        return self.instead.get(home, self.model)

    def has_seen(self, home: str) -> bool:
        """Files carry the name of their set before that of the home."""
        return home in self.seen or home.rpartition("_")[2] in self.seen


def shipped() -> Prior:
    model = prior_from(files("models").joinpath("data", "prior.npz").read_bytes())
    said = model.provenance
    name = f"the shipped one, learned on {said['learned_on']} from {said['homes']} homes of {said['learned_from']}"
    return Prior(name, frozenset(str(said["home_ids"]).split()), model)


def learned(homes: Sequence[Recorded], day: date, done: Callable[[], object] = lambda: None) -> Prior:
    model = learn_prior(_histories(homes), said_of(homes, GIVEN, day), done, long_ones)
    return Prior(f"learned in this run from {len(homes)} homes", frozenset(home.id for home in homes), model)


def crossed(homes: Sequence[Recorded], day: date, done: Callable[[], object] = lambda: None) -> Prior:
    """Every home with a prior that seven eighths of the others taught."""
    models = learn_crossed(_histories(homes), said_of(homes, GIVEN, day), done, long_ones)
    instead = {home.id: model for home, model in zip(homes, models, strict=True)}
    name = f"learned in this run, for each home from {FOLDS - 1} in {FOLDS} of the others"
    return Prior(name, frozenset(), models[0], instead)


def make_prior(
    folder: Path, out: Path, learned_from: str, day: date, done: Callable[[], object] = lambda: None
) -> Model:
    """Learned from every home of `folder` that is long enough, and written to `out`: the same bytes for the same homes
    and day. Raises BadRecording.
    """
    homes = [home for home in read_folder(folder) if home.days >= SHORTEST]
    if len(homes) < FOLDS:
        raise BadRecording(f"{folder}: {len(homes)} homes of {SHORTEST:.0f} days or more, and it takes {FOLDS}")
    model = learn_prior(_histories(homes), said_of(homes, learned_from, day), done, long_ones)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(model.to_bytes())
    return model


def said_of(homes: Sequence[Recorded], learned_from: str, day: date) -> dict[str, str | int | float]:
    """Where a prior comes from, as it says itself."""
    return {
        "learned_from": learned_from,
        "homes": len(homes),
        "home_ids": " ".join(sorted(home.id for home in homes)),
        "days": round(sum(home.days for home in homes)),
        "learned_on": day.isoformat(),
    }


def _histories(homes: Sequence[Recorded]) -> list[History]:
    return [history(home, silences(home)) for home in homes]


def history(home: Recorded, whole: Silences) -> History:
    room = np.array([room_code(sensor) for sensor in as_home(home, "UTC").sensors], np.int64)
    return History(home.t, room[home.sensor], home.way_out, ~whole.left_out)


def family(homes: Sequence[Judged], driven: Sequence[Driven]) -> Family:
    watches = tuple(_asked(one, found) for one, found in zip(homes, driven, strict=True))
    return Family(NAME, watches, SOONEST, LATEST)


def _asked(one: Judged, found: Driven) -> Watch:
    other = second_clock(one, found)
    return lambda apart: Deadlines(found.read.deadlines(1 / apart), other)


def as_set(homes: Sequence[Judged], driven: Sequence[Driven], asked: float) -> list[Deadlines]:
    """What the engine itself did that was asked for so many false alerts per 30 days."""
    place = BUDGETS.index(asked)
    return [Deadlines(found.tau[:, place], second_clock(one, found)) for one, found in zip(homes, driven, strict=True)]


def second_clock(one: Judged, found: Driven) -> Floats:
    """Until when a collapse is found while motion goes on in one room, at the rows where one was played."""
    other = np.full(len(one.rows), MISSED)
    played = one.collapses["limited"]
    other[played.row] = found.limited + played.after
    return other
