"""The alerts of homes over their whole record as text to review: ids and times of alerts, and no observation."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from models.detection import stream
from models.detection.backtest import STEP
from models.detection.prior import Prior
from simulators.evaluate.homes import Recorded, longest
from simulators.evaluate.invented import invented
from simulators.evaluate.nightlight import shipped
from simulators.evaluate.played import Played, Told, alerts, played, wall

HEAD = "# Alerts about the person over whole recordings. Made by `nightlight-sim evaluate golden`; review what changes."
REAL, INVENTED = "golden_homes.txt", "golden_invented.txt"
INVENTED_HOMES = 4


def golden_files(folder: Path | None, count: int) -> Iterator[tuple[str, str]]:
    """Name and text of each file: of invented homes, and of the `count` longest of `folder`. Raises BadRecording."""
    prior = shipped().model
    yield INVENTED, golden(invented(INVENTED_HOMES), prior)
    if folder is not None:
        yield REAL, golden(longest(folder, count), prior)


def golden(homes: Sequence[Recorded], prior: Prior | None, step: float = STEP) -> str:
    """A block a home: when each alert was raised, by the clock of the recording, and since when things were amiss.
    Every detector is watched for.
    """
    one = replace(played(homes, prior), watched_for=tuple(stream.KINDS))
    found = alerts(one, step)
    blocks = [_block(one, place, found) for place in range(len(one.homes))]
    return "\n\n".join([HEAD, *blocks]) + "\n"


def _block(one: Played, place: int, found: Sequence[Told]) -> str:
    home = one.homes[place].id
    mine = [each for each in found if each.home == home]
    lines = [f"  {_clock(one, home, each.at)} {each.kind} since {_clock(one, home, each.since)}" for each in mine]
    return "\n".join([f"{home}: {len(mine)}", *lines])


def _clock(one: Played, home: str, at: datetime) -> str:
    return f"{wall(one, home, at):%Y-%m-%d %H:%M}"


def difference(kept: str, now: str) -> list[str]:
    return list(difflib.unified_diff(kept.splitlines(), now.splitlines(), "kept", "now", lineterm=""))
