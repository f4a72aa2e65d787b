"""How soon a collapse is noticed and how often nothing was wrong, on every home of a folder."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from simulators.evaluate import nightlight
from simulators.evaluate.document import PASSES, Document, Study, document, families, main_part
from simulators.evaluate.homes import Recorded, read_folder, recordings
from simulators.evaluate.report import report
from simulators.evaluate.scorecard import scorecard
from simulators.evaluate.study import Cut, Judged, cut, judged
from simulators.recording import BadRecording

Step = Callable[[str, int], object]
"""Told after each piece of work: what is being done, and of how many pieces."""


def evaluate(folder: Path, step: Step, learn_prior: bool = False, short: bool = False) -> Document:
    """Raises BadRecording when there is nothing that can be judged."""
    files = len(recordings(folder))
    homes = read_folder(folder, lambda: step("reading", files))
    study = make_study(homes, folder, short)
    prior = nightlight.shipped()
    if learn_prior:
        taught = [home for home in homes if teaches(home.id)]
        prior = nightlight.learned(taught, lambda: step("learning the prior", len(taught)))
        study = _without(study, prior.seen)
    return figures(replace(study, prior=prior), step)


def figures(study: Study, step: Step) -> Document:
    """With a part for the homes that the prior has not seen, where it has seen some of them."""
    work = PASSES * len(study.homes)
    ways = families(study.homes, study.prior, lambda: step("judging", work))
    whole = document(study, ways, lambda: step("counting", len(ways)))
    unseen = [place for place, one in enumerate(study.homes) if one.home.id not in study.prior.seen]
    if 0 < len(unseen) < len(study.homes):
        part = replace(study, homes=tuple(study.homes[place] for place in unseen))
        whole["unseen_by_the_prior"] = main_part(part, [way.only(unseen) for way in ways])
    return whole


def teaches(home: str) -> bool:
    """About half of all homes teach the prior and tune it, by their ids; the others test it."""
    return zlib.crc32(home.encode()) % 2 == 0


def make_study(homes: Sequence[Recorded], folder: Path, short: bool = False) -> Study:
    """Raises BadRecording when no home is long enough."""
    chosen = cut(homes, short)
    parts = {home.id: judged(home, chosen.learning[home.id]) for home in homes if home.id in chosen.learning}
    known = tuple(one for one in parts.values() if one is not None)
    if not known:
        raise BadRecording(f"{folder}: no home can be judged: {'; '.join(map(': '.join, chosen.left_out.items()))}")
    today = datetime.now(UTC).date()
    return Study(known, _without_the_unknown(chosen, parts), folder.resolve().name, today, nightlight.NO_PRIOR)


def _without_the_unknown(chosen: Cut, parts: dict[str, Judged | None]) -> Cut:
    unknown = {name: "less than a day of its judged part is known" for name, one in parts.items() if one is None}
    learning = {name: days for name, days in chosen.learning.items() if name not in unknown}
    return Cut(learning, chosen.left_out | unknown)


def _without(study: Study, taught: frozenset[str]) -> Study:
    kept = tuple(one for one in study.homes if one.home.id not in taught)
    if not kept:
        raise BadRecording(f"{study.source}: too few homes to learn a prior from some and judge others")
    gone = {one.home.id: "taught the prior" for one in study.homes if one.home.id in taught}
    return replace(study, homes=kept, cut=Cut(study.cut.learning, study.cut.left_out | gone))


def write(found: Document, as_json: Path | None, page: Path | None, card: Path | None) -> None:
    contents = ((as_json, json.dumps(found, indent=1) + "\n"), (page, report(found)), (card, scorecard(found)))
    for path, content in contents:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
