"""While an alert is open: what a relative may know of it, and what they say they do; and how the load is shared."""

from dataclasses import dataclass
from datetime import timedelta

from hub.calls import last_noticed
from hub.knowing import Knowing, about, told_of
from hub.settings import Settings
from hub.store.alerts import Entry
from hub.store.relatives import Relatives
from hub.store.responses import Responses
from hub.store.shiftbook import Row, Shiftbook
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.access.responding import visit
from hub.web.access.said import reasons
from hub.web.shown import Reason
from models.alert import Alert, Refused, State
from models.hours import clock
from models.people import Contact, Resident, Role
from models.privacy import Data, Purpose
from models.response import BY_KEY, Answer
from models.shift import Noted
from models.telling import Saying

COUNTED = timedelta(days=90)
ASKED_WITHIN = timedelta(days=2)
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """An open alert as a relative sees it: `doing` is what the centre does now; `said` what this reader said last, and
    `may` whether they may say more. `why` only at the level that has alerts in it.
    """

    alert: int
    doing: tuple[str, ...]
    why: Reason | None
    said: Answer | None
    phone: str
    may: bool


@dataclass(frozen=True, slots=True)
class Helper:
    name: str
    relation: str
    first: int
    you: bool


@dataclass(frozen=True, slots=True)
class Sharing:
    """Contacts in the order in which they are called, and how often each was the first to say what they would do."""

    called: str
    helpers: tuple[Helper, ...]
    days: int


class WantedDesk:
    def __init__(self, door: Door, settings: Settings, knowing: Knowing) -> None:
        self._door, self._knowing, self._phone = door, knowing, settings.centre_phone or ""
        self._responses, self._book = Responses(door.alerts.engine), Shiftbook(door.records.engine)
        self._relatives = Relatives(door.records.engine)

    def of(self, viewer: Viewer) -> Wanted | None:
        """None where no alert is open, and for whom nothing is shared with. Raises Hidden."""
        contact, resident = self._whose(viewer)
        shown = self._door.shown(viewer, Purpose.REASSURE, Data, level=contact.level)
        alert = self._open(resident)
        if alert is None or Data.STANDING not in shown:
            return None
        home, entries = self._door.home(viewer, resident.home), self._door.entries(alert)
        hidden = self._knowing.hidden(home, contact)
        whole = told_of(self._door.alerts, [alert], hidden, self._door.clock.now())
        zone = home.timezone if whole and Data.TIMES in shown else ""
        mine = [one for one in self._door.alerts.attempts(alert.id) if one.who == contact.id and one.answer]
        last = last_noticed(self._door.alerts, alert, entries, hidden) if Data.ALERTS in shown else None
        say = Saying(viewer.telling.language)
        doing = (*_centre(alert, entries, zone, say), *self._others(alert, contact, say))
        said = mine[-1].answer if mine else None
        why = reasons([last])[0] if last else None
        return Wanted(alert.id, doing, why, said, self._phone, viewer.behind is None)

    def say(self, viewer: Viewer, key: str) -> None:
        """Raises Hidden, and Refused where it is over."""
        contact, resident = self._whose(viewer)
        alert = self._open(resident)
        if viewer.behind or key not in BY_KEY:
            raise Hidden("answer")
        if alert is None:
            raise Refused(Saying(viewer.telling.language)("refused.over"))
        now = self._door.clock.now()
        waiting = [one for one in self._door.alerts.attempts(alert.id) if one.who == contact.id and one.answer is None]
        if waiting:
            self._responses.replied(waiting[-1].id, BY_KEY[key], now)
        else:
            self._responses.volunteered(alert.id, contact.id, BY_KEY[key], now)

    def sharing(self, viewer: Viewer) -> Sharing:
        """Raises Hidden."""
        contact, resident = self._whose(viewer)
        shown = self._door.shown(viewer, Purpose.REASSURE, Data, level=contact.level)
        self._door.look(viewer, Purpose.REASSURE, resident.home, shown)
        everybody = self._door.records.contacts_of(resident.id)
        named = dict.fromkeys(one.who for one in self._door.records.steps_of(resident.id))
        order = sorted(everybody, key=lambda one: [*named].index(one.id) if one.id in named else len(named))
        since = self._door.clock.now() - COUNTED
        hidden = self._knowing.hidden(self._door.home(viewer, resident.home), contact)
        first = self._responses.first_answers([one.id for one in everybody], since, hidden)
        seen = order if Data.CARERS in shown else [one for one in order if one.id == contact.id]
        helpers = [Helper(one.name, one.relation, first.get(one.id, 0), one.id == contact.id) for one in seen]
        chosen = self._relatives.preferences(contact.id)
        return Sharing((chosen.called if chosen else "") or resident.called, tuple(helpers), COUNTED.days)

    def ask(self, viewer: Viewer, text: str) -> None:
        """A call back that the centre owes them, in the shift's book. Raises Hidden, and Refused."""
        contact, resident = self._whose(viewer)
        if viewer.behind:
            raise Hidden("ask")
        if not text or len(text) > LONGEST:
            raise Refused(Saying(viewer.telling.language)("refused.change", most=LONGEST))
        home, now = self._door.home(viewer, resident.home), self._door.clock.now()
        said = f"{contact.name} ({contact.relation}) asks for a change of who is called: {text}"
        self._book.write(
            Row(0, now, home.council, viewer.login, Noted.PROMISED, home.id, until=now + ASKED_WITHIN, text=said)
        )

    def _open(self, resident: Resident) -> Alert | None:
        mine = [one for one in self._door.alerts.of_home(resident.home, 20) if about(one, resident)]
        return next((one for one in mine if one.state is not State.CLOSED), None)

    def _others(self, alert: Alert, contact: Contact, say: Saying) -> list[str]:
        """Without a name: who else is called is the resident's to tell."""
        now = self._door.clock.now()
        coming = [
            one
            for one in self._door.alerts.attempts(alert.id)
            if one.answer is Answer.ON_THE_WAY and one.who != contact.id and one.holds_until and one.holds_until > now
        ]
        return [say("doing.other")] if coming else []

    def _whose(self, viewer: Viewer) -> tuple[Contact, Resident]:
        contact = self._door.records.contact(viewer.person) if viewer.person else None
        resident = self._door.records.resident(contact.resident) if contact else None
        if viewer.role is not Role.CONTACT or contact is None or resident is None:
            raise Hidden("wanted")
        return contact, resident


def _centre(alert: Alert, entries: list[Entry], zone: str, say: Saying) -> list[str]:
    """What the contact centre does now; since when only for whoever may know moments."""
    sent = visit(entries)
    gone = sent if sent and sent.left_at is None else None
    if alert.state is State.RAISED:
        return [say("doing.rings")]
    if gone and gone.arrived:
        return [say("doing.there")]
    if gone:
        return [say("doing.on_way.since", at=clock(gone.sent_at, zone)) if zone else say("doing.on_way")]
    since = zone and entries
    return [say("doing.dealt.since", at=clock(entries[-1].at, zone)) if since else say("doing.dealt")]
