"""The hub's own broker, for this machine alone: mosquitto where it is installed, else amqtt in a process of its own.

mosquitto is preferred: it takes in ten times as many messages, and it keeps retained heartbeats and waiting presses
over a restart of its own. amqtt (0.12, tried) takes 1,700 messages a second, forgets all when it ends, and keeps
nothing for a hub that is away. Neither can lose anything for good: kits keep, and send again, what is not receipted.
"""

import argparse
import asyncio
import ctypes
import os
import shutil
import signal
import sys
from pathlib import Path

LARGEST = 2 * 1024 * 1024
"""Bytes of a message that still reaches the hub, so that one over its own limit is counted with a reason."""

_PR_SET_PDEATHSIG = 1


def mosquitto() -> str | None:
    """Debian keeps it off an ordinary user's path."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def command(port: int, data: Path, program: str | None) -> list[str]:
    kind = ["--mosquitto", program] if program else []
    return [sys.executable, "-m", "hub.broker", "--port", str(port), "--data", str(data), *kind]


def die_with(parent: int) -> None:
    """End when the process that started this one does, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("whoever started this program has ended")


def _configuration(port: int, data: Path) -> str:
    lines = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        "persistence true",
        f"persistence_location {data.resolve()}/",
        "autosave_interval 10",
        f"message_size_limit {LARGEST}",
        "max_queued_messages 100000",
        "max_inflight_messages 500",
        "set_tcp_nodelay true",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
    ]
    return "\n".join(lines + (["user root"] if os.geteuid() == 0 else [])) + "\n"


def _become_mosquitto(program: str, port: int, data: Path) -> None:
    file = data / "mosquitto.conf"
    file.write_text(_configuration(port, data), encoding="utf-8")
    os.execv(program, [program, "-c", str(file)])  # noqa: S606 -- this process becomes the broker, with its id


async def _run_amqtt(port: int) -> None:
    from amqtt.broker import Broker  # type: ignore[import-untyped]
    from amqtt.contexts import BrokerConfig  # type: ignore[import-untyped]

    config = BrokerConfig.from_dict(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}", "max_connections": 0}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    broker = Broker(config)
    await broker.start()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()
    await broker.shutdown()


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m hub.broker")
    words.add_argument("--port", type=int, required=True)
    words.add_argument("--data", type=Path, required=True)
    words.add_argument("--mosquitto")
    words.add_argument("--parent", type=int)
    asked = words.parse_args()
    if asked.parent is not None:
        die_with(asked.parent)
    asked.data.mkdir(parents=True, exist_ok=True)
    if asked.mosquitto:
        _become_mosquitto(asked.mosquitto, asked.port, asked.data)
    asyncio.run(_run_amqtt(asked.port))


if __name__ == "__main__":
    main()
