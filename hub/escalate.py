"""Reaching people: steps that are due are taken, and an unanswered one leads to the next, without end.

An attempt is written down before it is made, so that a crash in the middle is seen afterwards and the step taken again:
twice is better than never. Each attempt is made on a thread of its own and given up after a limit; one that hangs can
delay nobody else's. What a home is to be told ("help is coming") is written down by the act that causes it.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Protocol

from hub.clock import Clock
from hub.plans import plan_of
from hub.store import Store
from hub.store.alerts import HUB, AttemptMade, Ordered
from hub.transports import Call, Transport, Unreached
from models.alert import Act, Alert, Refused
from models.people import Account, Address, Contact, Resident, Role
from models.privacy import Data, Purpose, showing
from models.response import Due, ResponsePlan, Step, Tried, due
from models.wire import Down, Leg, encode

log = logging.getLogger(__name__)

TIME_LIMIT = 30.0
"""Real seconds after which an attempt that says nothing has failed."""
AT_ONCE = 16
"""Attempts under way by one transport; a further one fails at once and leads to the next step."""
ALERTS_AT_ONCE = 100
STALE_ORDER = timedelta(minutes=10)
PASS_OVER = 10.0
"""Real seconds until an alert is tried again whose escalation failed."""
CRASHES = 2
"""A step in the middle of which the hub stopped this often has failed: it may be what stops it."""

_ROLES = {Role.OPERATOR.value: Role.OPERATOR, Role.SUPERVISOR.value: Role.SUPERVISOR}

SAID = {
    "press": "a call for help",
    "silence": "no sign of life",
    "kit_unheard": "a kit that can't be heard",
    "sensor_unheard": "a sensor that does not report",
    "bed_mat": "a sensor in trouble",
    "sensor_flapping": "a sensor in trouble",
    "sensor_stuck": "a sensor in trouble",
    "kit_flaps": "a kit that comes and goes",
    "on_battery": "a kit without mains power",
    "kit_hot": "a kit in trouble",
    "disk_full": "a kit in trouble",
    "radio_offline": "a kit whose radio is offline",
    "battery_flat": "a flat battery",
    "no_test": "a kit without a test press",
    "tampered": "an opened sensor",
}
"""A finding's kind in words that say nothing about the home's life."""


class Handed(Protocol):
    """A message on its way to the broker."""

    def is_published(self) -> bool: ...


class Teller(Protocol):
    """The part of the link that this loop needs."""

    @property
    def hindrance(self) -> str: ...

    def tell(self, home: str, leg: Leg, content: bytes) -> Handed: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    attempt: int
    tried: Tried
    detail: str


@dataclass(frozen=True, slots=True)
class UnderWay:
    transport: str
    since: float


class Sending:
    """Attempts under way, each on a thread of its own, since a hung one must not take a place from the others."""

    def __init__(self, transports: Mapping[str, Transport], time_limit: float = TIME_LIMIT) -> None:
        self._transports = transports
        self._time_limit = time_limit
        self._under_way: dict[int, UnderWay] = {}
        self._hung: dict[int, str] = {}
        self._outcomes: SimpleQueue[Outcome] = SimpleQueue()
        self.finished = threading.Event()

    def start(self, attempt: int, transport: str, call: Call) -> None:
        under_way = [one.transport for one in self._under_way.values()]
        busy = [*under_way, *self._hung.values()].count(transport)
        if busy >= AT_ONCE:
            self._say(attempt, Tried.FAILED, f"{busy} attempts by {transport} are still under way")
            return
        self._under_way[attempt] = UnderWay(transport, time.monotonic())
        words = (attempt, self._transports[transport], call)
        threading.Thread(target=self._send, args=words, name=f"attempt-{attempt}", daemon=True).start()

    def _send(self, attempt: int, transport: Transport, call: Call) -> None:
        try:
            self._say(attempt, Tried.SENT, transport.send(call))
        except Unreached as why:
            self._say(attempt, Tried.FAILED, str(why))
        except Exception as error:
            log.exception("attempt %d failed in its transport", attempt)
            self._say(attempt, Tried.FAILED, f"the transport failed: {type(error).__name__}")

    def _say(self, attempt: int, tried: Tried, detail: str) -> None:
        self._outcomes.put(Outcome(attempt, tried, detail))
        self.finished.set()

    def outcomes(self) -> list[Outcome]:
        """What came of attempts since the last call, those that took too long included."""
        found: list[Outcome] = []
        try:
            while True:
                found.append(self._came(self._outcomes.get_nowait()))
        except Empty:
            pass
        late = time.monotonic() - self._time_limit
        for attempt in [number for number, one in self._under_way.items() if one.since < late]:
            self._hung[attempt] = self._under_way.pop(attempt).transport
            found.append(Outcome(attempt, Tried.FAILED, f"no outcome within {self._time_limit:g} s"))
        return found

    def _came(self, outcome: Outcome) -> Outcome:
        self._under_way.pop(outcome.attempt, None)
        self._hung.pop(outcome.attempt, None)
        return outcome


class Escalate:
    """`work` of the loop of that name."""

    def __init__(
        self,
        store: Store,
        link: Teller,
        sending: Sending,
        transports: Mapping[str, Transport],
        clock: Clock,
        wake: threading.Event,
        public_url: str | None = None,
    ) -> None:
        self._store = store
        self._link = link
        self._sending = sending
        self._transports = transports
        self._clock = clock
        self._wake = wake
        self._public_url = public_url
        self._telling: dict[int, Handed] = {}
        self._to_finish: list[Outcome] = []
        self._recovered = False
        self._looking_at: int | None = None
        self._passed_over: dict[int, float] = {}
        sending.finished = wake

    def turn(self) -> None:
        if not self._recovered:
            self._recover()
        self._wake.wait(self._clock.real_seconds(1.0))
        self._wake.clear()
        now = self._clock.now()
        self._finish(now)
        self._take_due(now)
        self._finish(now)
        self._tell_homes(now)

    def stumbled(self, error: Exception) -> None:
        """The alert that this turn was about is passed over for a while, so that others are not held up by it."""
        if self._looking_at is not None:
            log.error("alert %d can't be escalated: %s", self._looking_at, type(error).__name__)
            self._passed_over[self._looking_at] = time.monotonic() + PASS_OVER
            self._looking_at = None

    def standing(self) -> tuple[datetime, str]:
        over = ", ".join(map(str, sorted(self._passed_over)))
        return self._clock.now(), f"can't be escalated: alert {over}" if over else ""

    def _recover(self) -> None:
        """What an earlier process had under way when it ended, nobody knows the outcome of."""
        for attempt in self._store.alerts.unfinished(self._clock.now()):
            self._store.alerts.finish(attempt.id, Tried.UNKNOWN, "the hub stopped meanwhile", self._clock.now())
        self._recovered = True

    def _finish(self, now: datetime) -> None:
        self._to_finish += self._sending.outcomes()
        while self._to_finish:
            one = self._to_finish[0]
            self._store.alerts.finish(one.attempt, one.tried, one.detail, now)
            self._to_finish.pop(0)

    def _take_due(self, now: datetime) -> None:
        real = time.monotonic()
        self._passed_over = {alert: until for alert, until in self._passed_over.items() if until > real}
        for alert in self._store.alerts.due(now, ALERTS_AT_ONCE):
            if alert.id in self._passed_over:
                continue
            self._looking_at = alert.id
            try:
                self._look(alert, now)
            except Refused as overtaken:
                log.info("alert %d was changed meanwhile: %s", alert.id, overtaken)
            self._looking_at = None

    def _look(self, alert: Alert, now: datetime) -> None:
        plan = plan_of(self._store.records, alert)
        attempts = _known(self._store.alerts.attempts(alert.id))
        what = due(plan, alert, attempts, now)
        if what.lapsed:
            self._store.alerts.act(alert.id, Act.LAPSE, HUB, now, text=f"{alert.holder} did nothing further.")
            log.warning("alert %d stands open again: its answer lapsed", alert.id)
            self._wake.set()
            return
        self._take_steps(plan, alert, what, now)

    def _take_steps(self, plan: ResponsePlan, alert: Alert, what: Due, now: datetime) -> None:
        for number in what.steps:
            step = plan.steps[number]
            attempt = self._store.alerts.intend(alert, number, step.who, step.transport, now)
            if attempt is None:
                return
            alert = replace(alert, version=alert.version + 1)
            self._reach(alert, step, attempt)
        self._store.alerts.look_again(alert, what.look_again_at)

    def _reach(self, alert: Alert, step: Step, attempt: int) -> None:
        transport = self._transports.get(step.transport)
        if transport is None:
            self._to_finish.append(Outcome(attempt, Tried.FAILED, f"there is no transport '{step.transport}'"))
            return
        try:
            self._sending.start(attempt, step.transport, _addressed(self._call(alert, step), transport, step))
        except Unreached as why:
            self._to_finish.append(Outcome(attempt, Tried.FAILED, str(why)))

    def _call(self, alert: Alert, step: Step) -> Call:
        role = _ROLES.get(step.who)
        subject = f"Nightlight alert {alert.id}"
        ids = (alert.id, alert.home, alert.kind, step.who)
        if role:
            to = [address for account in self._staff(alert, role) for address in account.addresses]
            return Call(
                *ids,
                _by(step, to),
                f"{subject}: {SAID.get(alert.kind, 'somebody to check on')}",
                self._for_staff(alert, role),
            )
        contact = self._store.records.contact(step.who)
        resident = self._whose(alert, contact)
        return Call(*ids, _by(step, contact.addresses if contact else ()), subject, self._for(contact, resident, alert))

    def _staff(self, alert: Alert, role: Role) -> list[Account]:
        """Of the council whose home it is, and of no other."""
        home = self._store.records.home(alert.home)
        return [one for one in self._store.records.accounts_of(role) if home and one.council == home.council]

    def _whose(self, alert: Alert, contact: Contact | None) -> Resident:
        """The resident that this alert and this contact share. Nobody else's contact is told anything."""
        living = {one.id: one for one in self._store.records.residents_of(alert.home)}
        resident = living.get(contact.resident) if contact else None
        if resident is None or alert.resident not in (None, resident.id):
            raise Unreached("the plan names somebody who is not a contact of this resident")
        return resident

    def _for_staff(self, alert: Alert, role: Role) -> str:
        lines = [f"{SAID.get(alert.kind, 'somebody to check on').capitalize()}: {self._explanation(alert)}"]
        if alert.resident and showing(role, Purpose.QUEUE, Data.PERSON):
            resident = self._store.records.resident(alert.resident)
            lines.append(f"Please check on {resident.called}." if resident else "")
        if self._public_url:
            lines.append(f"{self._public_url.rstrip('/')}/console/alert/{alert.id}")
        return "\n\n".join(line for line in lines if line) + "\n"

    def _for(self, contact: Contact | None, resident: Resident, alert: Alert) -> str:
        """What a contact is told depends on the level that the resident chose for them."""
        assert contact is not None
        lines = [f"Please check on {resident.called}, or ring the contact centre. This is alert {alert.id}."]
        if showing(Role.CONTACT, Purpose.REASSURE, Data.TIMES, contact.level):
            lines.append(self._explanation(alert))
        if self._public_url:
            lines.append(f"{self._public_url.rstrip('/')}/family")
        return "\n\n".join(lines) + "\n"

    def _explanation(self, alert: Alert) -> str:
        grown = [one for one in self._store.alerts.timeline(alert.id) if one.act in (Act.RAISE, Act.GROW)]
        return " ".join(grown[-1].text.splitlines()) if grown else ""

    def _tell_homes(self, now: datetime) -> None:
        """A kit that gets the same order twice knows it by its id."""
        for order in self._store.alerts.orders():
            told = self._telling.get(order.id)
            if told is not None and told.is_published():
                self._store.alerts.ordered(order.id, now)
                del self._telling[order.id]
            elif not order.open or now - order.intended_at > STALE_ORDER:
                self._store.alerts.ordered(order.id, None)
                self._telling.pop(order.id, None)
            elif told is None and not self._link.hindrance:
                self._telling[order.id] = self._link.tell(order.home, Leg.DOWN, _down(order))


def _down(order: Ordered) -> bytes:
    return encode(Down(f"order-{order.id}", order.order, order.text))


def _addressed(call: Call, transport: Transport, step: Step) -> Call:
    if transport.needs_address and not call.to:
        raise Unreached(f"{step.who} has no address for {step.transport}")
    return call


def _by(step: Step, addresses: Sequence[Address]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(address.to for address in addresses if address.transport == step.transport))


def _known(attempts: Sequence[AttemptMade]) -> list[AttemptMade]:
    """Without those of unknown outcome, which are made again; but what the hub fell over repeatedly has failed."""
    fell: Counter[tuple[int, datetime]] = Counter()
    known: list[AttemptMade] = []
    for one in attempts:
        if one.tried is not Tried.UNKNOWN:
            known.append(one)
            continue
        fell[one.step, one.at] += 1
        if sum(count for (step, _), count in fell.items() if step == one.step) >= CRASHES:
            known.append(replace(one, tried=Tried.FAILED))
    return known
