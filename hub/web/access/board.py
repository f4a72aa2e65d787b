"""The contact centre's queue: read from what changed, and worked out once for all consoles of a council.

A storm must not slow the consoles down, so a queue holds no more rows than somebody can look over, those before which
nothing else should be dealt with; the rest is counted. Faults that began together are one card.
"""

import hashlib
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hub.knowing import NEVER_HEARD, unheard_after
from hub.store.alerts import Entry
from hub.store.once import asking_once
from hub.store.records import Expectation, Look
from hub.store.traces import Traces
from hub.store.worklist import Worklist, latest_of
from hub.web.access.anew import how_far
from hub.web.access.door import ABOUT_PERSON, Door, Viewer
from hub.web.access.felt import BEFORE
from hub.web.access.said import line, people, reasons, sent_of, zone_of
from hub.web.shown import BrokenWay, Card, Part, Queue, Waiting
from hub.web.usual import usual
from models.alert import Alert, Lane, State
from models.detection import FindingKind
from models.health import Heard, why_unheard
from models.home import Home
from models.hours import clock_s, local, when
from models.outage import AT_LEAST, Down, Outage, Risk, fold
from models.people import Resident, Role
from models.privacy import Data, Purpose
from models.urgency import UNKNOWN, Circumstances, Graver, asks_for_a_look, because, graver, rank, unusual

SHOWN = 60
"""Rows that wait, of one kind of haste. Nobody looks further down a list that is worked from the top."""
HELD = 100
FAULTS = 40
IN_CARD = 5
PAGE = 100
"""Rows of a page that shows everything, piece by piece."""
READ_AGAIN = 2.0
"""Real seconds, and played ones, until signs of life are read again: they only order what is graver."""
COUNTED_FOR = 10.0
"""Real seconds, and played ones, for which it holds which homes are not heard: to ask that of a borough takes long."""
LOOK_LASTS = timedelta(hours=1)

SEEN_IN_QUEUE = frozenset({Data.ALERTS, Data.PERSON, Data.HEARING})


@dataclass(slots=True)
class Row:
    """What is kept of an open alert. `seen_by` are those who had it on their screen since `seen_from`."""

    alert: Alert
    entries: tuple[Entry, ...]
    in_vain: int
    known: Circumstances = UNKNOWN
    made: tuple[object, ...] = ()
    shown: Waiting | None = None
    seen_from: datetime | None = None
    seen_by: set[str] = field(default_factory=set)


class Board:
    """`trouble` says in words what the hub itself lacks, and `ways` which ways to reach people fail, for a council."""

    def __init__(
        self,
        door: Door,
        worklist: Worklist,
        trouble: Callable[[str], tuple[str, ...]],
        ways: Callable[[str], tuple[BrokenWay, ...]],
        traces: Traces | None = None,
    ) -> None:
        self._door, self._worklist, self._trouble, self._ways, self._traces = door, worklist, trouble, ways, traces
        self._lock = threading.RLock()
        self._change = 0
        self._rows: dict[int, Row] = {}
        self._people: dict[str, tuple[Resident, ...]] = {}
        self._register = -1
        self._names: dict[str, str] = {}
        self._zones: dict[str, str] = {}
        self._signs: dict[str, Expectation] = {}
        self._heard: dict[str, Heard] = {}
        self._read_at: tuple[float, datetime] | None = None
        self._touched: set[int] = set()
        self._counts: dict[str, tuple[str, int, int]] = {}
        self._unheard: tuple[tuple[float, datetime], dict[str, bool]] | None = None
        self._queues: dict[str, tuple[object, Queue]] = {}

    def latest(self) -> int:
        return self._door.alerts.latest_change()

    def queue(self, viewer: Viewer, purpose: Purpose) -> Queue:
        """For one who looks, and that is on record."""
        self._door.shown(viewer, purpose, SEEN_IN_QUEUE)
        queue = self.of(viewer.council)
        self.seen([viewer], queue)
        return queue

    def of(self, council: str) -> Queue:
        """As all consoles of the council show it."""
        with self._lock, asking_once():
            self._read()
            homes, now = self._door.all_homes_of(council), self._door.clock.now()
            trouble, ways = self._trouble(council), self._ways(council)
            rests_on = (self._change, self._read_at, self._register, trouble, ways, how_far(self._door.records))
            made = self._queues.get(council)
            if made is None or made[0] != rests_on:
                made = self._queues[council] = (rests_on, self._made(council, homes, now, trouble, ways))
            return replace(made[1], now=now)

    def page(self, viewer: Viewer, purpose: Purpose, part: str, first: int) -> tuple[Queue, Part]:
        """A page of a part of the queue from the row `first` on, for one who looks, and that is on record."""
        self._door.shown(viewer, purpose, SEEN_IN_QUEUE)
        with self._lock:
            queue, homes = self.of(viewer.council), self._door.all_homes_of(viewer.council)
            rows = self._sorted(homes, self._door.clock.now())[part]
            shown = self._part(rows[first:], PAGE, homes)
            self._look([viewer], [one.alert.id for one in shown.rows])
            return queue, replace(shown, total=len(rows))

    def outage(self, viewer: Viewer, purpose: Purpose, outage: str) -> tuple[Queue, Card] | None:
        """All homes of a card, for one who looks, and that is on record; None once it is over."""
        self._door.shown(viewer, purpose, SEEN_IN_QUEUE)
        with self._lock:
            queue, homes = self.of(viewer.council), self._door.all_homes_of(viewer.council)
            now = self._door.clock.now()
            found, _ = self._outages(self._sorted(homes, now)["faults"], homes, now)
            card = next((self._card(one, homes, len(one.homes)) for one in found if one.id == outage), None)
            if card is None:
                return None
            self._look([viewer], [one.alert.id for one in card.rows])
            return queue, card

    def versions(self, council: str, alerts: Collection[int]) -> dict[int, str]:
        """Of each alert another word whenever it changed; '' where it is over, or none of the council's."""
        with self._lock:
            self._read()
            homes = self._door.all_homes_of(council)
            mine = {one: self._rows[one].alert for one in alerts if one in self._rows}
            return {one: self._mark(mine[one]) if one in mine and mine[one].home in homes else "" for one in alerts}

    def waiting(self, council: str) -> tuple[tuple[int, str, str], ...]:
        """Of all who wait, the most urgent first, the alert with its kind and area: no word about a person."""
        return tuple((one.alert.id, one.alert.kind, one.area) for one in self.of(council).calls.rows)

    def _mark(self, alert: Alert) -> str:
        """What was felt around a fall may arrive long after the alert."""
        person = alert.lane is Lane.PERSON
        felt = self._traces.count(alert.home, alert.raised_at - BEFORE) if self._traces and person else 0
        return f"{alert.version}.{felt}"

    def moment(self, council: str) -> dict[str, object]:
        """The hub's time, and as the council's clock says it: no word about a person."""
        with self._lock:
            now = self._door.clock.now()
            zone, *_ = self._counted(council, self._door.homes_of(council), now)
        return {"now": now.timestamp(), "clock": clock_s(now, zone)}

    def seen(self, viewers: Sequence[Viewer], queue: Queue) -> None:
        """Put on record who has a person's row on the screen: one look an hour for each alert."""
        with self._lock:
            self._look(viewers, queue.alerts)

    def _look(self, viewers: Sequence[Viewer], alerts: Sequence[int]) -> None:
        now, new = self._door.clock.now(), list[tuple[Row, Viewer]]()
        for row in (self._rows[one] for one in alerts if one in self._rows):
            if row.seen_from is None or now - row.seen_from >= LOOK_LASTS:
                row.seen_from, row.seen_by = now, set()
            new += [(row, one) for one in viewers if one.login not in row.seen_by]
        self._worklist.looked(_look(viewer, row, now) for row, viewer in new)
        for row, viewer in new:
            row.seen_by.add(viewer.login)

    # What is read

    def _read(self) -> None:
        found = self._worklist.since(self._change)
        for alert in found.alerts:
            self._keep(alert, found.entries.get(alert.id, ()), found.in_vain.get(alert.id, 0))
        self._change = found.change
        self._read_register()
        self._read_signs()

    def _keep(self, alert: Alert, entries: tuple[Entry, ...], in_vain: int) -> None:
        if alert.state is State.CLOSED:
            self._rows.pop(alert.id, None)
        elif alert.id in self._rows:
            row = self._rows[alert.id]
            row.alert, row.entries, row.in_vain = alert, entries, in_vain
            self._touched.add(alert.id)
        else:
            self._rows[alert.id] = Row(alert, entries, in_vain)
            self._touched.add(alert.id)

    def _read_register(self) -> None:
        version = self._door.records.version()
        if version != self._register:
            self._register, self._people, self._read_at = version, {}, None
            self._counts.clear()
            self._names = self._door.names()
            self._zones = {
                one: home.timezone for homes in self._door.councils().values() for one, home in homes.items()
            }
        missing = {row.alert.home for row in self._rows.values()} - self._people.keys()
        if missing:
            self._people |= self._worklist.residents(missing)

    def _read_signs(self) -> None:
        """What is known around alerts: of those that changed at once, of all others now and then."""
        real, now = self._door.real_now(), self._door.clock.now()
        again = self._read_at is None or not self._lately(self._read_at, real, now)
        wanted = self._rows.keys() if again else self._touched & self._rows.keys()
        if again:
            self._read_at = (real, now)
        homes = {self._rows[one].alert.home for one in wanted}
        if homes:
            self._signs |= self._worklist.expectations(homes)
            self._heard |= self._worklist.heard(homes)
            for one in wanted:
                self._know(self._rows[one], now)
        self._touched.clear()

    @staticmethod
    def _lately(read_at: tuple[float, datetime], real: float, now: datetime, within: float = READ_AGAIN) -> bool:
        return real - read_at[0] < within and abs((now - read_at[1]).total_seconds()) < within

    def _know(self, row: Row, now: datetime) -> None:
        alert, told, last = row.alert, self._signs.get(row.alert.home), latest_of(row.entries)
        beat = self._heard.get(alert.home, NEVER_HEARD)
        row.known = Circumstances(
            noticed_at=last.at if last else alert.raised_at,
            last_sign=told.last_sign if told else None,
            heard_until=beat.until,
            heard=why_unheard(beat, now, unheard_after(None)) is None,
            unusual=self._odd_hour(alert, told),
            at_risk=any(one.risks for one in self._living(alert)),
            unanswered=row.in_vain,
        )

    def _odd_hour(self, alert: Alert, told: Expectation | None) -> bool:
        zone = self._zones.get(alert.home)
        if zone is None:
            return False
        known_for = alert.raised_at - told.known_since if told and told.known_since else timedelta(0)
        return unusual(local(alert.raised_at, zone), usual(told.usual, known_for).chances if told else ())

    def _living(self, alert: Alert) -> tuple[Resident, ...]:
        living = self._people.get(alert.home, ())
        return tuple(one for one in living if alert.resident in (None, one.id))

    # What is made of it

    def _made(
        self,
        council: str,
        homes: dict[str, Home],
        now: datetime,
        trouble: tuple[str, ...],
        ways: tuple[BrokenWay, ...],
    ) -> Queue:
        rows, watched = self._sorted(homes, now), self._door.homes_of(council)
        outages, alone = self._folded(rows["faults"], homes, now)
        zone, unheard, to_fit = self._counted(council, watched, now)
        queue = Queue(
            "",
            now,
            zone,
            self._part(rows["calls"], SHOWN, homes),
            self._part(rows["looks"], SHOWN, homes),
            self._part(rows["held"], HELD, homes),
            self._part(alone, FAULTS, homes),
            outages,
            len(watched),
            unheard,
            trouble,
            ways,
            how_far(self._door.records),
            to_fit,
        )
        return queue.marked(hashlib.sha256(repr((council, queue.says)).encode()).hexdigest()[:16])

    def _sorted(self, homes: dict[str, Home], now: datetime) -> dict[str, list[Row]]:
        """By part of the queue, most urgent first."""
        parts: dict[str, list[Row]] = {"calls": [], "looks": [], "held": [], "faults": []}
        mine = [row for row in self._rows.values() if row.alert.home in homes]
        for row in sorted(mine, key=lambda one: rank(one.alert, one.known)):
            parts[_part_of(row.alert, now)].append(row)
        return parts

    def _counted(self, council: str, homes: dict[str, Home], now: datetime) -> tuple[str, int, int]:
        """The centre's time zone, how many homes are not heard any more, and how many have no kit yet."""
        unheard = self._not_heard(now)
        if council not in self._counts:
            mine = [unheard[home] for home in unheard.keys() & homes.keys()]
            self._counts[council] = (zone_of(homes.values()), sum(mine), len(mine) - sum(mine))
        return self._counts[council]

    def _not_heard(self, now: datetime) -> dict[str, bool]:
        known = self._unheard
        if known is None or not self._lately(known[0], self._door.real_now(), now, COUNTED_FOR):
            known = self._read_unheard(now)
            self._know_unheard(known)
        return known[1]

    def count(self) -> None:
        """Look anew which homes are not heard, while others go on being told what changes."""
        read = self._read_unheard(self._door.clock.now())
        with self._lock:
            self._know_unheard(read)

    def _read_unheard(self, now: datetime) -> tuple[tuple[float, datetime], dict[str, bool]]:
        return (self._door.real_now(), now), self._worklist.unheard(now - unheard_after(None))

    def _know_unheard(self, read: tuple[tuple[float, datetime], dict[str, bool]]) -> None:
        if self._unheard is None or read[1] != self._unheard[1]:
            self._counts.clear()
        self._unheard = read

    def _part(self, rows: Sequence[Row], limit: int, homes: dict[str, Home]) -> Part:
        return Part(tuple(self._waiting(row, homes[row.alert.home]) for row in rows[:limit]), len(rows))

    def _waiting(self, row: Row, home: Home) -> Waiting:
        alert, why, names = row.alert, graver(row.alert, row.known), self._names
        now = self._door.clock.now()
        muted = alert.state is State.RAISED and alert.round_began_at > now
        made = (alert.version, why, self._register, muted)
        if row.shown is None or row.made != made:
            sent = sent_of(row.entries) if alert.state is State.ATTENDING else None
            row.made = made
            row.shown = Waiting(
                alert,
                people(self._living(alert)),
                home.area,
                home.timezone,
                line(alert, reasons(row.entries)),
                _muted(alert, home, now) if muted else because([one for one in why if one not in _SAID_BY_ROW]),
                names.get(alert.holder, alert.holder) if alert.holder else None,
                names.get(alert.lapsed_by, alert.lapsed_by) if alert.lapsed_by else None,
                names.get(sent, sent) if sent else None,
            )
        return row.shown

    # Faults that began together

    def _folded(
        self, faults: Sequence[Row], homes: dict[str, Home], now: datetime
    ) -> tuple[tuple[Card, ...], list[Row]]:
        outages, alone = self._outages(faults, homes, now)
        return tuple(self._card(one, homes, IN_CARD) for one in outages), alone

    def _outages(self, faults: Sequence[Row], homes: dict[str, Home], now: datetime) -> tuple[list[Outage], list[Row]]:
        troubled = {row.alert.home for row in self._rows.values() if row.alert.lane is Lane.PERSON}
        began = self._door.alerts.faults_began() if len(faults) >= AT_LEAST else {}
        down = [self._down(row, homes[row.alert.home], troubled, began, now) for row in faults]
        outages, _ = fold(down, now)
        folded = {alert for one in outages for alert in one.alerts}
        return outages, [row for row in faults if row.alert.id not in folded]

    def _down(
        self, row: Row, home: Home, troubled: set[str], began: dict[tuple[int, str], datetime], now: datetime
    ) -> Down:
        """An alert may have been raised for another fault, days before this one."""
        alert, kind, living = row.alert, FindingKind(row.alert.kind), self._living(row.alert)
        told = self._signs.get(alert.home)
        why = why_unheard(self._heard.get(alert.home, NEVER_HEARD), now, unheard_after(None))
        risk = Risk(
            alert.home in troubled,
            home.people == 1,
            home.may_wander,
            any(one.risks or one.medical_notes for one in living),
            told.last_sign if told else None,
        )
        since = began.get((alert.id, alert.kind), alert.raised_at)
        cause = why if why and kind is FindingKind.KIT_UNHEARD else kind
        return Down(alert.home, home.area, kind, cause, since, risk, alert.id)

    def _card(self, outage: Outage, homes: dict[str, Home], limit: int) -> Card:
        first = [self._rows[one.alert] for one in outage.homes[:limit] if one.alert is not None]
        rows = tuple(self._waiting(row, homes[row.alert.home]) for row in first)
        risks = tuple(_at_risk(one.risk) for one in outage.homes[:limit] if one.alert is not None)
        return Card(outage.id, outage.what, outage.where, outage.since, len(outage.homes), rows, risks)


_SAID_BY_ROW = frozenset({Graver.AGAIN, Graver.LAPSED})
"""The row says these in words of their own."""


def _part_of(alert: Alert, now: datetime) -> str:
    """What waits for a muting to end is in hand, in sight, and asks for nobody before."""
    if alert.lane is Lane.KIT:
        return "faults"
    if alert.state is not State.RAISED or alert.round_began_at > now:
        return "held"
    return "looks" if asks_for_a_look(alert.kind) else "calls"


def _muted(alert: Alert, home: Home, now: datetime) -> str:
    return f"The home is muted until {when(alert.round_began_at, now, home.timezone)}."


def _look(viewer: Viewer, row: Row, now: datetime) -> Look:
    data = ", ".join(sorted(SEEN_IN_QUEUE & ABOUT_PERSON))
    role: Role = viewer.role
    return Look(now, viewer.login, role, row.alert.home, data, Purpose.QUEUE, f"alert {row.alert.id}")


def _at_risk(risk: Risk) -> str:
    """Why this home comes before others that are in the same trouble."""
    said = {
        "an alert about the person is open": risk.alert_open,
        "lives alone": risk.alone,
        "may wander": risk.may_wander,
        "a risk is on record": risk.on_record,
    }
    return ", ".join(text for text, holds in said.items() if holds)
