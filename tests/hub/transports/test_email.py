"""A real mail server on this machine."""

from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from hub.settings import Settings
from hub.transports import Call, Unreached, transports
from tests.conftest import free_port

CALL = Call(
    7, "okafor-home", "press", "ada", ("ada@home.example",), "Nightlight alert 7", "Please check on Mrs Okafor.\n"
)


class Letterbox:
    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    async def handle_RCPT(  # noqa: N802 -- the server calls it so
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("gone"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def letterbox() -> Letterbox:
    return Letterbox()


@pytest.fixture
def server(letterbox: Letterbox) -> Iterator[Settings]:
    controller = Controller(letterbox, hostname="127.0.0.1", port=free_port(), ready_timeout=60)
    controller.start()
    yield Settings(smtp_host="127.0.0.1", smtp_port=controller.port, smtp_from="hub@n.example", smtp_starttls=False)
    controller.stop()


def test_it_arrives(server: Settings, letterbox: Letterbox) -> None:
    assert transports(server)["email"].send(CALL).detail == "1 of 1 taken by the mail server"
    (letter,) = letterbox.letters
    assert (letter["To"], letter["From"], letter["Subject"]) == (
        "ada@home.example",
        "hub@n.example",
        "Nightlight alert 7",
    )
    assert letter.get_content().strip() == "Please check on Mrs Okafor."


def test_a_sound_goes_beside_the_words(server: Settings, letterbox: Letterbox) -> None:
    transports(server)["email"].send(replace(CALL, sound=b"RIFF and so on"))
    (letter,) = letterbox.letters
    words, sound = letter.iter_parts()
    assert words.get_content().strip() == "Please check on Mrs Okafor."
    told = sound.get_content_type(), sound.get_filename(), sound.get_content()
    assert told == ("audio/wav", "nightlight.wav", b"RIFF and so on")


def test_nobody_learns_who_else_was_told(server: Settings, letterbox: Letterbox) -> None:
    several = Call(7, "h", "press", "operator", ("a@n.example", "b@n.example"), "s", "t")
    transports(server)["email"].send(several)
    assert [letter["To"] for letter in letterbox.letters] == ["a@n.example", "b@n.example"]


def test_one_of_two_is_enough(server: Settings, letterbox: Letterbox) -> None:
    several = Call(7, "h", "press", "operator", ("gone@n.example", "not an\naddress", "b@n.example"), "s", "t")
    assert transports(server)["email"].send(several).detail.startswith("1 of 3")
    assert len(letterbox.letters) == 1


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (Settings(), "no mail server is set up"),
        (Settings(smtp_host="127.0.0.1", smtp_port=1, smtp_starttls=False), "mail server does not answer"),
    ],
)
def test_why_nobody_was_reached(settings: Settings, why: str) -> None:
    with pytest.raises(Unreached, match=why) as said:
        transports(settings)["email"].send(CALL)
    assert "Error" not in str(said.value), "that word is for the log"


def test_a_refusal_is_a_failure_without_the_address(server: Settings) -> None:
    gone = Call(7, "h", "press", "ada", ("gone@n.example",), "s", "t")
    with pytest.raises(Unreached, match="refused") as refused:
        transports(server)["email"].send(gone)
    assert "gone@" not in str(refused.value)


def test_without_tls_where_it_is_wanted_nothing_is_sent(server: Settings, letterbox: Letterbox) -> None:
    wanted = Settings(smtp_host="127.0.0.1", smtp_port=server.smtp_port)
    with pytest.raises(Unreached, match="as safely as the hub wants; whoever runs the hub"):
        transports(wanted)["email"].send(CALL)
    assert letterbox.letters == []


def test_the_log_names_nobody(caplog: pytest.LogCaptureFixture) -> None:
    assert transports(Settings())["log"].send(CALL).detail == "in the hub's log"
    assert "okafor-home" in caplog.text
    assert "Mrs" not in caplog.text
    assert "ada@" not in caplog.text
