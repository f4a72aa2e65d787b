"""How many falls a worn accelerometer would have told of, and how often nothing had happened: on streams of recorded
people, whose trials are joined in random order so that neither length nor place in a recording says anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

import numpy as np

from models.detection.batch import Bools, Floats
from models.detection.falls import BadFallModel, FallDetector, FallModel, fall_model_from
from simulators.evaluate import fallsbaselines
from simulators.evaluate.fallsbaselines import Ruled
from simulators.evaluate.fallsexamples import examples, learned, suited
from simulators.evaluate.hardware import Hardware
from simulators.evaluate.wearers import Joined, Worn, by_person, joined, worn
from simulators.recording import BadRecording

FOLDS = 8
RESAMPLES = 400
CHUNK_S = 10.0
AGES = ((0, 60), (60, 70), (70, 200))

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


@dataclass(slots=True)
class Tally:
    """What one person in one file comes to. By activity: falls found and falls, or false alarms and hours."""

    person: str
    age: float
    elderly: bool
    falls: dict[str, list[float]] = field(default_factory=dict)
    recoveries: dict[str, list[float]] = field(default_factory=dict)
    other: dict[str, list[float]] = field(default_factory=dict)
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
        raise BadRecording(f"{path}: {wrong}") from wrong


def evaluate(
    folder: Path, model: FallModel | None, done: Done = lambda _step, _total: None, robustness: bool = False
) -> Document:
    """Judged by `model`, or by models that have not seen who is judged, learned in this run."""
    recorded = worn(folder)
    judges = (lambda _person: model) if model else _unseen(recorded, done)
    told = set() if model is None else set(str(model.provenance.get("people", "")).split())
    document: Document = {
        "model": _said(model),
        "files": {file.name: _file(file, judges, recorded, done) for file in recorded},
    }
    for file in recorded:
        entry = document["files"][file.name]
        entry["people_seen_by_the_model"] = sum(f"{file.name}/{person}" in told for person in file.people)
    if robustness:
        document["robustness"] = {"as recorded": {name: _main(entry) for name, entry in document["files"].items()}}
        document["robustness"] |= {name: _under(how, recorded, judges, done) for name, how in ROBUSTNESS.items()}
    return document


def _said(model: FallModel | None) -> Document:
    if model is None:
        return {"judged": "by models learned from other people, in this run"}
    return {"judged": "by one frozen model", "threshold": model.threshold, **model.provenance}


def _unseen(recorded: Sequence[Worn], done: Done) -> Judges:
    """People of the same name in several files are held to be one."""
    worn_as = sum(1 for _ in by_person(suited(recorded)))
    known = list(examples(recorded, lambda: done("playing to learn from", worn_as)))
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


def _file(file: Worn, judges: Judges, recorded: Sequence[Worn], done: Done) -> Document:
    tallies, rules, plays = [], [], []
    for person in file.people:
        played = play(file, person, Hardware())
        tallies.append(tally(played, alarms(played, judges(person))))
        rules.append(fallsbaselines.ruled(played.t, played.acc, played.edges_s))
        plays.append(Played(file, played.stream, played.t[:1], played.acc[:1]))
        done("judging", sum(len(each.people) for each in recorded))
    entry = figures(tallies)
    entry["baselines"] = {name: _baseline(plays, rules, name) for name in fallsbaselines.NAMES}
    return entry | _about(file, tallies)


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
        when = fallsbaselines.alarms(rule, name, fallsbaselines.USUAL[name] if least is None else least)
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
    """A fall is found by an alarm about a moment of its trial; all alarms about other moments are false."""
    file, stream = played.file, played.stream
    own = stream.trial[0]
    made = Tally(stream.person, float(file.age[own]), bool(file.elderly[own]))
    piece = np.clip(np.searchsorted(played.edges_s, raised[:, 0], "right") - 1, 0, len(stream.trial) - 1)
    recovers, length = file.recovers, np.diff(played.edges_s)
    for place, trial in enumerate(stream.trial.tolist()):
        here = raised[piece == place]
        activity = str(file.activity[trial])
        if played.fell[place]:
            found = made.recoveries if recovers[trial] else made.falls
            _add(found, activity, float(len(here) > 0), 1.0)
            made.delays += [_delay(played, place, here)] if len(here) else []
        else:
            _add(made.other, activity, float(len(here)), float(length[place]) / 3600.0)
    return made


def _add(to: dict[str, list[float]], activity: str, hits: float, of: float) -> None:
    have = to.setdefault(activity, [0.0, 0.0])
    have[0] += hits
    have[1] += of


def _delay(played: Played, place: int, here: Floats) -> float:
    """From the hardest moment of the trial to the first decision after it."""
    file, trial = played.file, int(played.stream.trial[place])
    size = (file.trial(trial) ** 2).sum(1)
    impact = float(played.edges_s[place] + size.argmax() / file.fs)
    after = here[here[:, 1] >= impact, 1]
    return float((after[0] if len(after) else here[-1, 1]) - impact)


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
    total = len(ROBUSTNESS) * sum(1 for _ in by_person(recorded))
    for file in recorded:
        tallies = []
        for person in file.people:
            played = play(file, person, hardware)
            tallies.append(tally(played, alarms(played, judges(person))))
            done("under other hardware", total)
        found[file.name] = _main(_rates(tallies))
    return found


def _main(entry: Document) -> Document:
    return {name: entry[name] for name in ("sensitivity", "false_alarms_per_hour")}


def write(document: Document, path: Path) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
