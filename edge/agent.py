"""The home agent: one thread through which everything passes, and which alone touches the outbox.

Sensors, the hub and the kit's broker put what happened on one queue, from threads of their own. A turn takes all that
waits there, keeps what was noticed in one commit, and only then answers, sends and beats.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

from msgspec import structs

from edge.clock import Clock, Moment
from edge.condition import Condition
from edge.connection import Arrived, Broker, Connection, Heard
from edge.consent import Consent
from edge.discovery import Discovery
from edge.fall import Falls, Judging
from edge.link import Link
from edge.listed import listed
from edge.machine import Machine
from edge.outbox import STEP, Outboxes
from edge.paths import Network
from edge.proving import Proving
from edge.sensors import (
    Adapter,
    Buzzer,
    Felt,
    Fitted,
    Lamp,
    Last,
    Mains,
    Noticed,
    Surroundings,
    address_of,
    dialect_of,
    fit,
    lamp,
    mains,
    tone,
)
from edge.settings import Settings, password
from edge.systemd import ALIVE, READY, tell
from edge.voice import Voice
from models.observation import EARLIEST, KIT, OLDEST, URGENT, What
from models.wire import (
    Down,
    Heartbeat,
    Leg,
    Order,
    Receipt,
    Unreadable,
    encode,
    read_down,
    read_receipt,
    topic,
)

log = logging.getLogger(__name__)
T = TypeVar("T")

IN_ONE_TURN = 1000
LONGEST_WAIT = 60.0
CATCHING_UP = 0.5
"""Real s after the kit's broker is back, in which it hands over what it kept for us."""
CLOSE_ENOUGH = 0.001
ASK = "ask"
OBEYED = 8
"""Of so many orders a heartbeat tells that they were carried out."""
AWAY, REACHED, AGREED = "away", "reached", "agreed"
"""How it stands with the hub: from REACHED on it let us in, and from AGREED on it knows this home."""
WALKED_FOR, WALK_BEAT = 600.0, 2.0
"""For so long in s after a sensor is to be set off nothing waits for company, and so often heartbeats tell what was
heard.
"""


@dataclass(frozen=True, slots=True)
class FromHub:
    message: Arrived


@dataclass(frozen=True, slots=True)
class FromKit:
    message: Arrived
    moment: Moment


@dataclass(frozen=True, slots=True)
class HubUp:
    """The connection to the hub stands."""


@dataclass(frozen=True, slots=True)
class HubDown:
    """The connection to the hub ended."""


@dataclass(frozen=True, slots=True)
class KitUp:
    """The connection to the kit's own broker stands."""


@dataclass(frozen=True, slots=True)
class KitDown:
    """The connection to the kit's own broker ended."""

    moment: Moment


@dataclass(frozen=True, slots=True)
class MainsChanged:
    """The mains came or went: soon there may be nobody left to say so."""


@dataclass(frozen=True, slots=True)
class Stop:
    """It is time to end."""


Happened = Noticed | Felt | FromHub | FromKit | HubUp | HubDown | KitUp | KitDown | MainsChanged | Stop


class Agent:
    """One kit. `run` returns after `stop`; `ready` is called once the hub and the kit's broker are reached.

    Raises InUse and BadSettings at the start. Timers run on the clock's `elapsed`, which no step of the clock moves.
    Without `judging` what is felt is not judged. `again` is set when it ended because the hub has another list of
    sensors for it: another agent, from the same settings, goes on with that.
    """

    def __init__(
        self, settings: Settings, clock: Clock, ready: Callable[[], None], judging: Judging | None = None
    ) -> None:
        self._own, self._clock, self._ready = settings, clock, ready
        self._outboxes = Outboxes(Path(settings.outbox), clock.boot, settings.outbox_limit)
        settings, self._unfit = listed(settings, self._outboxes.told())
        self._settings = settings
        self.again = self._relist = False
        self._queue: SimpleQueue[Happened] = SimpleQueue()
        network = Network(modem=settings.modem)
        self._hub = Connection(
            hub_broker(settings), self._hub_topics(), self._from_hub(), lambda: self._will, network.ways
        )
        last = dict(self._outboxes.last_of_each())
        _, tested_at = last.pop(KIT, (None, None))
        self._proving = Proving(settings.test_every, tested_at, clock.moment())
        by_dialect = _adapters(settings, self._surroundings(last))
        self._adapters = list(by_dialect.values())
        self._discovery = Discovery(settings.home, settings.sensors, settings.home_assistant, self._say_in_the_kit)
        self._obeyed: deque[str] = deque(maxlen=OBEYED)
        self._kit = self._to_kit()
        self._deaf_since = max((at for _, at in last.values()), default=EARLIEST) if self._kit else None
        self._noticing_from = clock.moment().elapsed
        self._began = clock.moment().began
        self._told_until: datetime | None = None
        self._hears_again_at: float | None = None
        self._link = Link(settings.home, self._outboxes, self._hub, clock.now, settings.batch_size)
        self._condition = Condition(
            Machine(), network, by_dialect, self._outboxes, lambda: self._hub.own_address, self._mains_there()
        )
        self._beat_at = self._walk_until = 0.0
        self._falls = None if judging is None else _falls(settings, judging)
        self._consent, self._kinds = Consent(), {sensor.id: sensor.kind for sensor in settings.sensors}
        self._surely(self._remember)
        self._undecided = self._outboxes.pending()
        tones = {pin: tone(pin) for pin in {settings.help_buzzer, settings.fall_buzzer} - {None} if pin is not None}
        self._asking: list[Lamp] = _asking(settings, tones) if self._falls else []
        self._voice = _voice(settings, tones)
        self._asked: frozenset[str] = frozenset()
        self._told_to_ask = _told_to_ask(settings)
        self._pended: tuple[Noticed, ...] = ()
        self._untrusted_waits = True
        self._trusted: bool | None = None
        self._was_ready = self._stopping = False
        self._will = self._last_will(self._heartbeat(clock.moment()))

    def run(self) -> None:
        self._outboxes.stand(AWAY)
        for adapter in self._adapters:
            adapter.start()
        for connection in (self._kit, self._hub):
            if connection is not None:
                connection.start()
        tell(READY)  # it notices from now on; the hub may be away for days
        while not self._stopping:
            self._turn(self._first())
        self._end()

    def stop(self) -> None:
        """From any thread, and from a signal."""
        self._queue.put(Stop())

    def _first(self) -> list[Happened]:
        """What happened, waited for until something is due."""
        try:
            return [self._queue.get(timeout=self._patience())]
        except Empty:
            return []

    def _patience(self) -> float:
        real = time.monotonic()
        due = [at - real for at in (self._link.next_at(), self._hears_again_at) if at is not None]
        played = [self._beat_at, *([fall] if self._falls and (fall := self._falls.next_at()) is not None else [])]
        beat = self._clock.real_seconds(min(played) - self._clock.moment().elapsed)
        return max(min([*due, beat, LONGEST_WAIT]), 0.0)

    def _turn(self, happened: list[Happened]) -> None:
        moment = self._clock.moment()
        happened += self._queued(IN_ONE_TURN)
        self._take(happened)
        self._surely(lambda: self._tend(moment, caught_up=len(happened) < IN_ONE_TURN))
        tell(ALIVE)

    def _queued(self, most: int) -> Iterator[Happened]:
        for _ in range(most):
            try:
                yield self._queue.get_nowait()
            except Empty:
                return

    def _take(self, happened: Sequence[Happened]) -> None:
        """Keep first; only then tell the kit's broker that it may forget, and hear what the hub says."""
        noticed: list[Noticed] = []
        for one in happened:
            self._surely(lambda one=one: noticed.extend(self._news(one)))  # type: ignore[misc]
        if noticed:
            self._surely(lambda: self._keep(noticed))
        self._surely(self._mind_falls)
        for one in happened:
            self._surely(lambda one=one: self._answer(one))  # type: ignore[misc]

    def _surely(self, act: Callable[[], None]) -> None:
        """Nothing that comes in may silence a kit: what fails is logged, and set aside by going on."""
        try:
            act()
        except Exception:
            log.exception("one thing failed; going on")

    def _news(self, one: Happened) -> Iterable[Noticed]:
        match one:
            case Noticed():
                return self._judged(one)
            case Felt():
                return self._falls.feel(one) if self._falls else ()
            case FromKit(message, moment):
                how = {"retained": message.retained, "repeated": message.repeated}
                read = (one.read(message.topic, message.payload, moment, **how) for one in self._adapters)
                return [kept for noticed in read for news in noticed for kept in self._judged(news)]
            case _:
                return ()

    def _judged(self, noticed: Noticed) -> Sequence[Noticed]:
        """What nobody agreed to is dropped here, and calls off no fall."""
        if not self._consent.keeps(noticed.what):
            return ()
        return self._falls.take(noticed) if self._falls else (noticed,)

    def _mind_falls(self) -> None:
        """What may yet be called off is on the card before anybody is asked; what is decided leaves it last."""
        if self._falls is None and not self._undecided:
            return
        moment = self._clock.moment()
        decided = [*self._undecided, *(self._falls.due(moment) if self._falls else ())]
        if decided:
            self._keep(decided)
        pending = self._falls.pending if self._falls else ()
        if self._undecided or pending != self._pended:
            self._outboxes.pend(pending)
            self._undecided, self._pended = [], pending
        self._ask(self._falls.asking if self._falls else frozenset())

    def _ask(self, wearers: frozenset[str]) -> None:
        """With the kit's own tone and lamp, and on the pendant where it can be told to."""
        before, self._asked = self._asked, wearers
        for sensor in before ^ wearers:
            if sensor in self._told_to_ask and self._kit is not None:
                self._kit.publish(self._told_to_ask[sensor], b"on" if sensor in wearers else b"off")
        if bool(before) is not bool(wearers):
            for each in self._asking:
                each.on() if wearers else each.off()

    def _keep(self, noticed: Sequence[Noticed]) -> None:
        noticed = [one for one in noticed if self._consent.keeps(one.what)]
        if not noticed:
            return
        real = time.monotonic()
        every = 0.0 if self._clock.moment().elapsed < self._walk_until else self._settings.batch_every
        noticed = [one if self._consent.felt else replace(one, felt=None) for one in noticed]
        outbox, number = self._outboxes.keep(noticed, real)
        for place, one in enumerate(noticed, start=number - len(noticed) + 1):
            if one.what is What.TESTED:
                self._proving.kept(outbox, place, one.moment.at, time.monotonic())
        self._untrusted_waits |= any(not one.moment.trusted for one in noticed)
        urgent = any(one.what in URGENT for one in noticed)
        self._link.kept(urgent=urgent, flush_at=real + min(every, self._clock.real_seconds(every)))
        self._discovery.noticed(noticed)
        log.info("kept %d from %s", len(noticed), ", ".join(sorted({one.sensor for one in noticed})))

    def _answer(self, one: Happened) -> None:
        match one:
            case FromKit(message):
                message.done()
                self._discovery.heard(message.topic, message.payload)
            case FromHub(message):
                message.done()
                self._obey(message)
            case HubUp():
                self._begin()
            case HubDown():
                self._link.agreed = False
                self._outboxes.stand(AWAY)
            case KitUp():
                log.info("the kit's broker is reached")
                self._discovery.announce()
                self._hears_again_at = time.monotonic() + CATCHING_UP
            case KitDown(moment):
                self._deafened(moment)
            case MainsChanged():
                self._beat_at = 0.0
            case Stop():
                self._stopping = True

    def _begin(self) -> None:
        log.info("the hub is reached; %d wait", self._outboxes.waiting)
        self._link.connected(time.monotonic())
        self._outboxes.stand(REACHED)
        self._beat_at = 0.0

    def _deafened(self, moment: Moment) -> None:
        self._hears_again_at = None
        if self._deaf_since is None:
            self._deaf_since = moment.at

    def _obey(self, message: Arrived) -> None:
        try:
            if message.topic == topic(self._settings.home, Leg.RECEIPT):
                self._receipted(read_receipt(message.payload))
            else:
                self._ordered(read_down(message.payload))
        except Unreadable as error:
            log.warning("what the hub sent on %s can't be used (%s): %.200s", message.topic, error.reason, error)

    def _receipted(self, receipt: Receipt) -> None:
        self._link.receipted(receipt)
        if self._proving.receipted(receipt, time.monotonic()):
            self._beat_at = 0.0

    def _ordered(self, down: Down) -> None:
        if down.order is Order.CONFIGURE:
            self._configure(down.text)
            return
        log.warning("the hub says %s", down.order)
        if self._carried_out(down):
            if down.id not in self._obeyed:
                self._obeyed.append(down.id)
            self._beat_at = 0.0  # the hub says it again until it reads that it was done

    def _carried_out(self, down: Down) -> bool:
        """What comes again was done already; only a lamp stays lit for longer."""
        elapsed, again = self._clock.moment().elapsed, down.id in self._obeyed
        match down.order:
            case Order.HELP_COMING:
                return self._voice.help_is_coming(down.id, elapsed)
            case Order.WALK if not again:
                self._walk_until = elapsed + WALKED_FOR
            case Order.TEST if not again:
                self._proving.ask()
        return True

    def _remember(self) -> None:
        """What the hub said before this program began."""
        told = self._outboxes.told()
        if told is not None:
            self._consent.learn(told)
        self._forget_felt()

    def _configure(self, told: str) -> None:
        """What is no longer agreed to leaves the outboxes before anything else is sent; until it has, we ask again."""
        if not self._consent.learn(told) and self._link.agreed:
            return
        log.info("the hub says what is agreed to here: %s", told)
        self._forget_felt()
        self._link.agreed = self._outboxes.withdraw(self._consent.refused())
        self._outboxes.tell(told)
        # As it stands on the card: a list that could not be kept would have this begin anew for ever.
        self._relist = listed(self._own, self._outboxes.told()) != (self._settings, self._unfit)
        if self._link.agreed:
            self._beat_at = 0.0
            self._outboxes.stand(AGREED)

    def _begin_anew(self) -> bool:
        """With another list of sensors; not while what was noticed, or whether somebody fell, is in memory alone."""
        if not self._relist or self._outboxes.memory_only or self._undecided or self._pended:
            return False
        log.info("the hub has another list of sensors: beginning anew with that")
        self.again = self._stopping = True
        return True

    def _forget_felt(self) -> None:
        if not self._consent.felt:
            self._outboxes.forget_traces()
        if self._falls is not None:
            self._falls.remember(self._consent.felt)
            self._falls.walking = self._settings.walking_calls_off and self._consent.walking

    def _tend(self, moment: Moment, *, caught_up: bool) -> None:
        """What time asks for: place anew, hear again, send, beat."""
        if self._begin_anew():
            return
        if moment.trusted and (self._untrusted_waits or abs(moment.began - self._began) > STEP):
            for adapter in self._adapters:
                adapter.set_right(self._began, moment)
            self._untrusted_waits, self._began = False, moment.began
            self._outboxes.set_right(moment)
        if moment.trusted is not self._trusted:
            self._trusted, self._beat_at = moment.trusted, 0.0
        if self._hears_again_at is not None and self._hears_again_at <= time.monotonic():
            self._hears_again_at = self._deaf_since = None
            self._beat_at = 0.0
        if self._proving.due(moment, time.monotonic()):
            self._queue.put(Noticed(KIT, What.TESTED, moment))
        self._link.pump(time.monotonic())
        self._proving.look(self._link.is_on_the_way, time.monotonic())
        if caught_up and moment.elapsed >= self._beat_at - CLOSE_ENOUGH:
            self._beat(moment)

    def _beat(self, moment: Moment) -> None:
        walked = moment.elapsed < self._walk_until
        every = self._settings.heartbeat_every
        self._beat_at = moment.elapsed + (min(every, WALK_BEAT) if walked else every)
        self._outboxes.tend()
        beat = self._heartbeat(moment)
        self._will = self._last_will(beat)
        if self._link.beat(beat):
            self._told_until = beat.complete_until
            self._call_ready()
        self._voice.tend(moment.elapsed)

    def _call_ready(self) -> None:
        if self._deaf_since is None and not self._was_ready:
            self._was_ready = True
            self._ready()

    def _heartbeat(self, moment: Moment) -> Heartbeat:
        condition = self._condition.told(Path(self._settings.outbox))
        condition["health"] = self._named(condition["health"])
        return Heartbeat(
            outbox=self._outboxes.name,
            at=moment.at,
            complete_until=self._complete(moment),
            every=self._settings.heartbeat_every,
            waiting=self._outboxes.waiting,
            clock_trusted=moment.trusted,
            noticing_since=moment.at - timedelta(seconds=moment.elapsed - self._noticing_from),
            tested=self._proving.tested,
            keeps_to=self._consent.mark if self._link.agreed and not self._relist else "",
            unfit=self._unfit,
            obeyed=tuple(self._obeyed) if self._voice.fitted else None,
            boot=moment.boot,
            sensors=self._named({one: at for each in self._adapters for one, at in each.alive(moment.at).items()}),
            **condition,
        )

    def _complete(self, moment: Moment) -> datetime:
        """No further than was told before, until what waits is on its way: half a morning would be judged as whole."""
        if not self._link.agreed:
            return self._told_until or moment.at - OLDEST
        deaf = [self._deaf_since, *(adapter.deaf_since for adapter in self._adapters)]
        return min([moment.at, *(at for at in (self._outboxes.oldest(), *deaf) if at is not None)])

    def _named(self, sensors: dict[str, T]) -> dict[str, T]:
        """When a sensor was last heard tells of who lives there as well."""
        return {sensor: said for sensor, said in sensors.items() if self._consent.names(self._kinds[sensor])}

    def _last_will(self, beat: Heartbeat) -> tuple[str, bytes]:
        return topic(self._settings.home, Leg.HEALTH), encode(structs.replace(beat, online=False))

    def _mains_there(self) -> Mains | None:
        pin, inverted = self._settings.mains_pin, self._settings.mains_pin_inverted
        return None if pin is None else mains(pin, lambda: self._queue.put(MainsChanged()), inverted=inverted)

    def _end(self) -> None:
        """Keep what still waits on the queue, say goodbye, and leave."""
        self._take(list(self._queued(IN_ONE_TURN)))
        moment = self._clock.moment()
        self._surely(lambda: self._link.pump(time.monotonic()))
        if not self.again:
            self._surely(lambda: self._goodbye(moment))
        self._surely(lambda: self._ask(frozenset()))
        for connection in (self._kit, self._hub):
            if connection is not None:
                connection.close(within=0.7)
        for adapter in self._adapters:
            adapter.close()
        for each in self._asking:
            each.close()
        self._voice.close()
        self._condition.close()
        self._outboxes.close()

    def _goodbye(self, moment: Moment) -> None:
        self._link.beat(structs.replace(self._heartbeat(moment), online=False))

    def _hub_topics(self) -> tuple[str, str]:
        return topic(self._settings.home, Leg.RECEIPT), topic(self._settings.home, Leg.DOWN)

    def _from_hub(self) -> Heard:
        put = self._queue.put
        return Heard(
            arrived=lambda message: put(FromHub(message)), up=lambda: put(HubUp()), down=lambda: put(HubDown())
        )

    def _surroundings(self, last: Last) -> Surroundings:
        base, lately = self._settings.zigbee_topic, self._outboxes.lately()
        return Surroundings(self._queue.put, self._clock, base, last, lately)

    def _to_kit(self) -> Connection | None:
        topics = [heard for adapter in self._adapters for heard in adapter.topics]
        if self._settings.local_host is None or not (topics or self._settings.home_assistant):
            return None
        put, clock = self._queue.put, self._clock
        heard = Heard(
            arrived=lambda message: put(FromKit(message, clock.moment())),
            up=lambda: put(KitUp()),
            down=lambda: put(KitDown(clock.moment())),
        )
        shown = self._discovery
        gone = (lambda: (shown.status, b"offline")) if shown.wanted else None
        return Connection(kit_broker(self._settings, self._settings.local_host), [*topics, *shown.topics], heard, gone)

    def _say_in_the_kit(self, topic: str, payload: bytes, retain: bool) -> None:
        if self._kit is not None:
            self._kit.publish(topic, payload, retain=retain)


def hub_broker(settings: Settings) -> Broker:
    return Broker(
        "the hub",
        settings.hub_host,
        settings.hub_port,
        f"nightlight-{settings.home}",
        settings.hub_username,
        password(settings),
        settings.hub_ca,
        settings.hub_cert,
        settings.hub_key,
    )


def kit_broker(settings: Settings, host: str) -> Broker:
    """It keeps presses for us while we are away, and knows us by the client's name."""
    client = f"nightlight-{settings.home}-sensors"
    return Broker("the kit's broker", host, settings.local_port, client, remembers_us=True)


def _falls(settings: Settings, judging: Judging) -> Falls:
    buttons = {sensor.id: sensor.button for sensor in settings.sensors if sensor.button}
    return Falls(judging, settings.fall_window, walking=settings.walking_calls_off, buttons=buttons)


def _told_to_ask(settings: Settings) -> dict[str, str]:
    """Where a pendant hears that its wearer is being asked."""
    worn = (sensor for sensor in settings.sensors if dialect_of(sensor.source) == "esphome")
    return {sensor.id: f"{address_of(sensor.source)}/{ASK}" for sensor in worn}


def _asking(settings: Settings, tones: Mapping[int, Buzzer | None]) -> list[Lamp]:
    """What shows that a fall may be called off."""
    shown = None if settings.fall_led is None else lamp(settings.fall_led)
    sounds = None if settings.fall_buzzer is None else tones[settings.fall_buzzer]
    return [one for one in (shown, sounds) if one is not None]


def _voice(settings: Settings, tones: Mapping[int, Buzzer | None]) -> Voice:
    shown = None if settings.help_led is None else lamp(settings.help_led)
    return Voice(shown, None if settings.help_buzzer is None else tones[settings.help_buzzer], settings.speaks)


def _adapters(settings: Settings, around: Surroundings) -> dict[str, Adapter]:
    """By their dialect."""
    by_dialect: dict[str, list[Fitted]] = {}
    for sensor in settings.sensors:
        fitted = Fitted(sensor.id, sensor.kind, address_of(sensor.source), sensor.inverted)
        by_dialect.setdefault(dialect_of(sensor.source), []).append(fitted)
    return {dialect: fit(dialect, fitted, around) for dialect, fitted in by_dialect.items()}
