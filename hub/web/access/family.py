"""A relative's pages. What is fetched for them is a glimpse: cut down to the level that the resident chose for them."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime

from hub.web.access.days import DAY, Days, expected
from hub.web.access.door import Door, Hidden, Viewer, unheard_after
from hub.web.shown import Mention, Reassurance, Week
from hub.web.words import MENTION
from models.alert import Alert, Lane, State
from models.glimpse import Known, glimpse
from models.home import Home
from models.hours import midnight
from models.observation import SensorKind
from models.people import Contact, Resident
from models.privacy import Data, Purpose
from models.sentence import MOBILE, sentence
from models.wire import Route

Judges = Callable[[datetime], bool]
Mentions = Callable[[Home, datetime, AbstractSet[Data]], tuple[Mention, ...]]


class FamilyDesk:
    """`judges` says whether what the watch has written down is about now; `mentions` what asks for a word."""

    def __init__(self, door: Door, days: Days, judges: Judges, mentions: Mentions) -> None:
        self._door, self._days, self._judges, self._mentions = door, days, judges, mentions

    def reassurance(self, viewer: Viewer) -> Reassurance:
        """Raises Hidden."""
        contact, resident, home, shown = self._whose(viewer)
        now = self._door.clock.now()
        recent = [one for one in self._door.alerts.of_home(home.id, 20) if about(one, resident)]
        return Reassurance(
            resident.called,
            contact.level,
            sentence(glimpse(self._known(resident, home, now), shown)),
            now,
            home.timezone,
            self._door.heard_of(home.id).until if Data.HEARING in shown else None,
            self._days.two(home, now, contact.level) if Data.PARTS_OF_DAY in shown else (),
            tuple(one for one in recent if one.raised_at > now - 7 * DAY) if Data.ALERTS in shown else (),
            _for_family(self._mentions(home, now, shown | {Data.TIMES}), shown),
        )

    def week(self, viewer: Viewer) -> Week:
        """The last seven days; nothing of them for whoever may only know that all is well. Raises Hidden."""
        contact, resident, home, shown = self._whose(viewer)
        now = self._door.clock.now()
        days = self._days.week(home, now, contact.level) if Data.PARTS_OF_DAY in shown else ()
        return Week(resident.called, contact.level, now, home.timezone, days)

    def _whose(self, viewer: Viewer) -> tuple[Contact, Resident, Home, frozenset[Data]]:
        """The look is on record before anything is fetched. Raises Hidden."""
        contact = self._door.records.contact(viewer.person) if viewer.person else None
        resident = self._door.records.resident(contact.resident) if contact else None
        if contact is None or resident is None:
            raise Hidden("family")
        shown = self._door.shown(viewer, Purpose.REASSURE, Data, level=contact.level)
        self._door.look(viewer, Purpose.REASSURE, resident.home, shown)
        return contact, resident, self._door.home(viewer, resident.home), shown

    def _known(self, resident: Resident, home: Home, now: datetime) -> Known:
        spans, last = self._days.spans(home, now - DAY, now)
        why, today = self._door.why(home.id, now), midnight(now, home.timezone)
        mine = [one for one in self._door.alerts.of_home(home.id, 20) if about(one, resident)]
        opened = next((one for one in mine if one.state is not State.CLOSED), None)
        sensor = home.sensor(last.sensor) if last else None
        known = Known(
            resident.called,
            now,
            home.timezone,
            spans,
            last.at if last else None,
            *expected(self._door.records.expectation(home.id), last.at if last else None),
            self._door.heard_of(home.id),
            why,
            self._judges(now),
            opened.raised_at if opened else None,
            any((one.closed_at or one.raised_at) >= today for one in mine),
            sensor.room if sensor and sensor.kind is not SensorKind.PENDANT else "",
            reaches=self._reaches(home, now),
        )
        if why is not None or opened:
            return known
        return replace(known, up=self._days.up(home, now), mornings=self._days.mornings(home, now))

    def _reaches(self, home: Home, now: datetime) -> str:
        """How a press would reach us: '' unless the kit was heard just now, and has something to press."""
        beat, heard = self._door.records.heartbeat(home.id), self._door.heard_of(home.id)
        buttons = (SensorKind.PENDANT, SensorKind.PULL_CORD)
        if beat is None or heard.at is None or not heard.online or now - heard.at > unheard_after(beat):
            return ""
        if not any(sensor.kind in buttons for sensor in home.sensors):
            return ""
        return MOBILE if beat.route is Route.MODEM else "broadband"


def about(alert: Alert, resident: Resident) -> bool:
    return alert.lane is Lane.PERSON and alert.resident in (None, resident.id)


def _for_family(mentions: Iterable[Mention], shown: AbstractSet[Data]) -> tuple[Mention, ...]:
    """In words without a moment, at the level that may see them."""
    kinds = {one.kind: one for one in mentions}
    seen = [(kind, text) for kind, (data, text) in MENTION.items() if kind in kinds and data in shown]
    return tuple(replace(kinds[kind], text=text) for kind, text in seen)
