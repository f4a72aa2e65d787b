"""Where `serve` has its own programs begin: in a process that has loaded what they are made of, and divides for each.

To load the pages and the compiled loops takes two seconds of a core. So it is done once, by a process that does nothing
else, opens nothing and has one thread; and what is started anew after a death is at work a second sooner. Each program
is the supervisor's own child all the same, so it outlives the nursery and ends with the supervisor. Only Linux can do
that; elsewhere, and should the nursery die, programs are started as any other is.
"""

import ctypes
import fcntl
import gc
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Protocol

from hub.broker import die_with

log = logging.getLogger(__name__)

_PR_SET_CHILD_SUBREAPER = 36
LARGEST, MOST_FILES = 65536, 8
TURN = 0.01
PATIENCE = 120.0
"""Real seconds within which a program has begun, or the nursery is given up."""


class Program(Protocol):
    """What a supervisor needs of what it started, however that began."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def kill(self) -> None: ...


class Born:
    """A program that began in the nursery, with the verbs of a `Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if done else None
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        until = float("inf") if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
            time.sleep(TURN)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Nursery:
    """Held by the supervisor. Made before it has opened or begun anything, since all that would be there twice."""

    def __init__(self, pid: int, words: socket.socket) -> None:
        self._pid, self._words, self._lives = pid, words, True
        self._words.settimeout(PATIENCE)

    def begin(self, words: Sequence[str], keep: Sequence[int]) -> Born | None:
        """The program of these words of `nightlight-hub`, inheriting the files `keep`; None when the nursery died."""
        pid = self._asked(words, keep) if self._lives else b""
        if self._lives and not pid:
            log.error("the nursery died; programs are started without it, which takes a second longer")
            self.end()
        return Born(int(pid)) if pid else None

    def _asked(self, words: Sequence[str], keep: Sequence[int]) -> bytes:
        asked = json.dumps({"words": list(words), "keep": list(keep), "parent": os.getpid()})
        try:
            socket.send_fds(self._words, [asked.encode()], list(keep))
            return self._words.recv(LARGEST)
        except OSError:
            return b""

    def end(self) -> None:
        if self._lives:
            self._lives = False
            self._words.close()
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


def opened() -> Nursery | list[str] | None:
    """The nursery; and once more in each program that begins there, as the words that it was begun with. None where
    there can be none.
    """
    if sys.platform != "linux":
        return None
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    outside, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    parent, pid = os.getpid(), os.fork()
    if pid:
        inside.close()
        return Nursery(pid, outside)
    outside.close()
    os.setsid()
    die_with(parent)
    return _nurse(inside)


def _nurse(asked: socket.socket) -> list[str]:
    """Divides whenever it is asked to, and ends when nobody can ask any more; returns in what has begun."""
    while True:
        content, files, _, _ = socket.recv_fds(asked, LARGEST, MOST_FILES)
        if not content:
            os._exit(0)
        one = json.loads(content)
        _prepare(one["words"][0])
        gc.freeze()  # what is loaded is shared by all that begin here for as long as nobody touches it
        held, let_go = os.pipe()
        pid = _divided_twice()
        if pid == 0:
            asked.close()
            os.close(let_go)
            known = os.read(held, 1)
            os.close(held)
            if not known:
                os._exit(1)  # the nursery died before the supervisor heard of this program, so nobody would mind it
            _take(files, one["keep"])
            os.setsid()
            return [*one["words"], "--parent", str(one["parent"])]
        os.close(held)
        for file in files:
            os.close(file)
        with suppress(OSError):
            asked.send(str(pid).encode())
            os.write(let_go, b".")
        os.close(let_go)


def _divided_twice() -> int:
    """0 in the new program. What lies between it and the nursery has ended by then, so that it is the supervisor's."""
    told, tell = os.pipe()
    middle = os.fork()
    if middle == 0:
        pid = os.fork()
        if pid == 0:
            os.close(told)
            os.close(tell)
            return 0
        os.write(tell, str(pid).encode())
        os._exit(0)
    os.close(tell)
    os.waitpid(middle, 0)
    pid = int(os.read(told, 32))
    os.close(told)
    return pid


def _take(files: Sequence[int], keep: Sequence[int]) -> None:
    """The files that came, under the numbers that the words name."""
    aside = [fcntl.fcntl(file, fcntl.F_DUPFD, max(keep) + 1) for file in files]
    for file in files:
        os.close(file)
    for one, number in zip(aside, keep, strict=True):
        os.dup2(one, number)
        os.close(one)


def _prepare(verb: str) -> None:
    """Loads what a program will want. What is wrong there it finds again itself, and says so."""
    try:
        if verb == "web":
            import_module("hub.web.app")
        else:
            from hub.process import warmed

            warmed()
    except Exception:
        log.exception("what '%s' is made of does not load", verb)
