"""What the resident decides: what is measured, who sees what, and for how long not; by themselves, or by somebody at
their word, which is on record with who wrote it down.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from hub.rights import Line, erase_all, erase_history, exported
from hub.store import Store, Traces
from hub.store.aged import Aged, Gone
from hub.store.amendments import Amendment
from hub.store.register import Change, Overtaken
from hub.store.relatives import Relatives
from hub.store.wishes import Wishes
from hub.web.access.administration import Meanwhile
from hub.web.access.door import Door, Hidden, ReasonNeeded, Viewer
from hub.web.access.relatives import RelativeDesk
from models.alert import Refused
from models.home import Home
from models.notices import Preferences
from models.observation import SensorKind
from models.people import Account, Contact, Level, Resident, Role
from models.privacy import ALWAYS, AT_LEVEL, Consent, Data, Purpose, level_at
from models.wishes import REMINDED, SHARING_PAUSES, WEEK, WORDS, Decision, Deed, Wish, may_pause

LONGEST_REVIEW = timedelta(days=366)
MAY_DECIDE_FOR = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
SEEN = (Data.CALLED, Data.PERSON, Data.CONTACTS, Data.KIT, Data.WISHES, Data.LOOKS, Data.REABLEMENT)


@dataclass(frozen=True, slots=True)
class KindOf:
    """A kind of sensor as it stands: `consent` is None where nobody has decided, `pauses` the hours to choose from."""

    kind: SensorKind
    fitted: int
    consent: Consent | None
    pauses: tuple[int, ...]

    @property
    def on(self) -> bool:
        return self.consent is not None and self.consent.stands

    @property
    def paused_until(self) -> datetime | None:
        return self.consent.paused_until if self.consent and self.consent.withdrawn_at is None else None

    @property
    def always(self) -> bool:
        return self.kind in ALWAYS


@dataclass(frozen=True, slots=True)
class Said:
    """One line of what was decided: by whom it was written down, and how they knew."""

    wish: Wish
    who: str


AS = "as {} sees it"


def with_name(reason: str, contacts: Iterable[Contact]) -> str:
    """Why somebody looked, for whoever reads of it: what is on record names a contact by their id."""
    for one in contacts:
        reason = reason.replace(AS.format(one.id), AS.format(one.name))
    return reason


@dataclass(frozen=True, slots=True)
class LookedAs:
    """In what capacity somebody looked in the last week and what for, how often, and when last."""

    role: str
    purpose: str
    count: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Choices:
    """All that a resident may decide; `word` is '' where they look themselves."""

    resident: str
    called: str
    home: str
    zone: str
    now: datetime
    word: str
    kinds: tuple[KindOf, ...]
    relatives: tuple[Contact, ...]
    told: dict[str, Preferences]
    """What contacts are told by itself, by their ids."""
    said: tuple[Said, ...]
    decisions: tuple[tuple[int, Decision], ...]
    looks: tuple[LookedAs, ...]
    aged: tuple[Gone, ...]
    hours_a_week: int
    large_print: bool
    language: str
    reablement: date | None

    def paused(self, contact: Contact) -> bool:
        return level_at(contact, self.now) is not contact.level

    def level(self, contact: Contact) -> Level:
        return level_at(contact, self.now)


@dataclass(frozen=True, slots=True)
class Review:
    """What was decided in somebody's place, or agreed to for a time, and is due to be looked at again."""

    home: str
    resident: str
    about: str
    at: datetime


class Choosing:
    def __init__(self, door: Door, desk: RelativeDesk) -> None:
        self._door, self._wishes = door, Wishes(door.records.engine)
        self._relatives, self._desk = Relatives(door.records.engine), desk
        self._aged = Aged(door.records.engine)
        self._store = Store(door.records, door.alerts, door.series, Traces(door.records.engine))

    def own(self, viewer: Viewer) -> str:
        """Whose choices a resident comes to. Raises Hidden."""
        if viewer.role is not Role.RESIDENT or viewer.person is None:
            raise Hidden("choices")
        return viewer.person

    def of(self, viewer: Viewer, resident_id: str, word: str = "") -> Choices:
        """Raises Hidden, and ReasonNeeded for somebody who does not say how they know."""
        resident, home = self._may(viewer, resident_id, word)
        return self._choices(resident, home, word)

    def to_be_posted(self, viewer: Viewer, resident: Resident, reason: str) -> Choices:
        """What their letter tells them, for whoever prints it. Raises Hidden and ReasonNeeded."""
        home = self._door.home(viewer, resident.home)
        shown = self._door.shown(viewer, Purpose.BEHALF, SEEN, reason=reason)
        self._door.look(viewer, Purpose.BEHALF, home.id, shown, about=f"their letter: {reason}")
        return self._choices(resident, home, "")

    def _choices(self, resident: Resident, home: Home, word: str) -> Choices:
        now, wishes = self._door.clock.now(), self._wishes.of(home.id)
        names = self._door.names()
        return Choices(
            resident.id,
            resident.called,
            home.id,
            home.timezone,
            now,
            word,
            tuple(self._kinds(home, wishes, now)),
            tuple(self._door.records.contacts_of(resident.id)),
            self._desk.told_of(resident, now),
            tuple(Said(one, names.get(one.actor, one.actor)) for one in wishes if one.resident == resident.id),
            tuple((number, one) for number, _, of, one in self._wishes.decisions(home.id) if of == resident.id),
            tuple(self._looks(home.id, now)),
            tuple(self._aged.of(home.id)[:6]),
            home.pause_hours,
            resident.telling.large_print,
            resident.telling.language,
            resident.reablement,
        )

    def export(self, viewer: Viewer, resident_id: str, word: str) -> bytes:
        """All that is held, for the resident. Raises Hidden and ReasonNeeded."""
        resident, home = self._found(viewer, resident_id)
        reason, now = self._reason(viewer, word), self._door.clock.now()
        purpose = Purpose.OWN if viewer.role is Role.RESIDENT else Purpose.HAND_OVER
        shown = self._door.shown(viewer, purpose, Data, reason=reason)
        if viewer.role is not Role.RESIDENT:
            self._door.look(viewer, purpose, home.id, shown, about=reason)
        self._wishes.keep(Wish(now, home.id, resident.id, viewer.login, Deed.TAKEN_OUT, "everything", word))
        return exported(self._store, resident, now)

    def erase(self, viewer: Viewer, resident_id: str, word: str, kind: str) -> list[Line]:
        """What was measured, of one kind or 'all'; the service goes on. Raises Hidden and Refused."""
        resident, home = self._may(viewer, resident_id, word)
        if kind not in {"all", *SensorKind}:
            raise Refused("choose what to delete from the list")
        wish = Wish(self._door.clock.now(), home.id, resident.id, viewer.login, Deed.ERASED, kind, word)
        return erase_history(self._store, resident, None if kind == "all" else SensorKind(kind), wish)

    def end_service(self, viewer: Viewer, resident_id: str, word: str) -> list[Line]:
        """Everything but what must be kept. Raises Hidden, and Refused while anybody is looked after there."""
        resident, home = self._may(viewer, resident_id, word)
        if viewer.role is not Role.ADMINISTRATOR:
            raise Hidden(f"the end of the service in {home.id}")
        if home.ended is None:
            raise Refused("the service in this home has not ended: put on record first that they have left")
        now = self._door.clock.now()
        wish = Wish(now, home.id, resident.id, viewer.login, Deed.ERASED, "everything", word)
        return erase_all(self._store, resident, wish)

    def decided_for(self, viewer: Viewer, resident_id: str, word: str, decision: Decision, deed: str) -> None:
        """In the resident's place; about a kind of sensor, which it has used or not. Raises Hidden and Refused."""
        resident, home = self._may(viewer, resident_id, word)
        if viewer.role not in MAY_DECIDE_FOR:
            raise Hidden(f"decisions for {resident.id}")
        if not all((decision.decided, decision.maker, decision.standing, decision.capacity, decision.least)):
            raise Refused(
                "say what was decided and by whom, how it was found that they could not, and why nothing less"
            )
        now = self._door.clock.now()
        if not now < decision.review_at <= now + LONGEST_REVIEW:
            raise Refused("say when it is looked at again: within a year from now")
        wish = Wish(now, home.id, resident.id, viewer.login, Deed.DECIDED, decision.about, word)
        self._wishes.decide(home.id, resident.id, decision, wish)
        mine = next((one for one in self._kinds(home, [], now) if one.kind == decision.about), None)
        if mine is None or deed not in ("agree", "stop"):
            return
        key, before = (home.id, str(mine.kind)), mine.consent
        after = Consent(home.id, mine.kind, decision.maker, "decided in their best interests", now, decision.review_at)
        if deed == "stop":
            if before is None or before.withdrawn_at is not None:
                return
            after = replace(before, withdrawn_at=now, paused_until=None)
        wish = replace(wish, deed=Deed.AGREED if deed == "agree" else Deed.STOPPED)
        self._keep(viewer, wish, Change("consents", key, before, after))

    def end_decision(self, viewer: Viewer, resident_id: str, word: str, number: int) -> None:
        """It was looked at again, and holds no longer. Raises Hidden."""
        resident, home = self._may(viewer, resident_id, word)
        known = {one: made for one, _, of, made in self._wishes.decisions(home.id) if of == resident.id}
        if viewer.role not in MAY_DECIDE_FOR or number not in known:
            raise Hidden(f"decision {number}")
        now = self._door.clock.now()
        wish = Wish(now, home.id, resident.id, viewer.login, Deed.REVIEWED, known[number].about, word)
        self._wishes.end(number, now, wish)

    def reviews(self, viewer: Viewer) -> tuple[datetime, list[Review]]:
        """What is due within the month, the longest overdue first. Raises Hidden."""
        if viewer.role not in MAY_DECIDE_FOR:
            raise Hidden("reviews")
        now, homes = self._door.clock.now(), self._door.homes(viewer)
        found = [
            Review(home, resident, one.about, one.review_at)
            for _, home, resident, one in self._wishes.decisions(before=now + REMINDED)
            if home in homes
        ]
        for one in self._wishes.to_be_reviewed():
            if one.home in homes and one.review_at and one.review_at <= now + REMINDED:
                living = self._door.records.residents_of(one.home)
                found.append(Review(one.home, living[0].id if living else "", one.about, one.review_at))
        return now, sorted(found, key=lambda one: one.at)

    def _looks(self, home: str, now: datetime) -> Iterable[LookedAs]:
        lines: dict[tuple[str, str], LookedAs] = {}
        for one in sorted(self._door.records.looks(home), key=lambda look: look.at):
            if one.at > now - WEEK:
                key = (str(one.role), one.purpose)
                lines[key] = LookedAs(*key, lines[key].count + 1 if key in lines else 1, one.at)
        return sorted(lines.values(), key=lambda line: line.last, reverse=True)

    def decide(self, viewer: Viewer, resident_id: str, word: str, kind: str, deed: str, hours: int) -> None:
        """About one kind of sensor. Raises Hidden, Refused and Meanwhile."""
        resident, home = self._may(viewer, resident_id, word)
        mine = next((one for one in self._kinds(home, self._wishes.of(home.id), self._door.clock.now())
                     if one.kind == kind), None)  # fmt: skip
        if mine is None:
            raise Refused("there is no such kind of sensor in this home")
        now, before = self._door.clock.now(), mine.consent
        wish = Wish(now, home.id, resident.id, viewer.login, Deed.AGREED, str(mine.kind), word)
        match deed:
            case "agree":
                basis = WORDS.get(word, "chosen on their own page")
                after = Consent(home.id, mine.kind, "the resident", basis, now, before.review_at if before else None)
            case "stop" if before is not None and before.withdrawn_at is None:
                wish, after = replace(wish, deed=Deed.STOPPED), replace(before, withdrawn_at=now, paused_until=None)
            case "resume" if before is not None and before.paused_until is not None:
                wish, after = replace(wish, deed=Deed.RESUMED), replace(before, paused_until=None)
            case "pause" if before is not None and before.stands:
                if hours not in mine.pauses:
                    raise Refused(f"a pause may last {home.pause_hours} hours in a week, and less than that is left")
                until = now + timedelta(hours=hours)
                wish, after = replace(wish, deed=Deed.PAUSED, until=until), replace(before, paused_until=until)
            case _:
                raise Refused("that was decided already: look at what holds now")
        self._keep(viewer, wish, Change("consents", (home.id, str(mine.kind)), before, after))

    def share(self, viewer: Viewer, resident_id: str, word: str, contact_id: str, deed: str, value: str) -> None:
        """About one contact: 'level' with one, 'pause' with hours, 'resume'. Raises Hidden, Refused and Meanwhile."""
        resident, home = self._may(viewer, resident_id, word)
        now, before = self._door.clock.now(), self._contact(resident, contact_id)
        wish = Wish(now, home.id, resident.id, viewer.login, Deed.LEVEL, before.id, word)
        match deed:
            case "level" if value in set(Level):
                after = replace(before, level=Level(value))
                wish = replace(wish, text=f"{before.level} → {after.level}")
            case "pause" if value.isdecimal() and int(value) in SHARING_PAUSES:
                after = replace(before, paused_until=now + timedelta(hours=int(value)))
                wish = replace(wish, deed=Deed.SHARING_PAUSED, until=after.paused_until)
            case "resume":
                wish, after = replace(wish, deed=Deed.SHARING_RESUMED), replace(before, paused_until=None)
            case _:
                raise Refused("choose what they may see from the list")
        if after != before:
            self._keep(viewer, wish, Change("contacts", (before.id,), before, after))

    def seeing_as(self, viewer: Viewer, resident_id: str, word: str, contact_id: str) -> tuple[Contact, Viewer]:
        """Whoever looks, in that contact's place: what they are shown is what that contact is shown, and the look is
        theirs. Raises Hidden and ReasonNeeded.
        """
        resident, home = self._found(viewer, resident_id)
        contact, reason = self._contact(resident, contact_id), self._reason(viewer, word)
        wanted = AT_LEVEL[level_at(contact, self._door.clock.now())]
        if not wanted <= self._door.shown(viewer, Purpose.PREVIEW, wanted, reason=reason):
            raise Hidden(f"as {contact_id}")
        about = AS.format(contact_id) + (f"; {reason}" if reason else "")
        self._door.look(viewer, Purpose.PREVIEW, home.id, wanted, about=about)
        stands_in = Account(viewer.login, viewer.name, Role.CONTACT, contact.id, council=viewer.council)
        told = self._relatives.telling(contact)
        return contact, Viewer(stands_in, "", behind=viewer, about=about, telling=told)

    def _contact(self, resident: Resident, contact_id: str) -> Contact:
        contact = self._door.records.contact(contact_id)
        if contact is None or contact.resident != resident.id:
            raise Hidden(f"contact {contact_id}")
        return contact

    def _found(self, viewer: Viewer, resident_id: str) -> tuple[Resident, Home]:
        resident = self._door.records.resident(resident_id)
        if resident is None or (viewer.role is Role.RESIDENT and viewer.person != resident.id):
            raise Hidden(f"resident {resident_id}")
        return resident, self._door.home(viewer, resident.home)

    def _may(self, viewer: Viewer, resident_id: str, word: str) -> tuple[Resident, Home]:
        """Whoever writes down what the resident said must say how they know, and that look is on record."""
        resident, home = self._found(viewer, resident_id)
        if viewer.role is Role.RESIDENT:
            self._door.shown(viewer, Purpose.OWN, SEEN)
            return resident, home
        reason = self._reason(viewer, word)
        shown = self._door.shown(viewer, Purpose.BEHALF, SEEN, reason=reason)
        self._door.look(viewer, Purpose.BEHALF, home.id, shown, about=reason)
        return resident, home

    def _reason(self, viewer: Viewer, word: str) -> str:
        """Raises Hidden for whoever could do nothing with a reason either."""
        if viewer.role is Role.RESIDENT:
            return ""
        if word not in WORDS:
            self._door.shown(viewer, Purpose.BEHALF, SEEN, reason="-")
            raise ReasonNeeded
        return WORDS[word]

    def _kinds(self, home: Home, wishes: list[Wish], now: datetime) -> Iterable[KindOf]:
        """Those that are fitted, or were decided about."""
        consents = {one.kind: one for one in self._door.records.consents(home.id) if not one.felt}
        for kind in SensorKind:
            fitted = sum(sensor.kind is kind for sensor in home.sensors)
            if fitted or kind in consents:
                pauses = may_pause(wishes, str(kind), home.pause_hours, now)
                yield KindOf(kind, fitted, consents.get(kind), pauses)

    def _keep(self, viewer: Viewer, wish: Wish, change: Change) -> None:
        what = "consent" if change.kind == "consents" else "contact"
        text = f"{wish.deed} by the resident" + (f": {WORDS[wish.word]}" if wish.word else "")
        council = self._door.home(viewer, wish.home).council
        amendment = Amendment(wish.at, viewer.login, council, what, " ".join(change.key), text)
        try:
            self._wishes.keep(wish, [change], [amendment])
        except Overtaken as other:
            raise Meanwhile from other
