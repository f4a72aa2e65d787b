"""The watches of one hub as Ray actors: what 1, 2 and 4 of them take in, and what the death of one, of a machine and of
the head costs in mid-flow.

Everything is real and on this machine: PostgreSQL, mosquitto, Ray with several of its nodes, observations at QoS 1 from
the wire to a committed and receipted row. `python tests/benchmarks/cluster.py [throughput|deaths] [--messages N]`
It ends with 1 where something was lost or is there twice.
"""

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

if __name__ == "__main__" and __package__ is None:
    sys.path.insert(0, str(Path(__file__).parents[2]))

import psutil
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import select

from hub import broker
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.lease import HUB, standing
from hub.store.schema import leases
from models.observation import Observation, What
from models.share import Share, shares
from models.wire import Leg, Up, encode, every_home, read_receipt, read_topic, topic
from simulators import town
from simulators.programs import Failed, Program, Stage, end_on_signals, free_port, wait_until_open
from simulators.resident import HALL
from tests.benchmarks.postgres import postgres
from tests.benchmarks.wire import FULL, messages_of, receipted, through

HOMES = 40
PENDANT = "pendant"
PRESS_EVERY = 100
BEGINS_WITHIN = 240.0
RECOVERS_WITHIN = 120.0
SENT_AGAIN = 2.0
QUICKLY = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_enable_worker_prestart": "0",
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "3",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "5",
}
"""As an operator would set them who wants a dead machine noticed within seconds."""


@dataclass
class Cluster:
    """A hub on Ray: `nodes` are Ray's, the head first."""

    stage: Stage
    watches: int
    store: Store
    broker_port: int
    settings: Path
    head_port: int = field(default_factory=free_port)
    nodes: list[Program] = field(default_factory=list)
    driver: Program | None = None

    def head(self) -> None:
        """Without a processor, so that it runs no watch."""
        port = ["--port", str(self.head_port)]
        self.nodes.insert(0, self._node("--head", *port, "--num-cpus", "0", "--include-dashboard", "false"))

    def node(self) -> None:
        self.nodes.append(self._node("--address", f"127.0.0.1:{self.head_port}", "--num-cpus", "2"))

    def _node(self, *words: str) -> Program:
        size = ["--object-store-memory", "80000000", "--include-log-monitor", "false"]
        ports = ["--node-ip-address", "127.0.0.1", "--min-worker-port", "0", "--max-worker-port", "0"]
        where = ["--temp-dir", str(self.stage.folder / "r")] if "--head" in words else []
        name = f"node-{time.monotonic_ns()}"
        one = self.stage.start(name, "ray", "start", *words, *size, *ports, *where, "--disable-usage-stats", "--block")
        one.wait_for("Ray runtime started", 120)
        return one

    def drive(self) -> None:
        self.driver = self.stage.start(
            f"driver-{time.monotonic_ns()}", "nightlight-hub", "cluster", "--settings", self.settings
        )

    def pid(self, share: Share) -> int:
        now = standing(self.store.records.engine, share.named(HUB))
        return now.pid if now else 0

    def number(self, share: Share) -> int:
        """The how manieth actor has it."""
        now = standing(self.store.records.engine, share.named(HUB))
        return now.number if now else 0

    def pids(self) -> list[int]:
        with self.store.records.engine.connect() as connection:
            return list(connection.scalars(select(leases.c.pid)))

    def node_of(self, share: Share) -> Program:
        pid = self.pid(share)
        return next(one for one in self.nodes if pid in {each.pid for each in tree(one)})

    def turn(self) -> bool:
        turns, real = self.store.records.loops(), time.time()
        names = [share.named(loop) for share in shares(self.watches) for loop in ("ingest", "watch")]
        return all(name in turns and not turns[name].note and real - turns[name].real_at < 5 for name in names)


def tree(program: Program) -> list[psutil.Process]:
    root = psutil.Process(program.process.pid)
    return [root, *root.children(recursive=True)]


def kill(processes: Sequence[psutil.Process]) -> None:
    for one in processes:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue


@contextmanager
def cluster(stage: Stage, database: str, watches: int, nodes: int) -> Iterator[Cluster]:
    """A hub of its own, at work."""
    folder = stage.folder / f"of-{watches}-{time.monotonic_ns()}"
    folder.mkdir()
    url = f"postgresql+psycopg://hub@/{database}?host={stage.folder / 'pg'}"
    port = free_port()
    wait_until_open(port, stage.start(f"broker-{port}", *broker.command(port, folder / "broker", broker.mosquitto())))
    settings = folder / "hub.toml"
    one = Cluster(stage, watches, open_store(Settings(records_url=url, series_url=url)), port, settings)
    settings.write_text(
        f"hub_name = 'bench'\nwatches = {watches}\nray_address = '127.0.0.1:{one.head_port}'\n"
        f"data_dir = '{folder / 'data'}'\nrecords_url = '{url}'\nseries_url = '{url}'\n"
        f"broker_host = '127.0.0.1'\nbroker_port = {port}\n"
    )
    one.store.records.load(town.register(town.home_ids(HOMES), datetime.now(UTC)), {})
    one.head()
    for _ in range(nodes - 1):
        one.node()
    one.drive()
    wait(one.turn, BEGINS_WITHIN, "the actors do not turn")
    try:
        yield one
    finally:
        for program in [*one.nodes, *([one.driver] if one.driver else [])]:
            if program.process.poll() is None:
                kill(tree(program))
        one.store.records.engine.dispose()


def wait(holds: Callable[[], object], seconds: float, otherwise: str) -> float:
    """After how many seconds. Raises Failed."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise Failed(f"{otherwise}, after {seconds:.0f} s")
        time.sleep(0.02)
    return time.monotonic() - began


# What they take in


def throughput(stage: Stage, count: int) -> bool:
    print(
        f"{count:,} messages of one observation, {HOMES} homes, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )
    print(
        f"{'actors':>6} {'messages/s':>10} {'of one':>6} {'µs a message: watches':>22} {'PostgreSQL':>10} {'broker':>6}"
    )
    first, whole = 0.0, True
    for watches in (1, 2, 4):
        with cluster(stage, f"throughput{watches}", watches, 2) as one:
            lines = messages_of(town.home_ids(HOMES), count, 1, f"bench{watches}")
            before = spent(one)
            done = through(stage, f"{watches} actors", one.broker_port, lines, count, receipted)
            used = [(after - was) / count * 1e6 for after, was in zip(spent(one), before, strict=True)]
            first = first or done.rate
            costs = f"{used[0]:>22.0f} {used[1]:>10.0f} {used[2]:>6.0f}"
            print(f"{watches:>6} {done.rate:>10,.0f} {done.rate / first:>6.2f} {costs}", flush=True)
            whole &= stored(one, count // HOMES)
    return whole


def spent(one: Cluster) -> tuple[float, float, float]:
    """Seconds of processor time of actors, PostgreSQL and broker until now."""
    actors = sum(time_of(psutil.Process(pid)) for pid in set(one.pids()))
    others = {"postgres": 0.0, "mosquitto": 0.0}
    for program in one.stage.programs:
        if program.process.poll() is None:
            for process in tree(program):
                name = process.name()
                if name in others and (name == "postgres" or program.name == f"broker-{one.broker_port}"):
                    others[name] += time_of(process)
    return actors, others["postgres"], others["mosquitto"]


def time_of(process: psutil.Process) -> float:
    """With that of its children that ended."""
    used = process.cpu_times()
    return float(used.user + used.system + used.children_user + used.children_system)


def stored(one: Cluster, each: int) -> bool:
    """Whether of every home so many are there, once each."""
    counts = one.store.series.counts()
    wrong = {home: counts.get(home) for home in town.home_ids(HOMES) if counts.get(home) != (each, each)}
    if wrong:
        print(
            f"WRONG: stored and distinct of {len(wrong)} homes, where {each} were sent: {dict(list(wrong.items())[:3])}"
        )
    return not wrong


# What a death costs


class Kits:
    """Those of all homes: each notices something ten times a second, and sends what waits in a message, the next one
    once that is receipted; after a while without a receipt the same again.
    """

    def __init__(self, port: int, homes: Sequence[str]) -> None:
        self.noticed: dict[str, dict[int, float]] = {home: {} for home in homes}
        self.receipted: dict[str, dict[int, float]] = {home: {} for home in homes}
        self._waiting: dict[str, dict[int, Observation]] = {home: {} for home in homes}
        self._sent: dict[str, tuple[float, set[int]]] = {home: (0.0, set()) for home in homes}
        self._lock, self._over = threading.Lock(), threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="kits")
        self._client.on_connect = lambda client, *_: client.subscribe(every_home(Leg.RECEIPT), 1)
        self._client.on_message = self._came
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._thread = threading.Thread(target=self._notice, daemon=True)
        self._thread.start()

    def _came(self, _client: object, _data: object, message: MQTTMessage) -> None:
        home, real = read_topic(message.topic)[0], time.monotonic()
        with self._lock:
            for low, high in read_receipt(bytes(message.payload)).numbers:
                for number in range(low, high + 1):
                    self.receipted[home].setdefault(number, real)
                    self._waiting[home].pop(number, None)

    def _notice(self) -> None:
        number = 0
        while not self._over.wait(0.1):
            number += 1
            now, real = datetime.now(UTC), time.monotonic()
            pressed = number % PRESS_EVERY == 0
            one = Observation(number, PENDANT if pressed else HALL, What.PRESSED if pressed else What.MOVED, now)
            with self._lock:
                for home, mine in self.noticed.items():
                    mine[number] = real
                    self._waiting[home][number] = one
            self._send(real)

    def _send(self, real: float) -> None:
        with self._lock:
            for home, waiting in self._waiting.items():
                at, under_way = self._sent[home]
                some = tuple(waiting.values())[:FULL]
                if some and (under_way.isdisjoint(waiting) or real - at > SENT_AGAIN):
                    self._sent[home] = real, {each.number for each in some}
                    self._client.publish(topic(home, Leg.UP), encode(Up("kits", datetime.now(UTC), some)), qos=1)

    def heard_since(self, homes: Sequence[str], real: float) -> bool:
        """Whether of each something is receipted that was noticed after that."""
        with self._lock:
            return all(any(self.noticed[home][n] > real for n in self.receipted[home]) for home in homes)

    def longest(self, homes: Sequence[str], real: float) -> float:
        """Seconds to the receipt of what was noticed after that in `homes`, or until now."""
        now = time.monotonic()
        with self._lock:
            waits = [
                self.receipted[home].get(n, now) - at
                for home in homes
                for n, at in self.noticed[home].items()
                if at > real
            ]
        return max(waits, default=0.0)

    def end(self) -> int:
        """How many each home noticed, once all is receipted."""
        self._over.set()
        self._thread.join()
        until = time.monotonic() + RECOVERS_WITHIN
        while any(self._waiting.values()) and time.monotonic() < until:
            self._send(time.monotonic())
            time.sleep(0.1)
        self._client.disconnect()
        self._client.loop_stop()
        return len(next(iter(self.noticed.values())))


def deaths(stage: Stage) -> bool:
    print(f"{HOMES} homes, ten observations a second each, two actors, three nodes; load {os.getloadavg()[0]:.1f}")
    with cluster(stage, "deaths", 2, 3) as one:
        kits = Kits(one.broker_port, town.home_ids(HOMES))
        time.sleep(5)
        for name, strike in (("an actor", _an_actor), ("a node", _a_node), ("the head", _the_head)):
            died(one, kits, name, strike)
        each = kits.end()
        whole = stored(one, each)
        return raised(one, each // PRESS_EVERY) and whole


def died(one: Cluster, kits: Kits, name: str, strike: Callable[[Cluster], tuple[Share, Callable[[], None]]]) -> None:
    where = {share: one.node_of(share).name for share in shares(2)}
    numbers, at = {share: one.number(share) for share in shares(2)}, time.monotonic()
    victim, mend = strike(one)
    before = numbers[victim]
    mine = [home for home in town.home_ids(HOMES) if victim.owns(home)]
    others = [home for home in town.home_ids(HOMES) if not victim.owns(home)]
    told = Told(one, mine[0])
    mend()
    wait(lambda: one.number(victim) > before, RECOVERS_WITHIN, f"after {name} died its watch is nowhere")
    wait(one.turn, RECOVERS_WITHIN, f"after {name} died the actors do not turn")
    wait(
        lambda: kits.heard_since(mine, time.monotonic() - 1), RECOVERS_WITHIN, f"after {name} died nothing is receipted"
    )
    time.sleep(10)
    together = " (on the same node)" if len(set(where.values())) == 1 else ""
    print(
        f"{name} killed: receipts of its homes waited {kits.longest(mine, at):.1f} s at most, those of the other "
        f"watch's{together} {kits.longest(others, at):.1f} s; a press was raised after {told.after(at):.1f} s",
        flush=True,
    )


class Told:
    """When the next press of `home` was raised."""

    def __init__(self, one: Cluster, home: str) -> None:
        self._at = 0.0
        self._thread = threading.Thread(target=self._look, args=(one, home, presses(one, home)), daemon=True)
        self._thread.start()

    def _look(self, one: Cluster, home: str, before: int) -> None:
        while presses(one, home) <= before:
            time.sleep(0.05)
        self._at = time.monotonic()

    def after(self, moment: float) -> float:
        self._thread.join(RECOVERS_WITHIN)
        return self._at - moment


def nothing() -> None:
    """Ray mends it."""


def _an_actor(one: Cluster) -> tuple[Share, Callable[[], None]]:
    victim = shares(2)[1]
    psutil.Process(one.pid(victim)).kill()
    return victim, nothing


def _a_node(one: Cluster) -> tuple[Share, Callable[[], None]]:
    """With a watch on it; another comes later, which need not."""
    victim = shares(2)[0]
    dead = one.node_of(victim)
    kill(tree(dead))
    one.nodes.remove(dead)
    return victim, one.node


def _the_head(one: Cluster) -> tuple[Share, Callable[[], None]]:
    """And all that Ray ends because of it; an operator's systemd begins a head anew, and the nodes, and the driver."""
    driver, nodes = one.driver, one.nodes[1:]
    assert driver
    kill(tree(one.nodes[0]))

    def mend() -> None:
        one.nodes.clear()
        one.head()
        for node in nodes:
            node.process.wait(RECOVERS_WITHIN)
            one.node()
        driver.process.wait(RECOVERS_WITHIN)
        one.drive()

    return shares(2)[0], mend


def presses(one: Cluster, home: str) -> int:
    counted = one.store.alerts.counts().get(home, {"findings": {}})
    return int(counted["findings"].get("press", 0))


def raised(one: Cluster, each: int) -> bool:
    """Whether every press of every home was raised, once."""
    homes = town.home_ids(HOMES)
    try:
        wait(lambda: all(presses(one, home) >= each for home in homes), 60, "not all presses are raised")
    except Failed as bad:
        print(f"WRONG: {bad}")
        return False
    found = {home: (presses(one, home), len(one.store.alerts.of_home(home))) for home in homes}
    wrong = {home: one for home, one in found.items() if one[0] != each}
    broken = one.store.records.broken_logs()
    print(f"{each} presses in each of {HOMES} homes: in {len(wrong)} not each was raised once")
    print(f"logs that are broken: {broken or 'none'}")
    return not wrong and not broken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=["throughput", "deaths"], help="both without it")
    parser.add_argument("--messages", type=int, default=20_000)
    chosen = parser.parse_args()
    os.environ.update(QUICKLY)
    end_on_signals()
    with Stage("cluster") as stage:
        postgres(stage, ["throughput1", "throughput2", "throughput4", "deaths"])
        whole = chosen.part == "deaths" or throughput(stage, chosen.messages // HOMES * HOMES)
        whole &= chosen.part == "throughput" or deaths(stage)
    print("nothing lost, nothing twice" if whole else "SOMETHING IS WRONG")
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
