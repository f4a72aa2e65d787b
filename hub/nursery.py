"""Where `serve` has the hub's own programs begin: in Python's fork server, which has loaded what the watch is made of.

That takes a second of a core. So it is done once, and what is started anew after a death is at work that much sooner.
What only pages need they load themselves, since the watch would wait for it. So is what has to be compiled: where it
never was, that takes a minute, and can be ended. Should the fork server die, its programs end with it, and another
begins.
"""

import os
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from multiprocessing import get_context, parent_process

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["hub.process"])

DEEPEST = 60
"""Characters of a folder for what is temporary in which the fork server's socket has room; its path may have 107."""
if len(tempfile.gettempdir()) > DEEPEST:
    tempfile.tempdir = "/tmp"  # noqa: S108 -- it makes a folder of its own there


class Program:
    """One that began here, with the verbs of a `Popen`."""

    def __init__(self, words: Sequence[str], listening: socket.socket | None = None) -> None:
        self._process = _CONTEXT.Process(target=_run, args=(words, listening))
        self._process.start()

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> None:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0.0)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def _end_with_supervisor() -> None:
    supervisor = parent_process()
    if supervisor is not None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _run(words: Sequence[str], listening: socket.socket | None = None) -> None:
    from hub.app import main

    os.setsid()
    threading.Thread(target=_end_with_supervisor, name="supervisor", daemon=True).start()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    held = ["--listening", str(listening.detach())] if listening else []
    main([*words, *held, "--parent", str(os.getppid())])
