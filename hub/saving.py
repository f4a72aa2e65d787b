"""Snapshots on their way to the store, on a thread of their own: of a borough, writing one takes seconds.

The room in which they are made is taken from the system beforehand, by that thread as well, and kept: a press would
wait for it up to a second.
"""

import logging
import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.exc import SQLAlchemyError

from hub.store.lease import Fenced
from hub.store.snapshots import PIECE, Snapshots
from models.share import Share

log = logging.getLogger(__name__)

WAIT = 0.05
"""Real seconds; that of a street is written by then."""
SMALL = PIECE
"""Bytes for which room is there at once."""


class Saving:
    """Of one watch, the one after the other. The last one `took` so many seconds of processor time."""

    def __init__(self, snapshots: Snapshots, share: Share) -> None:
        self._snapshots = snapshots
        self._share = share
        self._thread: threading.Thread | None = None
        self._room: NDArray[np.uint8] | None = None
        self.took = 0.0

    @property
    def under_way(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def room(self, size: int) -> NDArray[np.uint8] | None:
        """So many bytes; None until they are there, soon. Not to be asked for while a snapshot is under way."""
        if size <= SMALL:
            return np.empty(size, np.uint8)
        if self._room is None or len(self._room) != size:
            self._room = None
            self._start(self._make_room, size)
        return self._room

    def begin(self, seq: int, content: memoryview, made_with: str) -> None:
        self._start(self._save, seq, content, made_with)

    def _start(self, work: Callable[..., None], *given: object) -> None:
        self._thread = threading.Thread(target=work, args=given, name="saving", daemon=True)
        self._thread.start()
        self._thread.join(WAIT)

    def _make_room(self, size: int) -> None:
        """The system gives it piece by piece, as it is written to."""
        room = np.empty(size, np.uint8)
        for start in range(0, size, PIECE):
            room[start : start + PIECE] = 0
        self._room = room

    def _save(self, seq: int, content: memoryview, made_with: str) -> None:
        """One that fails is followed by another; until then a restart reads more."""
        began = time.thread_time()
        try:
            self._snapshots.save(seq, content, made_with, self._share)
        except (SQLAlchemyError, Fenced) as error:
            log.error("the state of the detectors can't be kept: %s", type(error).__name__)  # noqa: TRY400 -- no data
        self.took = time.thread_time() - began
