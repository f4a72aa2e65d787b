"""The agreed response of an alert: the plan, tries by hand, and the word of those who were sent a link."""

import contextlib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from hub.calls import ANSWERED_WITHIN, why_called
from hub.keyring import Keyring
from hub.links import Expired, Links, Matter, Unsigned
from hub.plans import plan_of
from hub.settings import Settings, secret
from hub.store.alerts import AttemptMade, Entry
from hub.store.relatives import Break, Relatives
from hub.store.responses import Responses
from hub.store.ways import Ways, of_staff
from hub.store.wishes import Wishes
from hub.transports.post import signed
from hub.transports.webpush import public_key, readable
from hub.web.access.door import Door, Hidden, Viewer
from hub.web.responding import PlanStep, Reply, Responding
from models.alert import Act, Alert, Lane, Refused, State
from models.hours import day
from models.languages import LANGUAGES
from models.people import Contact, Resident, Role, international
from models.response import (
    BY_OPERATOR,
    CALLED,
    EMERGENCY,
    HOLDS,
    OUTSIDE,
    PARTNER,
    RESIDENT,
    SEND,
    TELEPHONE,
    Answer,
    Incident,
    ResponsePlan,
    Step,
    Tried,
    Visit,
    held_until,
    incident,
    named,
    nods,
    placed,
    propose,
    sent_back,
)

ACTING = frozenset({Role.OPERATOR, Role.SUPERVISOR})
WAYS: dict[str, str] = {
    TELEPHONE: "by telephone",
    SEND: "by you",
    "log": "on the console",
    "email": "by email",
    "sms": "by text message",
    "post": "by a letter a week",
    "push": "by push",
    "webpush": "on their browser",
    "sip": "by a call that the hub makes",
    "webhook": "by the webhook",
    "partner": "by its own system",
    "family": "on the family page",
}
TITLES: dict[Incident, str] = {
    Incident.PRESS: "a call for help",
    Incident.FALL: "a fall",
    Incident.SILENCE: "no sign of life",
    Incident.NIGHT: "a night that is not as usual",
    Incident.FAULT: "a kit in trouble",
    Incident.DEFAULT: "whatever happens",
}


UNSPOKEN = "It is not on record that anybody has spoken with {}, or was there. Close it all the same?"


DELIVERED_AGAIN = timedelta(minutes=5)
"""Within this the same answer of the same person is one that a gateway delivers twice."""


class TextBack(msgspec.Struct):
    """What a gateway passes on: from which number, and what was sent back."""

    sender: str
    text: str


class ResponseDesk:
    def __init__(self, door: Door, settings: Settings) -> None:
        self._door, self._settings = door, settings
        self._links = Links(Keyring(settings.secrets))
        self._responses, self._ways = Responses(door.alerts.engine), Ways(door.alerts.engine)
        self._relatives, self._wishes = Relatives(door.alerts.engine), Wishes(door.records.engine)

    def of(self, viewer: Viewer, alert: Alert, entries: Sequence[Entry]) -> Responding | None:
        """None for whoever does not answer alerts, and where it is over."""
        if viewer.role not in ACTING or alert.state is State.CLOSED:
            return None
        plan, now = self._plan(alert), self._door.clock.now()
        attempts, people = placed(plan, self._door.alerts.attempts(alert.id)), self.people(alert)
        proposal = propose(plan, alert, attempts, now, people, visit(entries))
        phones = self._phones(alert)
        steps = tuple(
            _step(number, step, people, phones, [one for one in attempts if one.step == number], proposal.step)
            for number, step in enumerate(plan.steps)
        )
        title = TITLES.get(incident(alert.kind, alert.lane), "")
        unspoken = "" if alert.lane is Lane.KIT or _spoken(attempts, entries) else UNSPOKEN.format(people[RESIDENT])
        return Responding(title, steps, proposal, held_until(attempts, now), alert.holder == viewer.login, unspoken)

    def people(self, alert: Alert) -> dict[str, str]:
        """How everybody is called that a plan or a timeline may name."""
        living = self._door.residents(alert)
        contacts = self._door.contacts(living)
        breaks = self._relatives.resting([one.id for one in contacts], alert.raised_at)
        known = {one.id: f"{one.name} ({one.relation}{self._rests(alert, breaks.get(one.id))})" for one in contacts}
        called = " and ".join(one.called or one.name for one in living)
        return {**CALLED, **known, **({RESIDENT: called} if called else {})}

    def _rests(self, alert: Alert, rest: Break | None) -> str:
        home = self._door.records.home(alert.home)
        return f"; has a break until {day(rest.until, home.timezone)}" if rest and home else ""

    def tried(self, viewer: Viewer, alert_id: int, said: str, answer: str, text: str) -> None:
        """Raises Hidden, and Refused."""
        if viewer.role not in ACTING:
            raise Hidden(f"alert {alert_id}")
        alert, now = self._door.alert(viewer, alert_id), self._door.clock.now()
        plan = self._plan(alert)
        if answer not in BY_OPERATOR:
            raise Refused("a try needs what came of it: choose one")
        step = _meant(plan, said)
        if step is None:
            raise Refused("the plan was changed meanwhile: look at its steps again")
        hold = self._door.records.plan_for(alert).hold
        who = plan.steps[step].who
        self._responses.tried(alert_id, step, who, TELEPHONE, Answer(answer), viewer.login, now, text, hold)

    def reply(self, token: str) -> Reply:
        """Raises Hidden for a link that is not ours or good no longer: a stranger learns nothing from either."""
        attempt, alert = self._linked(token)
        return self._reply(attempt, alert)

    def say(self, token: str, answer: Answer) -> Reply:
        """The first word by a link stands; said again, it is the page that tells of it. Raises Hidden."""
        attempt, alert = self._linked(token)
        try:
            attempt = self._responses.replied(attempt.id, answer, self._door.clock.now())
        except Refused:
            alert = self._door.alerts.alert(alert.id) or alert
        return self._reply(attempt, alert)

    def say_by_number(self, body: bytes, said: str) -> None:
        """What somebody sent back by text message, passed on by the gateway: an answer, or words for the timeline.
        Raises Hidden unless it is signed, and for a number that was sent nothing lately.
        """
        shared, now = secret(self._settings.sms_reply_secret_file), self._door.clock.now()
        if not shared or not signed(body, said, shared, self._door.real_now()):
            raise Hidden("text message")
        try:
            reply = msgspec.json.decode(body, type=TextBack)
        except msgspec.DecodeError as bad:
            raise Hidden("text message") from bad
        mine = self._sent_to(self._called(reply.sender), now)
        if not mine:
            raise Hidden("text message")
        still, text = [one for one in mine if self._is_open(one.alert)], reply.text.strip()
        if still and text:
            self._said_by_text(still, text, now)

    def _said_by_text(self, mine: Sequence[AttemptMade], text: str, now: datetime) -> None:
        """The word of whom these attempts reached, about alerts that are open; the latest is first."""
        alerts, (number, rest) = {one.alert for one in mine}, named(text)
        answer = None if number and number not in alerts else sent_back(rest)
        meant = (alerts & {number}) or (_waits_alone(mine) if answer else set()) or alerts
        if answer and _said_again(mine, answer, meant, now):
            return
        for about in meant:
            with contextlib.suppress(Refused):
                self._put_down([one for one in mine if one.alert == about], text, answer, now, doubt=len(meant) > 1)

    def _put_down(
        self, mine: Sequence[AttemptMade], text: str, answer: Answer | None, now: datetime, *, doubt: bool
    ) -> None:
        """For one alert. With `doubt` it may be about another, and then no word stops the chain."""
        alert, who = mine[0].alert, mine[0].who
        if doubt or answer is None:
            words = f'"{text}"{" (may be about another alert)" if doubt else ""}'
            self._responses.wrote(alert, who, words, now, let_go=answer is None and not nods(text))
        if answer is None or (doubt and answer in HOLDS):
            return
        waiting = [one for one in mine if one.answer is None]
        if waiting:
            self._responses.replied(waiting[0].id, answer, now)
        else:
            self._responses.volunteered(alert, who, answer, now, "sms")

    def _sent_to(self, number: str, now: datetime) -> list[AttemptMade]:
        lately = self._responses.made_by("sms", now - ANSWERED_WITHIN) if number else []
        people = {who for who in {one.who for one in lately} if number in self._numbers_of(who)}
        return [one for one in lately if one.who in people]

    def _is_open(self, alert_id: int) -> bool:
        alert = self._door.alerts.alert(alert_id)
        return alert is not None and alert.state is not State.CLOSED

    def _numbers_of(self, who: str) -> set[str]:
        contact = self._door.records.contact(who)
        return {self._called(one.to) for one in contact.addresses if one.transport == "sms"} if contact else set()

    def _called(self, number: str) -> str:
        return international(number, self._settings.country_code)

    def push_key(self, viewer: Viewer) -> bytes:
        self._told(viewer)
        return public_key(self._settings)

    def subscribe(self, viewer: Viewer, content: bytes, endpoint: str) -> None:
        """Raises Hidden for whoever is told nothing, and for a subscription that is none."""
        person = self._told(viewer)
        if not readable(self._settings, content):
            raise Hidden("push")
        self._ways.subscribe(person, endpoint, content.decode(), self._door.clock.now())

    def unsubscribe(self, viewer: Viewer, endpoint: str) -> None:
        """Only a browser of their own; one that is not known is gone already. Raises Hidden."""
        self._ways.unsubscribe(endpoint, self._told(viewer))

    def forget_browser(self, viewer: Viewer, mark: str) -> None:
        """Their browser of which `mark` is the mark, if there is one."""
        with contextlib.suppress(Hidden):
            person = self._told(viewer)
            for content in self._ways.subscriptions(person) if mark else ():
                if marked(endpoint := msgspec.json.decode(content)["endpoint"]) == mark:
                    self._ways.unsubscribe(endpoint, person)

    def forget_browsers(self, viewer: Viewer) -> None:
        with contextlib.suppress(Hidden):
            self._ways.unsubscribe_all(self._told(viewer))

    @staticmethod
    def _told(viewer: Viewer) -> str:
        """As whom a browser of theirs is kept: contacts, who answers alerts, and who is reminded of things."""
        if viewer.role is Role.CONTACT and viewer.person is not None:
            return viewer.person
        if viewer.role in ACTING or viewer.role is Role.ADMINISTRATOR:
            return of_staff(viewer.login)
        raise Hidden("push")

    def _plan(self, alert: Alert) -> ResponsePlan:
        return plan_of(self._door.records, alert, partner=self._settings.partner_url is not None)

    def _phones(self, alert: Alert) -> dict[str, tuple[str, ...]]:
        living = self._door.residents(alert)
        contacts = {one.id: _numbers(one) for one in self._door.contacts(living)}
        return {RESIDENT: tuple(one.phone for one in living if one.phone), EMERGENCY: ("999",), **contacts}

    def _linked(self, token: str) -> tuple[AttemptMade, Alert]:
        try:
            number = self._links.read(Matter.ATTEMPT, token, self._door.clock.now())
        except (Unsigned, Expired) as bad:
            raise Hidden("link") from bad
        attempt = self._responses.attempt(number)
        alert = self._door.alerts.alert(attempt.alert) if attempt else None
        if attempt is None or alert is None or not self._is_asked(attempt, alert):
            raise Hidden("link")
        return attempt, alert

    def _is_asked(self, attempt: AttemptMade, alert: Alert) -> bool:
        """Whoever was a contact when the link was sent, and is none now, reads nothing and stops nothing by it."""
        contact = self._door.records.contact(attempt.who)
        living = {one.id for one in self._door.residents(alert)}
        return attempt.who == PARTNER or (contact is not None and contact.resident in living)

    def _reply(self, attempt: AttemptMade, alert: Alert) -> Reply:
        home = self._door.records.home(alert.home)
        zone, living = home.timezone if home else "UTC", self._told_of(attempt, alert)
        called = " and ".join(one.called or one.name for one in living)
        over, now = alert.state is State.CLOSED, self._door.clock.now()
        contact = self._door.records.contact(attempt.who)
        language = self._relatives.telling(contact).language if contact else LANGUAGES[0]
        why = why_called(self._door.alerts, self._wishes, contact, alert, now, language) if contact and not over else ""
        return Reply(called, attempt.answer, attempt.holds_until, over, zone, now, language, why)

    def _told_of(self, attempt: AttemptMade, alert: Alert) -> list[Resident]:
        """Only the resident that this contact is one of."""
        contact = self._door.records.contact(attempt.who)
        living = self._door.residents(alert)
        return [one for one in living if contact is None or one.id == contact.resident]


def _spoken(attempts: Iterable[AttemptMade], entries: Iterable[Entry]) -> bool:
    """Whether anybody is on record who knows how the resident is."""
    told = any(one.answer in (Answer.FINE, Answer.NEEDS_HELP) for one in attempts)
    return told or any(one.act in (Act.ARRIVE, Act.ENTER, Act.LEAVE) for one in entries)


def visit(entries: Iterable[Entry]) -> Visit | None:
    """The last responder who was sent. Whatever was noticed after they had left is as if nobody had been there."""
    found: Visit | None = None
    for entry in entries:
        if entry.act is Act.SEND:
            found = Visit(entry.at, arrived=False)
        elif entry.act in (Act.ARRIVE, Act.ENTER) and found:
            found = Visit(found.sent_at, arrived=True)
        elif entry.act is Act.LEAVE and found:
            said = entry.text.partition("\n")[0].rstrip(".")
            found = Visit(found.sent_at, arrived=True, left_at=entry.at, found=said)
        elif entry.act is Act.GROW and found and found.left_at:
            found = None
    return found


def told(entry: Entry, names: Mapping[str, str]) -> str:
    """The text of a try, with whom it was to reach by name."""
    if entry.act is not Act.TRY:
        return entry.text
    if entry.text.startswith("Reaching "):
        who, _, rest = entry.text.removeprefix("Reaching ").partition(" by ")
        way = rest.split(" ", 1)[0].rstrip(".")
        return f"Reaching {names.get(who, who)} {WAYS.get(way, f'by {way}')}{rest.removeprefix(way)}"
    who, colon, rest = entry.text.partition(": ")
    return f"{names.get(who, who)}{colon}{rest}"


def _meant(plan: ResponsePlan, said: str) -> int | None:
    """The step by hand that a form means. Where the plan changed since that was opened, it is the person who counts."""
    number, _, who = said.partition(" ")
    mine = {at: step.who for at, step in enumerate(plan.steps) if step.by_hand}
    at = int(number) if number.isdecimal() else OUTSIDE
    if who and mine.get(at) != who:
        return next((at for at, one in mine.items() if one == who), None)
    return at if at in mine else None


def _step(
    number: int,
    step: Step,
    people: Mapping[str, str],
    phones: Mapping[str, tuple[str, ...]],
    tries: Sequence[AttemptMade],
    proposed: int,
) -> PlanStep:
    last = tries[-1] if tries else None
    minutes = int(step.after.total_seconds() // 60)
    return PlanStep(
        number,
        people.get(step.who, step.who),
        f"after {minutes} min" if minutes else "",
        WAYS.get(step.transport, step.transport),
        step.by_hand,
        phones.get(step.who, ()) if step.transport == TELEPHONE else (),
        (last.answer or ("reached nobody: " + last.detail if last.tried == "failed" else last.tried)) if last else "",
        (last.answered_at or last.at) if last else None,
        len(tries),
        proposed == number != OUTSIDE,
        step.who,
    )


def _numbers(contact: Contact) -> tuple[str, ...]:
    ways = (TELEPHONE, "phone", "sms", "sip")
    return tuple(dict.fromkeys(one.to for way in ways for one in contact.addresses if one.transport == way))


def _waits_alone(mine: Sequence[AttemptMade]) -> set[int]:
    """The alert of the latest attempt, where that and no other's waits for an answer."""
    latest = {one.alert: one for one in reversed(mine)}
    waiting = {alert for alert, one in latest.items() if one.answer is None and one.tried is not Tried.FAILED}
    return waiting & {mine[0].alert} if len(waiting) == 1 else set()


def _said_again(mine: Sequence[AttemptMade], answer: Answer, meant: set[int], now: datetime) -> bool:
    """Whether a gateway delivers once more what was said last, and nothing was sent since."""
    said = [(one.answered_at, one) for one in mine if one.answered_at]
    if not said:
        return False
    at, last = max(said, key=lambda one: (one[0], one[1].id))
    same = last.answer is answer and last.alert in meant and at > now - DELIVERED_AGAIN
    stands = last.holds_until is None or last.holds_until > now
    return same and stands and all(one.at <= at for one in mine)


def marked(endpoint: str) -> str:
    """What names a browser's subscription without telling it."""
    return hashlib.sha256(endpoint.encode()).hexdigest()[:32]
