"""How soon a collapse is noticed and how often nothing was wrong, on every home of a folder."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path

from models.training import FOLDS, ROUNDS
from simulators.evaluate import fallscard, nightlight
from simulators.evaluate.document import PASSES, Document, Study, document, families, main_part
from simulators.evaluate.driven import Driven, drive
from simulators.evaluate.homes import Recorded, read_folder, recordings
from simulators.evaluate.report import report
from simulators.evaluate.scorecard import scorecard
from simulators.evaluate.study import SHORTEST, Cut, Judged, cut, judged
from simulators.recording import BadRecording

LEAST_TAUGHT, LEAST_CROSSED = 4, FOLDS
"""A prior's prices are set on homes that it has not seen, an eighth at a time."""


class How(Enum):
    """Where the population prior comes from: the shipped file; half of the homes, which are then not judged; or for
    each home others than itself.
    """

    SHIPPED = "shipped"
    LEARNED = "learned"
    CROSSED = "crossed"


Step = Callable[[str, int], object]
"""Told after each piece of work: what is being done, and of how many pieces."""


def evaluate(folder: Path, step: Step, how: How = How.SHIPPED, short: bool = False) -> Document:
    """Raises BadRecording when there is nothing that can be judged, and Disagrees."""
    files = len(recordings(folder))
    empty: dict[str, str] = {}
    homes = read_folder(folder, lambda: step("reading", files), empty)
    chosen, parts = _judgeable(homes, folder, short)
    chosen = Cut(chosen.learning, chosen.left_out | empty)
    today = datetime.now(UTC).date()
    prior, taught = _prior(how, [home for home in homes if home.days >= SHORTEST], today, step)
    chosen, parts = _without(chosen, parts, taught, folder)
    driven = tuple(_driven(parts, prior, step))
    return figures(Study(tuple(parts), driven, chosen, folder.resolve().name, today, prior), step)


def _driven(homes: Sequence[Judged], prior: nightlight.Prior, step: Step) -> Iterator[Driven]:
    for one in homes:
        yield drive(one, prior.of(one.home.id))
        step("through the engine", len(homes))


def _prior(how: How, homes: Sequence[Recorded], day: date, step: Step) -> tuple[nightlight.Prior, set[str]]:
    """And which of the homes are therefore not to be judged."""
    if how is How.SHIPPED:
        return nightlight.shipped(), set()
    if how is How.CROSSED and len(homes) < LEAST_CROSSED:
        raise BadRecording(f"too few homes to cross: {len(homes)}, and it takes {LEAST_CROSSED}")
    if how is How.CROSSED:
        return nightlight.crossed(homes, day, lambda: step("learning the priors", FOLDS)), set()
    taught = [home for home in homes if teaches(home.id)]
    if len(taught) < LEAST_TAUGHT:
        raise BadRecording(f"too few homes to learn a prior: {len(taught)}, and it takes {LEAST_TAUGHT}")
    prior = nightlight.learned(taught, day, lambda: step("learning the prior", ROUNDS))
    return prior, {home.id for home in taught}


def figures(study: Study, step: Step) -> Document:
    """With a part for the homes that the prior has not seen, where it has seen some of them."""
    work = PASSES * len(study.homes)
    ways = families(study.homes, study.driven, lambda: step("judging", work))
    whole = document(study, ways, lambda: step("counting", len(ways)))
    unseen = [place for place, one in enumerate(study.homes) if not study.prior.has_seen(one.home.id)]
    if 0 < len(unseen) < len(study.homes):
        homes = tuple(study.homes[place] for place in unseen)
        part = replace(study, homes=homes, driven=tuple(study.driven[place] for place in unseen))
        whole["unseen_by_the_prior"] = main_part(part, [way.only(unseen) for way in ways])
    return whole


def teaches(home: str) -> bool:
    """About half of all homes teach the prior and tune it, by their ids; the others test it."""
    return zlib.crc32(home.encode()) % 2 == 0


def _judgeable(homes: Sequence[Recorded], folder: Path, short: bool) -> tuple[Cut, list[Judged]]:
    chosen = cut(homes, short)
    parts = {home.id: judged(home, chosen.learning[home.id]) for home in homes if home.id in chosen.learning}
    known = [one for one in parts.values() if one is not None]
    if not known:
        raise BadRecording(f"{folder}: no home can be judged: {'; '.join(map(': '.join, chosen.left_out.items()))}")
    if not any(len(one.collapses["active"].row) for one in known):
        raise BadRecording(f"{folder}: no home can be judged: somebody may be out whenever nothing is noticed")
    return _without_the_unknown(chosen, parts), known


def _without_the_unknown(chosen: Cut, parts: dict[str, Judged | None]) -> Cut:
    unknown = {name: "less than a day of its judged part is known" for name, one in parts.items() if one is None}
    learning = {name: days for name, days in chosen.learning.items() if name not in unknown}
    return Cut(learning, chosen.left_out | unknown)


def _without(chosen: Cut, parts: list[Judged], taught: set[str], folder: Path) -> tuple[Cut, list[Judged]]:
    kept = [one for one in parts if one.home.id not in taught]
    if not kept:
        raise BadRecording(f"{folder}: too few homes to learn a prior from some and judge the others")
    return Cut(chosen.learning, chosen.left_out | dict.fromkeys(sorted(taught), "taught the prior")), kept


def write(found: Document, as_json: Path | None, page: Path | None, card: Path | None) -> None:
    """What an evaluation of falls put into the scorecard stays there."""
    falls = fallscard.kept(card.read_text(encoding="utf-8")) if card and card.exists() else ""
    whole = f"{scorecard(found)}\n{falls}" if falls else scorecard(found)
    contents = ((as_json, json.dumps(found, indent=1) + "\n"), (page, report(found)), (card, whole))
    for path, content in contents:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
