"""`nightlight-sim evaluate falls`, and how its figures are shown."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from simulators.evaluate import fallsrows
from simulators.evaluate.progress import DONE, progress, step
from simulators.typed import to_write

Document = dict[str, Any]  # as simulators.evaluate.falls makes it


def add_to(subjects: Any) -> None:  # argparse does not name the type of its subparsers
    """`falls` among the subjects of `nightlight-sim evaluate`."""
    parser = subjects.add_parser("falls", help="how many falls a worn sensor tells of, and how often for nothing")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="with a <name>.npz each")
    parser.add_argument("--json", type=to_write, metavar="FILE", help="write all figures there")
    parser.add_argument("--scorecard", type=to_write, metavar="FILE.md", help="write the figures as text there")
    parser.add_argument(
        "--within", type=to_write, metavar="FILE.md", help="put the main figures at the end of that page"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", type=Path, metavar="FILE", help="judge this model (default: the shipped one)")
    which.add_argument(
        "--leave-people-out", action="store_true", help="judge everybody by a model learned here from others only"
    )
    parser.add_argument("--robustness", action="store_true", help="also as other hardware would have felt it")
    parser.set_defaults(command=_evaluate)


def _evaluate(chosen: argparse.Namespace, console: Console) -> int:
    from simulators.evaluate.falls import evaluate, model_in, shipped, write
    from simulators.evaluate.fallscard import scorecard, within

    model = None if chosen.leave_people_out else model_in(chosen.model) if chosen.model else shipped()
    with progress() as shown:
        document = evaluate(chosen.folder, model, lambda name, total: step(shown, name, total), chosen.robustness)
    if chosen.json:
        write(document, chosen.json)
    today = datetime.now(UTC).date()
    if chosen.scorecard:
        chosen.scorecard.write_text(scorecard(document, today), encoding="utf-8")
    if chosen.within:
        page = chosen.within.read_text(encoding="utf-8") if chosen.within.exists() else ""
        chosen.within.write_text(within(page, document, today), encoding="utf-8")
    show(document, console if console.is_terminal else Console(width=120))
    return DONE


def show(document: Document, console: Console) -> None:
    console.print(f"Judged {document['model']['judged']}. {fallsrows.ACTED}")
    console.print(fallsrows.COUNTED)
    for name, entry in document["files"].items():
        if seen := entry["people_seen_by_the_model"]:
            console.print(f"{name}: {seen} of its {entry['people']} people helped to make this model, so its figures")
            console.print("  are too good; --leave-people-out gives honest ones.")
    _print(console, "Falls found, and alarms about nothing (95 % over people)", fallsrows.summary(document))
    for name, entry in document["files"].items():
        _print(console, f"{name}: hardest falls and most trying activity", fallsrows.worst(entry))
        _print(console, f"{name}: by age, and the people worst served", fallsrows.people(entry))
    if document.get("transfer"):
        _print(console, "Learned from other recordings only", fallsrows.transfer(document))
    if "robustness" in document:
        title = "As other hardware would have felt it: sensitivity, false alarms an hour"
        _print(console, title, fallsrows.robustness(document))


def _print(console: Console, title: str, rows: Sequence[Sequence[str]]) -> None:
    table = Table(title=title, title_justify="left")
    for place, each in enumerate(rows[0]):
        table.add_column(each, justify="left" if place == 0 else "right")
    for row in rows[1:]:
        table.add_row(*row)
    console.print(table)
