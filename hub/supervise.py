"""`serve`: broker, watch and web as processes of their own, so that a crash in one delays none of the others. Where
there are several watches, what a hub does once has a process too.

It starts what dies anew, at once the first time. Its children end with it however it ends, and it ends them in order:
pages first, then watch, so that what was committed is still receipted, then the broker.
"""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from hub import broker
from hub.alone import alone
from hub.door import Doorkeeper, doorkeeper
from hub.nursery import Program
from hub.reserve import reserve
from hub.settings import Settings
from hub.store import open_store
from models.share import Share, shares

log = logging.getLogger(__name__)

Process = Program | subprocess.Popen[bytes]
TURN = 0.1
STEADY = 30.0
"""Real seconds after which a child's earlier deaths are forgotten."""
SLOWEST = 5.0
END_WITHIN = 5.0
READ_WITHIN = 5.0
"""Real seconds that a broker has to read its list of the revoked anew."""


@dataclass(slots=True)
class Child:
    """One program to be kept running."""

    name: str
    begin: Callable[[], Process]
    process: Process | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    deaths: int = 0

    def start(self) -> None:
        self.process = self.begin()
        self.started_at = time.monotonic()

    def died(self) -> int | None:
        return self.process.poll() if self.process else None

    def mourn(self, now: float) -> None:
        """When to start it again: at once, then ever later while it keeps dying young."""
        self.deaths = 1 if now - self.started_at > STEADY else self.deaths + 1
        self.start_at = now + (0.0 if self.deaths == 1 else min(0.25 * 2**self.deaths, SLOWEST))
        self.process = None

    def end(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            log.warning("%s did not end when asked, and is killed", self.name)
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class Supervisor:
    settings: Settings
    settings_file: str | None
    ready: Callable[[str], None]
    """Called once, with the address of the pages, when every loop turns."""
    asked: threading.Event = field(default_factory=threading.Event)
    _children: list[Child] = field(default_factory=list)
    _listening: socket.socket = field(default_factory=socket.socket)
    _where: tuple[str, int] = ("", 0)
    _keeper: Doorkeeper | None = None

    def run(self) -> int:
        """Until SIGTERM or SIGINT. Raises AlreadyRunning, BadSettings, and OSError when the pages' port is taken."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.asked.set())
        self.settings.data.mkdir(parents=True, exist_ok=True)
        with alone(self.settings.data / "serve.lock"):
            reserve(self.settings).mind()
            open_store(self.settings)
            self._keeper = doorkeeper(self.settings)
            self._listening = listening(self.settings.host, self.settings.port)
            self._children = self._planned()
            try:
                self._keep_running()
            finally:
                self._end()
        return 0

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self._listening.getsockname()[:2])

    def _planned(self) -> list[Child]:
        own_broker = self.settings.broker_host is None
        host, port = self.settings.broker
        if own_broker:
            host, port = "127.0.0.1", self.settings.embedded_port or free_port()
        settings = ["--settings", self.settings_file] if self.settings_file else []
        children = self._watching(settings, ["--broker", f"{host}:{port}"])
        children.append(Child("web", lambda: Program(["web", *settings], self._listening)))
        if own_broker:
            door = self._keeper.door if self._keeper else None
            words = broker.command(port, self.settings.data / "broker", broker.mosquitto(), door)
            children.insert(0, Child("broker", lambda: _started(words)))
        self._where = (host, port)
        return children

    def _watching(self, settings: Sequence[str], at: Sequence[str]) -> list[Child]:
        if self.settings.ray_address:
            words = [sys.executable, "-m", "hub.app", "cluster", *settings]
            return [Child("cluster", lambda: _started(words))]
        each = shares(self.settings.watches)
        once = [Child("once", lambda: Program(["once", *settings, *at]))] if len(each) > 1 else []
        return [Child(one.named("watch"), partial(_watch, [*settings, *at], one)) for one in each] + once

    def _keep_running(self) -> None:
        threading.Thread(target=self._announce, name="announce", daemon=True).start()
        while not self.asked.wait(TURN):
            now = time.monotonic()
            self._bury(now)
            self._start(now)
            if self._keeper:
                self._turn_away(self._keeper.turned_away())

    def _bury(self, now: float) -> None:
        for child in self._children:
            code = child.died()
            if code is not None:
                log.error("%s ended with %d; it is started anew", child.name, code)
                child.mourn(now)

    def _start(self, now: float) -> None:
        waiting = [child for child in self._children if child.process is None and child.start_at <= now]
        for child in waiting:
            child.start()
        if waiting:
            self._write()

    def _turn_away(self, homes: set[str]) -> None:
        """The broker reads its list of revoked certificates anew, and what they had open ends."""
        process = self._children[0].process
        if homes and process is not None:
            os.kill(process.pid, signal.SIGHUP)
            threading.Thread(target=self._drop, args=(homes, process), name="drop", daemon=True).start()

    def _drop(self, homes: set[str], process: Process) -> None:
        try:
            if self._keeper and not _reads_its_list(self._keeper):
                log.warning("the broker did not read its list of the revoked, and is started anew")
                process.terminate()
                return
            for home in homes:
                broker.drop(self._where[1], home)
                log.warning("%s: its certificate was revoked, and its connection ended", home)
        except OSError as bad:
            log.warning("%s: revoked while the broker was away: %s", ", ".join(homes), bad)

    def _write(self) -> None:
        """`hub.json`: where everything is, for whoever wants to find this hub."""
        pids = {child.name: child.process.pid for child in self._children if child.process}
        host, port = self._where
        content = {"web": self.url, "broker_host": host, "broker_port": port, "pids": pids}
        new = self._file.with_suffix(".new")
        try:
            new.write_text(json.dumps(content, indent=1), encoding="utf-8")
            new.replace(self._file)
        except OSError as bad:
            log.error("%s can't be written, and the hub goes on: %s", self._file, bad.strerror)  # noqa: TRY400

    @property
    def _file(self) -> Path:
        return self.settings.data / "hub.json"

    def _announce(self) -> None:
        while not alive(self.url):
            if self.asked.wait(0.05):
                return
        self.ready(self.url)

    def _end(self) -> None:
        for child in reversed(self._children):
            child.end()
        self._listening.close()
        self._file.unlink(missing_ok=True)


def _started(words: Sequence[str]) -> Process:
    return subprocess.Popen([*words, "--parent", str(os.getpid())], start_new_session=True)


def _watch(words: Sequence[str], share: Share) -> Process:
    return Program(["watch", *words, "--share", str(share)])


def alive(url: str) -> bool:
    """Whether the hub there says that all its loops turn."""
    try:
        with urllib.request.urlopen(f"{url}/alive", timeout=2) as answer:  # noqa: S310 -- our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def listening(host: str, port: int) -> socket.socket:
    """Held here for as long as the hub serves: while pages restart, visitors wait instead of being turned away."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=128, dualstack_ipv6=family == socket.AF_INET6)


def _reads_its_list(keeper: Doorkeeper) -> bool:
    """A broker that has much to do takes a moment to."""
    until = time.monotonic() + READ_WITHIN
    while not keeper.list_is_read():
        if time.monotonic() >= until:
            return False
        time.sleep(0.1)
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
