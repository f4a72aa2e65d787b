import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.connection import LONGEST_DELAY, Arrived, Broker, Connection, Delays, Heard
from tests.conftest import Mosquitto, eventually, free_port

pytestmark = pytest.mark.broker


@dataclass
class Ears:
    """What a connection told of."""

    arrived: list[Arrived] = field(default_factory=list)
    ups: int = 0
    downs: int = 0

    def up(self) -> None:
        self.ups += 1

    def down(self) -> None:
        self.downs += 1

    @property
    def heard(self) -> Heard:
        return Heard(self.arrived.append, self.up, self.down)


def connection(port: int, ears: Ears, name: str = "kit", *, remembers_us: bool = False) -> Connection:
    return Connection(Broker("the hub", "127.0.0.1", port, name, remembers_us=remembers_us), ("to/kit",), ears.heard)


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def other(mosquitto: Mosquitto) -> Iterator[Connection]:
    with closing(connection(mosquitto.port, Ears(), "other")) as other:
        other.start()
        eventually(lambda: other.is_up)
        yield other


def test_a_broker_that_is_not_there_yet_is_tried_until_it_is(mosquitto: Mosquitto, ears: Ears) -> None:
    mosquitto.kill()
    with closing(connection(mosquitto.port, ears)) as kit:
        kit.start()
        eventually(lambda: "refused" in kit.trouble)
        assert not kit.is_up
        assert not kit.publish("to/hub", b"lost")
        mosquitto.start()
        eventually(lambda: ears.ups == 1)


def test_after_the_broker_was_killed_it_is_back_at_once(mosquitto: Mosquitto, ears: Ears) -> None:
    with closing(connection(mosquitto.port, ears)) as kit:
        kit.start()
        eventually(lambda: ears.ups == 1)
        mosquitto.kill()
        eventually(lambda: ears.downs == 1)
        mosquitto.start()
        eventually(lambda: ears.ups == 2)


@pytest.mark.parametrize(("away", "at_most"), [(20.0, 110), (600.0, 90)])
def test_a_thousand_kits_that_lost_their_hub_do_not_come_back_at_once(away: float, at_most: int) -> None:
    back = []
    for number in range(1000):
        delays = Delays(random.Random(number).uniform)
        tried = delays.after(3600.0, LONGEST_DELAY)
        while tried < away:
            tried += delays.after(0.0, LONGEST_DELAY)
        back.append(tried - away)
    assert max(Counter(int(one) for one in back).values()) < at_most, "in one second"
    assert max(back) <= LONGEST_DELAY


def test_hurry_does_not_wait_out_the_delay(mosquitto: Mosquitto, ears: Ears, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.connection.FIRST_DELAY", 600.0)
    mosquitto.kill()
    with closing(connection(mosquitto.port, ears)) as kit:
        kit.start()
        eventually(lambda: "refused" in kit.trouble)
        mosquitto.start()
        kit.hurry()
        eventually(lambda: kit.is_up)


def test_what_is_published_arrives_and_is_answered(other: Connection, mosquitto: Mosquitto, ears: Ears) -> None:
    with closing(connection(mosquitto.port, ears)) as kit:
        kit.start()
        eventually(lambda: ears.ups == 1)
        assert other.publish("to/kit", b"hello")
        eventually(lambda: len(ears.arrived) == 1)
        assert (ears.arrived[0].topic, ears.arrived[0].payload, ears.arrived[0].retained) == ("to/kit", b"hello", False)
        eventually(lambda: other.unanswered_for() == 0.0)


def test_what_was_not_done_with_comes_again_after_an_absence(
    other: Connection, mosquitto: Mosquitto, ears: Ears
) -> None:
    with closing(connection(mosquitto.port, ears, remembers_us=True)) as kit:
        kit.start()
        eventually(lambda: ears.ups == 1)
        for content in (b"one", b"two"):
            other.publish("to/kit", content)
        eventually(lambda: len(ears.arrived) == 2)
        ears.arrived[0].done()
        eventually(lambda: other.unanswered_for() == 0.0)
    other.publish("to/kit", b"three")
    eventually(lambda: other.unanswered_for() == 0.0)
    again = Ears()
    with closing(connection(mosquitto.port, again, remembers_us=True)) as kit:
        kit.start()
        eventually(lambda: len(again.arrived) == 2)
        other.publish("to/kit", b"four")
        eventually(lambda: len(again.arrived) == 3)
        arrived = [(one.payload, one.repeated) for one in again.arrived]
        # "three" may have been under way to a kit whose leaving the broker had not noticed yet
        assert (arrived[0], arrived[1][0], arrived[2]) == ((b"two", True), b"three", (b"four", False))


def test_begin_anew_leaves_a_path_that_died_without_a_word(ears: Ears) -> None:
    """A listener that speaks MQTT's first two words and then nothing stands for a router that forgot us."""
    with socket.create_server(("127.0.0.1", 0)) as server, closing(connection(server.getsockname()[1], ears)) as kit:
        kit.start()
        for turn in (1, 2):
            path, _ = server.accept()
            with path:
                path.recv(1000)
                path.sendall(b"\x20\x02\x00\x00")
                mid = path.recv(1000)[2:4]
                path.sendall(b"\x90\x03" + mid + b"\x01")
                eventually(lambda turn=turn: ears.ups == turn)
                assert kit.publish("to/hub", b"into the void")
                eventually(lambda: kit.unanswered_for() > 0.05)
                kit.begin_anew()


def test_a_broker_that_refuses_us_is_named(ears: Ears) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, closing(connection(server.getsockname()[1], ears)) as kit:
        kit.start()
        path, _ = server.accept()
        with path:
            path.recv(1000)
            path.sendall(b"\x20\x02\x00\x05")
            eventually(lambda: "Not authorized" in kit.trouble)
        assert ears.ups == 0


@pytest.mark.parametrize(
    "nonsense", [b"\x20\x02", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xf0\xff\xff\xff\xff\xff", b""]
)
def test_one_that_speaks_nonsense_is_tried_again(ears: Ears, nonsense: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, closing(connection(server.getsockname()[1], ears)) as kit:
        kit.start()
        for _ in range(2):
            path, _ = server.accept()
            with path:
                path.recv(1000)
                path.sendall(nonsense)
        assert ears.ups == 0


def test_closing_takes_no_time_even_while_it_tries(tmp_path: Path) -> None:
    kit = connection(free_port(), Ears())
    kit.start()
    eventually(lambda: "refused" in kit.trouble)
    began = time.monotonic()
    kit.close()
    assert time.monotonic() - began < 5
    eventually(lambda: not [one for one in threading.enumerate() if one.name == "connect-kit"])
