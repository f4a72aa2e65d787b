import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Mailbox

from models.register import Register
from tests.conftest import Mosquitto, eventually, free_port
from tests.journeys.conftest import PlayedClock, Service, only_alert


class Postbox(Mailbox):
    def __init__(self) -> None:
        super().__init__()
        self.letters: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.letters.append(message)


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    box, port = Postbox(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=60)
    server.start()
    yield box, port
    server.stop()


def test_nobody_answers_and_it_never_falls_silent(
    tmp_path: Path, played: PlayedClock, cast: Register, mosquitto: Mosquitto, postbox: tuple[Postbox, int]
) -> None:
    box, port = postbox
    mail = f'smtp_host = "127.0.0.1"\nsmtp_port = {port}\nsmtp_starttls = false\nsmtp_from = "centre@example.org"\n'
    mail += 'public_url = "https://hub.example"\n'
    service = Service(tmp_path, played, cast, mosquitto, extra=mail)
    try:
        service.begin()
        tom = service.viewer("tom")
        assert service.kit
        service.kit.press()
        alert = only_alert(tom)
        assert box.letters == []

        service.clock.move(timedelta(minutes=5))
        eventually(lambda: len(box.letters) == 1, 15)
        assert box.letters[0]["To"] == "ada@example.org"

        for times in range(2, 5):
            service.clock.move(timedelta(minutes=5))
            eventually(lambda times=times: len(box.letters) == times, 15)

        letter = box.letters[-1].get_payload(decode=True)
        assert isinstance(letter, bytes)
        link = re.search(r"https://hub.example(/by-link/reply/\S+)", letter.decode())
        assert link, "a letter says where to answer"
        answered = httpx.post(service.url + link[1], data={"key": "1"}, timeout=60).text
        assert "Nobody else is called" in answered
        service.clock.move(timedelta(minutes=29))
        assert "Ada Okafor (daughter): on the way" in tom.see(alert)
        assert len(box.letters) == 4, "somebody is on the way, so nobody else is called"
        service.clock.move(timedelta(minutes=6))
        eventually(lambda: len(box.letters) == 5, 15)

        tom.post(f"{alert}/answer")
        service.clock.move(timedelta(minutes=3))
        eventually(lambda: "lapsed" in tom.see("/console").lower(), 15)
        service.clock.move(timedelta(minutes=5))
        eventually(lambda: len(box.letters) == 6, 15)
    finally:
        service.end()
    assert "Grace" not in service.log.read_text() + service.kit.log.read_text()
