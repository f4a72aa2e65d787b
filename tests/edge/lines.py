"""Network namespaces joined by lines that lose, delay and stop what they carry: a real kernel's routes and TCP on them.

A line is a pair of tun devices with this process between them, since not every kernel has netem.
"""

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import pytest

from tests.conftest import wanted

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
_names = count(1)


def ip(*words: str) -> None:
    subprocess.run([wanted("ip"), *words], check=True, capture_output=True, text=True)


class Space:
    """A network namespace of its own; `enter` puts this thread, and what it starts, inside."""

    def __init__(self, name: str) -> None:
        self.name = f"nl{os.getpid()}{name}{next(_names)}"
        ip("netns", "add", self.name)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words: str) -> None:
        ip("-n", self.name, *words)

    @property
    def prefix(self) -> list[str]:
        """Before a command that shall see this space's /sys too."""
        return [wanted("ip"), "netns", "exec", self.name]

    @contextmanager
    def enter(self) -> Iterator[None]:
        with Path("/proc/thread-self/ns/net").open() as outside, Path(f"/run/netns/{self.name}").open() as inside:
            _enter(inside.fileno())
            try:
                yield
            finally:
                _enter(outside.fileno())

    def close(self) -> None:
        ip("netns", "del", self.name)


class Line:
    """From the device `name` in `near`, which is 10.77.<number>.2, to `far`, which is reached at `far_address`."""

    def __init__(self, near: Space, name: str, number: int, far: Space, far_address: str, metric: int) -> None:
        self.up, self.loss, self.delay = True, 0.0, 0.0
        self.passed = self.lost = 0
        self._luck = random.Random(number)
        self._ends = [_tun(near, name), _tun(far, f"to{number}")]
        self._waiting: list[tuple[float, int, int, bytes]] = []
        self._ending = threading.Event()
        near.ip("addr", "add", f"10.77.{number}.2/24", "dev", name)
        near.ip("link", "set", name, "up")
        near.ip("route", "add", "default", "dev", name, "metric", str(metric))
        far.ip("link", "set", f"to{number}", "up")
        far.ip("route", "add", f"10.77.{number}.0/24", "dev", f"to{number}", "src", far_address)
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        self._thread.join(2)
        for end in self._ends:
            os.close(end)

    def _carry(self) -> None:
        place = count()
        while not self._ending.is_set():
            due = self._waiting[0][0] - time.monotonic() if self._waiting else 0.05
            for end in select.select(self._ends, [], [], min(max(due, 0.0), 0.05))[0]:
                packet = os.read(end, 4096)
                if self.up and self._luck.random() >= self.loss:
                    other = self._ends[1 - self._ends.index(end)]
                    heapq.heappush(self._waiting, (time.monotonic() + self.delay, next(place), other, packet))
                else:
                    self.lost += 1
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                _, _, other, packet = heapq.heappop(self._waiting)
                if self.up:
                    with suppress(OSError):  # the device is down
                        os.write(other, packet)
                        self.passed += 1


def namespaced() -> None:
    """Skips the test where there can be no namespaces; in CI that is a failure."""
    wanted("ip")
    as_root(also=Path("/dev/net/tun").exists())


def as_root(*, also: bool = True) -> None:
    """Skips a test that needs the rights of root, or more; in CI that is a failure."""
    if os.geteuid() == 0 and also:
        return
    reason = "this wants root, and /dev/net/tun where it is about networks"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and in CI nothing may skip")
    pytest.skip(reason)


def _tun(space: Space, name: str) -> int:
    """The device moves into the space, and stays with its file descriptor."""
    end = os.open("/dev/net/tun", os.O_RDWR)
    passing = f"nl{os.getpid() % 100_000}t{next(_names)}"
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", passing.encode(), IFF_TUN | IFF_NO_PI))
    ip("link", "set", passing, "netns", space.name, "name", name)
    return end


def _enter(space: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(space, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
