"""What the watch writes down and no press has to wait for: a little at once, much on a thread of its own and a part at
a time, so that whoever raises an alert meanwhile waits for one part at most.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from hub.store.lease import Fenced

log = logging.getLogger(__name__)

T = TypeVar("T")

LITTLE, PART = 20, 100
"""Rows that are written at once; and in one commit."""


class Beside(Generic[T]):
    """`keep` writes rows of one kind. Not to be asked to `write` while it is `busy`."""

    def __init__(self, what: str, keep: Callable[[Sequence[T]], None]) -> None:
        self._what, self._keep = what, keep
        self._thread: threading.Thread | None = None
        self._left: list[T] = []

    @property
    def busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def left(self) -> list[T]:
        """What could not be written since this was last asked."""
        left, self._left = self._left, []
        return left

    def write(self, rows: Sequence[T]) -> None:
        """Raises what `keep` raises, of a few rows."""
        if len(rows) <= LITTLE:
            self._keep(rows)
            return
        self._thread = threading.Thread(target=self._write, args=[rows], name=self._what, daemon=True)
        self._thread.start()

    def _write(self, rows: Sequence[T]) -> None:
        for start in range(0, len(rows), PART):
            try:
                self._keep(rows[start : start + PART])
            except (SQLAlchemyError, Fenced) as error:
                log.error("%s can't be written down: %s", self._what, type(error).__name__)  # noqa: TRY400 -- no data
                self._left.extend(rows[start:])
                return
