"""The two brokers, as a simulator stands at them: speaking for sensors at the kits', listening at the hub's."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from models.wire import Heartbeat, Leg, Unreadable, every_home, read_heartbeat, read_receipt, read_topic
from simulators.programs import Failed


def connected(host: str, port: int, subscriptions: Iterable[str] = (), seconds: float = 10.0) -> Client:
    """A client with its own thread, connected and subscribed; it reconnects by itself. Set `on_message` on it."""
    client = Client(CallbackAPIVersion.VERSION2)
    client.max_queued_messages_set(0)
    client.max_inflight_messages_set(200)
    wanted = [(topic, 1) for topic in subscriptions]
    ready = threading.Event()

    def on_connect(mine: Client, _: object, __: ConnectFlags, ___: ReasonCode, ____: Properties | None) -> None:
        if wanted:
            mine.subscribe(wanted)
        else:
            ready.set()

    client.on_connect = on_connect
    client.on_subscribe = lambda *_: ready.set()
    try:
        client.connect(host, port)
    except OSError as wrong:
        raise Failed(f"no broker can be reached at {host}:{port}: {wrong.strerror or wrong}") from wrong
    client.loop_start()
    if not ready.wait(seconds):
        raise Failed(f"the broker at {host}:{port} does not answer")
    return client


def close(client: Client) -> None:
    client.disconnect()
    client.loop_stop()


class Line:
    """To the kits' local broker, with QoS 0 as the radio bridge uses."""

    def __init__(self, port: int) -> None:
        self._client = connected("127.0.0.1", port)

    def publish(self, topic: str, content: bytes, retain: bool = False) -> None:
        self._client.publish(topic, content, retain=retain)

    def close(self) -> None:
        close(self._client)


class Numbers:
    """Which numbers were seen, kept small: all up to `upto`, and the ones beyond it."""

    def __init__(self) -> None:
        self.upto = 0
        self.beyond: set[int] = set()

    def __len__(self) -> int:
        return self.upto + len(self.beyond)

    def add(self, first: int, last: int) -> None:
        if first <= self.upto + 1:
            self.upto = max(self.upto, last)
        else:
            self.beyond.update(range(first, last + 1))
        while self.upto + 1 in self.beyond:
            self.upto += 1
            self.beyond.remove(self.upto)
        if self.beyond and first <= self.upto:
            self.beyond = {number for number in self.beyond if number > self.upto}


class Hearing:
    """What passes at the hub's broker: how many observations of each home are receipted, and each kit's heartbeat."""

    def __init__(self, host: str, port: int) -> None:
        self._receipted: dict[str, dict[str, Numbers]] = defaultdict(lambda: defaultdict(Numbers))
        self._heard_of: set[str] = set()
        self.beats: dict[str, Heartbeat] = {}
        self.empty = 0
        """Receipts for messages without an observation."""
        self._news = threading.Condition()
        self._client = connected(host, port, (every_home(Leg.RECEIPT), every_home(Leg.HEALTH)))
        self._client.on_message = self._on_message

    def close(self) -> None:
        close(self._client)

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        try:
            home, leg = read_topic(message.topic)
            with self._news:
                self._hear(home, leg, bytes(message.payload))
                self._news.notify_all()
        except Unreadable:
            return

    def _hear(self, home: str, leg: Leg, payload: bytes) -> None:
        if leg is Leg.HEALTH:
            self.beats[home] = read_heartbeat(payload)
            return
        receipt = read_receipt(payload)
        self._heard_of.add(home)
        self.empty += not receipt.numbers
        for first, last in receipt.numbers:
            self._receipted[home][receipt.outbox].add(first, last)

    def receipted(self, home: str, outbox: str | None = None) -> int:
        """How many observations of a home are receipted, out of one outbox or out of all."""
        kept = self._receipted.get(home, {})
        return sum(len(numbers) for name, numbers in kept.items() if outbox in (None, name))

    def wait_until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Whether it came true within `seconds`; it is asked whenever something was heard."""
        with self._news:
            return self._news.wait_for(true, seconds)

    def wait_for(self, sent: Mapping[str, int], seconds: float, outbox: str | None = None) -> dict[str, int]:
        """Until as many are receipted as were sent, a home each. What is missing when `seconds` pass without news."""
        missing = dict(sent)
        until = time.monotonic() + seconds
        with self._news:
            self._heard_of = set(missing)
            while True:
                looked, self._heard_of = self._heard_of & missing.keys(), set()  # a borough's are not all counted anew
                for home in looked:
                    if self.receipted(home, outbox) >= missing[home]:
                        del missing[home]
                        until = time.monotonic() + seconds
                if not missing or time.monotonic() >= until:
                    break
                self._news.wait(0.2)
        return {home: count - self.receipted(home, outbox) for home, count in missing.items()}
