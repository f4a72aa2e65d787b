"""`nightlight-sim evaluate`: figures on recorded homes, for anyone to run again."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from simulators.evaluate.document import PASSES, Document, Study, document, families
from simulators.evaluate.homes import Recorded, read_folder, recordings
from simulators.evaluate.report import report
from simulators.evaluate.scorecard import scorecard
from simulators.evaluate.study import Cut, Judged, cut, judged
from simulators.evaluate.words import KINDS, TITLES, between, minutes
from simulators.recording import BadRecording

DONE, USED_WRONG = 0, 2


def main(argv: Sequence[str] | None = None) -> int:
    asked = _arguments().parse_args(argv)
    try:
        figures = _evaluated(asked, datetime.now(UTC).date())
    except BadRecording as bad:
        print(bad, file=sys.stderr)
        return USED_WRONG
    _write(asked, figures)
    show(figures, Console() if sys.stdout.isatty() else Console(width=120))
    return DONE


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("nightlight-sim evaluate", description=__doc__)
    subjects = parser.add_subparsers(dest="subject", required=True)
    inactivity = subjects.add_parser("inactivity", help="how soon a collapse is noticed, how often nothing was wrong")
    inactivity.add_argument("folder", type=Path, help="recordings: <home>.csv or <home>.csv.gz")
    inactivity.add_argument("--json", type=Path, metavar="FILE", help="all figures")
    inactivity.add_argument("--report", type=Path, metavar="FILE", help="a page with curves")
    inactivity.add_argument("--scorecard", type=Path, metavar="FILE", help="the figures as text, for docs/")
    inactivity.add_argument("--learn-prior", action="store_true", help="learn it from half the homes, judge the others")
    inactivity.add_argument("--short", action="store_true", help="also homes under 42 days, after two thirds of theirs")
    return parser


def _evaluated(asked: argparse.Namespace, day: date) -> Document:
    with _progress() as progress:
        reading = progress.add_task("reading", total=len(recordings(asked.folder)) or None)
        homes = read_folder(asked.folder, lambda: progress.advance(reading))
        study = make_study(homes, asked.folder, day, short=asked.short)
        judging = progress.add_task("judging", total=PASSES * len(study.homes))
        ways = families(study.homes, lambda: progress.advance(judging))
        counting = progress.add_task("counting", total=len(ways))
        return document(study, ways, lambda: progress.advance(counting))


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


def make_study(homes: Sequence[Recorded], folder: Path, day: date, *, short: bool = False) -> Study:
    """Raises BadRecording when no home is long enough."""
    chosen = cut(homes, short)
    parts = {home.id: judged(home, chosen.learning[home.id]) for home in homes if home.id in chosen.learning}
    known = tuple(one for one in parts.values() if one is not None)
    if not known:
        raise BadRecording(f"{folder}: no home can be judged: {'; '.join(map(': '.join, chosen.left_out.items()))}")
    return Study(known, _without_the_unknown(chosen, parts), folder.resolve().name, day, {"name": "none", "seen": []})


def _without_the_unknown(chosen: Cut, parts: dict[str, Judged | None]) -> Cut:
    unknown = {name: "less than a day of its judged part is known" for name, one in parts.items() if one is None}
    learning = {name: days for name, days in chosen.learning.items() if name not in unknown}
    return Cut(learning, chosen.left_out | unknown)


def _write(asked: argparse.Namespace, figures: Document) -> None:
    contents = (
        (asked.json, json.dumps(figures, indent=1) + "\n"),
        (asked.report, report(figures)),
        (asked.scorecard, scorecard(figures)),
    )
    for path, content in contents:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")


def show(figures: Document, console: Console) -> None:
    left = ", ".join(f"{name} ({why})" for name, why in figures["left_out"].items())
    console.print(f"{figures['homes']} homes, {figures['days']:.0f} days judged; left out: {left or 'none'}")
    for rate, entries in figures["rates"].items():
        console.print(_ways(rate, entries))
        console.print(_kinds(rate, entries["nightlight"]))
    got = figures["calibration"]
    console.print(f"Asked for {got['asked']:g} per home and 30 days: got {got['got']}, worst home {got['worst_home']}")


def _ways(rate: str, entries: Document) -> Table:
    shown = _table(f"At {rate} false alerts per home and 30 days: minutes to an alert", "", "all", "away")
    for name, title in TITLES.items():
        entry = entries[name]
        shown.add_row(title, *_delays(entry), *(f"{entry[key]:.2f}" for key in ("false_alerts", "false_alerts_away")))
    return shown


def _kinds(rate: str, own: Document) -> Table:
    shown = _table(f"Nightlight at {rate}, by kind of collapse and by the room last seen", "collapse")
    for kind, entry in own["by_kind"].items():
        shown.add_row(KINDS[kind], *(_delays(entry) if entry else ()))
    for room, entry in own["by_room"].items():
        shown.add_row(room, *_delays(entry))
    return shown


def _table(title: str, first: str, *more: str) -> Table:
    shown = Table(title=title, box=SIMPLE, title_justify="left", pad_edge=False)
    for head in (first, "median", "95 %", "90th", "<1 h", "<2 h", "<4 h", *more):
        shown.add_column(head, justify="left" if head == first else "right", no_wrap=True)
    return shown


def _delays(entry: Document) -> list[str]:
    shares = [f"{entry[name]:.0%}" for name in ("within_1h", "within_2h", "within_4h")]
    return [minutes(entry["median_min"]), between(entry["interval"]["median_min"]), minutes(entry["p90_min"]), *shares]
