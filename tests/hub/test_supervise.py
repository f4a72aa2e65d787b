"""`serve` as a program: what dies is started anew, and nothing is left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from hub.settings import read_settings
from hub.store import open_store
from hub.supervise import Child, alive
from models.register import Register
from tests.conftest import eventually, free_port
from tests.hub.conftest import Kit, now

pytestmark = [pytest.mark.processes, pytest.mark.broker]


class Served:
    def __init__(self, folder: Path, **settings: str | int) -> None:
        self.data = folder / "data"
        self.file = folder / "hub.toml"
        table = {"data_dir": str(self.data), "port": 0, "embedded_port": free_port(), **settings}
        self.file.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items()))
        self.log = folder / "log"
        with self.log.open("wb") as log:
            words: list[str | Path] = [sys.executable, "-m", "hub.app", "serve", "--settings", self.file]
            self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True)

    def ready(self) -> str:
        assert self.process.stdout is not None
        line: list[str] = self.process.stdout.readline().split()
        assert line[:1] == ["ready"], self.log.read_text()
        return line[1]

    @property
    def place(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "hub.json").read_text())
        return found

    def pid(self, child: str) -> int:
        return int(self.place["pids"].get(child, 0))

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(120)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    one = Served(tmp_path)
    yield one
    if one.process.poll() is None:
        one.end()


def test_what_dies_is_started_anew_and_the_ports_stay(served: Served, register: Register) -> None:
    url = served.ready()
    store = open_store(read_settings(str(served.file)))
    store.records.load(register, {one.login: "-" for one in register.accounts})
    kit = Kit("okafor-home", served.place["broker_port"])
    kit.press_until_receipted(1, now())
    before = served.place
    for child in ("broker", "watch", "web"):
        old = served.pid(child)
        os.kill(old, signal.SIGKILL)
        eventually(lambda old=old, child=child: served.pid(child) not in (0, old), 30)
    kit.press_until_receipted(2, now())
    eventually(lambda: alive(url), 40)
    assert {**served.place, "pids": 0} == {**before, "pids": 0}
    eventually(lambda: [one.presses for one in store.alerts.open_alerts()] == [2])
    kit.stop()
    _goes_on_when_its_nursery_died(served, url)
    _ends_cleanly(served)


def _goes_on_when_its_nursery_died(served: Served, url: str) -> None:
    before = served.place["pids"]
    others = [one for one in psutil.Process(served.process.pid).children() if one.pid not in before.values()]
    (nursery,) = [one for one in others if "forkserver" in " ".join(one.cmdline())]
    nursery.kill()
    for child in ("watch", "web"):
        eventually(lambda child=child: served.pid(child) not in (0, before[child]), 30)
    eventually(lambda: alive(url), 40)


def _ends_cleanly(served: Served) -> None:
    children = psutil.Process(served.process.pid).children(recursive=True)
    assert len(children) >= 3
    assert served.end(signal.SIGINT) == 0
    eventually(lambda: not _at_work(children))
    assert not (served.data / "hub.json").exists()


def _at_work(children: list[Any]) -> list[Any]:
    """Which may end between two questions about them."""
    with suppress(psutil.NoSuchProcess):
        return [one for one in children if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    return children


def test_children_end_with_a_supervisor_that_is_killed(served: Served) -> None:
    url = served.ready()
    with urllib.request.urlopen(f"{url}/alive", timeout=60) as answer:
        assert json.load(answer)["hearing"]
    children = psutil.Process(served.process.pid).children(recursive=True)
    served.end(signal.SIGKILL)
    eventually(lambda: not _at_work(children), 20)


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        served = Served(tmp_path, port=taken.getsockname()[1])
        assert served.process.wait(120) == 2
    assert "can't be served" in served.log.read_text()
    assert served.process.stdout is not None
    served.process.stdout.close()


def test_the_first_restart_is_at_once_and_the_next_ones_ever_later() -> None:
    child = Child("watch", lambda: subprocess.Popen("true"))
    waits = []
    for _ in range(7):
        child.started_at = 100.0
        child.mourn(101.0)
        waits.append(child.start_at - 101.0)
    assert waits == [0.0, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0]
    child.mourn(200.0)
    assert child.start_at == 200.0
