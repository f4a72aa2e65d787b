"""Snapshots on their way to the store, on a thread of their own: of a borough, writing one takes seconds."""

import logging
import threading
import time

from sqlalchemy.exc import SQLAlchemyError

from hub.store.lease import Fenced
from hub.store.snapshots import Snapshots
from models.share import Share

log = logging.getLogger(__name__)

WAIT = 0.05
"""Real seconds; that of a street is written by then."""


class Saving:
    """Of one watch, the one after the other. The last one `took` so many seconds of processor time."""

    def __init__(self, snapshots: Snapshots, share: Share) -> None:
        self._snapshots = snapshots
        self._share = share
        self._thread: threading.Thread | None = None
        self.took = 0.0

    @property
    def under_way(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def begin(self, seq: int, content: memoryview, made_with: str) -> None:
        self._thread = threading.Thread(target=self._save, args=(seq, content, made_with), name="saving", daemon=True)
        self._thread.start()
        self._thread.join(WAIT)

    def _save(self, seq: int, content: memoryview, made_with: str) -> None:
        """One that fails is followed by another; until then a restart reads more."""
        began = time.thread_time()
        try:
            self._snapshots.save(seq, content, made_with, self._share)
        except (SQLAlchemyError, Fenced) as error:
            log.error("the state of the detectors can't be kept: %s", type(error).__name__)  # noqa: TRY400 -- no data
        self.took = time.thread_time() - began
