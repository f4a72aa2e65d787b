"""One pen for each SQLite file: whoever wants to write queues for it, and gets it when their turn comes.

SQLite alone has writers ask again and again, up to a tenth of a second apart, so that under load the lucky ones write
and the others wait for seconds. The pen is a courtesy between those who use it: SQLite's own lock is what holds.
"""

import fcntl
import os
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

PATIENCE = 30.0
"""Real seconds in the queue of one's own process, after which SQLite itself is asked, and says what is wrong."""


class Queue:
    """Of the threads of this process: handed on in order of arrival, where a `Lock` goes to whoever asks just then."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        mine = self._enter()
        came = mine is None or mine.wait(PATIENCE) or not self._gave_up(mine)
        try:
            yield
        finally:
            if came:
                self._leave()

    def _enter(self) -> threading.Event | None:
        """What to wait for, if anything."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return None
            self._waiting.append(mine := threading.Event())
            return mine

    def _gave_up(self, mine: threading.Event) -> bool:
        """False where one's turn came just now."""
        with self._guard:
            if mine not in self._waiting:
                return False
            self._waiting.remove(mine)
            return True

    def _leave(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False


_queues: dict[str, Queue] = defaultdict(Queue)
_making = threading.Lock()


@contextmanager
def pen(path: str) -> Iterator[None]:
    """To write to the database at `path`. Not to be asked for by whoever holds it already."""
    with _making:
        queue = _queues[path]
    with queue.turn(), ExitStack() as held:
        with _held(f"{path}.next"):
            held.enter_context(_held(f"{path}.pen"))
        yield


@contextmanager
def _held(path: str) -> Iterator[None]:
    """Among processes; ends with the process, however that ends. Two locks make it a queue: whoever is next holds the
    first while waiting for the second, so that nobody who has just written can be quicker.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
