"""A full disk, and a database that is away: the hub says so, loses nothing, and recovers by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from hub.settings import Settings
from hub.store import Store, open_store
from hub.store.series import SqlSeries
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

    def arrived(self) -> bool:
        """Whether everything is receipted; what is not is sent again, some of it."""
        for number in self._kit.receipted & self._held.keys():
            del self._held[number]
        waiting = list(self._held.values())[:400]
        for start in range(0, len(waiting), 100):
            self._kit.send(*waiting[start : start + 100], sent=now())
        return not self._held


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 32) as folder:
        yield folder


def test_a_full_disk_costs_nothing_that_was_acknowledged(
    disk: Path, tmp_path: Path, broker: Broker, register: Register, kit: Kit
) -> None:
    settings = Settings(data_dir=str(disk / "data"), broker_host="127.0.0.1", broker_port=broker.port)
    told = Told(kit)
    with at_work(tmp_path, settings, register) as (program, store):
        told.says(What.PRESSED, "pendant")
        eventually(told.arrived, 60)
        films = fill(disk)
        eventually(lambda: _refused(program, told), 60)
        program.end()
        before = program.log.read_text().count("disk is full")
        told.says(What.PRESSED, "pendant")
        program.runs()
        eventually(lambda: not told.arrived() and program.log.read_text().count("disk is full") > before, 60)
        films.unlink()
        _all_is_well(program, store, told)


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


def _refused(program: Program, told: Told) -> bool:
    """What has room in the log that the database begins over and over again is still taken in."""
    told.says(What.MOVED, "hall", 100)
    return not told.arrived() and "disk is full" in program.log.read_text()


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
