"""`nightlight-sim train`: the data files that are shipped, made again from a folder of recordings."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from simulators.evaluate.progress import DONE, progress, step
from simulators.evaluate.trainfalls import add_to as add_falls
from simulators.typed import to_write


def add_to(commands: Any) -> None:  # argparse does not name the type of its subparsers
    """`train` among the commands of `nightlight-sim`."""
    subjects = commands.add_parser("train", help="learn the data files that are shipped")
    of_what = subjects.add_subparsers(required=True, metavar="SUBJECT")
    parser = of_what.add_parser("prior", help="what is known of silences before a home is known")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="with a <home>.csv or <home>.csv.gz each")
    parser.add_argument(
        "--out", type=to_write, required=True, metavar="FILE", help="the prior, as models/data/prior.npz"
    )
    parser.add_argument("--from", dest="source", metavar="TEXT", help="the paper and the licence of the recordings")
    parser.add_argument("--on", type=date.fromisoformat, metavar="DATE", help="the day to note (default today)")
    parser.set_defaults(command=_prior)
    add_falls(of_what)


def _prior(chosen: argparse.Namespace, console: Console) -> int:
    from models.training import ROUNDS
    from simulators.evaluate.nightlight import make_prior

    source = chosen.source or f"recordings in {chosen.folder.resolve().name}"
    day = chosen.on or datetime.now(UTC).date()
    with progress() as shown:
        done = partial(step, shown, "learning the prior", ROUNDS)
        model = make_prior(chosen.folder, chosen.out, source, day, done)
    homes, days, size = model.provenance["homes"], model.provenance["days"], chosen.out.stat().st_size
    console.print(f"{chosen.out}: from {homes} homes, {days} days, {size} bytes", highlight=False)
    return DONE
