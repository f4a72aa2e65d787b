"""nightlight-sim: pretend homes for a real hub."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from models.settings import address
from simulators.evaluate.command import add_to as add_evaluations
from simulators.evaluate.train import add_to as add_training
from simulators.programs import Failed, end_on_signals
from simulators.recording import BadRecording
from simulators.typed import count, positive, to_write


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 something did not hold, 2 used wrong, 130 interrupted."""
    chosen = _parser().parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    end_on_signals()
    try:
        code: int = chosen.command(chosen, console)
    except BadRecording as bad:
        print(bad, file=sys.stderr)
        return 2
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        console.print("\nInterrupted. Nothing is left behind.")
        return 130
    return code


def _demo(chosen: argparse.Namespace, console: Console) -> int:
    from simulators.demo import demo

    return demo(console, recordings=chosen.recordings, speed=chosen.speed, seconds=_demo_seconds(), smtp=chosen.smtp)


def _replay(chosen: argparse.Namespace, console: Console) -> int:
    from simulators.replay import replay

    return replay(chosen.folder, console, speed=chosen.speed, homes=chosen.homes, days=chosen.days, report=chosen.json)


def _town(chosen: argparse.Namespace, console: Console) -> int:
    from simulators.town import town

    return town(
        chosen.homes, console, seconds=chosen.seconds, per_day=chosen.per_day, hub=chosen.hub, settle=chosen.settle
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nightlight-sim", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="a hub and a dozen homes to look at, with a script of mishaps")
    demo.add_argument("--recordings", type=Path, metavar="FOLDER", help="let some homes live recorded days")
    demo.add_argument("--speed", type=positive, default=60.0, help="played seconds a second (default 60)")
    demo.add_argument("--smtp", type=address, metavar="HOST:PORT", help="write to contacts by this mail server")
    demo.set_defaults(command=_demo)

    replay = commands.add_parser("replay", help="recorded homes through real kits into a real hub")
    replay.add_argument("folder", type=Path, metavar="FOLDER", help="with a <home>.csv or <home>.csv.gz each")
    replay.add_argument("--speed", type=positive, help="played seconds a second (default: as fast as it goes)")
    replay.add_argument("--homes", type=count, metavar="N", help="only the first N homes")
    replay.add_argument("--days", type=count, metavar="N", help="only the first N days of each")
    replay.add_argument("--json", type=to_write, metavar="FILE", help="write the result there too")
    replay.set_defaults(command=_replay)

    town = commands.add_parser("town", help="many homes that speak on the wire themselves: a load for a hub")
    town.add_argument("homes", type=count, metavar="N", help="how many homes")
    town.add_argument("--seconds", type=positive, default=30.0, help="how long (default 30)")
    town.add_argument(
        "--per-day", type=positive, default=300.0, metavar="M", help="observations a home a day (default 300)"
    )
    town.add_argument(
        "--hub", type=address, metavar="HOST:PORT", help="the broker of a hub that knows the town's homes"
    )
    town.add_argument(
        "--settle", type=positive, default=0.0, metavar="S", help="tell receipts of the first S seconds apart"
    )
    town.set_defaults(command=_town)
    add_evaluations(commands)
    add_training(commands)
    return parser


def _demo_seconds() -> float | None:
    text = os.environ.get("DEMO_SECONDS")
    try:
        return positive(text) if text else None
    except argparse.ArgumentTypeError:
        print(f"DEMO_SECONDS is '{text}': use a number of seconds, or leave it out", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    raise SystemExit(main())
