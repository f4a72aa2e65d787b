"""Letters that wait for the office to print and post them. What is in one is for its reader: whoever prints it says so,
and that look is on record.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hub.store.relatives import Notice, Relatives, Sent
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.access.family import FamilyDesk
from hub.web.access.wishes import Choices, Choosing
from hub.web.shown import News
from models.notices import LATE_LETTER
from models.people import POST, Account, Contact, Level, Resident, Role
from models.privacy import AT_LEVEL, Data, Purpose, level_at

TO_POST = "it is to be posted"
"""The reason that the list gives."""
ON_AN_ENVELOPE = (Data.PERSON, Data.ADDRESS, Data.CONTACTS)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One that is to be posted; `to` is '' where no address is on record. `own` is the resident's letter about what is
    measured, else it is a relative's about how things are.
    """

    number: int
    home: str
    name: str
    to: str
    own: bool
    since: datetime
    late: bool
    zone: str


class LetterDesk:
    def __init__(self, door: Door, choosing: Choosing, family: FamilyDesk) -> None:
        self._door, self._choosing, self._family = door, choosing, family
        self._relatives = Relatives(door.records.engine)

    def waiting(self, viewer: Viewer) -> tuple[datetime, list[Waiting]]:
        """The oldest first. Raises Hidden."""
        self._may(viewer)
        now, homes = self._door.clock.now(), self._door.homes(viewer)
        mine = [one for one in self._relatives.in_state(Sent.LISTED) if one.home in homes]
        return now, [line for one in mine for line in self._lines(viewer, one, now)]

    def made(self, viewer: Viewer, number: int, reason: str) -> tuple[tuple[str, ...], News | Choices]:
        """What stands on the envelope, and what the letter says as of now. Raises Hidden and ReasonNeeded."""
        letter = self._letter(viewer, number)
        reader = self._reader(letter)
        envelope = (reader.name, *_lines_of(_address(reader)))
        if isinstance(reader, Resident):
            return envelope, self._choosing.to_be_posted(viewer, reader, reason)
        level = level_at(reader, self._door.clock.now())
        if level is Level.NOTHING:
            raise Hidden(f"letter {number}")
        shown = self._door.shown(viewer, Purpose.PREVIEW, AT_LEVEL[level], reason=reason)
        about = f"the letter to {reader.id}: {reason}"
        self._door.look(viewer, Purpose.PREVIEW, letter.home, shown, about=about)
        stands_in = Account(viewer.login, viewer.name, Role.CONTACT, reader.id, council=viewer.council)
        stand_in = Viewer(stands_in, "", behind=viewer, about=about, telling=self._relatives.telling(reader))
        return envelope, self._family.news(stand_in, letter=True)

    def posted(self, viewer: Viewer, number: int) -> None:
        """Raises Hidden, also for one that somebody else posted meanwhile."""
        letter = self._letter(viewer, number)
        self._relatives.finish(letter.id, Sent.SENT, f"by {viewer.login}", self._door.clock.now())

    def _may(self, viewer: Viewer) -> None:
        if viewer.role is not Role.ADMINISTRATOR:
            raise Hidden("letters")
        self._door.shown(viewer, Purpose.ADMINISTER, ON_AN_ENVELOPE)

    def _letter(self, viewer: Viewer, number: int) -> Notice:
        self._may(viewer)
        letter = self._relatives.letter(number)
        if letter is None or letter.home not in self._door.homes(viewer):
            raise Hidden(f"letter {number}")
        return letter

    def _lines(self, viewer: Viewer, letter: Notice, now: datetime) -> Iterator[Waiting]:
        """None for whoever left meanwhile, or is shown nothing any more."""
        try:
            reader = self._reader(letter)
        except Hidden:
            return
        if isinstance(reader, Contact) and level_at(reader, now) is Level.NOTHING:
            return
        zone = self._door.home(viewer, letter.home).timezone
        own, late = isinstance(reader, Resident), now - letter.at > LATE_LETTER
        yield Waiting(letter.id, letter.home, reader.name, _address(reader), own, letter.at, late, zone)

    def _reader(self, letter: Notice) -> Resident | Contact:
        found = self._door.records.contact(letter.person) or self._door.records.resident(letter.person)
        if found is None:
            raise Hidden(f"letter {letter.id}")
        return found


def _address(reader: Resident | Contact) -> str:
    if isinstance(reader, Resident):
        return reader.address
    return next((one.to for one in reader.addresses if one.transport == POST), "")


def _lines_of(address: str) -> list[str]:
    return [line.strip() for line in address.split(",") if line.strip()]
