"""The home agent: one thread through which everything passes, and which alone touches the outbox.

Sensors, the hub and the kit's broker put what happened on one queue, from threads of their own. A turn takes all that
waits there, keeps what was noticed in one commit, and only then answers, sends and beats.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue

from edge.clock import Clock, Moment
from edge.connection import Arrived, Broker, Connection, Heard
from edge.link import Link
from edge.outbox import Outboxes
from edge.sensors import Adapter, Fitted, Last, Noticed, Surroundings, address_of, dialect_of, fit, lamp
from edge.settings import Settings, password
from models.observation import EARLIEST, URGENT
from models.wire import Down, Heartbeat, Leg, Order, Unreadable, encode, read_down, read_receipt, topic

log = logging.getLogger(__name__)

IN_ONE_TURN = 1000
LONGEST_WAIT = 60.0
CATCHING_UP = 0.5
"""Real s after the kit's broker is back, in which it hands over what it kept for us."""
CLOSE_ENOUGH = 0.001
HELP_SHOWN = 3600.0
"""Seconds that the lamp stays lit."""


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
class KitUp:
    """The connection to the kit's own broker stands."""


@dataclass(frozen=True, slots=True)
class KitDown:
    """The connection to the kit's own broker ended."""

    moment: Moment


@dataclass(frozen=True, slots=True)
class Stop:
    """It is time to end."""


Happened = Noticed | FromHub | FromKit | HubUp | KitUp | KitDown | Stop


class Agent:
    """One kit. `run` returns after `stop`; `ready` is called once the hub and the kit's broker are reached.

    Raises InUse and BadSettings at the start. Timers run on the clock's `elapsed`, which no step of the clock moves.
    """

    def __init__(self, settings: Settings, clock: Clock, ready: Callable[[], None]) -> None:
        self._settings, self._clock, self._ready = settings, clock, ready
        self._queue: SimpleQueue[Happened] = SimpleQueue()
        self._hub = Connection(hub_broker(settings), self._hub_topics(), self._from_hub(), lambda: self._will)
        self._outboxes = Outboxes(Path(settings.outbox), clock.boot, settings.outbox_limit)
        last = self._outboxes.last_of_each()
        self._adapters = _adapters(settings, self._queue.put, clock, last)
        self._kit = self._to_kit()
        self._deaf_since = max((at for _, at in last.values()), default=EARLIEST) if self._kit else None
        self._noticing_since: datetime | None = None
        self._hears_again_at: float | None = None
        self._link = Link(settings.home, self._outboxes, self._hub, clock.now, settings.batch_size)
        self._lamp = None if settings.help_led is None else lamp(settings.help_led)
        self._lamp_until = self._beat_at = 0.0
        self._untrusted_waits = True
        self._trusted: bool | None = None
        self._was_ready = self._stopping = False
        self._will = self._last_will(clock.moment())

    def run(self) -> None:
        for adapter in self._adapters:
            adapter.start()
        for connection in (self._kit, self._hub):
            if connection is not None:
                connection.start()
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
        beat = self._clock.real_seconds(self._beat_at - self._clock.moment().elapsed)
        return max(min([*due, beat, LONGEST_WAIT]), 0.0)

    def _turn(self, happened: list[Happened]) -> None:
        moment = self._clock.moment()
        happened += self._queued(IN_ONE_TURN)
        self._take(happened)
        self._surely(lambda: self._tend(moment, caught_up=len(happened) < IN_ONE_TURN))

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
                return (one,)
            case FromKit(message, moment):
                how = {"retained": message.retained, "repeated": message.repeated}
                read = (one.read(message.topic, message.payload, moment, **how) for one in self._adapters)
                return [news for noticed in read for news in noticed]
            case _:
                return ()

    def _keep(self, noticed: Sequence[Noticed]) -> None:
        real, every = time.monotonic(), self._settings.batch_every
        self._outboxes.keep(noticed, real)
        self._untrusted_waits |= any(not one.moment.trusted for one in noticed)
        urgent = any(one.what in URGENT for one in noticed)
        self._link.kept(urgent=urgent, flush_at=real + min(every, self._clock.real_seconds(every)))
        log.info("kept %d from %s", len(noticed), ", ".join(sorted({one.sensor for one in noticed})))

    def _answer(self, one: Happened) -> None:
        match one:
            case FromKit(message):
                message.done()
            case FromHub(message):
                message.done()
                self._obey(message)
            case HubUp():
                self._begin()
            case KitUp():
                log.info("the kit's broker is reached")
                self._hears_again_at = time.monotonic() + CATCHING_UP
            case KitDown(moment):
                self._deafened(moment)
            case Stop():
                self._stopping = True

    def _begin(self) -> None:
        log.info("the hub is reached; %d wait", self._outboxes.waiting)
        self._link.connected(time.monotonic())
        self._beat_at = 0.0

    def _deafened(self, moment: Moment) -> None:
        self._hears_again_at = None
        if self._deaf_since is None:
            self._deaf_since = moment.at

    def _obey(self, message: Arrived) -> None:
        try:
            if message.topic == topic(self._settings.home, Leg.RECEIPT):
                self._link.receipted(read_receipt(message.payload))
            else:
                self._ordered(read_down(message.payload))
        except Unreadable as error:
            log.warning("what the hub sent on %s can't be used (%s): %.200s", message.topic, error.reason, error)

    def _ordered(self, down: Down) -> None:
        log.warning("the hub says %s", down.order)
        if down.order is Order.HELP_COMING and self._lamp is not None:
            self._lamp.on()
            self._lamp_until = self._clock.moment().elapsed + HELP_SHOWN

    def _tend(self, moment: Moment, *, caught_up: bool) -> None:
        """What time asks for: place anew, hear again, send, beat."""
        if moment.trusted and self._untrusted_waits:
            self._untrusted_waits = False
            self._outboxes.set_right(moment)
        if moment.trusted is not self._trusted:
            self._trusted, self._beat_at = moment.trusted, 0.0
        if self._hears_again_at is not None and self._hears_again_at <= time.monotonic():
            self._hears_again_at = self._deaf_since = None
            self._beat_at = 0.0
        self._link.pump(time.monotonic())
        if caught_up and moment.elapsed >= self._beat_at - CLOSE_ENOUGH:
            self._beat(moment)

    def _beat(self, moment: Moment) -> None:
        self._beat_at = moment.elapsed + self._settings.heartbeat_every
        self._outboxes.tend()
        self._will = self._last_will(moment)
        if self._link.beat(self._heartbeat(moment)) and self._deaf_since is None and not self._was_ready:
            self._was_ready = True
            self._ready()
        if self._lamp is not None and moment.elapsed >= self._lamp_until:
            self._lamp.off()

    def _heartbeat(self, moment: Moment) -> Heartbeat:
        deaf = [self._deaf_since, *(adapter.deaf_since for adapter in self._adapters)]
        waits = self._outboxes.oldest()
        if self._noticing_since is None and moment.trusted:
            self._noticing_since = moment.at
        return Heartbeat(
            outbox=self._outboxes.name,
            at=moment.at,
            complete_until=min([moment.at, *(at for at in (waits, *deaf) if at is not None)]),
            every=self._settings.heartbeat_every,
            waiting=self._outboxes.waiting,
            clock_trusted=moment.trusted,
            noticing_since=self._noticing_since,
            sensors={sensor: at for adapter in self._adapters for sensor, at in adapter.alive(moment.at).items()},
        )

    def _last_will(self, moment: Moment) -> tuple[str, bytes]:
        gone = replace(self._heartbeat(moment), online=False)
        return topic(self._settings.home, Leg.HEALTH), encode(gone)

    def _end(self) -> None:
        """Keep what still waits on the queue, say goodbye, and leave."""
        self._take(list(self._queued(IN_ONE_TURN)))
        moment = self._clock.moment()
        self._surely(lambda: self._link.pump(time.monotonic()))
        self._surely(lambda: self._goodbye(moment))
        for connection in (self._kit, self._hub):
            if connection is not None:
                connection.close(within=0.7)
        for adapter in self._adapters:
            adapter.close()
        self._outboxes.close()

    def _goodbye(self, moment: Moment) -> None:
        self._link.beat(replace(self._heartbeat(moment), online=False))

    def _hub_topics(self) -> tuple[str, str]:
        return topic(self._settings.home, Leg.RECEIPT), topic(self._settings.home, Leg.DOWN)

    def _from_hub(self) -> Heard:
        put = self._queue.put
        return Heard(arrived=lambda message: put(FromHub(message)), up=lambda: put(HubUp()), down=lambda: None)

    def _to_kit(self) -> Connection | None:
        topics = [heard for adapter in self._adapters for heard in adapter.topics]
        if not topics or self._settings.local_host is None:
            return None
        put, clock = self._queue.put, self._clock
        heard = Heard(
            arrived=lambda message: put(FromKit(message, clock.moment())),
            up=lambda: put(KitUp()),
            down=lambda: put(KitDown(clock.moment())),
        )
        return Connection(kit_broker(self._settings, self._settings.local_host), topics, heard)


def hub_broker(settings: Settings) -> Broker:
    return Broker(
        "the hub",
        settings.hub_host,
        settings.hub_port,
        f"nightlight-{settings.home}",
        settings.hub_username,
        password(settings),
        settings.hub_ca,
    )


def kit_broker(settings: Settings, host: str) -> Broker:
    """It keeps presses for us while we are away, and knows us by the client's name."""
    client = f"nightlight-{settings.home}-sensors"
    return Broker("the kit's broker", host, settings.local_port, client, remembers_us=True)


def _adapters(settings: Settings, notice: Callable[[Noticed], None], clock: Clock, last: Last) -> list[Adapter]:
    around = Surroundings(notice, clock, settings.zigbee_topic, last)
    by_dialect: dict[str, list[Fitted]] = {}
    for sensor in settings.sensors:
        fitted = Fitted(sensor.id, sensor.kind, address_of(sensor.source), sensor.inverted)
        by_dialect.setdefault(dialect_of(sensor.source), []).append(fitted)
    return [fit(dialect, fitted, around) for dialect, fitted in by_dialect.items()]
