"""Letters: whoever wants to be told by post has one a week, which waits on the office's list until it was posted.

What it says is made when it is printed, from what may be seen then.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from hub.store import Store
from hub.store.letters import by_letter
from hub.store.relatives import Relatives, Sent
from models.home import Home
from models.notices import NoticeKind, letter_due, wants_letters
from models.people import Contact, Level, Resident
from models.privacy import level_at

GIVEN_UP_AFTER = timedelta(days=7)
"""Then the next is due, which says what is so by then."""
TOO_LATE = "it was not posted within its week"

Due = tuple[str, str, str, NoticeKind]


class Letters:
    def __init__(self, store: Store) -> None:
        self._store, self._relatives = store, Relatives(store.records.engine)

    def decide(self, now: datetime) -> None:
        """Put on the list what is due by the record; whoever chose for themselves is decided on with their digests."""
        wanted = {one[0]: one for one in self._due(now)}
        new = wanted.keys() - self._relatives.known(wanted)
        self._relatives.intend([wanted[key] for key in sorted(new)], now)
        for letter in self._relatives.in_state(Sent.LISTED):
            if now - letter.at >= GIVEN_UP_AFTER:
                self._relatives.finish(letter.id, Sent.FAILED, TOO_LATE, now)

    def _due(self, now: datetime) -> Iterator[Due]:
        residents, contacts = by_letter(self._store.records.engine)
        chosen = self._relatives.all_preferences([one.id for one in contacts])
        for contact in contacts:
            resident = self._store.records.resident(contact.resident)
            shares = level_at(contact, now) is not Level.NOTHING
            if resident and shares and wants_letters(contact.telling, chosen.get(contact.id)):
                yield from self._of(resident, contact, now)
        for resident in residents:
            yield from self._of(resident, resident, now)

    def _of(self, resident: Resident, reader: Resident | Contact, now: datetime) -> Iterator[Due]:
        home: Home | None = self._store.records.home(resident.home)
        if home and home.ended is None and resident.ended is None:
            due = letter_due(now, home.timezone)
            yield f"{due.kind} {due.day} {reader.id}", home.id, reader.id, due.kind
