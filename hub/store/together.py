"""Those who wait to write at the same time write together: one turn with the pen and one commit for all of them, so
that a storm fills the commits and not the queue. Each is undone by itself where it fails. In PostgreSQL the pen is the
head of the logs that they append to.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from hub.store.chain import undone
from hub.store.database import Logs, is_away, writing

T = TypeVar("T")
AT_ONCE = 50


def written(engine: Engine, work: Callable[[Connection], T], appends: Logs = "acts") -> T:
    """What `work` returned, once it is committed; raises what it raised. It may run in another thread, may append to
    those logs, and must not write by any other way than its connection.
    """
    with _making:
        desk = _desks.setdefault(engine, {}).setdefault(appends, Desk(appends))
    results: list[T] = []
    desk.write(engine, Wish(lambda connection: results.append(work(connection))))
    return results[0]


class Wish:
    """What somebody wants written. `told` is set once it is done or has failed, or its thread is to write for all."""

    def __init__(self, work: Callable[[Connection], None]) -> None:
        self.work, self.told = work, threading.Event()
        self.error: BaseException | None = None
        self.done = False


class Desk:
    """Of one database and what is appended there, in this process."""

    def __init__(self, appends: Logs) -> None:
        self._appends = appends
        self._guard = threading.Lock()
        self.waiting: deque[Wish] = deque()
        self._taken = False

    def write(self, engine: Engine, wish: Wish) -> None:
        with self._guard:
            self.waiting.append(wish)
            mine, self._taken = not self._taken, True
        if not mine:
            wish.told.wait()
        if not wish.done:
            try:
                self._write_all(engine)
            finally:
                self._hand_on()
        if wish.error is not None:
            raise wish.error

    def _write_all(self, engine: Engine) -> None:
        """What this thread wants, and what others want who came while it waited for the pen."""
        some: list[Wish] = []
        try:
            with writing(engine, appends=self._appends) as connection:
                some = self._take(AT_ONCE)
                for one in some:
                    _write(connection, one, alone=len(some) == 1)
        except BaseException as error:
            some = some or self._take(1)
            for one in some:
                one.error = one.error or error
            if not isinstance(error, Exception):
                raise
        finally:
            for one in some:
                one.done = True
                one.told.set()

    def _take(self, most: int) -> list[Wish]:
        with self._guard:
            return [self.waiting.popleft() for _ in range(min(most, len(self.waiting)))]

    def _hand_on(self) -> None:
        """Whoever came meanwhile and is first writes next."""
        with self._guard:
            if self.waiting:
                self.waiting[0].told.set()
            else:
                self._taken = False


def _write(connection: Connection, one: Wish, *, alone: bool) -> None:
    """Where the database itself fails nothing of all is written."""
    if alone:
        one.work(connection)
        return
    try:
        with connection.begin_nested():
            one.work(connection)
    except Exception as error:
        if is_away(error):
            raise
        undone(connection)
        one.error = error


_desks: WeakKeyDictionary[Engine, dict[Logs, Desk]] = WeakKeyDictionary()
_making = threading.Lock()
