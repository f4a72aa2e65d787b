"""`nightlight-sim train falls`: recorded wearers in, a fall model out; the same bytes for the same recordings."""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from simulators.evaluate.progress import DONE, progress, step
from simulators.typed import to_write


def add_to(subjects: Any) -> None:  # argparse does not name the type of its subparsers
    """`falls` among the subjects of `nightlight-sim train`."""
    parser = subjects.add_parser("falls", help="what tells falls from other movement, learned from recorded wearers")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="with a <name>.npz each")
    parser.add_argument("--out", type=to_write, required=True, metavar="FILE", help="write the model there")
    parser.set_defaults(command=_train)


def _train(chosen: argparse.Namespace, console: Console) -> int:
    from simulators.evaluate.fallsexamples import examples, learned, suited
    from simulators.evaluate.wearers import worn

    files = worn(chosen.folder)
    total = sum(len(file.people) for file in suited(files))
    with progress() as shown:
        known = list(examples(files, lambda: step(shown, "playing", total)))
    content = learned(files, known).to_bytes()
    chosen.out.write_bytes(content)
    console.print(f"{chosen.out}: {len(content) / 1000:.0f} kB, from {total} people as worn; judge it with")
    console.print(f"nightlight-sim evaluate falls {chosen.folder} --model {chosen.out}", markup=False)
    return DONE
