"""Letters: whoever wants to be told by post has one a week, which waits on the office's list until it was posted.

What it says is made when it is printed, from what may be seen then.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from hub.store import Store, told_by
from hub.store.relatives import Relatives, Sent
from models.notices import NoticeKind, letter_due
from models.people import BY_LETTER

GIVEN_UP_AFTER = timedelta(days=7)
"""Then the next is due, which says what is so by then."""
TOO_LATE = "it was not posted within its week"


class Letters:
    def __init__(self, store: Store) -> None:
        self._store, self._relatives = store, Relatives(store.records.engine)

    def decide(self, now: datetime) -> None:
        """Put on the list what residents are due; what is due to relatives is decided on with their digests."""
        wanted = {one[0]: one for one in self._due(now)}
        new = wanted.keys() - self._relatives.known(wanted)
        self._relatives.intend([wanted[key] for key in sorted(new)], now)
        for letter in self._relatives.in_state(Sent.LISTED):
            if now - letter.at >= GIVEN_UP_AFTER:
                self._relatives.finish(letter.id, Sent.FAILED, TOO_LATE, now)

    def _due(self, now: datetime) -> Iterator[tuple[str, str, str, NoticeKind]]:
        """Rows of (key, home, person, kind)."""
        for one in told_by.residents(self._store.records.engine):
            home = self._store.records.home(one.home)
            if one.telling.manner == BY_LETTER and home and home.ended is None and one.ended is None:
                due = letter_due(now, home.timezone)
                yield f"{due.kind} {due.day} {one.id}", home.id, one.id, due.kind
