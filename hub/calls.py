"""What each person is told about an alert: as much as is theirs to know, with a link to say what they will do."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hub.handing import Handing
from hub.links import BY_LINK, Links, Matter
from hub.store import Store
from hub.store.afterwards import Asked
from hub.store.alerts import Alerts, Entry
from hub.store.relatives import Relatives
from hub.store.ways import Ways, of_staff
from hub.store.wishes import Wishes
from hub.transports import Call, Unreached
from models.alert import Act, Alert
from models.detection import FindingKind
from models.hours import Hours, reaches_into
from models.notices import in_quiet_hours
from models.people import PUSHES, WEB_PUSH, Account, Address, Contact, Resident, Role
from models.privacy import Data, Purpose, level_at, showing
from models.response import PARTNER, Step
from models.retold import retold
from models.telling import say
from models.wishes import unshared

ANSWERED_WITHIN = timedelta(hours=4)
"""A link in what somebody was sent is good for so long."""

SAID = {
    "press": "a call for help",
    "silence": "no sign of life",
    "kit_unheard": "a kit that can't be heard",
    "sensor_unheard": "a sensor that does not report",
    "bed_mat": "a sensor in trouble",
    "sensor_flapping": "a sensor in trouble",
    "sensor_stuck": "a sensor in trouble",
}
"""A finding's kind in words that say nothing about the home's life."""

ASKED_FOR = timedelta(days=14)
TEXT = "sms"
OPEN, NOWHERE_TO_OPEN = "Open to see.", "See it on the console."
_ROLES = {Role.OPERATOR.value: Role.OPERATOR, Role.SUPERVISOR.value: Role.SUPERVISOR}


class Calls:
    """`public_url` is where people reach the pages; without it nothing sent holds a link. With `text_back`, numbers
    sent back by text message reach us; `phone` is the contact centre's, for those who are told to ring it.
    """

    def __init__(
        self, store: Store, links: Links, public_url: str | None, *, text_back: bool = False, phone: str | None = None
    ) -> None:
        self._records, self._alerts, self._ways = store.records, store.alerts, Ways(store.alerts.engine)
        self._relatives, self._text_back, self._phone = Relatives(store.alerts.engine), text_back, phone
        self._wishes, self._handing = Wishes(store.records.engine), Handing(store)
        self._links, self._url = links, public_url.rstrip("/") if public_url else ""

    def call(self, alert: Alert, step: Step, attempt: int, now: datetime) -> Call:
        """Raises Unreached where the plan names somebody who may be told nothing."""
        subject, ids = f"Nightlight alert {alert.id}", (alert.id, alert.home, alert.kind, step.who)
        if step.who == PARTNER:
            text = self._handing.told(alert, self._explanation(alert), now)
            return Call(*ids, (), subject, text, self._reply(attempt, now))
        role = _ROLES.get(step.who)
        if role:
            staff = self._staff(alert, role)
            where = _by(step, [address for account in staff for address in account.addresses])
            title, link = f"{subject}: {SAID.get(alert.kind, 'somebody to check on')}", ""
            text = self._for_staff(alert, role)
            if step.transport == WEB_PUSH:
                where = tuple(one for account in staff for one in self._ways.subscriptions(of_staff(account.login)))
                link, text = self._sheet(alert), OPEN
            elif step.transport in PUSHES:
                text = f"{OPEN}\n\n{self._sheet(alert)}\n" if self._url else f"{NOWHERE_TO_OPEN}\n"
            return Call(*ids, where, title, text, link)
        contact = self._records.contact(step.who)
        resident, link = self._whose(alert, contact), self._reply(attempt, now)
        assert contact is not None
        language = self._relatives.telling(contact).language
        pushed = step.transport == WEB_PUSH  # a press on it opens the link, which a locked screen need not show
        where, shown = (self._browsers(contact), "") if pushed else (_by(step, contact.addresses), link)
        why = "" if step.transport in PUSHES else why_called(self._alerts, self._wishes, contact, alert, now, language)
        text = self._for(resident, alert, why, shown, language)
        if step.transport == TEXT and self._text_back:
            text += f"\n{say('call.send_back', language)}\n"
        closed = not showing(Role.CONTACT, Purpose.REASSURE, Data.PARTS_OF_DAY, level_at(contact, now))
        if closed and step.transport in PUSHES and (pushed or link):
            text = "\n\n".join(one for one in (say("wanted.open", language), self._ring(language), shown) if one)
        title = say("call.subject", language, number=alert.id)
        return Call(*ids, where, title, text, link)

    def _browsers(self, contact: Contact) -> tuple[str, ...]:
        return tuple(self._ways.subscriptions(contact.id))

    def rests(self, asked: Asked, now: datetime) -> bool:
        """Whether these are quiet hours of whoever is asked how it went."""
        contact, home = self._records.contact(asked.person), self._records.home(asked.home)
        if contact is None or home is None:
            return False
        return in_quiet_hours(self._relatives.chosen_by(contact), now, home.timezone)

    def question(self, asked: Asked, now: datetime) -> Call:
        """How did it go? Names nobody, since it asks about what is over. Raises Unreached."""
        contact = self._records.contact(asked.person)
        if contact is None or not self._url:
            raise Unreached("there is nowhere to ask them")
        link = f"{self._url}{BY_LINK}feedback/{self._links.made(Matter.FEEDBACK, asked.id, now + ASKED_FOR)}"
        language = self._relatives.telling(contact).language
        text = f"{say('feedback.asked', language, link=link)}\n"
        step = Step(contact.id, asked.way)
        where = self._browsers(contact) if asked.way == WEB_PUSH else _by(step, contact.addresses)
        if not where:
            raise Unreached("there is nowhere to ask them")
        title = say("feedback.subject", language)
        return Call(asked.alert, asked.home, "feedback", contact.id, where, title, text, link)

    def _reply(self, attempt: int, now: datetime) -> str:
        if not self._url:
            return ""
        return f"{self._url}{BY_LINK}reply/{self._links.made(Matter.ATTEMPT, attempt, now + ANSWERED_WITHIN)}"

    def _staff(self, alert: Alert, role: Role) -> list[Account]:
        """Of the council whose home it is, and of no other."""
        home = self._records.home(alert.home)
        return [one for one in self._records.accounts_of(role) if home and one.council == home.council]

    def _whose(self, alert: Alert, contact: Contact | None) -> Resident:
        """The resident that this alert and this contact share. Nobody else's contact is told anything."""
        living = {one.id: one for one in self._records.residents_of(alert.home)}
        resident = living.get(contact.resident) if contact else None
        if resident is None or alert.resident not in (None, resident.id):
            raise Unreached("the plan names somebody who is not a contact of this resident")
        return resident

    def _sheet(self, alert: Alert) -> str:
        return f"{self._url}/console/alert/{alert.id}" if self._url else ""

    def _for_staff(self, alert: Alert, role: Role) -> str:
        lines = [f"{SAID.get(alert.kind, 'somebody to check on').capitalize()}: {self._explanation(alert)}"]
        if alert.resident and showing(role, Purpose.QUEUE, Data.PERSON):
            resident = self._records.resident(alert.resident)
            lines.append(f"Please check on {resident.called}." if resident else "")
        lines.append(self._sheet(alert))
        return "\n\n".join(line for line in lines if line) + "\n"

    def _for(self, resident: Resident, alert: Alert, why: str, link: str, language: str) -> str:
        lines = [say("call.check", language, called=resident.called, number=alert.id), self._ring(language), why]
        if link:
            lines.append(say("call.answer", language, link=link))
            lines.append(f"{self._url}/family")
        return "\n\n".join(line for line in lines if line) + "\n"

    def _ring(self, language: str) -> str:
        return say("doing.ring", language, phone=self._phone) if self._phone else ""

    def _explanation(self, alert: Alert) -> str:
        last = last_noticed(self._alerts, alert, self._alerts.timeline(alert.id), ())
        return " ".join(line for line in last.text.splitlines() if line) if last else ""


def last_noticed(alerts: Alerts, alert: Alert, timeline: Sequence[Entry], hidden: Sequence[Hours]) -> Entry | None:
    """What the `timeline` of an open alert explains last, unless that was noticed in hours that are `hidden`; and
    rather a press or fall than what came with it, such as the end of the silence that a press ends.

    Which finding it explains is not written down: one since the explanation before, a press or a fall ahead of what
    came with it; or, where it came late, any.
    """
    explained = [one for one in timeline if one.act in (Act.RAISE, Act.GROW)]
    if not explained:
        return None
    last = explained[-1]
    before = [one.at for one in explained if one.at < last.at]
    ahead = explained[len(before)]
    found = alerts.found(alert)
    fresh = [one for one in found if before and one.at > before[-1]]
    calls = [one for one in fresh if one.kind in (FindingKind.PRESS, FindingKind.FALL) and ahead is not last]
    for entry, some in ((ahead, calls), (last, fresh or found)):
        if some and not reaches_into(hidden, min(one.since for one in some), entry.at):
            return entry
    return None if hidden else last


def why_called(alerts: Alerts, wishes: Wishes, contact: Contact, alert: Alert, now: datetime, language: str) -> str:
    """As far as the level that the resident chose for them has it, and nothing of it was in a pause of sharing. Without
    the last part: what is to be done before it is closed is for those who close it.
    """
    if not showing(Role.CONTACT, Purpose.REASSURE, Data.TIMES, level_at(contact, now)):
        return ""
    hidden = unshared(wishes.of(alert.home), contact.id)
    last = last_noticed(alerts, alert, alerts.timeline(alert.id), hidden)
    explained = " ".join(line for line in last.text.splitlines()[:3] if line) if last else ""
    return (retold(explained, language) or say("call.why", language, explained=explained)) if explained else ""


def _by(step: Step, addresses: Sequence[Address]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(address.to for address in addresses if address.transport == step.transport))
