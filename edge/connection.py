"""A connection to an MQTT broker that is tried for ever; each begins anew, with nothing left over from the last.

Used for the hub and for the kit's own broker. Callbacks run on threads of their own and only hand on what came.
"""

import logging
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge.paths import connected_by

log = logging.getLogger(__name__)

FIRST_DELAY, HURRIED_DELAY, LONGEST_DELAY = 0.2, 2.0, 30.0
STEADY_AFTER = 10.0
SOONEST = 0.1
"""Of a delay: what is waited is anything from that part of it to the whole."""
KEEPALIVE = 20
REACHED_WITHIN = 5.0
ANSWER_WITHIN = 10.0
LOOK_EVERY = 5.0
FIRST_WAY_AGAIN = 300.0
"""Real s by another way than the kernel's until that one, which costs less, is tried again."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker is and how to be let in; `called` is what the log says."""

    called: str
    host: str
    port: int
    client_id: str
    username: str | None = None
    password: str | None = None
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    remembers_us: bool = False
    """Whether it keeps what comes at QoS 1 while we are away."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message; `repeated` if the broker sent it before. `done()` tells it that it need not be sent again."""

    topic: str
    payload: bytes
    retained: bool
    repeated: bool
    done: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Heard:
    """What happens is handed to these, on the connection's threads: they may only put on a queue."""

    arrived: Callable[[Arrived], None]
    up: Callable[[], None]
    down: Callable[[], None]


class Delays:
    """Real s between tries: they double, and are spread so that a borough of kits does not come back at once."""

    def __init__(self, luck: Callable[[float, float], float] = random.uniform) -> None:
        self._luck = luck
        self._delay = FIRST_DELAY

    def after(self, lasted: float, longest: float) -> float:
        """What to wait after a try that stood for so long, where no delay is to be longer than that."""
        self._delay = FIRST_DELAY if lasted > STEADY_AFTER else min(self._delay * 2, longest)
        return self._delay * self._luck(SOONEST, 1.0)

    def begin_anew(self) -> None:
        self._delay = FIRST_DELAY


class Connection:
    """MQTT 3.1.1, which every broker speaks. `will` is asked for topic and payload before each connection, and `ways`
    for the network devices that lead out, the kernel's choice first: what fails by that is tried by each of the others.

    `trouble` says what went wrong last.
    """

    def __init__(
        self,
        broker: Broker,
        topics: Sequence[str],
        heard: Heard,
        will: Callable[[], tuple[str, bytes]] | None = None,
        ways: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._broker, self._topics, self._heard, self._will, self._ways = broker, topics, heard, will, ways
        self._client: _Client | None = None
        self._reached_at: str | None = None
        self._wanted = True
        self._over = threading.Event()
        self._wake = threading.Event()
        self._longest_delay = LONGEST_DELAY
        self._stood_since: float | None = None
        self.trouble = ""
        self._reader: threading.Thread | None = None
        self._unanswered: dict[int, float] = {}
        self._thread = threading.Thread(target=self._keep_connected, name=f"connect-{broker.client_id}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_up(self) -> bool:
        client = self._client
        return client is not None and client.is_connected()

    @property
    def own_address(self) -> str | None:
        """The address by which we are connected; None while we are not."""
        client = self._client
        path = client.socket() if client is not None and client.is_connected() else None
        with suppress(OSError):
            return None if path is None else str(cast("socket.socket", path).getsockname()[0])
        return None

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        """Hand over at QoS 1; whether it went on its way, which says nothing of its arrival."""
        client = self._client
        if client is None or not client.is_connected():
            return False
        info = client.publish(topic, payload, qos=1, retain=retain)
        if info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            return False
        self._unanswered[info.mid] = time.monotonic()
        if info.is_published():  # the answer may have come before the line above
            self._unanswered.pop(info.mid, None)
        return True

    def unanswered_for(self) -> float:
        """How long, in real s, the broker has left the longest-waiting publish unanswered."""
        since = min(list(self._unanswered.values()), default=None)
        return 0.0 if since is None else time.monotonic() - since

    def hurry(self) -> None:
        """Somebody needs this connection: don't wait out the delay, and don't let it grow long."""
        self._longest_delay = HURRIED_DELAY
        self._wake.set()

    def begin_anew(self) -> None:
        """Drop what is there and connect again: a path can die without a word."""
        self._over.set()

    def close(self, within: float = 1.0) -> None:
        self._wanted = False
        self._wake.set()
        if self.is_up and self._client is not None:
            self._client.disconnect()
            self._over.wait(within)
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(within)

    def _keep_connected(self) -> None:
        delays = Delays()
        while self._wanted:
            lasted = self._by_any_way()
            if self._wake.wait(delays.after(lasted, self._longest_delay)):
                delays.begin_anew()
            self._wake.clear()

    def _by_any_way(self) -> float:
        """One connection from beginning to end; how long it stood, in s."""
        lasted = self._once(None)
        for device in self._ways()[1:] if not lasted else ():
            if lasted or not self._wanted:
                break
            log.info("%s: trying by %s", self._broker.called, device)
            lasted = self._once(device)
        return lasted

    def _once(self, device: str | None) -> float:
        self._unanswered.clear()
        self._over.clear()
        self._stood_since = self._reader = None
        try:
            client = self._client = self._made(device)
            client.connect(self._broker.host, self._broker.port, KEEPALIVE)
        except (OSError, ValueError) as error:
            self._fails(f"can't be reached: {error}", logging.INFO)
            return 0.0
        client.loop_start()
        self._wait_until_over(time.monotonic() + ANSWER_WITHIN, device)
        _dropped(client)
        return self._ended()

    def _wait_until_over(self, answer_by: float, device: str | None) -> None:
        first_way_at = time.monotonic() + FIRST_WAY_AGAIN
        while not self._over.wait(LOOK_EVERY):
            if self._stood_since is None and time.monotonic() > answer_by:
                self._fails("takes the connection and says nothing", logging.WARNING)
                return
            if device is not None and time.monotonic() > first_way_at:
                first_way_at = time.monotonic() + FIRST_WAY_AGAIN
                if self._answers_by_the_first_way():
                    return
            if self._reader is not None and not self._reader.is_alive():
                log.error("%s: what it sent could not be read", self._broker.called)
                return

    def _answers_by_the_first_way(self) -> bool:
        with suppress(OSError), connected_by(None, self._broker.host, self._broker.port, REACHED_WITHIN):
            log.info("%s answers by the first way again", self._broker.called)
            return True
        return False

    def _reached(self, device: str | None) -> socket.socket:
        """By another way than the kernel's a name may not be found out: where it was last reached is tried first."""
        host, port = self._broker.host, self._broker.port
        try:
            path = connected_by(device, (device and self._reached_at) or host, port, REACHED_WITHIN)
        except socket.gaierror:
            if self._reached_at is None:
                raise
            path = connected_by(device, self._reached_at, port, REACHED_WITHIN)
        self._reached_at = str(path.getpeername()[0])
        return path

    def _ended(self) -> float:
        if self._stood_since is None:
            return 0.0
        self._heard.down()
        log.info("%s: the connection ended", self._broker.called)
        return time.monotonic() - self._stood_since

    def _fails(self, trouble: str, level: int) -> None:
        self.trouble = trouble
        log.log(level, "%s %s", self._broker.called, trouble)

    def _made(self, device: str | None) -> "_Client":
        broker = self._broker
        client = _Client(
            lambda: self._reached(device),
            CallbackAPIVersion.VERSION2,
            broker.client_id,
            clean_session=not broker.remembers_us,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.max_inflight_messages_set(1000)
        client.on_subscribe = self._on_subscribe
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_message, client.on_publish = self._on_message, self._on_publish
        if broker.username is not None:
            client.username_pw_set(broker.username, broker.password)
        if broker.ca is not None:
            client.tls_set(broker.ca, broker.cert, broker.key)
        if self._will is not None:
            client.will_set(*self._will(), qos=1, retain=True)
        return client

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        if code.is_failure:
            self._fails(f"refused us: {code}", logging.WARNING)
            self._over.set()
            return
        self._reader = threading.current_thread()
        client.subscribe([(topic, 1) for topic in self._topics])

    def _on_subscribe(
        self, _client: Client, _data: Any, _mid: int, codes: list[ReasonCode], _properties: Properties | None
    ) -> None:
        for topic, code in zip(self._topics, codes, strict=False):
            if code.is_failure:
                self._fails(f"does not let us hear {topic}: {code}", logging.ERROR)
        self._stood_since = time.monotonic()
        self._longest_delay = LONGEST_DELAY
        self._heard.up()

    def _on_disconnect(
        self, client: Client, _data: Any, _flags: DisconnectFlags, _code: ReasonCode, _properties: Properties | None
    ) -> None:
        if client is self._client:
            self._over.set()

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        mid, qos = message.mid, message.qos
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._heard.arrived(
            Arrived(topic, bytes(message.payload), message.retain, message.dup, lambda: client.ack(mid, qos))
        )

    def _on_publish(
        self, client: Client, _data: Any, mid: int, _code: ReasonCode, _properties: Properties | None
    ) -> None:
        if client is self._client:
            self._unanswered.pop(mid, None)


class _Client(Client):
    """paho has no public way to choose the device that a connection goes out by."""

    def __init__(self, reached: Callable[[], socket.socket], *how: Any, **more: Any) -> None:
        super().__init__(*how, **more)
        self._reached = reached

    def _create_socket_connection(self) -> socket.socket:
        return self._reached()


def _dropped(client: Client) -> None:
    """End it whether or not the other side listens; its thread then ends by itself."""
    sock = client.socket()
    if sock is not None:
        with suppress(OSError):
            cast("socket.socket", sock).shutdown(socket.SHUT_RDWR)
