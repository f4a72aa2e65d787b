"""Paho's client as the hub uses it, on a real broker: reading at once loses, cuts and leaves unacknowledged nothing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from hub.client import AT_ONCE, AllAtOnce
from tests.conftest import eventually, hung_up
from tests.hub.conftest import Broker

TOPIC = "nightlight/1/h/up"
LONG = bytes(range(256)) * (AT_ONCE // 100)


@contextmanager
def hearing(broker: Broker, came: list[bytes]) -> Iterator[None]:
    client = AllAtOnce(CallbackAPIVersion.VERSION2, client_id="hub", clean_session=False)
    heard = threading.Event()

    client.came = lambda messages: came.extend(content for _, content, _ in messages)
    client.on_connect = lambda client, *_: client.subscribe(TOPIC, qos=1)
    client.on_subscribe = lambda *_: heard.set()
    client.connect("127.0.0.1", broker.port)
    thread = threading.Thread(target=client.loop_forever, daemon=True)
    thread.start()
    assert heard.wait(30)
    yield
    client.disconnect()
    thread.join(30)


def test_all_arrives_in_order_and_is_acknowledged(broker: Broker) -> None:
    """Messages longer than what is read at once among many short ones. What is acknowledged does not come again."""
    sent = [LONG if number % 50 == 7 else b"%d" % number for number in range(200)]
    came: list[bytes] = []
    speaker = Client(CallbackAPIVersion.VERSION2)
    speaker.connect("127.0.0.1", broker.port)
    speaker.loop_start()
    with hearing(broker, came):
        for content in sent:
            speaker.publish(TOPIC, content, qos=1)
        eventually(lambda: len(came) == len(sent), 30)
        speaker.publish(TOPIC, b"read after those were acknowledged", qos=0)
        eventually(lambda: len(came) > len(sent), 30)
    with hearing(broker, came):
        speaker.publish(TOPIC, b"last", qos=1)
        eventually(lambda: came[-1] == b"last", 30)
    hung_up(speaker)
    assert came == [*sent, b"read after those were acknowledged", b"last"]
