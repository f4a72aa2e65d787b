"""How many falls a worn accelerometer would have told of, and how often nothing had happened: on streams of recorded
people, whose trials are joined in random order so that neither length nor place in a recording says anything.

How it is counted, for the detector and every baseline alike. A fall is found by an alarm about a moment of its trial
that is no more than EARLY_S before the hardest one. False alarms per hour are of scripted activity: every alarm about a
moment of an ordinary trial, by the hours that these trials were recorded. What is raised between trials, where cuts
from the same person's ordinary trials fill the pauses, or in a fall's trial before the fall, is given apart
(`alarms_between_per_hour`): there one posture is spliced to another within a second, as nobody moves, and what is
played there has been counted once already. A second alarm about a fall that was found counts nowhere. A
baseline that has just fired is free to fire again when a fall begins.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

import numpy as np

from models.detection.batch import Bools, Floats
from models.detection.falls import BadFallModel, FallDetector, FallModel, fall_model_from
from simulators.evaluate import fallsbaselines, parallel
from simulators.evaluate.fallsbaselines import Ruled
from simulators.evaluate.fallsexamples import Examples, examples, learned, suited
from simulators.evaluate.hardware import Hardware
from simulators.evaluate.wearers import Joined, Worn, joined, worn
from simulators.recording import BadRecording

FOLDS = 8
RESAMPLES = 400
CHUNK_S = 300.0
EARLY_S = 2.0
AGES = ((0, 60), (60, 70), (70, 200))
OTHER_THRESHOLDS = (0.5, 0.55, 0.65, 0.7)

ROBUSTNESS = {
    "gain 10 % high": Hardware(gain=1.1),
    "gain 10 % low": Hardware(gain=0.9),
    "mounted anyhow": Hardware(turned=True),
    "20 % of samples lost": Hardware(lost=0.2),
    "clipped at 2 g": Hardware(clip_g=2.0),
    "25 samples a second": Hardware(fs=25.0),
}

Document = dict[str, Any]  # the JSON document
Done = Callable[[str, int], object]
Judges = Callable[[str], FallModel]
"""The model that judges a person."""

Part = tuple[Worn, Hardware, FallModel]
"""One person's trials, as what feels them, and who judges."""


@dataclass(slots=True)
class Tally:
    """What one person in one file comes to. By activity: falls found and falls, or false alarms and hours; and alarms
    and hours between trials.
    """

    person: str
    age: float
    elderly: bool
    falls: dict[str, list[float]] = field(default_factory=dict)
    recoveries: dict[str, list[float]] = field(default_factory=dict)
    other: dict[str, list[float]] = field(default_factory=dict)
    between: list[float] = field(default_factory=lambda: [0.0, 0.0])
    delays: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Played:
    """One person's stream as the hardware felt it."""

    file: Worn
    stream: Joined
    t: Floats
    acc: Floats

    @property
    def edges_s(self) -> Floats:
        edges: Floats = self.stream.edges / self.stream.fs
        return edges

    @property
    def fell(self) -> Bools:
        fell: Bools = self.file.is_fall[self.stream.trial] & ~self.stream.filler
        return fell


def shipped() -> FallModel:
    return fall_model_from(package_files("models").joinpath("data", "falls.npz").read_bytes())


def model_in(path: Path) -> FallModel:
    """Raises BadRecording."""
    try:
        return fall_model_from(path.read_bytes())
    except (OSError, BadFallModel) as wrong:
        raise BadRecording(f"{path}: {getattr(wrong, 'strerror', None) or wrong}") from wrong


def evaluate(
    folder: Path, model: FallModel | None, done: Done = lambda _step, _total: None, robustness: bool = False
) -> Document:
    """Judged by `model`, or by models that have not seen who is judged, learned in this run; then each file also by one
    that has not even seen its kind of recording.
    """
    recorded = worn(folder)
    known = [] if model else _known(recorded, done)
    judges = _always(model) if model else _unseen(recorded, known, done)
    told = set() if model is None else set(str(model.provenance.get("people", "")).split())
    document: Document = {
        "model": _said(model) if model else _said_of(recorded, judges),
        "files": {file.name: _file(file, judges, recorded, done) for file in recorded},
    }
    for file in recorded:
        entry = document["files"][file.name]
        entry["people_seen_by_the_model"] = sum(f"{file.name}/{person}" in told for person in file.people)
    if model is None:
        document["transfer"] = _transfer(recorded, known, done)
        document["other_thresholds"] = _at_other_thresholds(recorded, judges, done)
    if robustness:
        document["robustness"] = {"as recorded": {name: _main(entry) for name, entry in document["files"].items()}}
        document["robustness"] |= {name: _under(how, recorded, judges, done) for name, how in ROBUSTNESS.items()}
    return document


def _said(model: FallModel) -> Document:
    return {"judged": "by one frozen model", "threshold": model.threshold, **model.provenance}


def _said_of(recorded: Sequence[Worn], judges: Judges) -> Document:
    (threshold,) = {judges(person).threshold for file in recorded for person in file.people}
    return {"judged": "by models learned from other people, in this run", "threshold": threshold}


def _known(recorded: Sequence[Worn], done: Done) -> list[Examples]:
    worn_as = sum(len(file.people) for file in suited(recorded))
    return list(examples(recorded, lambda: done("playing to learn from", worn_as)))


def _unseen(recorded: Sequence[Worn], known: Sequence[Examples], done: Done) -> Judges:
    """People of the same name in several files are held to be one."""
    people = sorted({person for file in recorded for person in file.people})
    fold = _folds(recorded, people)
    parts = sorted(set(fold.values()))
    models = {}
    for each in parts:
        models[each] = learned(recorded, known, frozenset(name for name in people if fold[name] == each))
        done("learning: without a part of the people", len(parts))
    return lambda person: models[fold[person]]


def _folds(recorded: Sequence[Worn], people: Sequence[str]) -> dict[str, int]:
    """People of each file apart as evenly as can be: in the order of the files in which they occur first."""
    order: dict[str, int] = {}
    for file in recorded:
        for place, person in enumerate(file.people):
            order.setdefault(person, place % FOLDS)
    return {person: order[person] for person in people}


def _transfer(recorded: Sequence[Worn], known: Sequence[Examples], done: Done) -> Document:
    """Each file that can be, judged by a model of the files that have neither its source nor any of its people."""
    found: Document = {}
    made: dict[tuple[str, ...], FallModel] = {}
    for file in suited(recorded):
        others = [each for each in suited(recorded) if _is_strange(each, file)]
        if not any(each.is_fall.any() for each in others):
            continue
        names = tuple(each.name for each in others)
        if names not in made:
            made[names] = learned(others, [each for each in known if each.file in names])
        found[file.name] = {"learned_from": list(names)} | _as_worn(file, Hardware(), _always(made[names]))
        done("judging by other recordings", len(suited(recorded)))
    return found


def _at_other_thresholds(recorded: Sequence[Worn], judges: Judges, done: Done) -> Document:
    return {f"{other:g}": _at(other, recorded, judges, done) for other in OTHER_THRESHOLDS}


def _at(threshold: float, recorded: Sequence[Worn], judges: Judges, done: Done) -> Document:
    found = {}
    moved = partial(_moved, judges, threshold)
    for file in recorded:
        found[file.name] = _main(_as_worn(file, Hardware(), moved))
        done("judging at other thresholds", len(OTHER_THRESHOLDS) * len(recorded))
    return found


def _moved(judges: Judges, threshold: float, person: str) -> FallModel:
    return replace(judges(person), threshold=threshold)


def _always(model: FallModel) -> Judges:
    return lambda _person: model


def _is_strange(other: Worn, file: Worn) -> bool:
    return other.source != file.source and not set(other.people) & set(file.people)


def _file(file: Worn, judges: Judges, recorded: Sequence[Worn], done: Done) -> Document:
    total = sum(len(each.people) for each in recorded)
    parts = [(file.of(person), Hardware(), judges(person)) for person in file.people]
    tallies, rules, plays = zip(*parallel.each(_judged, parts, lambda: done("judging", total)), strict=True)
    entry = figures(tallies)
    entry["baselines"] = {name: _baseline(plays, rules, name) for name in fallsbaselines.NAMES}
    return entry | _about(file, tallies)


def _judged(part: Part) -> tuple[Tally, Ruled, Played]:
    """By the model and by the baselines; of what was played only what is asked of it later."""
    file, hardware, model = part
    (person,) = file.people
    played = play(file, person, hardware)
    rule = fallsbaselines.ruled(played.t, played.acc, played.edges_s)
    stream = replace(played.stream, acc=played.acc[:1])
    return tally(played, alarms(played, model)), rule, Played(file, stream, played.t[:1], played.acc[:1])


def _tallied(part: Part) -> Tally:
    file, hardware, model = part
    (person,) = file.people
    played = play(file, person, hardware)
    return tally(played, alarms(played, model))


def _about(file: Worn, tallies: Sequence[Tally]) -> Document:
    return {
        "placement": file.placement,
        "fs": file.fs,
        "people": len(tallies),
        "by_person": {each.person: _rates([each]) | {"age": _or_none(each.age)} for each in tallies},
        "by_age": {f"{low} to {high - 1}": _rates(old) for low, high in AGES if (old := _aged(tallies, low, high))},
    }


def _aged(tallies: Sequence[Tally], low: int, high: int) -> list[Tally]:
    return [each for each in tallies if low <= each.age < high]


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def _baseline(plays: Sequence[Played], rules: Sequence[Ruled], name: str) -> Document:
    """A lone person, or a file without falls, is judged at the usual least."""
    fell, whole = [each.fell for each in plays], [~each.stream.filler for each in plays]
    leasts = fallsbaselines.leasts(rules, fell, whole, name)
    tallies = []
    for played, rule, least in zip(plays, rules, leasts, strict=True):
        begun = np.array([_hardest(played, int(place)) - EARLY_S for place in np.flatnonzero(played.fell)])
        when = fallsbaselines.alarms(rule, name, fallsbaselines.USUAL[name] if least is None else least, begun)
        tallies.append(tally(played, np.column_stack([when, when + fallsbaselines.LATER_S[name]])))
    return figures(tallies)


def play(file: Worn, person: str, hardware: Hardware, seed: int = 0) -> Played:
    stream = joined(file, person, seed)
    luck = np.random.default_rng([seed, 2, *file.name.encode(), *person.encode()])
    return Played(file, stream, *hardware.feels(stream.acc, stream.fs, luck))


def alarms(played: Played, model: FallModel) -> Floats:
    """(n, 2): when it seems to have happened and when that was decided, in s."""
    detector = FallDetector(model)
    cuts = np.searchsorted(played.t, np.arange(CHUNK_S, played.t[-1], CHUNK_S))
    parts = zip(np.split(played.t, cuts), np.split(played.acc, cuts), strict=True)
    found = [each for t, acc in parts for each in detector.feed(t, acc)] + detector.rest()
    return np.array([(each.at, each.decided_at) for each in found]).reshape(-1, 2)


def tally(played: Played, raised: Floats) -> Tally:
    """`raised` as of `alarms`. A stream's hours are those of its trials as recorded, without what joins them."""
    file, stream = played.file, played.stream
    own = stream.trial[0]
    made = Tally(stream.person, float(file.age[own]), bool(file.elderly[own]))
    edges, recovers = played.edges_s, file.recovers
    piece = np.clip(np.searchsorted(edges, raised[:, 0], "right") - 1, 0, len(stream.trial) - 1)
    for place, trial in enumerate(stream.trial.tolist()):
        here = raised[piece == place]
        if played.fell[place]:
            _add_fall(made, made.recoveries if recovers[trial] else made.falls, played, place, here)
        elif stream.filler[place]:
            _add_between(made, len(here), float(edges[place + 1] - edges[place]))
        else:
            recorded = float(file.offsets[trial + 1] - file.offsets[trial]) / file.fs
            _add(made.other, str(file.activity[trial]), float(len(here)), recorded / 3600.0)
    return made


def _add_fall(made: Tally, found: dict[str, list[float]], played: Played, place: int, here: Floats) -> None:
    file, trial = played.file, int(played.stream.trial[place])
    begin, hardest = float(played.edges_s[place]), _hardest(played, place)
    about = here[here[:, 0] >= hardest - EARLY_S]
    _add(found, str(file.activity[trial]), float(len(about) > 0), 1.0)
    _add_between(made, len(here) - len(about), max(hardest - EARLY_S - begin, 0.0))
    if len(about):
        made.delays.append(float(about[0, 1]) - hardest)


def _hardest(played: Played, place: int) -> float:
    hardest = played.file.hardest(int(played.stream.trial[place]))
    return float(played.edges_s[place]) + hardest / played.file.fs


def _add_between(made: Tally, alarms: int, seconds: float) -> None:
    made.between[0] += alarms
    made.between[1] += seconds / 3600.0


def _add(to: dict[str, list[float]], activity: str, hits: float, of: float) -> None:
    have = to.setdefault(activity, [0.0, 0.0])
    have[0] += hits
    have[1] += of


def figures(tallies: Sequence[Tally]) -> Document:
    """Of all these people, with what would have come out of others like them (95 %)."""
    entry = _rates(tallies)
    entry["by_activity"] = {name: _activity(name, tallies) for name in _activities(tallies)}
    entry["intervals"] = _intervals(tallies)
    return entry


def _rates(tallies: Sequence[Tally]) -> Document:
    old = [each for each in tallies if each.elderly]
    delays = [delay for each in tallies for delay in each.delays]
    return {
        "sensitivity": _share(each.falls for each in tallies),
        "false_alarms_per_hour": _share(each.other for each in tallies),
        "elderly_false_alarms_per_hour": _share(each.other for each in old),
        "recovery_sensitivity": _share(each.recoveries for each in tallies),
        "alarms_between_per_hour": _share({"": each.between} for each in tallies),
        "delay_s_median": round(float(np.median(delays)), 2) if delays else None,
        "falls": int(sum(of for each in tallies for _, of in each.falls.values())),
        "hours": round(sum(of for each in tallies for _, of in each.other.values()), 3),
    }


def _share(parts: Any) -> float | None:
    hits, of = np.array([pair for part in parts for pair in part.values()]).reshape(-1, 2).sum(0)
    return round(float(hits / of), 4) if of else None


def _activities(tallies: Sequence[Tally]) -> list[str]:
    return sorted({name for each in tallies for kind in (each.falls, each.recoveries, each.other) for name in kind})


def _activity(name: str, tallies: Sequence[Tally]) -> Document:
    parts: Mapping[str, list[dict[str, list[float]]]] = {
        "sensitivity": [kind for each in tallies for kind in (each.falls, each.recoveries)],
        "false_alarms_per_hour": [each.other for each in tallies],
    }
    found: Document = {}
    for said, of in (("sensitivity", "falls"), ("false_alarms_per_hour", "hours")):
        pairs = [part[name] for part in parts[said] if name in part]
        if pairs:
            found |= {said: _share([{name: pair} for pair in pairs]), of: round(sum(pair[1] for pair in pairs), 4)}
    return found


def _intervals(tallies: Sequence[Tally]) -> Document:
    """From drawing people again and again."""
    luck = np.random.default_rng(5)
    drawn = luck.multinomial(len(tallies), np.full(len(tallies), 1 / len(tallies)), RESAMPLES)
    kinds = {
        "sensitivity": [each.falls for each in tallies],
        "false_alarms_per_hour": [each.other for each in tallies],
        "elderly_false_alarms_per_hour": [each.other if each.elderly else {} for each in tallies],
        "recovery_sensitivity": [each.recoveries for each in tallies],
    }
    return {name: _interval(parts, drawn) for name, parts in kinds.items()}


def _interval(parts: Sequence[dict[str, list[float]]], drawn: Any) -> list[float] | None:
    pairs = np.array([np.array([[0.0, 0.0], *part.values()]).sum(0) for part in parts])
    hits, of = (drawn @ pairs).T
    if len(parts) < 2 or not (of > 0).any():
        return None
    return [round(float(each), 4) for each in np.quantile(hits[of > 0] / of[of > 0], (0.025, 0.975))]


def _under(hardware: Hardware, recorded: Sequence[Worn], judges: Judges, done: Done) -> Document:
    found = {}
    for file in recorded:
        found[file.name] = _main(_as_worn(file, hardware, judges))
        done("under other hardware", len(ROBUSTNESS) * len(recorded))
    return found


def _as_worn(file: Worn, hardware: Hardware, judges: Judges) -> Document:
    parts = [(file.of(person), hardware, judges(person)) for person in file.people]
    tallies = list(parallel.each(_tallied, parts, lambda: None))
    return _rates(tallies) | {"intervals": _intervals(tallies)}


def _main(entry: Document) -> Document:
    return {name: entry[name] for name in ("sensitivity", "false_alarms_per_hour")}


def write(document: Document, path: Path) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
