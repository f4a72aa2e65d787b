"""The hub's own broker, for this machine alone: mosquitto where it is installed, else amqtt in a process of its own.

mosquitto is preferred: it takes in ten times as many messages, and it keeps retained heartbeats and waiting presses
over a restart of its own; killed, it forgets them, kits beat anew within a minute and send again what has no receipt.
amqtt (0.12, tried) takes 1,700 messages a second, forgets all when it ends, and keeps nothing for a hub that is away.
Neither can lose anything for good: kits keep, and send again, what is not receipted.

Kits in homes come in by a door of their own, which mosquitto alone can keep: TLS, a certificate that the hub issued and
has not revoked, and no topic but those of the home that the certificate names.
"""

import argparse
import asyncio
import ctypes
import os
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from models.wire import VERSION, Leg

QUEUED_BYTES = 256 * 1024 * 1024
"""What waits in the broker for a hub that is away, at most; what is more is lost there, and comes again from kits."""
LARGEST = 2 * 1024 * 1024
"""Bytes of a message that still reaches the hub, so that one over its own limit is counted with a reason."""

_PR_SET_PDEATHSIG = 1
_MAY = {
    Leg.UP: "write",
    Leg.HEALTH: "write",
    Leg.TRACE: "write",
    Leg.RECEIPT: "read",
    Leg.DOWN: "read",
    Leg.ECHO: "readwrite",
}


@dataclass(frozen=True, slots=True)
class Door:
    """Where kits in homes come in: `address` of this machine, '' for all; `authority` is the folder of its CA."""

    port: int
    authority: Path
    address: str = ""


def mosquitto() -> str | None:
    """Debian keeps it off an ordinary user's path."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def command(port: int, data: Path, program: str | None, door: Door | None = None) -> list[str]:
    kind = ["--mosquitto", program] if program else []
    if door:
        kind += ["--door", str(door.port), "--authority", str(door.authority), "--door-address", door.address]
    return [sys.executable, "-m", "hub.broker", "--port", str(port), "--data", str(data), *kind]


def access(home: str) -> str:
    """The lines of an access list that let `home` reach its own topics; '%u' is mosquitto's word for whoever asks."""
    kind = "pattern" if home == "%u" else "topic"
    return "".join(f"{kind} {may} nightlight/{VERSION}/{home}/{leg}\n" for leg, may in _MAY.items())


def drop(port: int, home: str) -> None:
    """End what `home` has open: kits are called by their home there, and a newcomer takes an older one's place."""
    client = Client(CallbackAPIVersion.VERSION2, client_id=home)
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.publish("nightlight/dropped", qos=1).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


def die_with(parent: int) -> None:
    """End when the process that started this one does, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("whoever started this program has ended")


def _configuration(port: int, data: Path, door: Door | None) -> str:
    lines = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        "persistence true",
        f"persistence_location {data.resolve()}/",
        "autosave_interval 1800",  # and when it ends: to write a borough's heartbeats a press would wait for a second
        f"message_size_limit {LARGEST}",
        "max_queued_messages 200000",  # a borough of kits that send a few each and wait for receipts
        f"max_queued_bytes {QUEUED_BYTES}",
        "max_inflight_messages 500",
        "set_tcp_nodelay true",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
    ]
    lines += ["user root"] if os.geteuid() == 0 else []
    return "\n".join(lines + (_guarded(door, data) if door else [])) + "\n"


def _guarded(door: Door, data: Path) -> list[str]:
    """`use_username_as_clientid`: else one home could take another's place by calling itself like it."""
    ca = door.authority.resolve()
    return [
        f"acl_file {data.resolve() / 'access'}",
        f"listener {door.port} {door.address}".rstrip(),
        f"cafile {ca / 'ca.pem'}",
        f"certfile {ca / 'broker.pem'}",
        f"keyfile {ca / 'broker.key'}",
        f"crlfile {ca / 'crl.pem'}",
        "tls_version tlsv1.2",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
    ]


def _become_mosquitto(program: str, port: int, data: Path, door: Door | None) -> None:
    file = data / "mosquitto.conf"
    file.write_text(_configuration(port, data, door), encoding="utf-8")
    # Whoever has no name came in on 127.0.0.1: the hub's own programs. Through the door nobody comes without one.
    (data / "access").write_text(f"topic readwrite #\n{access('%u')}", encoding="utf-8")
    (data / "access").chmod(0o600)
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
    words.add_argument("--door", type=int)
    words.add_argument("--door-address", default="")
    words.add_argument("--authority", type=Path)
    words.add_argument("--parent", type=int)
    asked = words.parse_args()
    if asked.parent is not None:
        die_with(asked.parent)
    asked.data.mkdir(parents=True, exist_ok=True)
    if asked.mosquitto:
        door = Door(asked.door, asked.authority, asked.door_address) if asked.door else None
        _become_mosquitto(asked.mosquitto, asked.port, asked.data, door)
    asyncio.run(_run_amqtt(asked.port))


if __name__ == "__main__":
    main()
