"""A relative's pages. What is fetched for them is a glimpse: cut down to the level that the resident chose for them."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime

from hub.knowing import about, told_of, used
from hub.store.relatives import Relatives
from hub.web.access.days import DAY, Days
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.picture import Picture
from hub.web.shown import Mention, News, Reassurance, Week
from hub.web.words import MENTION
from models.day import as_shared
from models.glimpse import At, Glimpse, Grain, glimpse, last_told, rounded
from models.home import Home
from models.hours import Hours, local, reaches_into
from models.people import Contact, Level, Resident
from models.privacy import Data, Purpose
from models.questions import answers, night, night_before
from models.sentence import sentence
from models.telling import Saying, date_in_words, moment_in_words, say

DAYS_IN_A_LETTER = 6
"""Beside the day on which it is printed."""

Judges = Callable[[datetime, str], bool]
Mentions = Callable[[Home, datetime, AbstractSet[Data]], tuple[Mention, ...]]


class FamilyDesk:
    """`judges` says whether what the watch has written down is about now; `mentions` what asks for a word."""

    def __init__(self, door: Door, days: Days, judges: Judges, mentions: Mentions) -> None:
        self._door, self._days, self._judges, self._mentions = door, days, judges, mentions
        self._relatives = Relatives(door.records.engine)

    def reassurance(self, viewer: Viewer) -> Reassurance:
        """Raises Hidden."""
        contact, resident, home, shown = self._whose(viewer)
        now, say = self._door.clock.now(), Saying(viewer.telling.language)
        hidden = self._days.knowing.hidden(home, contact)
        recent = [one for one in self._door.alerts.of_home(home.id, 20) if about(one, resident)]
        recent = [one for one in told_of(self._door.alerts, recent, hidden, now) if one.raised_at > now - 7 * DAY]
        mentions = self._mentions(home, now, shown | {Data.TIMES})
        mentions = tuple(one for one in mentions if not reaches_into(hidden, one.at, one.at))
        days = self._days.two(home, now, contact.level, say, hidden) if Data.PARTS_OF_DAY in shown else ()
        return Reassurance(
            resident.called,
            contact.level,
            sentence(self._glimpse(resident, home, now, shown, hidden), say.language),
            now,
            home.timezone,
            last_told(self._door.heard_of(home.id).until, hidden) if Data.HEARING in shown else None,
            self._of_all(home, days),
            tuple(recent) if Data.ALERTS in shown else (),
            _for_family(mentions, shown, say),
        )

    def news(self, viewer: Viewer, *, letter: bool = False) -> News:
        """The page's sentence in the reader's language, for paper or to be heard; with what else belongs in a `letter`,
        and when they were up in the last week. Raises Hidden.
        """
        contact, resident, home, shown = self._whose(viewer)
        now, language = self._door.clock.now(), viewer.telling.language
        hidden = self._days.knowing.hidden(home, contact)
        told = sentence(self._glimpse(resident, home, now, shown, hidden), language)
        at = moment_in_words(At(now, Grain.MINUTE), now, home.timezone, language)
        lines = [f"{told.head}.", *told.more, say("news.asof", language, at=at)]
        lines += self._mornings(home, now, shown, hidden, language) if letter else ()
        if Data.STANDING in shown:
            level = say(f"level.{contact.level}", language)
            lines.append(say("news.chose", language, called=resident.called, level=level))
        lines.append(say("news.call", language))
        if letter:
            lines = [say("letter.dear", language, called=contact.name), *lines, say("letter.yours", language)]
        day = date_in_words(local(now, home.timezone), language)
        return News(resident.called, day, tuple(lines), now, language, contact.telling.large_print)

    def _mornings(
        self, home: Home, now: datetime, shown: AbstractSet[Data], hidden: Sequence[Hours], language: str
    ) -> list[str]:
        """In whole sentences; none for whoever may know of no moment, nor of a day of which that can't be said, nor
        where it may have been another who was up.
        """
        if used(self._door.records, home).people > 1:
            return []
        found = self._days.knowing.ups(home, now, DAYS_IN_A_LETTER, hidden)
        ups = [rounded(up, now, home.timezone, shown) for up in found]
        key = "up.too.perhaps" if home.pets or home.visits else "up.too"
        told = [say(key, language, at=moment_in_words(up, now, home.timezone, language)) for up in ups if up]
        return [say("news.week", language), *told] if told else []

    def week(self, viewer: Viewer) -> Week:
        """The last seven days; nothing of them for whoever may only know that all is well. Raises Hidden."""
        contact, resident, home, shown = self._whose(viewer)
        now = self._door.clock.now()
        say = Saying(viewer.telling.language)
        hidden = self._days.knowing.hidden(home, contact)
        days = self._days.week(home, now, contact.level, say, hidden) if Data.PARTS_OF_DAY in shown else ()
        level = contact.level if Data.STANDING in shown else Level.NOTHING
        return Week(resident.called, level, now, home.timezone, self._of_all(home, days))

    def _of_all(self, home: Home, days: tuple[Picture, ...]) -> tuple[Picture, ...]:
        """Where several live, "usually up by" would be read as of one of them."""
        several = used(self._door.records, home).people > 1
        return tuple(replace(one, usually="") for one in days) if several else days

    def questions(self, viewer: Viewer) -> list[tuple[str, str]]:
        """What relatives ask, answered at their level. Raises Hidden."""
        contact, resident, home, shown = self._whose(viewer)
        now, hidden = self._door.clock.now(), self._days.knowing.hidden(home, contact)
        start, end = night_before(now, home.timezone)
        spans = self._days.spans(home, start, end)[0] if end > start and Data.PARTS_OF_DAY in shown else []
        seen = self._glimpse(resident, home, now, shown, hidden)
        return answers(seen, night(as_shared(spans, hidden), start, end, shown), viewer.telling.language)

    def _whose(self, viewer: Viewer) -> tuple[Contact, Resident, Home, frozenset[Data]]:
        """The look is on record before anything is fetched. Raises Hidden."""
        contact = self._door.records.contact(viewer.person) if viewer.person else None
        resident = self._door.records.resident(contact.resident) if contact else None
        if contact is None or resident is None:
            raise Hidden("family")
        shown = self._door.shown(viewer, Purpose.REASSURE, Data, level=contact.level)
        self._door.look(viewer, Purpose.REASSURE, resident.home, shown)
        chosen = self._relatives.preferences(contact.id)
        resident = replace(resident, called=chosen.called) if chosen and chosen.called else resident
        return contact, resident, self._door.home(viewer, resident.home), shown

    def _glimpse(
        self, resident: Resident, home: Home, now: datetime, shown: AbstractSet[Data], hidden: Sequence[Hours]
    ) -> Glimpse:
        judged = self._judges(now, home.id)
        return glimpse(self._days.knowing.known(resident, home, now, judged=judged, hidden=hidden), shown)


def _for_family(mentions: Iterable[Mention], shown: AbstractSet[Data], say: Saying) -> tuple[Mention, ...]:
    """In words without a moment, at the level that may see them."""
    kinds = {one.kind: one for one in mentions}
    seen = [kind for kind, data in MENTION.items() if kind in kinds and data in shown]
    return tuple(replace(kinds[kind], text=say(f"mention.{kind}")) for kind in seen)
