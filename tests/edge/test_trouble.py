"""What an installer reads when the way to the hub is closed: each refusal is a real broker's, over real TLS."""

import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge import trouble
from edge.app import main
from edge.connection import Broker
from edge.outbox import stands
from edge.trouble import NO_CERTIFICATE, NOT_TLS, SPEAKS_TLS, hindrance
from hub.authority import Authority
from hub.broker import Door, command
from tests.conftest import eventually, free_port, wanted
from tests.edge.conftest import EVERY_KIND, FakeHub

pytestmark = pytest.mark.broker
NOW = datetime.now(UTC)


class Guarded:
    """The hub's own broker with its door, and kits that were made for it."""

    def __init__(self, folder: Path, name: str = "127.0.0.1", now: datetime = NOW) -> None:
        self.folder, self.port, self.plain = folder, free_port(), free_port()
        folder.mkdir(exist_ok=True)
        self.authority = Authority(folder / "ca")
        self.authority.prove(name, now)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Guarded":
        words = command(
            self.plain, self.folder / "b", wanted("mosquitto"), Door(self.port, self.authority.folder, "127.0.0.1")
        )
        self.process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        eventually(lambda: _answers(self.port) and _answers(self.plain))
        return self

    def kit(self, home: str = "h_okafor", at: datetime = NOW) -> Broker:
        pair = self.authority.issue(home, "ivan", at)
        for kind, content in (("pem", pair.certificate), ("key", pair.key)):
            (self.folder / f"{home}.{kind}").write_bytes(content)
        ca, cert, key = (str(self.folder / name) for name in ("ca/ca.pem", f"{home}.pem", f"{home}.key"))
        return Broker("the hub", "127.0.0.1", self.port, "nightlight-check", ca=ca, cert=cert, key=key)

    def end(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(60)


def _answers(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    one = Guarded(tmp_path / "hub")
    yield one.start()
    one.end()


def said(broker: Broker, *, clock_trusted: bool = True) -> str:
    return hindrance(broker, clock_trusted=clock_trusted) or "nothing"


def test_a_good_certificate_meets_no_hindrance(guarded: Guarded) -> None:
    assert said(guarded.kit()) == "nothing"


def test_a_plain_text_connection(guarded: Guarded) -> None:
    assert said(replace(guarded.kit(), ca=None, cert=None, key=None)) == SPEAKS_TLS


def test_no_certificate(guarded: Guarded) -> None:
    assert said(replace(guarded.kit(), cert=None, key=None)) == NO_CERTIFICATE


def test_a_revoked_certificate(tmp_path: Path) -> None:
    one = Guarded(tmp_path / "hub")
    kit = one.kit()
    one.authority.revoke("h_okafor", "sunita", NOW)
    one.start()
    assert "hub_cert was revoked by the hub" in said(kit)
    one.end()


def test_one_that_has_run_out_by_the_hubs_clock(guarded: Guarded) -> None:
    assert "has run out, by the hub's clock" in said(guarded.kit(at=datetime(2001, 1, 1, tzinfo=UTC)))


def test_a_kit_of_another_hub_and_a_hub_that_is_another(guarded: Guarded, tmp_path: Path) -> None:
    other = Guarded(tmp_path / "other").kit()
    here = guarded.kit()
    assert "made for another hub" in said(replace(other, port=guarded.port, ca=here.ca))
    assert "is not the hub that made this kit" in said(replace(here, ca=other.ca))


def test_a_certificate_that_is_no_kits(guarded: Guarded) -> None:
    ca = guarded.authority
    brokers = replace(guarded.kit(), cert=str(ca.broker_certificate), key=str(ca.broker_key))
    assert "not one of a kit" in said(brokers)


def test_a_hub_that_is_called_otherwise(tmp_path: Path) -> None:
    one = Guarded(tmp_path / "hub", "hub.example.org").start()
    assert "under another name than '127.0.0.1'" in said(one.kit())
    one.end()


def test_a_hub_out_of_date_or_a_kit_without_the_time(tmp_path: Path) -> None:
    one = Guarded(tmp_path / "hub", now=datetime(1975, 1, 1, tzinfo=UTC)).start()
    assert "the hub's keeper must act" in said(one.kit())
    assert "this kit's clock is not set" in said(one.kit(), clock_trusted=False)
    one.end()


def test_a_port_where_nobody_speaks_tls(guarded: Guarded) -> None:
    assert said(replace(guarded.kit(), port=guarded.plain)) == NOT_TLS


def test_a_port_where_nothing_listens(guarded: Guarded) -> None:
    assert "nothing listens there" in said(replace(guarded.kit(), port=free_port()))


def test_a_name_that_nobody_knows(guarded: Guarded) -> None:
    assert "can't be found by that name" in said(replace(guarded.kit(), host="hub.invalid"))


def test_one_that_takes_the_connection_and_says_nothing(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trouble, "WITHIN", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert "says nothing" in said(replace(guarded.kit(), port=server.getsockname()[1]))


def test_files_that_are_not_what_they_should_be(guarded: Guarded, tmp_path: Path) -> None:
    kit, neighbour = guarded.kit(), guarded.kit("h_lindqvist")
    (tmp_path / "damaged").write_text("-----BEGIN CERTIFICATE-----\nnothing\n")
    damaged = str(tmp_path / "damaged")
    assert "the key belongs to another certificate" in said(replace(kit, key=neighbour.key))
    assert "hub_cert, " in said(replace(kit, cert=damaged))
    assert "damaged" in said(replace(kit, ca=damaged))
    assert "No such file" in said(replace(kit, key=str(tmp_path / "none")))


def test_check_says_it_in_a_line_that_begins_with_wrong(
    guarded: Guarded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kit = guarded.kit()
    file = tmp_path / "kit.toml"
    head = (
        f'home = "h_okafor"\nhub_host = "127.0.0.1"\nhub_port = {guarded.port}\noutbox = "o.db"\nhub_ca = "{kit.ca}"\n'
    )
    file.write_text(f'{head}hub_cert = "{kit.cert}"\nhub_key = "{kit.key}"\n')
    assert main(["check", "--settings", str(file)]) == 0
    assert f"hub: 127.0.0.1:{guarded.port} answers" in capsys.readouterr().out
    file.write_text(file.read_text().replace('"h_okafor"', '"h_lindqvist"'))
    assert main(["check", "--settings", str(file)]) == 1
    assert "wrong: hub: 127.0.0.1" in (out := capsys.readouterr().out)
    assert "hub_cert is another home's" in out
    file.write_text(head + f'hub_cert = "{kit.cert}"\n')
    assert main(["check", "--settings", str(file)]) == 2
    assert "hub_cert and hub_key: one is missing" in capsys.readouterr().err


@pytest.mark.processes
def test_beside_an_agent_that_runs_check_leaves_its_connection_alone(
    guarded: Guarded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kit, file = guarded.kit(), tmp_path / "kit.toml"
    file.write_text(
        f'home = "h_okafor"\nhub_host = "127.0.0.1"\nhub_port = {guarded.port}\noutbox = "o.db"\nhub_ca = "{kit.ca}"\n'
        f'hub_cert = "{kit.cert}"\nhub_key = "{kit.key}"\n'
    )
    with (tmp_path / "log").open("w") as log:
        words = [sys.executable, "-m", "edge.app", "run", "--verbose", "--settings", str(file)]
        agent = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=log)

    def stand() -> str:
        try:
            return stands(tmp_path / "o.db")
        except sqlite3.Error:
            return "not begun"

    try:
        eventually(lambda: stand() == "reached", 30)
        assert main(["check", "--settings", str(file)]) == 1
        assert "has not said what is agreed" in capsys.readouterr().out
        with closing(FakeHub(guarded.plain)) as hub:
            hub.configure(EVERY_KIND)
            eventually(lambda: stand() == "agreed", 30)
            assert main(["check", "--settings", str(file)]) == 0
            assert "connected to the hub, which knows this home" in capsys.readouterr().out
        assert (tmp_path / "log").read_text().count("the hub is reached") == 1, "it was interrupted"
    finally:
        agent.terminate()
        agent.wait(60)
