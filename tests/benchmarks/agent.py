"""What a kit's agent costs: `python tests/benchmarks/agent.py`. Memory, CPU at 1,000 observations an hour, its start.

A real agent between a real mosquitto and a hub that receipts. Each observation comes alone, as in a home: one that
is committed and sent with others would cost less. What it costs to stand by is measured apart.
"""

import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psutil

from edge.outbox import Outbox
from tests.conftest import Mosquitto, eventually, free_port
from tests.edge.conftest import FakeHub, Kit, noticed

OBSERVATIONS, EVERY = 400, 0.05
STANDBY = 20.0
AN_HOUR = 1000
MEMORY_MB, CORE, START_S = 60.0, 0.02, 5.0
A_BUSY_MONTH = 30 * 8000


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        broker = Mosquitto(free_port(), folder)
        broker.start()
        try:
            with closing(FakeHub(broker.port)) as hub, closing(Kit(folder, broker.port, broker.port)) as kit:
                held = measured(kit, hub)
        finally:
            broker.kill()
        return 0 if held & a_month(folder) else 1


def measured(kit: Kit, hub: FakeHub) -> bool:
    began = time.monotonic()
    kit.start(heartbeat_every=60.0)
    eventually(lambda: hub.beats)
    started = time.monotonic() - began
    assert kit.process
    agent = psutil.Process(kit.process.pid)
    time.sleep(2)
    standby = spent(agent, lambda: time.sleep(STANDBY)) / STANDBY
    each = (spent(agent, lambda: talk(kit, hub)) - standby * OBSERVATIONS * EVERY) / OBSERVATIONS
    core = standby + each * AN_HOUR / 3600
    memory = agent.memory_info().rss / 2**20
    print(f"start to first heartbeat {started:.2f} s (under {START_S:g})")
    print(f"memory {memory:.1f} MB (under {MEMORY_MB:g})")
    print(f"standing by {100 * standby:.3f} % of a core, {1000 * each:.2f} ms of CPU for an observation")
    print(f"at {AN_HOUR} observations an hour {100 * core:.3f} % of a core (under {100 * CORE:g} %)")
    return verdict(started < START_S and memory < MEMORY_MB and core < CORE)


def talk(kit: Kit, hub: FakeHub) -> None:
    for turn in range(OBSERVATIONS):
        kit.says(
            "front_door", contact=bool(turn % 2), last_seen=datetime.now(UTC).isoformat(), battery=97, linkquality=90
        )
        time.sleep(EVERY)
    eventually(lambda: len(hub.stored) == OBSERVATIONS)


def spent(agent: psutil.Process, act: object) -> float:
    """CPU seconds of the agent, in user and system."""
    assert callable(act)
    before = agent.cpu_times()
    act()
    after = agent.cpu_times()
    return float(after.user + after.system - before.user - before.system)


def a_month(folder: Path) -> bool:
    """How much of the card thirty days of a very busy home take."""
    with closing(Outbox(folder / "month.db", "boot", 250_000)) as outbox:
        for start in range(0, A_BUSY_MONTH, 1000):
            outbox.keep([noticed(seconds=start + second) for second in range(1000)])
        size = sum(file.stat().st_size for file in folder.glob("month.db*")) / 2**20
        print(
            f"{outbox.waiting:,} observations, 8,000 a day for 30 days, take {size:.0f} MB; given up: {outbox.given_up}"
        )
        return verdict(outbox.given_up == 0 and outbox.waiting == A_BUSY_MONTH)


def verdict(held: bool) -> bool:
    print("held" if held else "NOT HELD")
    return held


if __name__ == "__main__":
    sys.exit(main())
