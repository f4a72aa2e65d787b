"""Two hubs on the same data would each undo what the other does: a lock that ends with the process that holds it."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LET_GO = 5.0
"""Real seconds that one waits for a predecessor that is just ending."""


class AlreadyRunning(Exception):
    """Another process does this work on the same data."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock that ends with this process, however it ends. Raises AlreadyRunning."""
    with path.open("a", encoding="utf-8") as file:
        until = time.monotonic() + LET_GO
        while not _locked(file.fileno()):
            if time.monotonic() > until:
                raise AlreadyRunning(f"{path} is held: another hub is at work on this data")
            time.sleep(0.05)
        yield


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
