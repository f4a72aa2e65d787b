"""The door of the hub's own broker, in a hub that serves: who comes in, and who does not."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from paho.mqtt import publish

from hub.authority import Authority
from hub.broker import command
from hub.door import Doorkeeper
from hub.settings import Settings, read_settings
from hub.store import open_store
from models.register import Register
from tests.conftest import eventually, free_port, wanted
from tests.hub.test_app import hub
from tests.hub.test_supervise import Served

pytestmark = [pytest.mark.processes, pytest.mark.broker]


class Fitted:
    """A kit as `kit new` made it; its outbox stands beside it, its radio speaks through the hub's plain listener."""

    def __init__(self, served: Served, home: str, folder: Path) -> None:
        assert hub(served.file, "kit", "new", home, "--out", folder).returncode == 0
        self.file = folder / "kit.toml"
        text = self.file.read_text().replace("/var/lib/nightlight", str(folder))
        radio = f'local_host = "127.0.0.1"\nlocal_port = {served.place["broker_port"]}\nzigbee_topic = "{home}"'
        self.file.write_text(text.replace('local_host = "127.0.0.1"', radio))
        self.log = folder / "log"
        self.process: subprocess.Popen[str] | None = None

    def run(self) -> None:
        words: list[str | Path] = [sys.executable, "-m", "edge.app", "run", "--verbose", "--settings", self.file]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("ready"), self.log.read_text()

    def check(self, **instead: str) -> str:
        file = self.file.with_name("checked.toml")
        text = self.file.read_text()
        for key, value in instead.items():
            text = "\n".join(
                f'{key} = "{value}"' if line.startswith(f"{key} =") else line for line in text.splitlines()
            )
        file.write_text(text)
        words: list[str | Path] = [sys.executable, "-m", "edge.app", "check", "--settings", file]
        return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False).stdout

    def end(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process.wait(60)


@pytest.fixture
def served(tmp_path: Path, register: Register) -> Iterator[Served]:
    one = Served(tmp_path, kits_host="127.0.0.1", kits_port=free_port(), kits_address="127.0.0.1")
    one.ready()
    open_store(read_settings(str(one.file))).records.load(register, {login.login: "-" for login in register.accounts})
    yield one
    if one.process.poll() is None:
        one.end()


def test_a_kit_comes_in_by_its_certificate_and_a_revoked_one_is_put_out(served: Served, tmp_path: Path) -> None:
    kit, neighbour = (Fitted(served, home, tmp_path / home) for home in ("okafor-home", "next-door"))
    store = open_store(read_settings(str(served.file)))
    records = store.records
    try:
        kit.run()
        neighbour.run()
        eventually(lambda: {h for h, one in records.heard().items() if one.until} >= {"okafor-home", "next-door"})
        publish.single("okafor-home/pendant", '{"action": "emergency"}', 1, port=served.place["broker_port"])
        eventually(lambda: [(one.home, one.kind) for one in store.alerts.open_alerts()] == [("okafor-home", "press")])
        assert "hub_cert is another home's" in kit.check(home="next-door", outbox=str(kit.file.with_name("other.db")))
        eventually(
            lambda: _stands(kit) and _stands(neighbour)
        )  # whoever comes in by its name takes its place for a while
        before, ended = served.pid("broker"), [_ended(one) for one in (kit, neighbour)]
        assert hub(served.file, "kit", "revoke", "okafor-home").returncode == 0
        eventually(lambda: _ended(kit) > ended[0])
        eventually(lambda: "hub_cert was revoked by the hub" in kit.check(), 30)
        assert _ended(neighbour) == ended[1]
        assert "answers" in neighbour.check()
        assert served.pid("broker") == before, "the broker reads the list anew and goes on"
    finally:
        kit.end()
        neighbour.end()


def _ended(kit: Fitted) -> int:
    return kit.log.read_text().count("the hub: the connection ended")


def _stands(kit: Fitted) -> bool:
    """Whether it is connected to the hub, by its own words."""
    return kit.log.read_text().count("the hub is reached") > _ended(kit)


def test_a_broker_that_has_not_read_the_newest_list_is_found_out(tmp_path: Path) -> None:
    port = free_port()
    keeper = Doorkeeper("127.0.0.1", port, Settings(data_dir=str(tmp_path), kits_address="127.0.0.1"))
    broker = subprocess.Popen(
        command(free_port(), tmp_path / "b", wanted("mosquitto"), keeper.door), stderr=subprocess.DEVNULL
    )
    try:
        eventually(lambda: _read(keeper) is True)
        Authority(tmp_path / "ca").revoke("h_nobody", "sunita", datetime.now(UTC))
        assert not keeper.list_is_read()
        broker.send_signal(signal.SIGHUP)
        eventually(lambda: _read(keeper) is True)
    finally:
        broker.terminate()
        broker.wait(60)


def _read(keeper: Doorkeeper) -> bool | None:
    try:
        return keeper.list_is_read()
    except OSError:
        return None


def test_nobody_can_keep_the_door_without_mosquitto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.door.mosquitto", lambda: None)
    file = tmp_path / "hub.toml"
    file.write_text(f"data_dir = '{tmp_path / 'data'}'\nport = 0\nkits_host = 'a'\nkits_port = {free_port()}\n")
    done = hub(file, "serve")
    assert (done.returncode, "install mosquitto" in done.stderr) == (2, True)
