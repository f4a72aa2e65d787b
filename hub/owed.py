"""What relatives are to be told now, and were not: looked for every few seconds, among all who have a login.

Who is told what changes with the register, and is read again only then. Many chose alike, so that the clock is asked
once for each choice, and the store once for each notice, whether that was written down before a restart.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from hub.store import told_by
from hub.store.records import Records
from hub.store.relatives import Relatives
from models.notices import Candidate, NoticeKind, Preferences, candidates, in_force, ways_to
from models.people import POST, Level, Role
from models.privacy import Data, Purpose, showing

AT_ONCE = 500
"""Written down in one turn: a borough's digests are due in the same second, and are sent one after the other."""
EVENINGS_AT_ONCE = 100
"""Of so many one turn looks whether somebody went to bed."""

EveningOver = Callable[[str, datetime], bool]


class Choice(NamedTuple):
    """What the clock decides by, and many chose alike."""

    zone: str
    chosen: Preferences
    level: Level


class Reader(NamedTuple):
    person: str
    home: str
    paused_until: datetime | None


@dataclass(slots=True)
class Written:
    """Who has one notice on record, of those whom the store was `asked` about."""

    asked: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)


class Owed:
    """`ways` are those that are set up here; `evening_over` says of a home whether whoever waits can be told."""

    def __init__(self, records: Records, ways: AbstractSet[str], evening_over: EveningOver) -> None:
        self._records, self._relatives = records, Relatives(records.engine)
        self._ways, self._evening_over = ways, evening_over
        self._version = -1
        self._choices: dict[Choice, list[Reader]] = {}
        self._written: dict[Candidate, Written] = {}
        self._looked: dict[str, float] = {}

    def write_down(self, now: datetime) -> None:
        """What is due, so much of it as fits in one turn."""
        self._read()
        owed = list(islice(self._due(now), AT_ONCE))
        rows = [(_key(one, reader.person), reader.home, reader.person, one.kind) for one, reader in owed]
        self._relatives.intend(rows, now)
        for one, reader in owed:
            self._written[one].known.add(reader.person)

    def _read(self) -> None:
        version = self._records.version()
        if version == self._version:
            return
        zones = {home.id: home.timezone for home in self._records.homes()}
        choices = defaultdict[Choice, list[Reader]](list)
        for one in told_by.readers(self._records.engine):
            contact = one.contact
            ways = ways_to(contact.addresses, self._ways, browser=one.browser)
            chosen = in_force(one.chosen, contact.telling, ways, login=one.login)
            if chosen and one.home in zones:
                choice = Choice(zones[one.home], _by_the_clock(chosen), contact.level)
                choices[choice].append(Reader(contact.id, one.home, contact.paused_until))
        self._choices, self._version = choices, version

    def _due(self, now: datetime) -> Iterator[tuple[Candidate, Reader]]:
        due = [(one, choice) for choice in self._choices for one in candidates(choice.chosen, now, choice.zone)]
        self._written = {one: self._written.get(one, Written()) for one, _ in due}
        for one, choice in due:
            if _may_be_told(one, choice):
                waiting = self._waiting(one, self._choices[choice], now)
                yield from ((one, reader) for reader in waiting if self._is_time(one, reader, now))

    def _waiting(self, one: Candidate, readers: Iterable[Reader], now: datetime) -> list[Reader]:
        """So many as a turn has time for."""
        known, most = self._written[one].known, AT_ONCE
        waiting = [
            reader
            for reader in readers
            if reader.person not in known and (reader.paused_until is None or reader.paused_until <= now)
        ]
        if one.kind is NoticeKind.BED:
            waiting.sort(key=lambda reader: self._looked.get(reader.person, 0.0))
            most = EVENINGS_AT_ONCE
        self._ask(one, waiting[:most])
        return [reader for reader in waiting[:most] if reader.person not in known]

    def _ask(self, one: Candidate, readers: Iterable[Reader]) -> None:
        """The store, once."""
        written = self._written[one]
        keys = {_key(one, reader.person): reader.person for reader in readers if reader.person not in written.asked}
        if keys:
            written.known.update(keys[key] for key in self._relatives.known(keys))
            written.asked.update(keys.values())

    def _is_time(self, one: Candidate, reader: Reader, now: datetime) -> bool:
        if one.kind is not NoticeKind.BED:
            return True
        self._looked[reader.person] = time.monotonic()
        return self._evening_over(reader.home, now)


def _by_the_clock(chosen: Preferences) -> Preferences:
    return replace(chosen, called="", language="", aloud=False, way=POST if chosen.way == POST else "")


def _may_be_told(one: Candidate, choice: Choice) -> bool:
    """At the level that the resident chose for them."""
    data = Data.PARTS_OF_DAY if one.kind is NoticeKind.BED else Data.STANDING
    return showing(Role.CONTACT, Purpose.REASSURE, data, choice.level) is not None


def _key(one: Candidate, person: str) -> str:
    return f"{one.kind} {one.day} {person}"
