"""nightlight-edge: the home agent, and questions about it."""

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from edge.clock import Clock
from edge.outbox import InUse
from edge.settings import Settings, load
from models.settings import BadSettings

DEFAULT = Path("/etc/nightlight/kit.toml")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 done, 1 found wrong, 2 used wrong."""
    asked = _parser().parse_args(arguments)
    level = logging.INFO if asked.verbose else logging.WARNING
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        answer: int = asked.command(load(asked.settings))
    except BadSettings as error:
        print(error, file=sys.stderr)
        return 2
    except InUse as error:
        print(error, file=sys.stderr)
        return 1
    return answer


def run(settings: Settings) -> int:
    from edge.agent import Agent

    clock = Clock(None if settings.clock_file is None else Path(settings.clock_file))
    agent = Agent(settings, clock, ready=lambda: print(f"ready home={settings.home}", flush=True))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: agent.stop())
    agent.run()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nightlight-edge", description="The home agent of Nightlight.")
    commands = parser.add_subparsers(required=True, metavar="command")
    for command, text in ((run, "notice, keep and send, until stopped"),):
        one = commands.add_parser(command.__name__, help=text, description=text)
        one.add_argument("--settings", type=Path, default=DEFAULT, metavar="FILE", help=f"TOML; {DEFAULT} if not given")
        one.add_argument("--verbose", action="store_true", help="log more than what went wrong")
        one.set_defaults(command=command)
    return parser
