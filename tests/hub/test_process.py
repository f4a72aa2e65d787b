"""The life-critical process as a program, killed with SIGKILL: nothing lost, nothing twice."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.process import _name
from hub.settings import Settings
from hub.store import Store
from hub.store.series import Row
from models.alert import Act
from models.observation import Observation, What
from models.wire import Order
from tests.conftest import eventually
from tests.hub.conftest import Broker, Kit, now
from tests.hub.test_shares import found

pytestmark = [pytest.mark.processes, pytest.mark.broker]


class Program:
    def __init__(self, settings: Settings, folder: Path) -> None:
        self._file = folder / "hub.toml"
        names = ("data_dir", "broker_host", "broker_port", "records_url", "series_url", "reserve_mb")
        said = {name: getattr(settings, name) for name in names}
        self._file.write_text("".join(f"{name} = {value!r}\n" for name, value in said.items() if value))
        self.log = folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        words: list[str | Path] = [sys.executable, "-m", "hub.app", "watch", "--settings", self._file]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(words, stderr=log)

    def runs(self) -> None:
        """Begun anew if it ended, as by its supervisor."""
        if self.process is None or self.process.poll() is not None:
            self.start()

    def end(self, number: int = signal.SIGKILL) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def program(settings: Settings, on_record: Store, tmp_path: Path) -> Iterator[Program]:
    one = Program(settings, tmp_path)
    one.start()
    try:
        eventually(lambda: "ingest" in on_record.records.loops() and not on_record.records.loops()["ingest"].note, 30)
        yield one
    finally:
        if one.process and one.process.poll() is None:
            one.end()


def test_killed_again_and_again_in_the_middle(program: Program, on_record: Store, kit: Kit) -> None:
    presses = set(range(50, 1001, 50))
    everything = {
        n: Observation(n, *(("pendant", What.PRESSED) if n in presses else ("hall", What.MOVED)), now())
        for n in range(1, 1001)
    }
    eventually(lambda: _pushed(kit, everything, 200), 60)
    program.end()
    program.start()
    eventually(lambda: _pushed(kit, everything, 500), 60)
    program.end()
    _pushed(kit, everything, 700)
    program.start()
    eventually(lambda: _pushed(kit, everything, 800), 60)
    program.end()
    program.start()
    eventually(lambda: _pushed(kit, everything, 1000), 60)
    assert on_record.series.counts() == {"okafor-home": (1000, 1000)}
    eventually(lambda: found(on_record, "okafor-home") == {"press": 20}, 30)
    (alert,) = on_record.alerts.of_home("okafor-home")
    assert alert.presses == 20
    assert on_record.records.broken_logs() == []


def _pushed(kit: Kit, everything: dict[int, Observation], enough: int) -> bool:
    """Send a few of what is not receipted yet, as a kit does, until `enough` are."""
    waiting = sorted(set(everything) - kit.receipted)[:40]
    for start in range(0, len(waiting), 10):
        kit.send(*(everything[n] for n in waiting[start : start + 10]), sent=now())
    time.sleep(0.02)
    return len(kit.receipted) >= enough


def test_a_press_committed_before_the_crash_is_raised_after_it_and_once(
    program: Program, on_record: Store, kit: Kit
) -> None:
    program.end()
    on_record.series.append([Row("okafor-home", kit.outbox, 1, "pendant", What.PRESSED, now(), now())])
    for _ in range(2):
        program.start()
        eventually(on_record.alerts.open_alerts, 30)
        kit.press(1, now())
        eventually(lambda: kit.receipted == {1}, 30)
        program.end()
        kit.receipted.clear()
    assert [alert.presses for alert in on_record.alerts.of_home("okafor-home")] == [1]


def test_a_press_made_while_the_hub_restarts_waits_in_the_broker(program: Program, on_record: Store, kit: Kit) -> None:
    kit.press(1, now())
    eventually(on_record.alerts.open_alerts, 30)
    program.end()
    kit.press(2, now())
    program.start()
    eventually(lambda: on_record.alerts.open_alerts()[0].presses == 2, 30)


@pytest.mark.parametrize("broker", ["mosquitto", "amqtt"], indirect=True)
def test_a_broker_that_is_killed_costs_nothing(program: Program, on_record: Store, kit: Kit, broker: Broker) -> None:
    kit.press(1, now())
    eventually(lambda: kit.receipted == {1}, 30)
    broker.kill()
    eventually(lambda: "not connected" in on_record.records.loops()["ingest"].note, 30)
    broker.start()
    eventually(lambda: on_record.records.loops()["ingest"].note == "", 30)
    kit.press_until_receipted(2, now())
    assert on_record.series.counts() == {"okafor-home": (2, 2)}


def test_help_that_was_promised_before_the_crash_is_announced_after_it(
    program: Program, on_record: Store, kit: Kit
) -> None:
    kit.press(1, now())
    eventually(on_record.alerts.open_alerts, 30)
    program.end()
    on_record.alerts.act(on_record.alerts.open_alerts()[0].id, Act.ANSWER, "tom", now())
    program.start()
    eventually(lambda: [order.order for order in kit.orders] == [Order.HELP_COMING], 30)
    eventually(lambda: on_record.alerts.orders() == [], 30)


def test_it_ends_when_asked_and_its_log_names_nobody(program: Program, on_record: Store, kit: Kit) -> None:
    kit.press(1, now())
    kit.raw(b"nonsense from Mrs Okafor")
    kit.raw(b'{"outbox": "Grace", "sent": 1}')
    eventually(on_record.alerts.open_alerts, 30)
    eventually(lambda: on_record.alerts.attempts(1) and not on_record.alerts.unfinished(now()), 30)
    assert program.end(signal.SIGTERM) == 0
    log = program.log.read_text()
    assert "okafor-home" in log, "ids are what a log is for"
    for name in ("Okafor", "Grace", "Ada", "Karl", "Brandt", "Elm Row", "example"):
        assert name not in log


def test_a_second_one_on_the_same_data_is_refused(
    program: Program, settings: Settings, on_record: Store, tmp_path: Path
) -> None:
    (tmp_path / "second").mkdir()
    second = Program(settings, tmp_path / "second")
    second.start()
    assert second.process is not None
    assert second.process.wait(120) == 2
    assert "another hub" in second.log.read_text()


@pytest.mark.parametrize("left", [None, b"", b"\0" * 23])
def test_a_power_cut_leaves_the_hub_a_name_that_its_broker_lets_in(tmp_path: Path, left: bytes | None) -> None:
    if left is not None:
        (tmp_path / "name").write_bytes(left)
    name = _name(tmp_path / "name")
    assert name.startswith("nightlight-hub-")
    assert _name(tmp_path / "name") == name, "what waits for it at the broker is its own"
