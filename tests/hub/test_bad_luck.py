"""A full disk, and a database that is away: the hub says so, raises what it can, loses nothing, and recovers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from hub.clock import Clock
from hub.reserve import MEGABYTE, ONLY_URGENT, reserve
from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.series import SqlSeries
from hub.web.access import Gate
from hub.web.access.gate import FULL, SCARCE
from models.observation import Observation, What
from models.register import Register
from tests.conftest import eventually
from tests.disks import fill, small_disk
from tests.hub.conftest import Broker, Kit, Server, new_database, now
from tests.hub.test_process import Program
from tests.hub.test_shares import found

pytestmark = [pytest.mark.processes, pytest.mark.broker]

HOME = "okafor-home"


@contextmanager
def at_work(folder: Path, settings: Settings, register: Register) -> Iterator[tuple[Program, Store]]:
    store = open_store(settings)
    store.records.load(register, {one.login: "-" for one in register.accounts})
    program = Program(settings, folder)
    program.start()
    try:
        yield program, store
    finally:
        program.end()
        assert isinstance(store.series, SqlSeries)
        for engine in (store.records.engine, store.series._engine):
            engine.dispose()


class Told:
    """What a kit says, all of it again until it is receipted."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._numbers = count(1)
        self._held: dict[int, Observation] = {}
        self.said = self.presses = 0

    def says(self, what: What, sensor: str, many: int = 1) -> None:
        self._held |= {n: Observation(n, sensor, what, now()) for n in (next(self._numbers) for _ in range(many))}
        self.said += many
        self.presses += many if what is What.PRESSED else 0

    def arrived(self, *but: What) -> bool:
        """Whether everything `but` that is receipted; what is not is sent again, some of it."""
        for number in self._kit.receipted & self._held.keys():
            del self._held[number]
        for urgent in (True, False):  # each apart, as kits do
            waiting = [one for one in self._held.values() if (one.what is What.PRESSED) is urgent][:400]
            for start in range(0, len(waiting), 100):
                self._kit.send(*waiting[start : start + 100], sent=now())
        return {one.what for one in self._held.values()} == set(but)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 64) as folder:
        yield folder


def test_a_full_disk_costs_nothing_that_was_acknowledged(
    disk: Path, tmp_path: Path, broker: Broker, register: Register, kit: Kit
) -> None:
    place = Settings(data_dir=str(disk / "data"), broker_host="127.0.0.1", broker_port=broker.port)
    settings, told = replace(place, reserve_mb=8), Told(kit)
    with at_work(tmp_path, settings, register) as (program, store):
        told.says(What.PRESSED, "pendant")
        eventually(told.arrived, 60)
        films = fill(disk)
        console = Gate(store.records, store.alerts, store.series, Clock(None), settings=settings)
        told.says(What.MOVED, "hall", 100)
        told.says(What.PRESSED, "pendant")
        eventually(told.arrived, 60)
        eventually(lambda: _on_the_console(console) == (2, FULL, ["the hub's disk"]), 60)
        fill(disk, but=2 * MEGABYTE)
        eventually(lambda: store.records.loops()["ingest"].note == ONLY_URGENT, 60)
        told.says(What.MOVED, "hall")
        told.says(What.PRESSED, "pendant")
        eventually(lambda: told.arrived(What.MOVED), 60)
        eventually(lambda: _on_the_console(console) == (3, SCARCE, ["the hub's disk"]), 60)
        before = _failed(program)
        fill(disk)
        eventually(lambda: _refused(program, told, before), 60)
        program.end()
        before = _failed(program)
        told.says(What.PRESSED, "pendant")
        program.runs()
        eventually(lambda: told.arrived(What.MOVED) or _failed(program) > before, 60)
        films.unlink()
        _all_is_well(program, store, told)
        eventually(lambda: (reserve(settings).held, console.ways.broken("")) == (8 * MEGABYTE, ()), 60)


@pytest.mark.postgres
def test_a_database_that_is_away_is_waited_for(
    postgres_server: Server, tmp_path: Path, broker: Broker, register: Register, kit: Kit
) -> None:
    records, series = (new_database(postgres_server.url, "template0") for _ in range(2))
    place = Settings(data_dir=str(tmp_path / "data"), broker_host="127.0.0.1", broker_port=broker.port)
    told = Told(kit)
    with at_work(tmp_path, replace(place, records_url=records, series_url=series), register) as (program, store):
        told.says(What.PRESSED, "pendant")
        eventually(told.arrived, 60)
        postgres_server.stop()
        try:
            told.says(What.MOVED, "hall", 1000)
            told.says(What.PRESSED, "pendant")
            eventually(lambda: not told.arrived() and "a turn of ingest failed" in program.log.read_text(), 60)
        finally:
            postgres_server.start()
        _all_is_well(program, store, told)
        eventually(lambda: "ingest works again" in program.log.read_text(), 60)


def _on_the_console(console: Gate) -> tuple[int, str, list[str]]:
    """Presses of the one alert, what is said of the disk above the queue, and what the hub lacks."""
    queue = console.board.of("")
    disk = " ".join(text for text in queue.trouble if "disk" in text)
    return queue.calls.rows[0].alert.presses, disk, [one.way for one in queue.ways]


def _refused(program: Program, told: Told, before: int) -> bool:
    """What has room in the log that the database begins over and over again is still taken in."""
    told.says(What.PRESSED, "pendant", 20)
    return not told.arrived(What.MOVED) and _failed(program) > before


def _failed(program: Program) -> int:
    """In how many stretches nothing that came could be kept."""
    said = program.log.read_text()
    assert "database or disk is full" in said
    return said.count("a turn of ingest failed")


def _arrived_at(program: Program, told: Told) -> bool:
    program.runs()
    return told.arrived()


def _all_is_well(program: Program, store: Store, told: Told) -> None:
    eventually(lambda: _arrived_at(program, told), 60)
    assert store.series.counts() == {HOME: (told.said, told.said)}
    eventually(lambda: found(store, HOME) == {"press": told.presses}, 60)
    (alert,) = store.alerts.of_home(HOME)
    assert alert.presses == told.presses
    assert store.records.broken_logs() == []
