"""Heartbeats on their way to the store: the latest of each home, written together now and then.

Ten thousand homes beat a hundred and sixty times a second, and a commit for each would keep alerts waiting. What waits
here when the process ends is lost, and nothing with it: the broker keeps each kit's last heartbeat or last will, and
hands it to the hub anew whenever that connects; what a kit noticed is receipted for itself, and `heard_until` on
record only stays behind for as long.
"""

import logging
import time
from collections.abc import Iterable
from itertools import islice

from msgspec import structs
from sqlalchemy.exc import IntegrityError

from hub.store.records import Beat, Records

log = logging.getLogger(__name__)

EVERY = 0.5
"""Real seconds between writing; the first after a quiet time is written at once."""
AT_ONCE = 200
"""Homes in one commit, some 10 ms; what is more follows in the next turn, so that no press waits for it."""


class Beats:
    def __init__(self, records: Records) -> None:
        self._records = records
        self._waiting: dict[str, Beat] = {}
        self._due = float("-inf")
        self._at_once = AT_ONCE

    def note(self, beats: Iterable[Beat]) -> None:
        for one in beats:
            before = self._waiting.get(one.home)
            self._waiting[one.home] = one if before is None else _joined(before, one)

    def write(self) -> None:
        """What is due."""
        if not self._waiting or time.monotonic() < self._due:
            return
        some = list(islice(self._waiting.values(), AT_ONCE))
        try:
            self._records.beat(some)
        except IntegrityError:
            self._one_by_one(some)
        for one in some:
            del self._waiting[one.home]
        if not self._waiting:
            self._due = time.monotonic() + EVERY

    def _one_by_one(self, beats: Iterable[Beat]) -> None:
        """A home that was taken off the records just now must not cost the others theirs."""
        for one in beats:
            try:
                self._records.beat([one])
            except IntegrityError:
                log.warning("home %s beats, and is no longer on record", one.home)


def _joined(before: Beat, after: Beat) -> Beat:
    """What both say together, as the store would have it. A last will says only that the kit is gone."""
    if after.heartbeat is None:
        return structs.replace(before, online=after.online)
    untils = [one.heard_until for one in (before, after) if one.heard_until]
    moments = [one.at for one in (before, after) if one.at]
    return structs.replace(after, heard_until=max(untils, default=None), at=max(moments, default=None))
