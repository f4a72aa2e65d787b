"""`nightlight-sim evaluate` and `nightlight-sim backtest`: how well homes are watched, for anyone to run again."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from simulators.evaluate.fallscommand import add_to as add_falls
from simulators.evaluate.progress import DONE, FOUND_WRONG, USED_WRONG, progress, step
from simulators.recording import BadRecording
from simulators.typed import count, hour, positive, to_write

GOLDEN = Path("tests/simulators/evaluate")
"""From the top of a checkout."""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("nightlight-sim", description=__doc__)
    add_to(parser.add_subparsers(required=True, metavar="COMMAND"))
    chosen = parser.parse_args(argv)
    try:
        code: int = chosen.command(chosen, Console())
    except BadRecording as bad:
        print(bad, file=sys.stderr)
        return USED_WRONG
    return code


def add_to(commands: Any) -> None:  # argparse does not name the type of its subparsers
    """`evaluate` and `backtest` among the commands of `nightlight-sim`."""
    subjects = commands.add_parser("evaluate", help="how well homes are watched, measured on recorded ones")
    of_what = subjects.add_subparsers(required=True, metavar="SUBJECT")
    _add_inactivity(of_what)
    golden = _on_folder(of_what, "golden", _golden, "the alerts of whole recordings against those kept as text", "?")
    golden.add_argument("--kept", type=Path, default=GOLDEN, metavar="DIR", help=f"where the text is kept ({GOLDEN})")
    golden.add_argument("--write", action="store_true", help="keep what comes out now")
    _on_folder(of_what, "faults", _faults, "clock changes, restarts, late and repeated batches, dead sensors")
    sentences = _on_folder(of_what, "sentences", _sentences, "is what relatives are told true of recorded homes?", "?")
    sentences.set_defaults(homes=1000)
    sentences.add_argument("--looks", type=count, default=41, metavar="N", help="about so many a day (default 41)")
    add_falls(of_what)
    _add_detectors(of_what)
    _add_backtest(commands)


def _add_detectors(subjects: Any) -> None:
    parser = _on_folder(subjects, "detectors", _detectors, "how often each finds something, how soon mishaps are told")
    parser.set_defaults(homes=100)
    parser.add_argument("--mats", action="store_true", help="as if each bed had a mat, invented from bedroom motion")


def _add_inactivity(subjects: Any) -> None:
    parser = subjects.add_parser("inactivity", help="how soon a collapse is noticed, how often nothing was wrong")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="with a <home>.csv or <home>.csv.gz each")
    parser.add_argument("--json", type=to_write, metavar="FILE", help="write all figures there")
    parser.add_argument("--report", type=to_write, metavar="FILE.html", help="write a page with curves there")
    parser.add_argument("--scorecard", type=to_write, metavar="FILE.md", help="write the figures as text there")
    prior = parser.add_mutually_exclusive_group()
    prior.add_argument("--learn-prior", action="store_true", help="learn it from half the homes, judge the others")
    prior.add_argument("--cross-prior", action="store_true", help="learn it for each home from others, judge all")
    parser.add_argument("--short", action="store_true", help="also homes under 42 days, after two thirds of theirs")
    parser.set_defaults(command=_inactivity)


def _on_folder(subjects: Any, name: str, command: Any, said: str, many: str | None = None) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subjects.add_parser(name, help=said)
    parser.add_argument("folder", type=Path, nargs=many, metavar="FOLDER", help="with a <home>.csv[.gz] each")
    parser.add_argument(
        "--homes", type=count, default=20, metavar="N", help="the longest N homes (default %(default)s)"
    )
    parser.set_defaults(command=command)
    return parser


def _add_backtest(commands: Any) -> None:
    parser = commands.add_parser("backtest", help="what would these settings have done last month?")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="with a <home>.csv or <home>.csv.gz each")
    parser.add_argument("--home", metavar="HOME", help="one home only")
    parser.add_argument("--days", type=positive, default=30.0, metavar="N", help="the last N days (default 30)")
    parser.add_argument("--budget", type=positive, metavar="N", help="false alerts that are bearable in 30 days")
    parser.add_argument("--by-rule", action="store_true", help="the simple rule alone, as if no home were ever known")
    parser.add_argument("--by-day", type=positive, metavar="HOURS", help="the rule: how long a silence may last by day")
    parser.add_argument("--up-by", type=hour, metavar="HOUR", help="the rule: by when people are up")
    parser.set_defaults(command=_backtest)


def _inactivity(chosen: argparse.Namespace, console: Console) -> int:
    from simulators.evaluate.driven import Disagrees
    from simulators.evaluate.inactivity import How, evaluate, write

    how = How.LEARNED if chosen.learn_prior else How.CROSSED if chosen.cross_prior else How.SHIPPED
    try:
        with progress() as shown:
            figures = evaluate(chosen.folder, lambda name, total: step(shown, name, total), how, chosen.short)
    except Disagrees as odd:
        print(f"These are not the engine's own figures: {odd}", file=sys.stderr)
        return FOUND_WRONG
    from simulators.evaluate.tables import show

    show(figures, console if console.is_terminal else Console(width=120))
    try:
        write(figures, chosen.json, chosen.report, chosen.scorecard)
    except OSError as wrong:
        print(f"{wrong.filename}: could not be written: {wrong.strerror}", file=sys.stderr)
        return USED_WRONG
    return DONE


def _golden(chosen: argparse.Namespace, console: Console) -> int:
    from simulators.evaluate.golden import difference, golden_files

    changed = []
    for name, now in golden_files(chosen.folder, chosen.homes):
        kept = chosen.kept / name
        if chosen.write:
            kept.write_text(now, encoding="utf-8")
        elif kept.is_file():
            changed += difference(kept.read_text(encoding="utf-8"), now)
        else:
            raise BadRecording(f"{kept}: no such file; --write makes it")
    for line in changed:
        console.print(line, markup=False, highlight=False)
    return FOUND_WRONG if changed else DONE


def _detectors(chosen: argparse.Namespace, console: Console) -> int:
    from simulators.evaluate.homes import longest
    from simulators.evaluate.load import MISHAPS, show
    from simulators.evaluate.nightlight import shipped

    wide = console if console.is_terminal else Console(width=120)
    homes = longest(chosen.folder, chosen.homes)
    with progress() as shown:
        show(homes, shipped().model, chosen.mats, wide, lambda: step(shown, "playing", 1 + len(MISHAPS)))
    return DONE


def _sentences(chosen: argparse.Namespace, console: Console) -> int:
    """Without a folder, of a few invented homes."""
    from simulators.evaluate.homes import longest
    from simulators.evaluate.invented import invented
    from simulators.evaluate.nightlight import shipped
    from simulators.evaluate.sentences import Counted, evaluate, looks, spaced

    homes = longest(chosen.folder, chosen.homes) if chosen.folder else invented(3, days=21)
    every = spaced(chosen.looks)
    told, total = Counted(), looks(homes, every)
    with progress() as shown:
        for so_far in evaluate(homes, shipped().model, every):
            step(shown, "looking", total)
            told = so_far
    if not any(told.said.values()):
        raise BadRecording(f"{chosen.folder}: too little is recorded there to say anything of")
    for line in told.lines():
        console.print(line, markup=False, highlight=False)
    return FOUND_WRONG if told.wrong else DONE


def _faults(chosen: argparse.Namespace, console: Console) -> int:
    from simulators.evaluate.faults import CLOCKS, FAULTS, caused, long_enough
    from simulators.evaluate.homes import longest
    from simulators.evaluate.nightlight import shipped

    homes = long_enough(longest(chosen.folder, chosen.homes))
    with progress() as shown:
        found = caused(homes, shipped().model, lambda: step(shown, "playing", len(FAULTS) + len(CLOCKS)))
    for fault, new in found.items():
        console.print(f"{fault}: {len(new)} alerts about a person in {len(homes)} homes")
        for line in new:
            console.print(f"  {line}", markup=False, highlight=False)
    return FOUND_WRONG if any(found.values()) else DONE


def _backtest(chosen: argparse.Namespace, console: Console) -> int:
    from simulators.evaluate.lastmonth import Asked, last_month

    asked = Asked(chosen.days, chosen.budget, chosen.by_rule, chosen.by_day, chosen.up_by)
    for line in last_month(chosen.folder, chosen.home, asked):
        console.print(line, markup=False, highlight=False)
    return DONE
