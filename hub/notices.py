"""Notices to relatives: what they chose to be told is written down when it is due, and then sent, by the next way if
one fails; and, by the same means, letters that are due and reminders to staff. Its own loop, so that no alert waits.

Each has a key, and a key is there once, so none is decided on twice. One that was under way when the hub stopped is
sent again only by a way that shows the same key once; by another it is put down as perhaps sent.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hub.clock import Clock
from hub.escalate import OUR_FAULT, Outcome, Sending
from hub.knowing import Knowing, used
from hub.letters import Letters
from hub.links import BY_LINK, Links, Matter
from hub.owed import Owed
from hub.reminders import MATTERS, Reminders
from hub.store import Store
from hub.store.database import is_away
from hub.store.relatives import Notice, Relatives, Sent
from hub.store.ways import Ways
from hub.transports import Call, Transport, Unreached, set_up
from hub.voice import Speechless, spoken
from models.glimpse import At, Glimpse, glimpse, last_told, rounded
from models.home import Home
from models.hours import Hours
from models.knowing import SEEN_FROM
from models.notices import (
    EMAIL,
    SILENT_WAYS,
    NoticeKind,
    Preferences,
    bed_time,
    in_order,
    in_quiet_hours,
    overdue,
    text_of,
    ways_to,
)
from models.observation import SensorKind
from models.people import PUSH, SPOKEN_CALL, WEB_PUSH, Contact, Resident, Role
from models.privacy import Data, Purpose, level_at, showing
from models.response import Tried
from models.telling import say

log = logging.getLogger(__name__)

DECIDE_EVERY, LOOK_AHEAD_EVERY = 5.0, 60.0
"""Real seconds: between looks at what relatives chose; and at letters and reminders, which are a matter of days."""
AT_ONCE = 8
"""Under way at one moment: beyond what a way takes at once the next would be tried, as if it had failed."""
ONCE_ONLY = frozenset({WEB_PUSH, EMAIL})
"""Ways by which the same key is shown once, however often it comes."""
HEARD_WITHIN = timedelta(hours=1)
"""A telephone exchange fetches what it says so soon after it was asked to ring."""
PICKED_UP_WITHIN, RING_AGAIN_AFTER = timedelta(minutes=2), timedelta(minutes=15)
"""An exchange lets it ring for less than a minute. Then once more, and then the next way is tried."""
NO_ANSWER = "sip, not picked up"
"""Among what was tried: a way that may be tried once more."""


class Notices:
    """`work` of the loop of that name."""

    def __init__(
        self, store: Store, transports: Mapping[str, Transport], sending: Sending, clock: Clock,
        public_url: str | None, links: Links,
    ) -> None:  # fmt: skip
        self._store, self._transports, self._sending, self._clock = store, transports, sending, clock
        self._relatives, self._ways = Relatives(store.records.engine), Ways(store.records.engine)
        self._knowing = Knowing(store.records, store.alerts, store.series)
        self._url, self._links = public_url.rstrip("/") if public_url else "", links
        self._wake = sending.finished
        self._set_up = set_up(transports)
        self._owed = Owed(store.records, self._set_up, self._evening_is_over)
        self._letters, self._reminders = Letters(store), Reminders(store, self._url)
        self._decided_at = self._looked_ahead_at = float("-inf")
        self._to_finish: list[Outcome] = []
        self._learning, self._making = False, 0
        self._fallen: list[int] = []
        self._recovered = False

    def turn(self) -> None:
        if not self._recovered:
            self._recover()
        self._clock.wait(1.0, self._wake.wait)
        self._wake.clear()
        now = self._clock.now()
        self._finish(now)
        self._ring_again(now)
        if time.monotonic() - self._decided_at >= DECIDE_EVERY:
            self._decided_at = time.monotonic()
            self.decide(now)
        if time.monotonic() - self._looked_ahead_at >= LOOK_AHEAD_EVERY:
            self._looked_ahead_at = time.monotonic()
            self._letters.decide(now)
            self._reminders.decide(now)
        self.send(now)

    def stumbled(self, error: Exception) -> None:
        """What the hub itself fails at holds up nothing else; while the database is away everything waits."""
        if not is_away(error):
            if self._learning:
                self._to_finish.pop(0)
            if self._making:
                self._fallen.append(self._making)
        self._learning, self._making = False, 0

    def standing(self) -> tuple[datetime, str]:
        return self._clock.now(), ""

    def decide(self, now: datetime) -> None:
        """Write down what is due."""
        self._owed.write_down(now)

    def send(self, now: datetime) -> None:
        while self._fallen:
            self._relatives.finish(self._fallen[0], Sent.FAILED, OUR_FAULT, now)
            self._fallen.pop(0)
        free = max(0, AT_ONCE - self._sending.under_way)
        for notice in self._relatives.in_state(Sent.INTENDED, free) if free else ():
            self._making = notice.id
            try:
                way, call = self._made(notice, now)
            except Unreached as over:
                self._relatives.finish(notice.id, Sent.FAILED, str(over), now)
                continue
            self._relatives.begin(notice.id, way)
            self._sending.start(notice.id, way, call)
        self._making = 0

    def _made(self, notice: Notice, now: datetime) -> tuple[str, Call]:
        """By which way, and what. Raises Unreached."""
        if notice.kind in MATTERS:
            return self._reminders.made(notice, now)
        contact = self._store.records.contact(notice.person)
        ways = self._ways_to(contact, notice, now) if contact else []
        if contact is None or not ways:
            raise Unreached(notice.detail or "there is no way to reach them now")
        return ways[0], self._call(notice, contact, ways[0], now)

    def _recover(self) -> None:
        now = self._clock.now()
        for notice in self._relatives.in_state(Sent.SENDING):
            if notice.way in ONCE_ONLY:
                self._relatives.again(notice.id, notice.tried, notice.detail)
            else:
                self._relatives.finish(notice.id, Sent.UNKNOWN, "the hub stopped meanwhile", now)
        self._recovered = True

    def _finish(self, now: datetime) -> None:
        self._to_finish += self._sending.outcomes()
        under_way = {one.id: one for one in self._relatives.in_state(Sent.SENDING)} if self._to_finish else {}
        while self._to_finish:
            one, self._learning = self._to_finish[0], True
            self._learn(one, now)
            if one.attempt in under_way:
                self._came(under_way[one.attempt], one, now)
            self._to_finish.pop(0)
        self._learning = False

    def _learn(self, one: Outcome, now: datetime) -> None:
        """Whether the way works; and a browser that is subscribed no longer is forgotten."""
        for endpoint in one.gone:
            self._ways.unsubscribe(endpoint)
        if one.broken:
            self._ways.failed(one.transport, one.detail, now)
        elif one.tried is Tried.SENT:
            self._ways.works(one.transport, now)

    def _came(self, notice: Notice, one: Outcome, now: datetime) -> None:
        if one.tried is Tried.SENT and notice.way == SPOKEN_CALL:
            self._relatives.rang(notice.id, now)
        elif one.tried is Tried.SENT:
            self._relatives.finish(notice.id, Sent.SENT, notice.detail, now)
        else:
            self._again(notice, notice.way, one.detail)

    def _again(self, notice: Notice, tried: str, why: str) -> None:
        before = f"{notice.detail}; " if notice.detail else ""
        self._relatives.again(notice.id, (*notice.tried, tried), f"{before}{notice.way}: {why}")

    def _ring_again(self, now: datetime) -> None:
        """Whom a telephone rang for that nobody picked up; what somebody hears, the exchange has fetched from us."""
        for notice in self._relatives.in_state(Sent.RANG):
            since = now - (notice.finished_at or now)
            if NO_ANSWER in notice.tried and since >= PICKED_UP_WITHIN:
                self._again(notice, SPOKEN_CALL, "nobody picked up the second time either")
            elif NO_ANSWER not in notice.tried and since >= RING_AGAIN_AFTER:
                self._again(notice, NO_ANSWER, "nobody picked up")

    def _ways_to(self, contact: Contact, notice: Notice, now: datetime) -> list[str]:
        """Those that are left to try, the chosen one first; in quiet hours only what makes no sound."""
        home, chosen = self._home_of(contact.id), self._relatives.chosen_by(contact)
        known = ways_to(contact.addresses, self._set_up, browser=bool(self._ways.subscriptions(contact.id)))
        quiet = home is not None and in_quiet_hours(chosen, now, home.timezone)
        left = [way for way in known if way not in notice.tried and (not quiet or way in SILENT_WAYS)]
        return in_order(left, chosen.way)

    def _call(self, notice: Notice, contact: Contact, way: str, now: datetime) -> Call:
        """The look is on record before the words are made. Raises Unreached."""
        resident, home = self._store.records.resident(contact.resident), self._home_of(contact.id)
        shown = frozenset(one for one in Data if self._may(contact, one, now))
        if resident is None or home is None or Data.STANDING not in shown:
            raise Unreached("the resident shares nothing with them now")
        self._look(contact, home, shown, now)
        chosen = self._relatives.chosen_by(contact)
        hidden = self._knowing.hidden(home, contact)
        seen = self._glimpse(resident, home, chosen, shown, now, hidden)
        to_bed, untold = self._to_bed(home, shown, now, hidden) if notice.kind is NoticeKind.BED else (None, False)
        sensed = any(one.kind is SensorKind.BED for one in self._in_use(home).sensors)
        language = chosen.language or contact.telling.language
        text = text_of(notice.kind, seen, to_bed, sensed=sensed, unshared=untold, language=language)
        body, subject = text.body, text.subject
        if way == WEB_PUSH or (way == PUSH and self._url):
            subject, body = "Nightlight", say("notice.open", language)
        link = f"{self._url}/family" if self._url else ""
        if way == WEB_PUSH:
            to = tuple(self._ways.subscriptions(contact.id))
        else:
            to, body = tuple(one.to for one in contact.addresses if one.transport == way), f"{body}\n\n{link}".strip()
        silent = notice.kind is NoticeKind.DIGEST or in_quiet_hours(chosen, now, home.timezone)
        aloud = self._heard_at(notice, now) if way == SPOKEN_CALL else ""
        sound = _spoken(notice, text.body, language) if way == EMAIL and chosen.aloud else b""
        return Call(0, home.id, notice.kind, contact.id, to, subject, body, link, notice.key, silent, sound, aloud)

    def _heard_at(self, notice: Notice, now: datetime) -> str:
        """Raises Unreached."""
        if not self._url:
            raise Unreached("the telephone exchange can't fetch what it is to say: set public_url")
        return f"{self._url}{BY_LINK}aloud/{self._links.made(Matter.NOTICE, notice.id, now + HEARD_WITHIN)}.wav"

    def _glimpse(
        self, resident: Resident, home: Home, chosen: Preferences, shown: frozenset[Data], now: datetime,
        hidden: Sequence[Hours],
    ) -> Glimpse:  # fmt: skip
        called = replace(resident, called=chosen.called or resident.called)
        known = self._knowing.known(called, home, now, judged=self._knowing.judged(home, now), hidden=hidden)
        return glimpse(known, shown)

    def _to_bed(
        self, home: Home, shown: frozenset[Data], now: datetime, hidden: Sequence[Hours]
    ) -> tuple[At | None, bool]:
        """When they went to bed; and whether its reader isn't told that, since it was in hours that are `hidden`."""
        at = bed_time(self._in_use(home), self._knowing.seen(home, now - SEEN_FROM, now), now)
        told = last_told(at, hidden)
        return (rounded(told, now, home.timezone, shown) if told else None), at != told

    def _evening_is_over(self, home_id: str, now: datetime) -> bool:
        home = self._store.records.home(home_id)
        if home is None:
            return False
        if overdue(now, home.timezone):
            return True
        return bed_time(self._in_use(home), self._knowing.seen(home, now - SEEN_FROM, now), now) is not None

    def _may(self, contact: Contact, data: Data, now: datetime) -> bool:
        return showing(Role.CONTACT, Purpose.REASSURE, data, level_at(contact, now)) is not None

    def _look(self, contact: Contact, home: Home, shown: frozenset[Data], now: datetime) -> None:
        about = "a notice that they asked for"
        viewer = self._store.records.login_of(contact.id) or contact.id
        data = ", ".join(sorted(shown))
        self._store.records.look(viewer, Role.CONTACT, home.id, data, Purpose.REASSURE, about, now)

    def _home_of(self, person: str) -> Home | None:
        """None for a contact of somebody who is looked after no longer: of the dead nobody is told how they are."""
        contact = self._store.records.contact(person)
        resident = self._store.records.resident(contact.resident) if contact else None
        return self._store.records.home(resident.home) if resident and resident.ended is None else None

    def _in_use(self, home: Home) -> Home:
        return used(self._store.records, home)


def _spoken(notice: Notice, text: str, language: str) -> bytes:
    """Where the hub can't speak, the words go without it."""
    try:
        return spoken(text, language)
    except Speechless as why:
        log.warning("notice %d goes without a sound: %s", notice.id, why)
        return b""
