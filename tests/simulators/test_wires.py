import random
import socket
import threading
from collections.abc import Iterator

import pytest

from models.wire import ranges
from simulators.browser import Page
from simulators.programs import Failed
from simulators.relay import Relay
from simulators.wires import Numbers


def test_numbers_count_each_once_in_any_order() -> None:
    luck = random.Random(1)
    for _ in range(200):
        seen, numbers = Numbers(), [luck.randint(1, 30) for _ in range(20)]
        for start in range(0, len(numbers), 3):
            for first, last in ranges(numbers[start : start + 3]):
                seen.add(first, last)
        assert len(seen) == len(set(numbers))


def test_numbers_without_a_hole_take_no_room() -> None:
    seen = Numbers()
    for first, last in ((5, 9), (1, 2), (3, 4), (10, 400)):
        seen.add(first, last)
    assert (seen.upto, seen.beyond) == (400, set())


@pytest.fixture
def echo() -> Iterator[int]:
    seat = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            try:
                guest, _ = seat.accept()
            except OSError:
                return
            with guest:
                while said := guest.recv(100):
                    guest.sendall(said)

    threading.Thread(target=answer, daemon=True).start()
    yield seat.getsockname()[1]
    seat.shutdown(socket.SHUT_RDWR)
    seat.close()


def asked(port: int) -> bytes:
    """What comes back of a question; nothing when the way is cut."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as ask:
        try:
            ask.sendall(b"hello")
            return ask.recv(100)
        except OSError:
            return b""


def test_a_relay_passes_on_until_it_is_cut_and_again_when_it_is_mended(echo: int) -> None:
    relay = Relay("127.0.0.1", echo)
    assert asked(relay.port) == b"hello"
    relay.cut()
    assert asked(relay.port) == b""
    relay.mend()
    assert asked(relay.port) == b"hello"
    relay.close()


def test_cutting_a_relay_ends_what_is_connected(echo: int) -> None:
    relay = Relay("127.0.0.1", echo)
    with socket.create_connection(("127.0.0.1", relay.port), timeout=60) as ask:
        ask.sendall(b"hello")
        assert ask.recv(100) == b"hello"
        relay.cut()
        assert ask.recv(100) == b""
    relay.close()


PAGE = """
<title>Log in</title><style>p { color: red }</style>
<form action="/login" method="post"><input type="hidden" name="csrf" value="abc"><input name="login">
<input type="password" name="password"><button formaction="/other">Log in</button></form>
<p>Mrs   Okafor</p><script>let hidden = 1</script>
"""


def test_a_page_is_read_as_a_browser_reads_it() -> None:
    page = Page(PAGE)
    assert page.text == "Log in Log in Mrs Okafor"
    assert page.targets == {"/login", "/other"}
    assert page.fields["csrf"] == "abc"
    assert (page.field_of("text"), page.field_of("password")) == ("login", "password")


def test_a_field_that_is_not_there_is_a_clear_failure() -> None:
    with pytest.raises(Failed, match="no field of type password"):
        Page("<p>Closed for the night</p>").field_of("password")
