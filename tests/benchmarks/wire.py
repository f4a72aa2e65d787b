"""Observations through the wire, beside Node-RED and Home Assistant: from MQTT at QoS 1 to a committed, receipted row.

A real hub takes in what its homes publish: one observation a message, and full messages as a kit sends them when it
comes back. In the same run Node-RED, behind the same kind of broker, takes as many messages through the flow that one
would make there: mqtt in, a function with a timer for each home, mqtt out. It keeps nothing.
`python tests/benchmarks/wire.py [--messages N] [--homes N] [--node-red FOLDER]`

Node-RED comes from npm into a temporary folder, or is taken from where `npm install node-red` was done before.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

if __name__ == "__main__" and __package__ is None:
    sys.path.insert(0, str(Path(__file__).parents[2]))

from hub import broker
from models.observation import Observation, What
from models.wire import Leg, Up, encode, every_home, read_receipt, topic
from simulators import town
from simulators.programs import Failed, Program, Stage, end_on_signals, found, free_port, wait_until_open
from simulators.resident import HALL
from simulators.service import Hub

FULL = 200
"""Observations in a message of a kit that has much to tell (`batch_size` in its settings)."""
HOME_ASSISTANT = "homeassistant==2024.3.3"
NODE_RED = "node-red@4.1.15"
TIMER_PER_HOME = """
const home = msg.topic.split('/')[2], timers = context.get('timers') || {};
clearTimeout(timers[home]);
timers[home] = setTimeout(() => node.send({topic: `nightlight/1/${home}/silent`, payload: ''}), 3600000);
context.set('timers', timers);
msg.topic = `nightlight/1/${home}/receipt`;
return msg;
"""
AUTOMATION = """
homeassistant:
  name: benchmark
http:
  server_host: 127.0.0.1
  server_port: %d
automation:
  - alias: each
    mode: queued
    max: 1000000
    trigger:
      - platform: mqtt
        topic: nightlight/1/+/up
        qos: 1
    action:
      - service: mqtt.publish
        data:
          topic: "nightlight/1/{{ trigger.topic.split('/')[2] }}/receipt"
          payload: heard
          qos: 1
"""


@dataclass(frozen=True)
class Measured:
    name: str
    observations: int
    messages: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.observations / self.seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--homes", type=int, default=20, help="each with a publisher of its own")
    parser.add_argument("--node-red", type=Path, help="a folder with node_modules/node-red")
    parser.add_argument("--home-assistant", type=Path, help="an environment with bin/hass")
    chosen = parser.parse_args()
    end_on_signals()
    load = os.getloadavg()[0]
    with Stage("wire") as stage:
        done = list[Measured]()
        for one in _measured(stage, chosen):
            done.append(one)
            print(f"{one.name}: {one.observations:,} observations in {one.messages:,} messages, {one.seconds:.1f} s")
            ratios = ", ".join(f"{one.rate / peer.rate:.2f} of {peer.name}'s messages" for peer in done[:2])
            print(f"  {one.rate:,.0f} observations a second, {ratios}", flush=True)
    print(f"load of the machine: {load:.1f} before, {os.getloadavg()[0]:.1f} after")
    return 0


def _measured(stage: Stage, chosen: argparse.Namespace) -> Iterator[Measured]:
    homes, count, full = town.home_ids(chosen.homes), chosen.messages, FULL
    with _behind_a_broker(stage, "node-red", lambda port: _node_red(stage, chosen.node_red, port)) as port:
        singles = messages_of(homes, count, 1, "node-red")
        yield through(stage, "Node-RED", port, singles, count, _each)
    with _behind_a_broker(stage, "hass", lambda port: _home_assistant(stage, chosen.home_assistant, port)) as port:
        singles = messages_of(homes, count // 10, 1, "hass")
        yield through(stage, "Home Assistant", port, singles, count // 10, _each)
    hub = Hub(stage, None)
    hub.load(town.register(homes, datetime.now(UTC)))
    place = hub.start(300)
    for name, size, messages in (("one a message", 1, count), ("full messages", full, max(count // full * 10, 1))):
        lines = messages_of(homes, messages, size, f"bench{size}")
        yield through(stage, f"Nightlight, {name}", place.broker_port, lines, messages * size, receipted)


def messages_of(homes: list[str], count: int, size: int, outbox: str) -> dict[str, bytes]:
    """What each home publishes, a message a line: of its last day, a few seconds apart."""
    lines: dict[str, list[bytes]] = {home: [] for home in homes}
    now, chance = datetime.now(UTC), random.Random(5)
    for number in range(count):
        home = homes[number % len(homes)]
        first = len(lines[home]) * size + 1
        began = now - timedelta(days=1) + timedelta(seconds=first * 4 + chance.random())
        moved = [Observation(first + one, HALL, What.MOVED, began + timedelta(seconds=one * 4)) for one in range(size)]
        lines[home].append(encode(Up(outbox, now, tuple(moved))))
    return {home: b"\n".join(mine) + b"\n" for home, mine in lines.items()}


def through(
    stage: Stage, name: str, port: int, lines: dict[str, bytes], observations: int, heard: Callable[[bytes], int]
) -> Measured:
    """From the first message published until the last observation was answered for."""
    listener = [found("mosquitto_sub"), "-p", str(port), "-q", "1", "-t", every_home(Leg.RECEIPT), "-F", "%p"]
    ear = subprocess.Popen(listener, stdout=subprocess.PIPE)
    assert ear.stdout
    messages = sum(mine.count(b"\n") for mine in lines.values())
    files = [(home, stage.write(f"{home}.lines", mine)) for home, mine in lines.items()]
    time.sleep(1.0)
    began, left = time.monotonic(), observations
    publishers = [_publisher(home, file, port) for home, file in files]
    try:
        while left > 0:
            line = ear.stdout.readline()
            if not line:
                raise Failed(f"{name}: the listener ended with {left:,} observations to come")
            left -= heard(line)
        return Measured(name, observations, messages, time.monotonic() - began)
    finally:
        for one in (ear, *publishers):
            one.kill()
            one.wait()


def _publisher(home: str, file: Path, port: int) -> subprocess.Popen[bytes]:
    with file.open("rb") as lines:
        words = [found("mosquitto_pub"), "-p", str(port), "-q", "1", "-t", topic(home, Leg.UP), "-l"]
        return subprocess.Popen(words, stdin=lines)


def _each(_: bytes) -> int:
    return 1


def receipted(line: bytes) -> int:
    return sum(last - first + 1 for first, last in read_receipt(line).numbers)


@contextmanager
def _behind_a_broker(stage: Stage, name: str, started: Callable[[int], Program]) -> Iterator[int]:
    """The port of the broker that it listens at."""
    port, folder = free_port(), stage.folder / f"{name}-broker"
    wait_until_open(port, stage.start(folder.name, *broker.command(port, folder, broker.mosquitto())))
    running = started(port)
    try:
        yield port
    finally:
        running.ask_to_end()
        running.end(time.monotonic() + 10)


def _node_red(stage: Stage, folder: Path | None, port: int) -> Program:
    if folder is None:
        folder = stage.folder / "npm"
        folder.mkdir()
        _do("npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", folder, NODE_RED)
    flows = stage.write("flows.json", json.dumps(_flow(port)))
    program, port_of_pages = folder / "node_modules/node-red/red.js", str(free_port())
    running = stage.start("node-red", "node", program, "--userDir", stage.folder, "--port", port_of_pages, flows)
    running.wait_for(r"Connected to broker", 120)
    return running


def _home_assistant(stage: Stage, folder: Path | None, port: int) -> Program:
    if folder is None:
        folder = stage.folder / "home-assistant"
        _do(sys.executable, "-m", "venv", folder)
        _do(folder / "bin/pip", "install", "--quiet", HOME_ASSISTANT)
    (stage.folder / "hass" / ".storage").mkdir(parents=True)
    stage.write("hass/configuration.yaml", AUTOMATION % free_port())
    stage.write("hass/.storage/core.config_entries", json.dumps(_entry(port)))
    running = stage.start("home-assistant", folder / "bin/hass", "-c", stage.folder / "hass")
    answered = [found("mosquitto_sub"), "-p", str(port), "-t", "nightlight/1/first/receipt", "-C", "1", "-W", "300"]
    ear = subprocess.Popen(answered, stdout=subprocess.DEVNULL)
    while ear.poll() is None:
        _do("mosquitto_pub", "-p", str(port), "-t", "nightlight/1/first/up", "-m", "ready?")
        time.sleep(0.5)
    if ear.returncode:
        raise Failed(f"Home Assistant did not answer. It wrote:\n{running.last_words()}")
    time.sleep(5.0)  # for the answers to the other questions
    return running


def _do(program: str | Path, *words: str | Path) -> None:
    subprocess.run([found(str(program)), *map(str, words)], check=True)


def _flow(port: int) -> list[dict[str, object]]:
    at = {"id": "broker", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(port), "protocolVersion": "5"}
    return [
        {"id": "tab", "type": "tab", "label": "homes"},
        at | {"keepalive": "60", "cleansession": True, "autoConnect": True},
        {"id": "in", "type": "mqtt in", "z": "tab", "topic": every_home(Leg.UP), "qos": "1", "datatype": "buffer"}
        | {"broker": "broker", "wires": [["timer"]]},
        {"id": "timer", "type": "function", "z": "tab", "func": TIMER_PER_HOME, "outputs": 1, "wires": [["out"]]},
        {"id": "out", "type": "mqtt out", "z": "tab", "topic": "", "qos": "1", "broker": "broker", "wires": []},
    ]


def _entry(port: int) -> dict[str, object]:
    mine = {"entry_id": "broker", "version": 1, "minor_version": 1, "domain": "mqtt", "title": "broker"}
    mine |= {"data": {"broker": "127.0.0.1", "port": port, "discovery": False}, "options": {}, "source": "user"}
    mine |= {"pref_disable_new_entities": False, "pref_disable_polling": False, "unique_id": None, "disabled_by": None}
    return {"version": 1, "minor_version": 1, "key": "core.config_entries", "data": {"entries": [mine]}}


if __name__ == "__main__":
    raise SystemExit(main())
