"""Reaching people: steps that are due are taken, and an unanswered one leads to the next, without end.

An attempt is written down before it is made, so that a crash in the middle is seen afterwards and the step taken again:
twice is better than never. Each attempt is made on a thread of its own and given up after a limit; one that hangs can
delay nobody else's. What a home is to be told ("help is coming") is written down by the act that causes it.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Protocol

from hub.arrivals import note_doors
from hub.asking import Asking
from hub.calls import Calls
from hub.clock import SET_BACK, Clock
from hub.plans import Plans
from hub.store import Store
from hub.store.afterwards import Afterwards
from hub.store.alerts import HUB, AttemptMade, Looked, Ordered
from hub.store.database import is_away
from hub.store.once import asking_once
from hub.store.responses import Responses
from hub.store.ways import Ways
from hub.transports import Call, Transport, Unreached
from models.alert import Act, Alert, HomeTold, Refused
from models.response import Answer, ResponsePlan, Step, Tried, due
from models.telling import plural
from models.wire import Down, Leg, encode, read_heartbeat

log = logging.getLogger(__name__)

TIME_LIMIT = 30.0
"""Real seconds after which an attempt that says nothing has failed."""
AT_ONCE = 16
"""Attempts under way by one transport; a further one fails at once and leads to the next step."""
ALERTS_AT_ONCE = 100
TAKEN_AT_ONCE = 20
"""Alerts whose steps are written down in one commit."""
STALE_ORDER = timedelta(minutes=10)
TOLD_AGAIN_AFTER = 10.0
"""Real seconds that a kit has to say that it carried out an order."""
PAUSES = (0.5, 1.5)
"""Real seconds before what failed for a passing reason is tried again; then the next step is as good."""
PROBE_EVERY = 30.0
DOORS_EVERY = 2.0
PASS_OVER = 10.0
"""Real seconds until an alert is tried again whose escalation failed."""
CRASHES = 2
"""A step in the middle of which the hub stopped this often has failed: it may be what stops it."""

OUR_FAULT = "the hub itself failed at it: whoever runs the hub has to report that, with its log"


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
    """What came of an attempt; `broken` is the way itself."""

    attempt: int
    tried: Tried
    detail: str
    transport: str = ""
    answer: Answer | None = None
    broken: bool = False
    gone: tuple[str, ...] = ()


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
        self._mended: SimpleQueue[str] = SimpleQueue()
        self.finished = threading.Event()

    @property
    def under_way(self) -> int:
        return len(self._under_way)

    def start(self, attempt: int, transport: str, call: Call) -> None:
        under_way = [one.transport for one in self._under_way.values()]
        busy = [*under_way, *self._hung.values()].count(transport)
        if busy >= AT_ONCE:
            self._say(attempt, Tried.FAILED, f"{plural(busy, 'attempt')} by {transport} still under way")
            return
        self._under_way[attempt] = UnderWay(transport, time.monotonic())
        words = (attempt, self._transports[transport], call)
        threading.Thread(target=self._send, args=words, name=f"attempt-{attempt}", daemon=True).start()

    def _send(self, attempt: int, transport: Transport, call: Call) -> None:
        """What may pass is tried again, a little later each time; what will not has failed at once."""
        for pause in (*PAUSES, None):
            try:
                told = transport.send(call)
            except Unreached as why:
                if why.broken and pause is not None:
                    time.sleep(pause)
                    continue
                self._say(attempt, Tried.FAILED, str(why), broken=why.broken, gone=why.gone)
            except Exception:
                log.exception("attempt %d failed in its transport", attempt)
                self._say(attempt, Tried.FAILED, OUR_FAULT, broken=True)
            else:
                self._say(attempt, Tried.SENT, told.detail, answer=told.answer, gone=told.gone)
            return

    def _say(
        self,
        attempt: int,
        tried: Tried,
        detail: str,
        *,
        answer: Answer | None = None,
        broken: bool = False,
        gone: tuple[str, ...] = (),
    ) -> None:
        under_way = self._under_way.get(attempt)
        name = under_way.transport if under_way else self._hung.get(attempt, "")
        self._outcomes.put(Outcome(attempt, tried, detail, name, answer, broken, gone))
        self.finished.set()

    def probe(self, transport: str) -> None:
        """Look, aside, whether a broken way works again; `mended` says so."""
        threading.Thread(target=self._probe, args=(transport,), name=f"probe-{transport}", daemon=True).start()

    def _probe(self, transport: str) -> None:
        if transport in self._transports and self._transports[transport].probe():
            self._mended.put(transport)
            self.finished.set()

    def mended(self) -> list[str]:
        return [self._mended.get() for _ in range(self._mended.qsize())]

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
            name = self._hung[attempt] = self._under_way.pop(attempt).transport
            detail = f"it was not known after {self._time_limit:g} s whether it went through"
            found.append(Outcome(attempt, Tried.FAILED, detail, name, broken=True))
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
        calls: Calls,
        *,
        partner: bool = False,
    ) -> None:
        self._store = store
        self._ways, self._responses = Ways(store.alerts.engine), Responses(store.alerts.engine)
        self._link = link
        self._sending = sending
        self._transports = transports
        self._clock = clock
        self._wake = wake
        self._calls, self._plans = calls, Plans(store.records, partner=partner)
        self._asking = Asking(Afterwards(store.alerts.engine), calls, transports, sending)
        self._probed_at = self._doors_at = float("-inf")
        self._latest = clock.now()
        self._telling: dict[int, tuple[Handed, float]] = {}
        self._to_finish: list[Outcome] = []
        self._learning = self._reaching = False
        self._to_reach: deque[tuple[Alert, Step, int]] = deque()
        self._one_by_one = False
        self._recovered = False
        self._looking_at: int | None = None
        self._passed_over: dict[int, float] = {}
        sending.finished = wake

    def turn(self) -> None:
        if not self._recovered:
            self._recover()
        self._clock.wait(1.0, self._wake.wait)
        self._wake.clear()
        now = self._clock.now()
        self._mind_the_clock(now)
        self._finish(now)
        self._take_due(now)
        self._finish(now)
        self._mend(now)
        self._look_at_doors(now)
        self._asking.turn(now)
        self._tell_homes(now)

    def _mind_the_clock(self, now: datetime) -> None:
        """What was put off by a clock that was ahead would have to wait until that moment comes again."""
        if self._latest - now > SET_BACK:
            anew = self._store.alerts.set_back(now, self._latest)
            log.warning("the hub's clock was set back by %s: %d alerts are looked at anew", self._latest - now, anew)
        self._latest = now

    def _look_at_doors(self, now: datetime) -> None:
        if time.monotonic() - self._doors_at >= DOORS_EVERY:
            self._doors_at = time.monotonic()
            note_doors(self._store, now)

    def _mend(self, now: datetime) -> None:
        """A way that was broken is looked at now and then, and its fault ends by itself."""
        for transport in self._sending.mended():
            self._ways.works(transport, now)
        if time.monotonic() - self._probed_at >= PROBE_EVERY:
            self._probed_at = time.monotonic()
            for way in self._ways.broken():
                self._sending.probe(way.transport)

    def stumbled(self, error: Exception) -> None:
        """The alert that this turn was about is passed over for a while, so that others are not held up by it; where it
        was about several, the next turn takes them one by one.
        """
        self._one_by_one = True
        ours = not is_away(error)
        if self._learning and ours:
            self._to_finish.pop(0)  # how it went is on record; what else it says is what fails
        if self._reaching and ours:  # while the database is away it waits its turn: the intent is on record
            _, _, attempt = self._to_reach.popleft()
            self._to_finish.append(Outcome(attempt, Tried.FAILED, OUR_FAULT))
        self._learning = self._reaching = False
        if self._looking_at is not None:
            log.error("alert %d can't be escalated: %s", self._looking_at, type(error).__name__)
            self._passed_over[self._looking_at] = time.monotonic() + PASS_OVER
            self._looking_at = None

    def standing(self) -> tuple[datetime, str]:
        over = ", ".join(map(str, sorted(self._passed_over)))
        return self._clock.now(), f"can't be escalated: alert {over}" if over else ""

    def _recover(self) -> None:
        """What an earlier process had under way when it ended, nobody knows the outcome of."""
        before, now = self._store.records.loops().get("escalate"), self._clock.now()
        self._latest = max(before.played, self._latest) if before else self._latest
        self._mind_the_clock(now)  # first, or what was under way by a clock that was ahead would stand so for ever
        for attempt in self._store.alerts.unfinished(now):
            self._store.alerts.finish(attempt.id, Tried.UNKNOWN, "the hub stopped meanwhile", now)
        self._recovered = True

    def _finish(self, now: datetime) -> None:
        self._to_finish += self._sending.outcomes()
        made = [one for one in self._to_finish if one.attempt > 0]
        self._store.alerts.finish_all([(one.attempt, one.tried, one.detail) for one in made], now)
        working: set[str] = set()
        while self._to_finish:
            one, self._learning = self._to_finish[0], True
            if one.attempt > 0:
                self._learn(one, working, now)
            else:
                self._asking.finished(one.attempt, now, sent=one.tried is Tried.SENT)
            self._to_finish.pop(0)
        self._learning = False

    def _learn(self, one: Outcome, working: set[str], now: datetime) -> None:
        """Of the way that an attempt went, and of an answer that came by it at once; `working` was said just now."""
        for endpoint in one.gone:
            self._ways.unsubscribe(endpoint)
        if one.broken:
            self._ways.failed(one.transport, one.detail, now)
            working.discard(one.transport)
        elif one.tried is Tried.SENT and one.transport not in working:
            self._ways.works(one.transport, now)
            working.add(one.transport)
        if one.answer is not None:
            try:
                self._responses.replied(one.attempt, one.answer, now)
            except Refused as over:
                log.info("attempt %d was answered too late: %s", one.attempt, over)

    def _take_due(self, now: datetime) -> None:
        self._reach_all(now)  # what a turn before this one fell over
        real = time.monotonic()
        self._passed_over = {alert: until for alert, until in self._passed_over.items() if until > real}
        many = ALERTS_AT_ONCE + len(self._passed_over)  # those passed over take nobody's place
        waiting = [one for one in self._store.alerts.due(now, many) if one.id not in self._passed_over]
        if waiting:
            self._plans.refresh()
        size = 1 if self._one_by_one else TAKEN_AT_ONCE
        for first in range(0, len(waiting), size):
            self._take(waiting[first : first + size], now)
            self._reach_all(now)
        self._one_by_one = False

    def _take(self, alerts: Sequence[Alert], now: datetime) -> None:
        """What is due of each is written down together, since every commit is waited for by others."""
        tried = self._store.alerts.attempts_of([one.id for one in alerts])
        looked: list[tuple[Looked, ResponsePlan]] = []
        for alert in alerts:
            self._looking_at = alert.id
            plan = self._plans.of(alert)
            what = due(plan, alert, _known(tried[alert.id]), now)
            if what.lapsed:
                self._lapse(alert, now)
            else:
                steps = tuple((number, plan.steps[number].who, plan.steps[number].transport) for number in what.steps)
                looked.append((Looked(alert, steps, what.look_again_at), plan))
        self._looking_at = alerts[0].id if len(alerts) == 1 else None
        taken = self._store.alerts.take([one for one, _ in looked], now)
        self._looking_at = None
        for (one, plan), attempts in zip(looked, taken, strict=True):
            for (number, _, _), attempt in zip(one.steps, attempts, strict=False):
                self._to_reach.append((one.alert, plan.steps[number], attempt))

    def _lapse(self, alert: Alert, now: datetime) -> None:
        try:
            self._store.alerts.act(alert.id, Act.LAPSE, HUB, now, text=alert.holder or "")
        except Refused as overtaken:
            log.info("alert %d was changed meanwhile: %s", alert.id, overtaken)
            return
        log.warning("alert %d stands open again: its answer lapsed", alert.id)
        self._wake.set()

    def _reach_all(self, now: datetime) -> None:
        while self._to_reach:
            alert, step, attempt = self._to_reach[0]
            self._looking_at, self._reaching = alert.id, True
            self._reach(alert, step, attempt, now)
            self._to_reach.popleft()
        self._looking_at, self._reaching = None, False

    def _reach(self, alert: Alert, step: Step, attempt: int, now: datetime) -> None:
        transport = self._transports.get(step.transport)
        if transport is None:
            self._to_finish.append(Outcome(attempt, Tried.FAILED, f"there is no transport '{step.transport}'"))
            return
        try:
            with asking_once():
                call = self._calls.call(alert, step, attempt, now)
            self._sending.start(attempt, step.transport, _addressed(call, transport, step))
        except Unreached as why:
            self._to_finish.append(Outcome(attempt, Tried.FAILED, str(why)))

    def _tell_homes(self, now: datetime) -> None:
        """Again and again until the kit says that it was done: a broker's word is not its. One that gets the same order
        twice knows it by its id.
        """
        ended: dict[HomeTold, list[Ordered]] = {how: [] for how in HomeTold}
        for order in self._store.alerts.orders():
            obeyed = _obeyed(order)
            how = self._became(order, obeyed, now)
            if how is not None:
                ended[how].append(order)
            elif not self._link.hindrance and self._is_to_be_told(order, again=obeyed is not None):
                self._telling[order.id] = self._link.tell(order.home, Leg.DOWN, _down(order)), time.monotonic()
        for how, orders in ended.items():
            self._store.alerts.ordered(orders, how, now)
            for one in orders:
                self._telling.pop(one.id, None)

    def _became(self, order: Ordered, obeyed: Sequence[str] | None, now: datetime) -> HomeTold | None:
        """None while it is being told. A kit that is older than its word for that counts as told by the broker's."""
        if obeyed is not None and _name(order) in obeyed:
            return HomeTold.SAID
        handed, _ = self._telling.get(order.id, (None, 0.0))
        if obeyed is None and handed is not None and handed.is_published():
            return HomeTold.SENT
        return HomeTold.NOT if not order.open or now - order.intended_at > STALE_ORDER else None

    def _is_to_be_told(self, order: Ordered, *, again: bool) -> bool:
        if order.id not in self._telling:
            return True
        return again and time.monotonic() - self._telling[order.id][1] > TOLD_AGAIN_AFTER


def _name(order: Ordered) -> str:
    """Another one for each, also where a copy of the records was put back and numbers are given anew."""
    return f"order-{order.id}-{int(order.intended_at.timestamp())}"


def _down(order: Ordered) -> bytes:
    return encode(Down(_name(order), order.order, order.text))


def _obeyed(order: Ordered) -> Sequence[str] | None:
    """The orders that its kit says were carried out; None where it does not tell."""
    return read_heartbeat(order.beat).obeyed if order.beat else None


def _addressed(call: Call, transport: Transport, step: Step) -> Call:
    if transport.needs_address and not call.to:
        raise Unreached(f"{step.who} has no address for {step.transport}")
    return call


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
