"""The hub's connection to its broker. The callbacks of paho's thread only pass on what came.

Observations are subscribed to at QoS 1 in a session that the broker keeps, so that a press made while the hub restarts
waits there for it. Heartbeats come at QoS 0: one that waited in the broker would say "I am here" of a past moment. The
retained one, marked as such, tells the state.

One of several watches subscribes to the topics of its own homes, one by one: so nothing passes through a process that
has to hand it on, and the order of a home is the order of one connection. The first of them hears every heartbeat
besides, since a kit that is not on record would be heard by nobody.
"""

import logging
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec
from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from hub.client import AllAtOnce, Came
from hub.clock import Clock
from hub.settings import Settings, secret
from models.share import WHOLE, Share
from models.wire import Leg, every_home, topic

log = logging.getLogger(__name__)

KEEPALIVE = 15
TOPICS_AT_ONCE = 900
"""In one packet, some 40 kB."""
_REFUSED = 128


class Arrived(msgspec.Struct, frozen=True):
    """A message as it came, and when, by the hub's clock."""

    topic: str
    content: bytes
    retained: bool
    at: datetime


class Link:
    """`hindrance` says why kits can't be heard, '' while they can; `hearing_since` is when that last began. Without a
    `share` it hears nobody, and only tells.
    """

    name = "link"

    def __init__(
        self,
        settings: Settings,
        name: str,
        clock: Clock,
        received: Callable[[Sequence[Arrived]], None],
        share: Share | None = WHOLE,
    ) -> None:
        self._clock = clock
        self._received = received
        self._share = share
        self._own: frozenset[str] | None = None
        self._connected_now = False
        self._awaited: set[int | None] = set()
        self._turn = threading.Lock()
        self._where = "{}:{}".format(*settings.broker)
        self.hindrance = f"not yet connected to the broker at {self._where}"
        self.hearing_since: datetime | None = None
        self._client = _client(settings, name)
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_disconnect = self._disconnected
        self._client.came = self._came
        self._client.on_socket_open = _without_delay
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._client.disconnect()
        self._thread.join(2)

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def tell(self, home: str, leg: Leg, content: bytes) -> MQTTMessageInfo:
        return self._client.publish(topic(home, leg), content, qos=1)

    def receipt(self, receipts: Iterable[tuple[str, bytes]]) -> None:
        """Of each home. At QoS 0: what gets no receipt comes again, so one more acknowledgement would be told to
        nobody.
        """
        self._client.publish_all((topic(home, Leg.RECEIPT), content) for home, content in receipts)

    def _run(self) -> None:
        self._client.loop_forever(retry_first_connection=True)

    def _connected(self, _client: Client, _data: object, _flags: object, reason: ReasonCode, _more: object) -> None:
        if reason.is_failure:
            self._deaf(f"the broker at {self._where} refuses the hub: {reason}")
            return
        with self._turn:
            self._connected_now = True
            self._awaited.clear()
            if self._share is None or self._share.whole or self._own is not None:
                self._subscribe(self._topics(self._own or ()))

    def hear(self, homes: Iterable[str]) -> None:
        """Of several watches: these homes are this one's from now on, and no others."""
        if self._share is None or self._share.whole:
            return
        with self._turn:
            before, self._own = self._own, frozenset(homes)
            if not self._connected_now:
                return
            if before is None:
                self._subscribe(self._topics(self._own))
                return
            if fresh := self._of_homes(self._own - before):
                self._subscribe(fresh)
            gone = [name for name, _ in self._of_homes(before - self._own)]
            for start in range(0, len(gone), TOPICS_AT_ONCE):
                self._client.unsubscribe(gone[start : start + TOPICS_AT_ONCE])

    def _topics(self, own: Iterable[str]) -> list[tuple[str, int]]:
        if self._share is None:
            return []
        if self._share.whole:
            return [(every_home(Leg.UP), 1), (every_home(Leg.TRACE), 1), (every_home(Leg.HEALTH), 0)]
        strangers = [(every_home(Leg.HEALTH), 0)] if self._share.first else []
        return strangers + self._of_homes(own)

    def _of_homes(self, homes: Iterable[str]) -> list[tuple[str, int]]:
        """No heartbeat twice: a broker may hand on a message once for each subscription that fits."""
        legs = [(Leg.UP, 1), (Leg.TRACE, 1)]
        if self._share and not self._share.first:
            legs.append((Leg.HEALTH, 0))
        return [(topic(home, leg), qos) for home in sorted(homes) for leg, qos in legs]

    def _subscribe(self, topics: Sequence[tuple[str, int]]) -> None:
        for start in range(0, len(topics), TOPICS_AT_ONCE):
            self._awaited.add(self._client.subscribe(list(topics[start : start + TOPICS_AT_ONCE]))[1])
        if not topics:
            self._hears()

    def _subscribed(self, _client: Client, _data: object, mid: int, reasons: list[ReasonCode], _more: object) -> None:
        if any(reason.value >= _REFUSED for reason in reasons):
            self._deaf(f"the broker at {self._where} does not let the hub read from homes: check its access list")
            return
        with self._turn:
            self._awaited.discard(mid)
            if not self._awaited:
                self._hears()

    def _hears(self) -> None:
        if not self.hindrance:
            return
        log.info("connected to the broker at %s", self._where)
        self.hearing_since = self._clock.now()
        self.hindrance = ""

    def _disconnected(self, _client: Client, _data: object, _flags: object, reason: object, _more: object) -> None:
        self._connected_now = False
        self._deaf(f"not connected to the broker at {self._where}: {reason}")

    def _deaf(self, why: str) -> None:
        if why != self.hindrance:
            log.warning("%s", why)
        self.hindrance = why

    def _came(self, messages: Sequence[Came]) -> None:
        now = self._clock.now()
        self._received([Arrived(*message, now) for message in messages])


def _without_delay(_client: Client, _data: object, opened: object) -> None:
    """Else the kernel holds a receipt back for 40 ms, hoping for more to send with it."""
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _client(settings: Settings, name: str) -> AllAtOnce:
    client = AllAtOnce(CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
    client.reconnect_delay_set(0.2, 2)  # type: ignore[arg-type]  # seconds; paho takes parts of one
    client.max_inflight_messages_set(1000)
    if settings.broker_username:
        client.username_pw_set(settings.broker_username, secret(settings.broker_password_file))
    if settings.broker_ca:
        client.tls_set(settings.broker_ca, settings.broker_cert, settings.broker_key)
    host, port = settings.broker
    client.connect_async(host, port, keepalive=KEEPALIVE)
    return client
