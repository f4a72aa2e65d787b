"""What a partner centre that takes over is told: what an operator of ours would be shown to answer that alert."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from hub.store import Store
from hub.store.alerts import HUB, AttemptMade, Entry, since_sent
from hub.store.key_safes import KeySafes
from hub.store.relatives import Relatives
from hub.store.responses import WROTE
from models.alert import ON_SITE, Act, Alert, Lane
from models.hours import day, when
from models.people import Contact, Resident, Role
from models.privacy import Data, Purpose, showing
from models.response import CALLED, PARTNER, TELEPHONE, Tried

TOLD = (Data.PERSON, Data.ADDRESS, Data.WAY_IN, Data.MEDICAL, Data.CONTACTS, Data.TIMELINE)
OF_A_KIT = frozenset({Data.PERSON, Data.ADDRESS, Data.CONTACTS, Data.TIMELINE})
WITH_WORDS = (Act.NOTE, Act.ANSWER, Act.CLOSE)
CODE = "Key safe: the code only through our responder."


class Handing:
    def __init__(self, store: Store) -> None:
        self._records, self._alerts = store.records, store.alerts
        self._relatives, self._safes = Relatives(store.alerts.engine), KeySafes(store.records.engine)

    def told(self, alert: Alert, explained: str, now: datetime) -> str:
        """In lines; the look is on record. The code of a key safe is not in it."""
        may = [one for one in TOLD if showing(Role.OPERATOR, Purpose.ANSWER, one)]
        shown = [one for one in may if alert.lane is Lane.PERSON or one in OF_A_KIT]
        about = f"alert {alert.id} was handed to the partner centre"
        self._records.look(PARTNER, Role.OPERATOR, alert.home, ", ".join(shown), Purpose.ANSWER, about, now)
        living = [one for one in self._records.residents_of(alert.home) if alert.resident in (None, one.id)]
        contacts = [one for who in living for one in self._records.contacts_of(who.id)]
        lines = [explained, *(line for who in living for line in _of(who, shown))]
        if Data.WAY_IN in shown and self._safes.sealed(alert.home) is not None:
            lines.append(CODE)
        if Data.CONTACTS in shown:
            lines += self._contacts(contacts, alert)
        if Data.TIMELINE in shown:
            lines += self._so_far(alert, {one.id: f"{one.name} ({one.relation})" for one in contacts}, now)
        return "\n".join(lines) + "\n"

    def _contacts(self, contacts: Sequence[Contact], alert: Alert) -> Iterable[str]:
        zone, rests = self._zone(alert), self._relatives.resting([one.id for one in contacts], alert.raised_at)
        yield "Contacts, in order:" if contacts else "Contacts: none."
        for number, one in enumerate(contacts, 1):
            key = ", keyholder" if one.keyholder else ""
            rest = f", has a break until {day(rests[one.id].until, zone)}" if one.id in rests else ""
            where = ", ".join(address.to for address in one.addresses) or "no number"
            yield f"{number}. {one.name}, {one.relation}{key}{rest}: {where}"

    def _so_far(self, alert: Alert, names: dict[str, str], now: datetime) -> Iterable[str]:
        """Who was tried and with what result, what was said and written down, and who is on the way."""
        zone, entries, staff = self._zone(alert), self._alerts.timeline(alert.id), self._records.accounts.names()
        tries = [one for one in self._alerts.attempts(alert.id) if one.who != PARTNER]
        for one in {(one.who, one.transport): one for one in tries}.values():
            called = names.get(one.who, CALLED.get(one.who, one.who))
            yield f"{when(one.at, now, zone)} tried: {called}, {_way(one)}: {_came(one)}"
        people = {**CALLED, **staff, **names}
        for entry in entries:
            if entry.actor != HUB and (said := _said(entry, people)):
                yield f"{when(entry.at, now, zone)} {said}"
        for step in since_sent(entries):
            if step.act is Act.SEND:
                who, _, more = step.text.partition("\n")
                yield f"{when(step.at, now, zone)} responder sent: {staff.get(who, who)}. {more}".strip()
            elif step.act in ON_SITE:
                said = " ".join(step.text.splitlines())
                yield f"{when(step.at, now, zone)} responder: {step.act}. {said}".strip()

    def _zone(self, alert: Alert) -> str:
        home = self._records.home(alert.home)
        return home.timezone if home else "UTC"


def _of(who: Resident, shown: Sequence[Data]) -> Iterable[str]:
    """Who it is, and how to reach and speak with them; what is not known is left out."""
    where = f", {who.address}, telephone {who.phone or 'not known'}" if Data.ADDRESS in shown else ""
    yield f"{who.name if Data.PERSON in shown else who.called}{where}"
    manner = f"{who.telling.manner}, language {who.telling.language}"
    said = (
        (Data.PERSON, "Likes to be called", who.called),
        (Data.PERSON, "Speaking with them", who.speak_with),
        (Data.PERSON, "How to tell them", manner + (", large print" if who.telling.large_print else "")),
        (Data.WAY_IN, "Way in", who.way_in),
        (Data.MEDICAL, "Medical notes", who.medical_notes),
        (Data.MEDICAL, "Risks", who.risks),
    )
    yield from (f"{label}: {text}" for data, label, text in said if data in shown and text)


def _said(entry: Entry, people: Mapping[str, str]) -> str:
    """Somebody's own words, and whose; "" where there are none, or they stand elsewhere."""
    by = people.get(entry.actor, entry.actor)
    if entry.act in WITH_WORDS and entry.text:
        return f"note by {by}: {entry.text}"
    if entry.act is Act.REPLY and entry.text.startswith(WROTE):
        return f"{by} wrote: {entry.text.removeprefix(WROTE)}"
    tried, _, words = entry.text.partition("\n")
    if entry.act is Act.TRY and words:
        who = tried.partition(": ")[0]
        return f"after calling {people.get(who, who)}, {by} wrote down: {words}"
    return ""


def _way(one: AttemptMade) -> str:
    return {TELEPHONE: "by telephone", "log": "on the console"}.get(one.transport, f"by {one.transport}")


def _came(one: AttemptMade) -> str:
    if one.answer is not None:
        return str(one.answer)
    return "no word yet" if one.tried in (Tried.SENT, Tried.INTENDED) else "failed"
