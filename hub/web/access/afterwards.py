"""After an alert: how it went, whom somebody was referred to, and why it was raised, for those it was about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.keyring import Keyring
from hub.knowing import Knowing, told_of
from hub.links import Expired, Links, Matter, Unsigned
from hub.settings import Settings
from hub.store.afterwards import Afterwards, Asked, Referral, Said
from hub.store.relatives import Relatives
from hub.store.ways import Ways
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.access.said import reasons
from hub.web.shown import Reason
from models.afterwards import NOT_ASKED_AFTER, Service, Went
from models.alert import Act, Alert, Lane, Refused, State
from models.languages import LANGUAGES
from models.notices import EMAIL, IF_CHOSEN, in_order, ways_to
from models.people import Contact, Resident, Role
from models.privacy import Data, Purpose
from models.reason import said
from models.response import REACHED
from models.telling import say

ACTING = frozenset({Role.OPERATOR, Role.SUPERVISOR})
KEPT = timedelta(days=90)
LINKED = frozenset({"email", "sms", "push", "webpush"})
"""Ways that a link goes by."""

DECIDED = frozenset(
    {Act.RAISE, Act.ANSWER, Act.LAPSE, Act.SEND, Act.ARRIVE, Act.LEAVE, Act.REPLY, Act.CLOSE, Act.REOPEN, Act.CORRECT}
)
"""What those whom an alert was about are told of who decided what."""


@dataclass(frozen=True, slots=True)
class Past:
    """Closed alerts, the latest first."""

    alerts: tuple[Alert, ...]
    zone: str


@dataclass(frozen=True, slots=True)
class Why:
    """One closed alert as those see it whom it was about."""

    alert: Alert
    called: str
    zone: str
    now: datetime
    why: tuple[Reason, ...]
    decided: tuple[tuple[datetime, Act, str], ...]
    reason: str
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A referral as it is printed."""

    referral: Referral
    alert: Alert
    resident: Resident | None
    by: str
    zone: str
    outcome: str
    telling: str


@dataclass(frozen=True, slots=True)
class Aftermath:
    """For the alert's page: questions for the next call, referrals made, who lives there, and whom of them the alert
    may be about.
    """

    ask: tuple[Asked, ...]
    referrals: tuple[Referral, ...]
    living: tuple[Resident, ...]
    about: tuple[Resident, ...]
    names: dict[str, str]
    """Of those who are to be asked."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The supervisors' page."""

    zone: str
    now: datetime
    open: tuple[Said, ...]
    answered: tuple[tuple[Said, Said], ...]
    feedback: tuple[Asked, ...]
    names: dict[str, str]


class AfterDesk:
    def __init__(self, door: Door, settings: Settings, knowing: Knowing) -> None:
        self._door, self._knowing, self._links = door, knowing, Links(Keyring(settings.secrets))
        self._after, self._relatives = Afterwards(door.records.engine), Relatives(door.records.engine)
        self._ways = Ways(door.records.engine)

    # How it went

    def closed(self, alert: Alert) -> None:
        """Ask the resident at the next call, and the contacts whom this alert reached by the way that they prefer."""
        if alert.lane is not Lane.PERSON or alert.outcome in NOT_ASKED_AFTER:
            return
        now, asked = self._door.clock.now(), self._after.asked(alert.id)
        living = self._door.residents(alert)
        at_call = living[0].id if len(living) == 1 else ""
        if living and at_call not in asked:
            self._after.ask(alert.id, alert.home, at_call, "", now)
        reached = {one.who for one in self._door.alerts.attempts(alert.id) if one.answer in REACHED} - asked
        for contact in self._door.contacts(living):
            way = self._way_to(contact) if contact.id in reached else None
            if way is not None:
                self._after.ask(alert.id, alert.home, contact.id, way, now)

    def reopened(self, alert: Alert) -> None:
        """It is not over: what was not sent yet is not asked."""
        self._after.unask(alert.id)

    def _way_to(self, contact: Contact) -> str | None:
        """'' is at the next call: whoever wants to hear by telephone or post is sent no link. None is nowhere. Email
        comes before browsers, of which nobody knows whether one is subscribed still.
        """
        chosen = self._relatives.chosen_by(contact).way
        if chosen in IF_CHOSEN:
            return ""
        browser = bool(self._ways.subscriptions(contact.id))
        return next(iter(in_order(ways_to(contact.addresses, LINKED, browser=browser), chosen or EMAIL)), None)

    def question(self, token: str) -> Asked:
        """Raises Hidden for a link that is not ours or is good no longer."""
        try:
            number = self._links.read(Matter.FEEDBACK, token, self._door.clock.now())
        except (Unsigned, Expired) as bad:
            raise Hidden("link") from bad
        asked = self._after.question(number)
        if asked is None:
            raise Hidden("link")
        return asked

    def language_of(self, asked: Asked) -> str:
        contact = self._door.records.contact(asked.person)
        return self._relatives.telling(contact).language if contact else LANGUAGES[0]

    def answer_by_link(self, token: str, went: Went, words: str) -> None:
        asked = self.question(token)
        self._after.answer(asked.id, went, words, asked.person, self._door.clock.now(), asked.person)

    def answer_told(self, viewer: Viewer, asked_id: int, went: str, words: str, about: str = "") -> Asked:
        """An operator puts down what was said on the telephone, `about` which resident. Raises Hidden, and Refused."""
        asked = self._after.question(asked_id)
        if viewer.role not in ACTING or asked is None:
            raise Hidden("feedback")
        self._door.home(viewer, asked.home)
        if went not in set(Went):
            raise Refused("choose what they said")
        person = asked.person or _named(self._door.records.residents_of(asked.home), about).id
        self._after.answer(asked_id, Went(went), words, viewer.login, self._door.clock.now(), person)
        return asked

    def of_alert(self, viewer: Viewer, alert: Alert) -> Aftermath | None:
        if viewer.role not in ACTING or alert.lane is not Lane.PERSON:
            return None
        asked, referrals = self._after.at_next_call(alert.home), self._after.referrals(alert.id)
        living, about = self._door.records.residents_of(alert.home), self._door.residents(alert)
        names = {one.id: one.called or one.name for one in living}
        names |= {one.id: f"{one.name} ({one.relation})" for one in self._door.contacts(living)}
        return Aftermath(tuple(asked), tuple(referrals), tuple(living), tuple(about), names)

    # Referred on

    def refer(self, viewer: Viewer, alert_id: int, service: str, words: str, about: str = "", *, agreed: bool) -> int:
        """`about` is a resident's id, where several live there. Raises Hidden, and Refused."""
        alert = self._acting(viewer, alert_id)
        if service not in set(Service):
            raise Refused("choose to whom")
        if not agreed:
            raise Refused("a referral names somebody to others: they have to agree to it first")
        if alert.lane is not Lane.PERSON:
            raise Refused("this alert is about a kit")
        resident = _named(self._door.residents(alert), about)
        return self._after.refer(alert_id, Service(service), viewer.login, words, self._door.clock.now(), resident.id)

    def letter(self, viewer: Viewer, number: int) -> Letter:
        """Raises Hidden."""
        referral = self._after.referral(number)
        if referral is None:
            raise Hidden("referral")
        alert = self._acting(viewer, referral.alert)
        shown = self._door.shown(viewer, Purpose.ANSWER, (Data.PERSON, Data.ADDRESS))
        self._door.look(viewer, Purpose.ANSWER, alert.home, shown, about=f"referral {number}, alert {alert.id}")
        home, names = self._door.home(viewer, alert.home), self._door.names()
        resident = self._referred(referral, alert)
        told = resident.telling if resident else None
        large = ", large print" if told and told.large_print else ""
        telling = f"{told.manner}, language {told.language}{large}" if told else ""
        outcome = " · ".join(filter(None, [alert.outcome or "", said(alert.outcome, alert.reason)]))
        by = names.get(referral.actor, referral.actor)
        return Letter(referral, alert, resident, by, home.timezone, outcome, telling)

    def _referred(self, referral: Referral, alert: Alert) -> Resident | None:
        if referral.resident:
            return self._door.records.resident(referral.resident)
        living = self._door.residents(alert)
        return living[0] if len(living) == 1 else None

    # Why, and whether that was right

    def whys(self, viewer: Viewer) -> Past:
        """Closed alerts about the viewer, or about whom they are a contact of. Raises Hidden."""
        resident = self._whose(viewer)
        since = self._door.clock.now() - KEPT
        found = [one for one in self._door.alerts.of_home(resident.home, 50) if one.raised_at >= since]
        zone = self._door.home(viewer, resident.home).timezone
        return Past(tuple(self._told(viewer, [one for one in found if _closed_about(one, resident)])), zone)

    def why(self, viewer: Viewer, alert_id: int) -> Why:
        """Raises Hidden."""
        resident, alert = self._whose(viewer), self._door.alert(viewer, alert_id)
        if not _closed_about(alert, resident) or not self._told(viewer, [alert]):
            raise Hidden(f"alert {alert_id}")
        entries, names = self._door.alerts.timeline(alert_id), self._door.names()
        full = viewer.role is Role.RESIDENT
        known = names if full else {}
        decided = tuple((one.at, one.act, known.get(one.actor, "")) for one in entries if one.act in DECIDED)
        home, now = self._door.home(viewer, alert.home), self._door.clock.now()
        mine = tuple(one for one in self._after.said(alert_id) if full or self._about(one, viewer, alert_id))
        reason = said(alert.outcome, alert.reason)
        return Why(alert, resident.called, home.timezone, now, reasons(entries), decided, reason, mine)

    def challenge(self, viewer: Viewer, alert_id: int, words: str) -> None:
        """Raises Hidden, and Refused."""
        self.why(viewer, alert_id)
        if not words:
            raise Refused(say("why.refused", viewer.telling.language))
        self._after.say(alert_id, viewer.login, words, self._door.clock.now())

    def looked_into(self, viewer: Viewer) -> Looked:
        """Challenges and what people said of how it went, for supervisors. Raises Hidden."""
        self._supervising(viewer)
        mine = self._door.homes(viewer)
        entries = [one for one in self._after.said() if self._of(one.alert) in mine]
        answers = {one.answers: one for one in entries if one.answers}
        asked = [one for one in entries if not one.answers]
        feedback = [one for one in self._after.answers() if one.home in mine]
        zone = next(iter(mine.values())).timezone if mine else "UTC"
        return Looked(
            zone,
            self._door.clock.now(),
            tuple(one for one in asked if one.id not in answers),
            tuple((one, answers[one.id]) for one in reversed(asked) if one.id in answers),
            tuple(feedback),
            self._door.names(),
        )

    def waiting(self, viewer: Viewer) -> int:
        """How many challenges nobody has answered. Raises Hidden."""
        self._supervising(viewer)
        return self._after.unanswered(self._door.homes(viewer))

    def decide(self, viewer: Viewer, challenge: int, words: str) -> None:
        """Raises Hidden, and Refused."""
        self._supervising(viewer)
        asked = next((one for one in self._after.said() if one.id == challenge), None)
        if asked is None:
            raise Hidden("challenge")
        self._door.alert(viewer, asked.alert)
        if not words:
            raise Refused("an answer needs words")
        try:
            self._after.say(asked.alert, viewer.login, words, self._door.clock.now(), challenge)
        except LookupError as told:
            raise Refused("it has an answer already") from told

    def _told(self, viewer: Viewer, some: Sequence[Alert]) -> list[Alert]:
        """Without those that a contact is told nothing of, since sharing with them was paused meanwhile."""
        contact = self._door.records.contact(viewer.person) if viewer.person else None
        home = self._door.records.home(some[0].home) if some else None
        hidden = self._knowing.hidden(home, contact) if contact and home else ()
        return told_of(self._door.alerts, some, hidden, self._door.clock.now())

    def _about(self, one: Said, viewer: Viewer, alert_id: int) -> bool:
        """A contact sees what they said themselves, and its answer."""
        own = {mine.id for mine in self._after.said(alert_id) if mine.actor == viewer.login}
        return one.id in own or one.answers in own

    def _supervising(self, viewer: Viewer) -> None:
        if viewer.role is not Role.SUPERVISOR:
            raise Hidden("challenges")

    def _of(self, alert_id: int) -> str:
        alert = self._door.alerts.alert(alert_id)
        return alert.home if alert else ""

    def _acting(self, viewer: Viewer, alert_id: int) -> Alert:
        if viewer.role not in ACTING:
            raise Hidden(f"alert {alert_id}")
        return self._door.alert(viewer, alert_id)

    def _whose(self, viewer: Viewer) -> Resident:
        contact = self._door.records.contact(viewer.person) if viewer.person else None
        resident = self._door.records.resident(contact.resident if contact else viewer.person or "")
        if resident is None or viewer.role not in (Role.CONTACT, Role.RESIDENT):
            raise Hidden("alerts")
        purpose = Purpose.OWN if viewer.role is Role.RESIDENT else Purpose.REASSURE
        self._door.shown(viewer, purpose, (Data.ALERTS,), level=contact.level if contact else None)
        return resident


def _named(living: Sequence[Resident], about: str) -> Resident:
    """Who was named, or lives there alone. Raises Refused."""
    found = next((one for one in living if one.id == about), living[0] if len(living) == 1 else None)
    if found is None:
        raise Refused("say whom this is about: several people live there" if living else "nobody lives there")
    return found


def _closed_about(alert: Alert, resident: Resident) -> bool:
    about = alert.resident in (None, resident.id)
    return alert.home == resident.home and alert.lane is Lane.PERSON and alert.state is State.CLOSED and about
