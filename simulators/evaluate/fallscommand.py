"""`nightlight-sim evaluate falls`, and how its figures are shown."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from simulators.recording import BadRecording

Document = dict[str, Any]  # as simulators.evaluate.falls makes it

ACTED = "All of this is acted: falls on mats by mostly young people, and scripted activity. Real falls are found less."
SHOWN = 12


def add_to(subjects: Any) -> None:  # argparse does not name the type of its subparsers
    """`falls` among the subjects of `nightlight-sim evaluate`."""
    parser = subjects.add_parser("falls", help="how many falls a worn sensor tells of, and how often for nothing")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="with a <name>.npz each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", type=Path, metavar="FILE", help="judge this model (default: the shipped one)")
    which.add_argument(
        "--leave-people-out", action="store_true", help="judge everybody by a model learned here from others only"
    )
    parser.add_argument("--robustness", action="store_true", help="also as other hardware would have felt it")
    parser.set_defaults(command=_evaluate)


def _evaluate(chosen: argparse.Namespace, console: Console) -> int:
    from simulators.evaluate.command import DONE, _progress, _step
    from simulators.evaluate.falls import evaluate, model_in, shipped, write

    if chosen.json and not chosen.json.parent.is_dir():
        raise BadRecording(f"{chosen.json}: there is no folder {chosen.json.parent}")
    model = None if chosen.leave_people_out else model_in(chosen.model) if chosen.model else shipped()
    with _progress() as progress:
        document = evaluate(chosen.folder, model, lambda step, total: _step(progress, step, total), chosen.robustness)
    if chosen.json:
        write(document, chosen.json)
    show(document, console if console.is_terminal else Console(width=120))
    return DONE


def show(document: Document, console: Console) -> None:
    console.print(f"Judged {document['model']['judged']}. {ACTED}")
    for name, entry in document["files"].items():
        if seen := entry["people_seen_by_the_model"]:
            console.print(f"{name}: {seen} of its {entry['people']} people helped to make this model, so its figures")
            console.print("  are too good; --leave-people-out gives honest ones.")
    console.print(_summary(document))
    for name, entry in document["files"].items():
        console.print(_worst(name, entry))
        console.print(_people(name, entry))
    if "robustness" in document:
        console.print(_robustness(document))


def _summary(document: Document) -> Table:
    head = ("", "sensitivity", "false alarms an hour", "the same, 60 or older", "falls, up again", "delay")
    table = _table("Falls found, and alarms about nothing (95 % over people)", head)
    for name, entry in document["files"].items():
        table.add_row(f"{name}, {entry['placement']}", *_row(entry), end_section=False)
        for rule, baseline in entry["baselines"].items():
            table.add_row(f"  {rule}", *_row(baseline), end_section=rule == "peak_tilt")
    return table


def _row(entry: Document) -> list[str]:
    kinds = ("sensitivity", "false_alarms_per_hour", "elderly_false_alarms_per_hour", "recovery_sensitivity")
    shares = [_with_interval(entry, kind, 1.0 if "hour" in kind else 100.0) for kind in kinds]
    return [*shares, _number(entry["delay_s_median"], 1.0, " s")]


def _with_interval(entry: Document, kind: str, times: float) -> str:
    sign = " %" if times > 1 else ""
    interval = entry["intervals"].get(kind)
    said = _number(entry[kind], times, sign)
    return said + (f" ({interval[0] * times:.3g} to {interval[1] * times:.3g})" if interval else "")


def _number(value: float | None, times: float = 1.0, unit: str = "") -> str:
    return "–" if value is None else f"{value * times:.3g}{unit}"


def _worst(name: str, entry: Document) -> Table:
    table = _table(f"{name}: hardest falls and most trying activity", ("fall", "found", "activity", "alarms an hour"))
    falls = sorted(_having(entry, "sensitivity"), key=lambda each: each[1])
    other = sorted(_having(entry, "false_alarms_per_hour"), key=lambda each: -each[1])
    for place in range(min(SHOWN, max(len(falls), len(other)))):
        left = falls[place] if place < len(falls) else ("", None, 0)
        right = other[place] if place < len(other) else ("", None, 0)
        found = f"{_number(left[1], 100, ' %')} of {left[2]:.0f}" if left[0] else ""
        table.add_row(left[0], found, right[0], f"{_number(right[1])} in {right[2]:.2g} h" if right[0] else "")
    return table


def _having(entry: Document, kind: str) -> list[tuple[str, float, float]]:
    of = "falls" if kind == "sensitivity" else "hours"
    return [(name, each[kind], each[of]) for name, each in entry["by_activity"].items() if kind in each]


def _people(name: str, entry: Document) -> Table:
    table = _table(f"{name}: by age, and the people worst served", ("", "falls", "sensitivity", "false alarms an hour"))
    rows = [*entry["by_age"].items()]
    people = sorted(entry["by_person"].items(), key=lambda each: (each[1]["sensitivity"] or 1.0) - _often(each[1]) / 20)
    for said, each in [*rows, *people[: SHOWN // 2]]:
        found = _number(each["sensitivity"], 100, " %")
        table.add_row(said, str(each["falls"]), found, _number(each["false_alarms_per_hour"]))
    return table


def _often(entry: Document) -> float:
    return float(entry["false_alarms_per_hour"] or 0.0)


def _robustness(document: Document) -> Table:
    names = list(document["files"])
    table = _table("As other hardware would have felt it: sensitivity, false alarms an hour", ("", *names))
    for how, found in document["robustness"].items():
        cells = (
            f"{_number(found[name]['sensitivity'], 100, ' %')}, {_number(found[name]['false_alarms_per_hour'])}"
            for name in names
        )
        table.add_row(how, *cells)
    return table


def _table(title: str, head: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for place, each in enumerate(head):
        table.add_column(each, justify="left" if place == 0 else "right")
    return table
