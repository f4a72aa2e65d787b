"""What a relative chooses for themselves: what they are told without asking, and when they need a break."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hub.settings import Settings
from hub.store.relatives import Break, Notice, Relatives, Sent
from hub.store.ways import Ways
from hub.transports import set_up, transports
from hub.web.access.door import Door, Hidden, Viewer
from models.alert import Refused
from models.languages import LANGUAGES
from models.notices import Preferences, in_force, never_comes, ways_to
from models.people import POST, Contact, Resident, Role
from models.privacy import Data, Purpose, level_at, showing
from models.telling import Saying

LONGEST_NAME = 60
LONGEST_BREAK = timedelta(days=60)
"""Whoever is away for longer is no longer on the plan: that is for the resident and the centre to settle."""


@dataclass(frozen=True, slots=True)
class Told:
    """One notice as its reader sees it: what about, when, and what came of it by which way; `failed` is why others
    did not, in English.
    """

    about: str
    at: datetime
    became: str
    failed: str


@dataclass(frozen=True, slots=True)
class Choices:
    """The page of what one is told. `by_default` is whether that holds because nobody chose, and where that is
    nothing `chosen` is what would be kept; `may_bed` is whether this reader's level has the evening in it, and
    `shared` whether the resident shares anything with them now.
    """

    called: str
    now: datetime
    zone: str
    chosen: Preferences
    by_default: bool
    ways: tuple[tuple[str, str], ...]
    may_bed: bool
    shared: bool
    told: tuple[Told, ...]
    rest: Break | None


class RelativeDesk:
    def __init__(self, door: Door, settings: Settings) -> None:
        self._door, self._set_up = door, set_up(transports(settings)) | {POST}
        self._relatives, self._ways = Relatives(door.records.engine), Ways(door.records.engine)

    def choices(self, viewer: Viewer) -> Choices:
        """Raises Hidden."""
        contact, resident = self._whose(viewer)
        home, now = self._door.home(viewer, resident.home), self._door.clock.now()
        shown = self._door.shown(viewer, Purpose.REASSURE, Data, level=contact.level)
        own, in_use = self._relatives.preferences(contact.id), self._in_force(contact)
        ways, say = self._ways_of(contact), Saying(viewer.telling.language)
        return Choices(
            (own.called if own else "") or resident.called,
            now,
            home.timezone,
            in_use or Preferences(),
            own is None and in_use == Preferences(),
            tuple((way, say(f"way.{way}")) for way in ways),
            Data.PARTS_OF_DAY in shown,
            Data.STANDING in shown,
            tuple(_told(one, say) for one in self._relatives.of_person(contact.id)),
            self._relatives.resting([contact.id], now).get(contact.id),
        )

    def choose(self, viewer: Viewer, chosen: Preferences) -> None:
        """Raises Hidden, and Refused for what can't be chosen."""
        (contact, _), say = self._whose(viewer), Saying(viewer.telling.language)
        if len(chosen.called) > LONGEST_NAME:
            raise Refused(say("refused.called", most=LONGEST_NAME))
        if any(not 0 <= hour < 24 for hour in (chosen.digest_hour, chosen.quiet_from, chosen.quiet_until)):
            raise Refused(say("refused.hours"))
        if never_comes(chosen):
            raise Refused(say("refused.quiet"))
        if chosen.way and chosen.way not in self._ways_of(contact):
            raise Refused(say("refused.way"))
        if chosen.language not in ("", *LANGUAGES):
            raise Refused(say("refused.language"))
        self._relatives.prefer(contact.id, chosen)

    def rest(self, viewer: Viewer, days: int) -> None:
        """A break for so many days from now on; none ends it. Raises Hidden, and Refused."""
        (contact, _), say = self._whose(viewer), Saying(viewer.telling.language)
        length = timedelta(days=days)
        if not timedelta(0) <= length <= LONGEST_BREAK:
            raise Refused(say("refused.break", days=LONGEST_BREAK.days))
        now = self._door.clock.now()
        self._relatives.rest(contact.id, now, now + length)

    def breaks_of(self, resident: Resident, now: datetime) -> dict[str, datetime]:
        """Until when, by the id of each contact who has one."""
        contacts = [one.id for one in self._door.records.contacts_of(resident.id)]
        return {person: one.until for person, one in self._relatives.resting(contacts, now).items()}

    def told_of(self, resident: Resident, now: datetime) -> dict[str, Preferences]:
        """Without having asked for it each time, by the id of each contact who is told something."""
        found: dict[str, Preferences] = {}
        for one in self._door.records.contacts_of(resident.id):
            chosen = self._in_force(one)
            if chosen and self._may(one, Data.STANDING, now):
                found[one.id] = replace(chosen, bed=chosen.bed and self._may(one, Data.PARTS_OF_DAY, now))
        return found

    def _in_force(self, contact: Contact) -> Preferences | None:
        login, own = self._door.records.login_of(contact.id), self._relatives.preferences(contact.id)
        return in_force(own, contact.telling, self._ways_of(contact), login=login is not None)

    def _may(self, contact: Contact, data: Data, now: datetime) -> bool:
        return showing(Role.CONTACT, Purpose.REASSURE, data, level_at(contact, now)) is not None

    def _ways_of(self, contact: Contact) -> list[str]:
        return ways_to(contact.addresses, self._set_up, browser=bool(self._ways.subscriptions(contact.id)))

    def _whose(self, viewer: Viewer) -> tuple[Contact, Resident]:
        """Only for the relative themselves: nobody chooses in their place. Raises Hidden."""
        contact = self._door.records.contact(viewer.person) if viewer.person else None
        resident = self._door.records.resident(contact.resident) if contact else None
        if viewer.role is not Role.CONTACT or viewer.behind or contact is None or resident is None:
            raise Hidden("relative")
        return contact, resident


def _told(one: Notice, say: Saying) -> Told:
    under_way = one.state in (Sent.INTENDED, Sent.LISTED) or not one.way
    state = say(f"sent.state.{one.state}")
    became = state if under_way else say("sent.line", state=state, way=say(f"way.{one.way}"))
    return Told(say(f"sent.{one.kind}"), one.at, became, one.detail if one.tried else "")
