"""Every other way to reach a person, against a real server on this machine."""

import base64
import hashlib
import hmac
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.settings import Settings
from hub.transports import Call, Unreached, transports
from hub.transports.post import SIGNATURE
from hub.transports.webpush import public_key, readable, vapid
from models.response import Answer
from tests.conftest import free_port

CALL = Call(
    7, "okafor-home", "press", "ada", (), "Nightlight alert 7", "Please check on Mrs Okafor.", "https://hub.example/r"
)


@dataclass
class Server:
    """Answers `code` with `body`, and keeps what it was sent."""

    port: int = 0
    code: int = 200
    body: bytes = b"{}"
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Handler(BaseHTTPRequestHandler):
    server_of: ClassVar[Server]

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server_of.got.append((self.path, headers, content))
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        self.send_response(self.server_of.code)
        self.send_header("content-length", str(len(self.server_of.body)))
        self.end_headers()
        if self.command == "POST":
            self.wfile.write(self.server_of.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    handler = type("Handler", (_Handler,), {"server_of": made})
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    made.port = http.server_port
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    http.shutdown()
    http.server_close()


@pytest.fixture
def settings(tmp_path: Path, server: Server) -> Settings:
    secret = tmp_path / "secret"
    secret.write_text("shared with them\n")
    sms = tmp_path / "sms"
    sms.write_text(f"json://127.0.0.1:{server.port}/{{to}}\n")
    return Settings(
        data_dir=str(tmp_path),
        sms_url_file=str(sms),
        webhook_url=f"{server.url}/hook",
        webhook_secret_file=str(secret),
        partner_url=f"{server.url}/take",
        partner_secret_file=str(secret),
        sip_url=f"{server.url}/ari",
        sip_password_file=str(secret),
        push_services=("127.0.0.1",),
    )


class Browser:
    """What a browser keeps for a subscription, and what it reads of what comes."""

    def __init__(self, endpoint: str) -> None:
        self.key, self.auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.subscription = json.dumps({"endpoint": endpoint, "keys": {"p256dh": _b64(point), "auth": _b64(self.auth)}})

    def reads(self, content: bytes) -> dict[str, str]:
        read: dict[str, str] = json.loads(http_ece.decrypt(content, private_key=self.key, auth_secret=self.auth))
        return read


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def addressed(name: str, server: Server) -> Call:
    to = {
        "sms": "+441632960077",
        "push": f"json://127.0.0.1:{server.port}/topic",
        "webpush": Browser(f"{server.url}/push/1").subscription,
        "sip": "01632 960077",
    }
    return replace(CALL, to=(to[name],) if name in to else ())


WAYS = ["sms", "push", "webpush", "sip", "webhook", "partner"]


@pytest.mark.parametrize("name", WAYS)
def test_what_may_pass_is_told_from_what_will_not(name: str, settings: Settings, server: Server) -> None:
    server.body = b'{"taken": true}'
    way, call = transports(settings)[name], addressed(name, server)
    for code, broken in ((404, False), (503, True), (429, True)):
        server.code = code
        with pytest.raises(Unreached) as why:
            way.send(call)
        assert why.value.broken is broken, code
        assert "960077" not in str(why.value)
        assert "Okafor" not in str(why.value)
    server.code = 200
    assert way.send(call).detail


@pytest.mark.parametrize("name", WAYS)
def test_a_server_that_is_away_is_a_broken_way(
    name: str, settings: Settings, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    call, nobody = addressed(name, replace(server, port=free_port())), f"http://127.0.0.1:{free_port()}"
    Path(settings.sms_url_file or "").write_text(f"json://127.0.0.1:{free_port()}/{{to}}")
    away = replace(settings, webhook_url=nobody, partner_url=nobody, sip_url=nobody)
    with pytest.raises(Unreached) as why:
        (way := transports(away)[name]).send(call)
    assert why.value.broken
    assert "does not answer" in str(why.value)
    assert "has to mend" in str(why.value), "who can"
    assert "Error" not in str(why.value), "that word is for the log"
    assert not way.probe()
    assert "960077" not in caplog.text


@pytest.mark.parametrize("name", ["sms", "email", "sip", "webhook", "partner"])
def test_what_is_not_set_up_says_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(Unreached, match="set "):
        transports(Settings(data_dir=str(tmp_path)))[name].send(replace(CALL, to=("x",)))


def test_a_text_message_goes_to_the_number(settings: Settings, server: Server) -> None:
    transports(settings)["sms"].send(addressed("sms", server))
    ((path, _, content),) = server.got
    assert path == "/+441632960077"
    assert json.loads(content)["message"] == CALL.text


@pytest.mark.parametrize("address", ["file:///x", "exec://true", "nonsense", "mailto://a:b@example.org"])
def test_an_address_may_not_choose_any_service(settings: Settings, address: str) -> None:
    with pytest.raises(Unreached) as why:
        transports(settings)["push"].send(replace(CALL, to=(address,)))
    assert not why.value.broken


def test_a_browser_alone_reads_what_is_pushed_to_it(settings: Settings, server: Server) -> None:
    browser = Browser(f"{server.url}/push/1")
    assert transports(settings)["webpush"].send(replace(CALL, to=(browser.subscription,))).detail == "1 of 1 browsers"
    ((path, headers, content),) = server.got
    assert path == "/push/1"
    assert b"Okafor" not in content
    shown = {"title": CALL.subject, "text": CALL.text, "link": CALL.link, "tag": "", "silent": False}
    assert browser.reads(content) == shown
    assert headers["authorization"].startswith("vapid t=")
    assert _b64(public_key(settings)) in headers["authorization"]


def test_the_hubs_push_key_is_made_once_and_is_nobody_elses(settings: Settings) -> None:
    assert public_key(settings) == public_key(settings)
    kept = settings.secrets / "vapid.pem"
    assert kept.stat().st_mode & 0o077 == 0
    assert vapid(settings).private_key is not None


@pytest.mark.parametrize(
    ("endpoint", "may"),
    [
        ("https://fcm.googleapis.com/fcm/send/x", True),
        ("https://web.push.apple.com/x", True),
        ("http://fcm.googleapis.com/x", False),
        ("https://evil-googleapis.com/x", False),
        ("https://10.0.0.1/admin", False),
        ("http://127.0.0.1:8000/x", False),
        ("file:///etc/passwd", False),
    ],
)
def test_a_form_cannot_send_the_hub_to_any_server(endpoint: str, *, may: bool) -> None:
    assert readable(Settings(), Browser(endpoint).subscription.encode()) is may
    assert not readable(Settings(), b"{}")


def test_a_browser_that_is_gone_is_no_broken_way(settings: Settings, server: Server) -> None:
    server.code = 410
    with pytest.raises(Unreached, match="subscribed no longer") as why:
        transports(settings)["webpush"].send(addressed("webpush", server))
    assert not why.value.broken
    assert why.value.gone == (f"{server.url}/push/1",)


def test_a_webhook_is_signed_and_names_nobody(settings: Settings, server: Server) -> None:
    transports(settings)["webhook"].send(CALL)
    ((_, headers, content),) = server.got
    at, mark = (part.partition("=")[2] for part in headers[SIGNATURE.lower()].split(","))
    expected = hmac.new(b"shared with them", f"{at}.".encode() + content, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(mark, expected)
    assert json.loads(content)["alert"] == 7
    assert b"Okafor" not in content


@pytest.mark.parametrize("body", [b"", b"thanks", b'{"ok": true}', b'{"taken": false}', b'{"taken": "yes"}'])
def test_a_partner_has_taken_over_only_when_it_says_so(settings: Settings, server: Server, body: bytes) -> None:
    server.body = body
    with pytest.raises(Unreached, match=r"take over|took over"):
        transports(settings)["partner"].send(CALL)
    server.body = b'{"taken": true, "reference": "P-12"}'
    told = transports(settings)["partner"].send(CALL)
    assert (told.answer, told.detail) == (Answer.TAKEN_OVER, "the partner centre took over as P-12")
    assert json.loads(server.got[-1][2])["reply"] == CALL.link


def test_a_call_rings_and_carries_the_link_for_its_key(settings: Settings, server: Server) -> None:
    told = transports(settings)["sip"].send(addressed("sip", server))
    assert told.answer is None, "ringing is no answer"
    ((path, headers, content),) = server.got
    assert path.startswith("/ari/channels?")
    assert "endpoint=PJSIP%2F01632960077%40trunk" in path
    assert json.loads(content)["variables"]["NIGHTLIGHT_REPLY"] == CALL.link
    assert base64.b64decode(headers["authorization"].split()[1]) == b"nightlight:shared with them"


def test_a_call_that_only_tells_something_is_played_what_it_says(settings: Settings, server: Server) -> None:
    heard_at = "https://hub.example/by-link/aloud/n1.x.y.wav"
    transports(settings)["sip"].send(replace(addressed("sip", server), aloud=heard_at))
    ((path, _, content),) = server.got
    assert "extension=aloud" in path
    assert json.loads(content) == {"variables": {"NIGHTLIGHT_ALOUD": heard_at}}


@pytest.mark.parametrize("name", ["webhook", "partner", "sip", "sms"])
def test_a_way_is_looked_at_without_reaching_anybody(
    name: str, settings: Settings, server: Server, probe: Callable[[str], bool]
) -> None:
    assert probe(name)
    server.code = 502
    assert not probe(name)
    assert server.got == []


@pytest.mark.parametrize("name", ["push", "webpush"])
def test_a_service_that_people_chose_is_looked_at_where_it_failed(
    name: str, settings: Settings, server: Server
) -> None:
    way = transports(settings)[name]
    server.code = 503
    with pytest.raises(Unreached):
        way.send(addressed(name, server))
    tries = len(server.got)
    assert not way.probe()
    server.code = 404
    assert way.probe(), "somebody answers, if not under that address"
    assert len(server.got) == tries


@pytest.fixture
def probe(settings: Settings) -> Callable[[str], bool]:
    return lambda name: transports(settings)[name].probe()
