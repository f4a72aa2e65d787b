"""The real programs, started and ended; whatever happens, nothing of them is left behind."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 8.0
"""Seconds in which a program may end by itself when asked to."""


class Failed(RuntimeError):
    """A program did not do what it was started for; the text says which, and shows the end of what it wrote."""


@dataclass(frozen=True, slots=True)
class Program:
    """A started program, and where its words go."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: str, seconds: float) -> re.Match[str]:
        """The first line that matches. Raises Failed when the program ends first, or the time does."""
        until = time.monotonic() + seconds
        while True:
            ended = self.process.poll()
            if found := re.search(pattern, self.said(), re.MULTILINE):
                return found
            if ended is not None:
                raise Failed(f"{self.name} ended with {ended}. It wrote:\n{self.last_words()}")
            if time.monotonic() > until:
                raise Failed(
                    f"{self.name} did not say '{pattern}' within {seconds:g} s. It wrote:\n{self.last_words()}"
                )
            time.sleep(0.02)

    def last_words(self) -> str:
        return "\n".join(self.said().splitlines()[-15:]) or "(nothing)"

    def ask_to_end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def end(self, until: float) -> None:
        """Wait until that moment (monotonic), then end it and all that it started, by force."""
        try:
            self.process.wait(max(until - time.monotonic(), 0.01))
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Stage:
    """A temporary folder and the programs in it. Leaving it ends them all and removes the folder."""

    def __init__(self, name: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"nightlight-{name}-"))
        self.programs: list[Program] = []

    def start(self, name: str, *command: str | Path) -> Program:
        """Run a command; a Nightlight program is found beside this Python. Words go to <folder>/<name>.log."""
        log = self.folder / f"{name}.log"
        with log.open("ab") as words, _in_one_piece():
            process = subprocess.Popen(
                [found(str(command[0])), *map(str, command[1:])],
                stdin=subprocess.DEVNULL, stdout=words, stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"}, start_new_session=True,
            )  # fmt: skip
            program = Program(name, process, log)
            self.programs.append(program)
        return program

    def end(self, program: Program) -> None:
        program.ask_to_end()
        program.end(time.monotonic() + PATIENCE)
        self.programs.remove(program)

    def write(self, name: str, content: str | bytes, mode: int = 0o600) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with _undisturbed():
            for program in reversed(self.programs):
                program.ask_to_end()
            until = time.monotonic() + PATIENCE
            for program in self.programs:
                program.end(until)
            shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C while all is being ended would leave something behind."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _in_one_piece() -> Iterator[None]:
    """What asks us to end waits until this is done: a program that was started and not noted would be left behind."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda *_: came.append(1)) for number in ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_on_signals() -> None:
    """Whatever asks this program to end does it as Ctrl-C does: as a KeyboardInterrupt."""
    for number in ENDINGS:
        signal.signal(number, signal.default_int_handler)


def found(program: str) -> str:
    """Where a program is: beside this Python, on the path, or where Debian keeps servers. Raises Failed."""
    beside = Path(sys.executable).parent / program
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"
    place = str(beside) if beside.exists() else shutil.which(program, path=path)
    if place is None:
        raise Failed(f"{program} is not installed: pip install 'nightlight[sim]' brings it")
    return place


def free_port() -> int:
    with socket.socket() as seat:
        seat.bind(("127.0.0.1", 0))
        port: int = seat.getsockname()[1]
        return port


def start_kits_broker(stage: Stage) -> int:
    """One local broker for the kits of all homes: mosquitto where it is installed, else amqtt. Returns its port."""
    port = free_port()
    try:
        mosquitto = found("mosquitto")
    except Failed:
        program = stage.start("kits-broker", "amqtt", "-c", stage.write("kits-broker.yaml", _AMQTT.format(port=port)))
    else:
        settings = stage.write("kits-broker.conf", _MOSQUITTO.format(port=port))
        program = stage.start("kits-broker", mosquitto, "-c", settings)
    wait_until_open(port, program)
    return port


def wait_until_open(port: int, program: Program, seconds: float = 15.0) -> None:
    until = time.monotonic() + seconds
    while not _open(port):
        if program.process.poll() is not None or time.monotonic() > until:
            raise Failed(f"{program.name} does not listen on port {port}. It wrote:\n{program.last_words()}")
        time.sleep(0.02)


def _open(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


_MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
set_tcp_nodelay true
log_dest stderr
log_type error
log_type warning
"""

_AMQTT = """\
listeners:
  default:
    type: tcp
    bind: 127.0.0.1:{port}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
"""
