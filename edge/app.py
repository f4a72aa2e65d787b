"""nightlight-edge: the home agent, and questions about it."""

import argparse
import inspect
import logging
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import partial
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from edge.agent import AGREED, REACHED, Agent, hub_broker, kit_broker
from edge.clock import Clock
from edge.connection import Arrived, Broker, Connection, Heard
from edge.fall import Detector, Judging
from edge.listed import listed
from edge.outbox import InUse, Look, in_use, look, stands, told_of
from edge.sensors import feels
from edge.settings import Settings, load
from edge.trouble import hindrance
from edge.walk import walk
from models.settings import BadSettings
from models.wire import Leg, topic

DEFAULT = Path("/etc/nightlight/kit.toml")
ANSWER_WITHIN = 5.0
WALK = "Ask for each sensor in turn; show when the kit heard it, and when the hub had receipted it."
UNLIKELY = 0.3
"""The part of the model's threshold from which on a fall is told of as a possible one."""

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 done, 1 found wrong, 2 used wrong."""
    asked = _parser().parse_args(arguments)
    level = logging.INFO if asked.verbose else logging.WARNING
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = load(asked.settings)
        answer: int = asked.command(settings) if asked.command else _walk(settings, asked)
    except BadSettings as error:
        print(error, file=sys.stderr)
        return 2
    except InUse as error:
        print(error, file=sys.stderr)
        return 1
    return answer


def _say(line: str) -> None:
    print(line, flush=True)


def _walk(settings: Settings, asked: argparse.Namespace) -> int:
    return walk(_fitted(settings), asked.sensors, asked.seconds, _say)


def run(settings: Settings) -> int:
    """Notice, keep and send, until told to stop."""
    ready = partial(print, f"ready home={settings.home}", flush=True)
    clock, ending = _clock(settings), threading.Event()
    running: list[Agent] = []

    def end(*_: object) -> None:
        ending.set()
        for one in running:
            one.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    while not ending.is_set():
        agent = Agent(settings, clock, ready, _judging(_fitted(settings)))
        running[:] = [agent]
        if ending.is_set():
            agent.stop()
        agent.run()
        if not agent.again:
            break
    return 0


def check(settings: Settings) -> int:
    """Print what holds: settings, clock, outbox, brokers and sensors; 1 if something is wrong."""
    for field in fields(settings):
        if field.name != "sensors":
            print(f"{field.name} = {getattr(settings, field.name)}")
    settings, unfit = listed(settings, _told(settings))
    for sensor in settings.sensors:
        print(f"sensor {sensor.id}: {sensor.kind} at {sensor.source}{', inverted' if sensor.inverted else ''}")
    if any(feels(sensor.source) for sensor in settings.sensors):
        print(f"falls: {'told from what is felt' if _judging(settings) else 'not told, see above'}")
    trusted = _clock(settings).moment().trusted
    print(f"clock: {'right' if trusted else 'not set yet, so times are marked as uncertain'}")
    wrong = [f"sensor {sensor}, as the hub has it: {why}" for sensor, why in unfit.items()]
    wrong += [trouble for trouble in (_outbox_trouble(settings), *_broker_troubles(settings, trusted)) if trouble]
    for trouble in wrong:
        print(f"wrong: {trouble}")
    return 1 if wrong else 0


def outbox(settings: Settings) -> int:
    """Print what waits to be receipted by the hub."""
    path = Path(settings.outbox)
    try:
        held = look(path)
    except sqlite3.Error as error:
        print(f"{path}: no outbox can be read here: {error}", file=sys.stderr)
        return 1
    _print_outbox(held)
    return 0


def _told(settings: Settings) -> str | None:
    try:
        return told_of(Path(settings.outbox))
    except sqlite3.Error:
        return None


def _fitted(settings: Settings) -> Settings:
    """With the sensors that the hub has on its list."""
    return listed(settings, _told(settings))[0]


def _judging(settings: Settings) -> Judging | None:
    """None where nothing is felt, which costs nothing, or where it can't be judged: then a press is all there is."""
    if not any(feels(sensor.source) for sensor in settings.sensors):
        return None
    try:
        falls: Any = import_module("models.detection.falls")
        model = falls.fall_model_from((files("models") / "data" / "falls.npz").read_bytes())
    except (ImportError, OSError, ValueError) as error:
        log.warning("falls can't be told here, presses can: %s (pip install 'nightlight[worn]')", error)
        return None
    unlikely = model.threshold * UNLIKELY
    return Judging(lambda: cast("Detector", falls.FallDetector(model, unlikely)), model.threshold)


def _clock(settings: Settings) -> Clock:
    return Clock(None if settings.clock_file is None else Path(settings.clock_file))


def _print_outbox(held: Look) -> None:
    print(f"name: {held.name}")
    print(f"presses waiting: {held.urgent}")
    print(f"routine waiting: {held.routine}")
    print(f"oldest: {'nothing waits' if held.oldest is None else held.oldest.isoformat()}")
    print(f"given up when full: {held.given_up}")
    print(f"size: {held.size} bytes")


def _outbox_trouble(settings: Settings) -> str | None:
    path = Path(settings.outbox)
    if not path.exists():
        print("outbox: not begun yet")
        return None if path.parent.is_dir() else f"outbox: there is no folder {path.parent}"
    try:
        held = look(path)
    except sqlite3.Error as error:
        return f"outbox: {path} can't be read: {error}"
    print(f"outbox: {held.urgent} urgent and {held.routine} routine wait")
    return None


def _broker_troubles(settings: Settings, clock_trusted: bool) -> list[str]:
    asked = [("hub", hub_broker(settings), topic(settings.home, Leg.ECHO))]
    if settings.local_host is not None:
        asked.append(("kit's broker", kit_broker(settings, settings.local_host), f"{settings.home}/echo"))
    troubles = [
        (name, broker, hindrance(broker, clock_trusted=clock_trusted) or _unheard(settings, broker, echo))
        for name, broker, echo in asked
    ]
    for name, broker, trouble in troubles:
        print(f"{name}: {broker.host}:{broker.port} {trouble or 'answers'}")
    return [f"{name}: {broker.host}:{broker.port} {trouble}" for name, broker, trouble in troubles if trouble]


def _unheard(settings: Settings, broker: Broker, echo: str) -> str | None:
    """A certificate stands for one connection at a time: while an agent has that, it is asked instead."""
    path = Path(settings.outbox)
    return _as_the_agent_has_it(path) if broker.cert and in_use(path) else _silence(broker, echo)


def _as_the_agent_has_it(path: Path) -> str | None:
    try:
        how = stands(path)
    except sqlite3.Error as error:
        return f"was not asked, and what the agent that runs knows can't be read: {error}"
    if how == AGREED:
        print("the agent that runs is connected to the hub, which knows this home")
        return None
    if how == REACHED:
        return (
            "lets the agent that runs in, and has not said what is agreed: hub_cert is another home's, or this home is "
            "not on the hub's record"
        )
    return "can be reached, and the agent that runs is not connected: wait half a minute, and look at its log"


def _silence(broker: Broker, echo: str) -> str | None:
    """Why we don't hear ourselves through the broker, or None."""
    up, heard = threading.Event(), threading.Event()

    def arrived(message: Arrived) -> None:
        message.done()
        heard.set()

    beside = replace(broker, client_id=f"{broker.client_id}-check", remembers_us=False)
    connection = Connection(beside, (echo,), Heard(arrived, up.set, lambda: None))
    connection.start()
    if _within(up, connection):
        connection.publish(echo, b"do I hear myself?")
        _within(heard, connection)
    connection.close()
    if connection.trouble or heard.is_set():
        return connection.trouble or None
    return f"lets this kit in, but not on {echo}: hub_cert is another home's" if up.is_set() else "did not answer"


def _within(event: threading.Event, connection: Connection) -> bool:
    until = time.monotonic() + ANSWER_WITHIN
    while not (event.wait(0.05) or connection.trouble or time.monotonic() > until):
        pass
    return event.is_set()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nightlight-edge", description="The home agent of Nightlight.")
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in (run, check, outbox):
        text = inspect.cleandoc(command.__doc__ or "")
        one = commands.add_parser(command.__name__, help=text, description=text)
        one.add_argument("--settings", type=Path, default=DEFAULT, metavar="FILE", help=f"TOML; {DEFAULT} if not given")
        one.add_argument("--verbose", action="store_true", help="log more than what went wrong")
        one.set_defaults(command=command)
    walked = commands.add_parser("walk-test", help=WALK, description=WALK)
    walked.add_argument("sensors", nargs="*", metavar="SENSOR", help="only these; all, one after the other, without")
    walked.add_argument("--settings", type=Path, default=DEFAULT, metavar="FILE", help=f"TOML; {DEFAULT} if not given")
    walked.add_argument("--seconds", type=float, default=60.0, help="how long each is waited for; 60 if not given")
    walked.set_defaults(command=None, verbose=False)
    return parser


if __name__ == "__main__":
    sys.exit(main())
