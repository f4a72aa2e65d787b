"""From the wire to the store: stored first, then receipted. What can't be used is set aside, counted, never fatal.

Nothing here may lose an observation or delay a press: a press overtakes whatever waits, all else that waits is
committed together, and a message that fails costs only itself. What was not committed is not receipted, and so the kit
sends it again.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import SimpleQueue

import msgspec

from hub.beats import Beats
from hub.clock import Clock
from hub.garbage import nothing_is_garbage
from hub.link import Arrived, Link
from hub.reserve import Reserve
from hub.store import Store
from hub.store.database import is_away
from hub.store.records import Aside, Beat
from hub.store.series import Row
from hub.store.traces import Felt
from models.commission import configured_by
from models.home import Home
from models.observation import KINDS_OF, URGENT, Observation, SensorKind, What, felt, placed
from models.privacy import NOTHING, Agreed, in_use, may_leave
from models.share import WHOLE, Share
from models.wire import (
    LARGEST_NUMBER,
    Configuration,
    Down,
    Heartbeat,
    Leg,
    Order,
    Receipt,
    Unreadable,
    encode,
    heard_until,
    mark_of,
    noticing_since,
    ranges,
    read_heartbeat,
    read_topic,
    read_trace,
    read_up,
    sensors_seen,
)

log = logging.getLogger(__name__)

GROUP = 128 * 1024
"""What one commit takes on, as `_work` counts it: some 300 messages of kits or 1,000 observations that waited, 30 ms at
most, so that no press waits longer than that.
"""
A_BEAT = 50
WAITING_BYTES = 256 * 1024 * 1024
"""Of messages that may wait; presses have as much again. A kit sends a few messages and then waits for receipts, so
that a whole borough of kits comes to far less; what is more than that is dropped unreceipted, and comes again.
"""
LONGEST_NAME = 64
SHOWN_AT_MOST = 10_000
SAID_BY_CLOCKS = datetime(1969, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""One that was never set begins in 1970, and a broken one may say anything; beyond these years no sum of times fits."""
PATIENCE = 0.25
"""Real seconds that a turn waits for something to come."""
GATHER = 0.2
"""Real seconds between one commit of what is not urgent and the next, so that a town costs no more than a street."""

_UP = f"/{Leg.UP}"
_URGENT = tuple(f'"{what}"'.encode() for what in URGENT)


class Signs(msgspec.Struct, frozen=True):
    """What a heartbeat says, in the hub's time: complete up to `until`, back to `noticing_since` where it can tell, and
    each sensor's last sign of life.
    """

    home: str
    until: datetime
    at: datetime
    every: float
    sensors: dict[str, datetime]
    noticing_since: datetime | None = None
    beat: Heartbeat | None = None
    """What it said besides."""


@dataclass(frozen=True, slots=True)
class Reread:
    """Something may have been stored that was not handed on: look for it in the store."""


class Told(msgspec.Struct, frozen=True):
    """What was committed together, and what heartbeats said beside it."""

    rows: Sequence[Row] = ()
    signs: Sequence[Signs] = ()


News = Told | Reread


def _size(arrived: Arrived) -> int:
    """About what it takes of memory while it waits."""
    return len(arrived.content) + 300


def _work(arrived: Arrived) -> int:
    """About what it takes to commit, where a byte of observations is the unit; a heartbeat takes little, however much
    it says.
    """
    return 300 + (len(arrived.content) if arrived.topic.endswith(_UP) else A_BEAT)


def _is_urgent(arrived: Arrived) -> bool:
    """A heartbeat may name a press as well, and overtakes nothing."""
    if not arrived.topic.endswith(_UP):
        return False
    start = arrived.content[:1024]
    return any(what in start for what in _URGENT)


class Taken(msgspec.Struct):
    """What one message came to."""

    rows: Sequence[Row] = ()
    asides: Sequence[Aside] = ()
    receipt: tuple[str, str, Sequence[int]] | None = None
    beat: Beat | None = None
    signs: Signs | None = None
    felt: Felt | None = None
    keeps_to: tuple[str, str] | None = None
    """A home, and the mark of the configuration that its kit keeps to."""


class Inbox:
    """What came and is not committed yet; presses stand before all else, and the rest is gathered a little."""

    def __init__(self) -> None:
        self._gathered_at = float("-inf")
        self._bytes = self._waits = 0
        self._presses: deque[Arrived] = deque()
        self._routine: deque[Arrived] = deque()
        self._in_hand: Sequence[Arrived] = ()
        self._something = threading.Condition()
        self.dropped = 0

    def put(self, arrived: Sequence[Arrived]) -> None:
        with self._something:
            idle = not self._routine
            urgent = [self._put(one) for one in arrived]
            if idle or any(urgent) or self._waits >= GROUP:
                self._something.notify()

    def _put(self, arrived: Arrived) -> bool:
        """Whether it is a press."""
        urgent = _is_urgent(arrived)
        if self._bytes >= WAITING_BYTES * (2 if urgent else 1):
            self.dropped += 1
        else:
            (self._presses if urgent else self._routine).append(arrived)
            self._bytes += _size(arrived)
            self._waits += _work(arrived)
        return urgent

    def take(self, patience: float, *, urgent: bool = False) -> Sequence[Arrived]:
        """Presses alone if there are any; else what waits, up to a limit, unless only what is `urgent` is asked for;
        nothing after `patience` real seconds.
        """
        with self._something:
            if not self._presses and (urgent or not self._routine):
                self._something.wait(patience)
            while not urgent and self._gathers() and (left := self._gathered_at + GATHER - time.monotonic()) > 0:
                self._something.wait(left)
            waiting = self._presses if urgent else self._presses or self._routine
            if waiting is self._routine:
                self._gathered_at = time.monotonic()
            group: list[Arrived] = []
            work = 0
            while waiting and work < GROUP:
                group.append(waiting.popleft())
                work += _work(group[-1])
            self._waits -= work
            self._bytes -= sum(map(_size, group))
            self._in_hand = group
            return group

    def _gathers(self) -> bool:
        """Whether what waits may wait for more."""
        return bool(self._routine) and not self._presses and self._waits < GROUP

    def done(self) -> None:
        with self._something:
            self._in_hand = ()

    def complete_until(self, now: datetime) -> datetime:
        """Everything that came before this is committed and handed on."""
        with self._something:
            waiting = [some[0].at for some in (self._in_hand, self._presses, self._routine) if some]
        return min([now, *waiting])


class Kit(msgspec.Struct, frozen=True):
    """What has to be known of a home to take in what its kit says: kinds of sensor that were agreed to, sensors fitted
    by their ids, those of them that may be listened to, and what the kit keeps to, with its mark.
    """

    kinds: frozenset[SensorKind]
    sensors: dict[str, SensorKind]
    heard: frozenset[str]
    configured: Configuration
    mark: str


def kit(stands: Agreed, home: Home, configured: Configuration) -> Kit:
    sensors = {sensor.id: sensor.kind for sensor in home.sensors}
    heard = frozenset(sensor.id for sensor in in_use(home, stands.kinds).sensors)
    return Kit(stands.kinds, sensors, heard, configured, mark_of(configured.text))


class OnRecord:
    """Of which homes of a share kits are heard, read anew when the records changed. `elsewhere` are those that other
    shares look after; `erased` says of some when what was measured there was last deleted.
    """

    def __init__(self, store: Store, share: Share = WHOLE) -> None:
        self._records = store.records
        self._share = share
        self._version: int | None = None
        self.homes: dict[str, Kit] = {}
        self.elsewhere: frozenset[str] = frozenset()
        self.erased: dict[str, datetime] = {}

    def refresh(self) -> bool:
        """Whether anything changed."""
        if self._records.version() == self._version:
            return False
        with nothing_is_garbage():
            self._read()
        return True

    def _read(self) -> None:
        """A borough's homes have few ways of being fitted: what is equal is made and kept once."""
        watched = self._records.watched()
        agreed, every = watched.agreed, watched.homes
        alike: dict[tuple[Agreed, Configuration], Kit] = {}
        homes: dict[str, Kit] = {}
        for home in every:
            if self._share.owns(home.id):
                stands = agreed.get(home.id, NOTHING)
                wanted = configured_by(stands, home)
                if (stands, wanted) not in alike:
                    alike[stands, wanted] = kit(stands, home, wanted)
                homes[home.id] = alike[stands, wanted]
        self.homes = homes
        self.elsewhere = frozenset(home.id for home in every if home.id not in homes)
        self.erased = {home.id: home.erased_at for home in every if home.erased_at}
        self._version = watched.version


class Ingest:
    """`work` of the loop of that name; `received` is called from paho's thread."""

    def __init__(
        self,
        store: Store,
        link: Link,
        inbox: Inbox,
        news: SimpleQueue[News],
        clock: Clock,
        share: Share = WHOLE,
        reserve: Reserve | None = None,
    ) -> None:
        self._store = store
        self._link = link
        self._reserve = reserve or Reserve(None, 0)
        self._inbox = inbox
        self._news = news
        self._clock = clock
        self._on_record = OnRecord(store, share)
        self._beats = Beats(store.records)
        self._groups: deque[Sequence[Arrived]] = deque()
        self._shown: set[tuple[str | None, str, str]] = set()
        self._lost: list[Aside] = []
        self._keeps_to: dict[str, str] = {}
        self._trouble = ""

    def turn(self) -> None:
        if not self._groups:
            self._groups.append(self._inbox.take(PATIENCE, urgent=self._reserve.scarce))
        changed = self._on_record.refresh()
        if changed:
            self._link.hear(self._on_record.homes)
        said = self._handle(self._groups[0])
        self._configure(self._keeps_to if changed else said)
        self._groups.popleft()
        self._trouble = ""
        if not self._groups:
            self._inbox.done()
        self._beats.write()

    def stumbled(self, error: Exception) -> None:
        """While the database is away nothing is given up; else the message that caused it is found by halving."""
        self._news.put(Reread())
        self._trouble = f"observations can't be stored: {type(error).__name__}"
        if not self._groups or is_away(error):
            return
        group = self._groups.popleft()
        half = len(group) // 2
        if half:
            self._groups.extendleft((group[half:], group[:half]))
        elif group:
            log.error("a message on %s could not be used and is set aside", group[0].topic)
            text = f"the hub itself failed on this message ({type(error).__name__}): report it with its log"
            self._lost.append(Aside(group[0].at, None, "hub", text, group[0].content))

    def standing(self) -> tuple[datetime, str]:
        trouble = self._link.hindrance or self._reserve.hindrance or self._trouble
        return self._inbox.complete_until(self._clock.now()), trouble

    def _handle(self, group: Sequence[Arrived]) -> Iterable[str]:
        """The kits that said what they keep to."""
        taken = [take(one, self._on_record) for one in group]
        fresh = self._store.series.append([row for one in taken for row in one.rows])
        signs = [one.signs for one in taken if one.signs]
        if fresh or signs:
            self._news.put(Told(fresh, signs))
        self._store.traces.keep([one.felt for one in taken if one.felt])
        self._keep_asides([aside for one in taken for aside in one.asides])
        self._receipt(taken)
        self._time_tests(fresh)
        self._beats.note(one.beat for one in taken if one.beat)
        said = dict(one.keeps_to for one in taken if one.keeps_to)
        self._keeps_to |= said
        return said

    def _configure(self, said: Iterable[str]) -> None:
        """Those of these kits that keep to something else than is on record. One that misses it says so again."""
        for home in said:
            kit = self._on_record.homes.get(home)
            if kit is not None and self._keeps_to[home] != kit.mark:
                self._link.tell(home, Leg.DOWN, encode(Down(kit.mark, Order.CONFIGURE, kit.configured.text)))

    def _time_tests(self, fresh: Sequence[Row]) -> None:
        for row in fresh:
            if row.what is What.TESTED:
                hops = {"arrived": row.arrived, "stored": self._clock.now()}
                self._store.health.test(row.home, row.outbox, row.number, row.at, **hops)

    def _receipt(self, taken: Iterable[Taken]) -> None:
        numbers: dict[tuple[str, str], list[int]] = {}
        for home, outbox, some in (one.receipt for one in taken if one.receipt):
            numbers.setdefault((home, outbox), []).extend(some)
        self._link.receipt(
            (home, encode(Receipt(outbox, ranges(all_of_them)))) for (home, outbox), all_of_them in numbers.items()
        )

    def _keep_asides(self, asides: list[Aside]) -> None:
        dropped, self._inbox.dropped = self._inbox.dropped, 0
        if dropped:
            text = f"more than {WAITING_BYTES} bytes waited: kits send again what was dropped"
            asides.append(Aside(self._clock.now(), None, "busy", text, b"", dropped))
        asides += self._lost
        if asides:
            self._store.records.set_aside([self._once(one) for one in asides])
            self._lost = []

    def _once(self, aside: Aside) -> Aside:
        """What is said without a message to show is shown once, then only counted."""
        said = (aside.home, aside.reason, aside.text)
        if aside.raw != b"":
            return aside
        if said in self._shown:
            return Aside(aside.arrived, aside.home, aside.reason, aside.text, None, aside.count)
        if len(self._shown) >= SHOWN_AT_MOST:
            self._shown.clear()
        self._shown.add(said)
        return aside


def take(arrived: Arrived, on_record: OnRecord) -> Taken:
    """What a message comes to. Never raises for anything that can be in a message."""
    try:
        home_id, leg = read_topic(arrived.topic)
        kit = on_record.homes.get(home_id)
        if kit is None and home_id in on_record.elsewhere:
            return Taken()
        if leg is Leg.HEALTH:
            return _health(arrived, home_id, kit, on_record.erased.get(home_id))
        if leg is Leg.TRACE:
            return _trace(arrived, home_id, kit)
        return _up(arrived, home_id, kit)
    except Unreadable as bad:
        return Taken(asides=[Aside(arrived.at, _home_in(arrived.topic), bad.reason, str(bad), arrived.content)])


def _home_in(name: str) -> str | None:
    """The home that a topic names, for counting, even where the rest of the topic is wrong."""
    parts = name.split("/")
    return parts[2][:LONGEST_NAME] if len(parts) == 4 else None


def _not_on_record(arrived: Arrived, home: str) -> Taken:
    """Not receipted: the kit keeps it until the home is on record. Not shown either: nobody there agreed to that."""
    text = f"a kit calls itself '{home}', which is not on record, or where the service has ended: "
    text += "load that home, correct the kit's settings, or fetch the kit"
    return Taken(asides=[Aside(arrived.at, home, "home", text)])


def _health(arrived: Arrived, home: str, kit: Kit | None, erased_at: datetime | None) -> Taken:
    if not arrived.content:
        return Taken()
    heartbeat = read_heartbeat(arrived.content)
    _check(heartbeat)
    if kit is None:
        return _not_on_record(arrived, home)
    if not heartbeat.online:
        return Taken(beat=Beat(home, None, None, None, online=False))
    keeps_to = None if heartbeat.keeps_to is None else (home, heartbeat.keeps_to)
    until = heard_until(heartbeat, arrived.at, retained=arrived.retained)
    at = _beat_at(heartbeat, arrived)
    erased = arrived.retained and erased_at is not None and at is not None and at <= erased_at
    if until is None or at is None or erased:
        return Taken(keeps_to=keeps_to)
    seen = sensors_seen(heartbeat, arrived.at, retained=arrived.retained)
    sensors = {sensor: moment for sensor, moment in seen.items() if sensor in kit.heard}
    beat = Beat(home, arrived.content, until, at, online=True, on_mains=heartbeat.on_mains)
    since = noticing_since(heartbeat, arrived.at, retained=arrived.retained)
    signs = Signs(home, until, at, heartbeat.every, sensors, since, heartbeat)
    return Taken(beat=beat, signs=signs, keeps_to=keeps_to)


def _check(heartbeat: Heartbeat) -> None:
    """Raises Unreadable for what would make the hub stumble over it again and again: the broker keeps a heartbeat."""
    tested = heartbeat.tested
    moments = [heartbeat.at, heartbeat.complete_until, *heartbeat.sensors.values()]
    moments += [one for one in (heartbeat.noticing_since, tested and tested.at) if one]
    if not SAID_BY_CLOCKS[0] <= min(moments) <= max(moments) <= SAID_BY_CLOCKS[1]:
        raise Unreadable("shape", "a heartbeat holds a time that no clock says: update the kit")
    if not all(_storable(name) for name in (*heartbeat.bridges, *([tested.outbox] if tested else ()))):
        raise Unreadable("shape", "a heartbeat names an outbox or a bridge by what can't be kept: update the kit")


def _beat_at(heartbeat: Heartbeat, arrived: Arrived) -> datetime | None:
    if not arrived.retained:
        return arrived.at
    return min(heartbeat.at, arrived.at) if heartbeat.clock_trusted else None


def _trace(arrived: Arrived, home: str, kit: Kit | None) -> Taken:
    """Receipted where it was not agreed to as well, so that the kit forgets it."""
    trace = read_trace(arrived.content)
    if not (_storable(trace.outbox) and _storable(trace.sensor) and trace.number <= LARGEST_NUMBER):
        raise Unreadable("shape", "an outbox's name, a number or a sensor's id can't be kept: update the kit")
    if kit is None:
        return _not_on_record(arrived, home)
    receipt = (home, trace.outbox, [trace.number])
    if not kit.configured.felt:
        text = "what a pendant felt around a suspected fall was sent, and no consent to that is on record"
        return Taken(asides=[Aside(arrived.at, home, "consent", text)], receipt=receipt)
    said = Observation(trace.number, trace.sensor, What.FELL, trace.at, trace.clock_trusted)
    at = placed(said, trace.sent, arrived.at).at
    felt = Felt(home, trace.outbox, trace.number, trace.sensor, at, trace.begins, trace.every, trace.mg)
    return Taken(felt=felt, receipt=receipt)


def _up(arrived: Arrived, home: str, kit: Kit | None) -> Taken:
    message = read_up(arrived.content)
    if not _storable(message.outbox):
        raise Unreadable("shape", f"an outbox's name has 1 to {LONGEST_NAME} plain characters: update the kit")
    if kit is None:
        return _not_on_record(arrived, home)
    asides = [Aside(arrived.at, home, bad.reason, bad.text, bad.raw) for bad in message.set_aside]
    rows: list[Row] = []
    known: dict[tuple[str, What], tuple[tuple[str, str] | None, str | None]] = {}
    for one in message.observations:
        said = one.sensor, one.what
        if said not in known:
            fault = _fault(one, kit.kinds)
            known[said] = fault, None if fault else _doubt(one, kit.sensors)
        fault, doubt = known[said]
        if fault := fault or _too_large(one):
            asides.append(Aside(arrived.at, home, *fault))
            continue
        where = placed(one, message.sent, arrived.at)
        if doubt:
            asides.append(Aside(arrived.at, home, "sensor", doubt))
        if where.doubt:
            asides.append(Aside(arrived.at, home, "clock", where.doubt))
        row = Row(
            home, message.outbox, one.number, one.sensor, one.what, where.at, arrived.at, one.clock_trusted, 0,
            felt(one.what, one.evidence),
        )  # fmt: skip
        rows.append(row)
    numbers = [number for number in message.numbers if number <= LARGEST_NUMBER]
    return Taken(rows, _merged(asides) if asides else (), (home, message.outbox, numbers))


def _too_large(observation: Observation) -> tuple[str, str] | None:
    if observation.number <= LARGEST_NUMBER:
        return None
    return "observation", "a number can't be kept: check the kit's settings"


def _fault(observation: Observation, kinds: frozenset[SensorKind]) -> tuple[str, str] | None:
    """Why what this sensor noticed is not stored, whatever its number and time."""
    if observation.what not in KINDS_OF:
        return "observation", f"'{observation.what}' is not noticed by a sensor: update the kit"
    if not _storable(observation.sensor):
        return "observation", "a sensor's id can't be kept: check the kit's settings"
    if not may_leave(observation.what, kinds):
        kind = "/".join(sorted(KINDS_OF[observation.what]))
        return "consent", f"no consent to a {kind} sensor is on record: take it out, or record the consent"
    return None


def _doubt(observation: Observation, sensors: Mapping[str, SensorKind]) -> str | None:
    """What an installer should know about one that is stored."""
    if observation.what is What.TESTED:
        return None
    kind = sensors.get(observation.sensor)
    if kind is None:
        return f"sensor '{observation.sensor}' is not on record in this home: add it, with its room"
    if kind not in KINDS_OF[observation.what]:
        return f"sensor '{observation.sensor}' is a {kind} on record but said '{observation.what}': correct it"
    return None


def _merged(asides: Sequence[Aside]) -> list[Aside]:
    """The same complaint about many observations of one message is one with a count."""
    same = Counter((one.arrived, one.home, one.reason, one.text, one.raw) for one in asides)
    return [Aside(*what, count=count) for what, count in same.items()]


def _storable(name: str) -> bool:
    """Databases differ in what else they take."""
    return 0 < len(name) <= LONGEST_NAME and name.isprintable()
