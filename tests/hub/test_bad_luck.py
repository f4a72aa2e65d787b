"""A full disk, and a database that is away: the hub says so, loses nothing, and recovers by itself."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
from tests.edge.lines import as_root
from tests.hub.conftest import Broker, Kit, Server, new_database, now
from tests.hub.test_shares import found

pytestmark = [pytest.mark.processes, pytest.mark.broker]

HOME = "okafor-home"


class Program:
    """What watches, begun anew by `runs` if it ended, as by its supervisor."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._file, self._log = folder / "hub.toml", folder / "log"
        names = ("data_dir", "broker_host", "broker_port", "records_url", "series_url")
        said = {name: getattr(settings, name) for name in names}
        self._file.write_text("".join(f"{name} = {value!r}\n" for name, value in said.items() if value))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return self._log.read_text()

    def runs(self) -> None:
        if self._process is None or self._process.poll() is not None:
            words: list[str | Path] = [sys.executable, "-m", "hub.app", "watch", "--settings", self._file]
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(words, stderr=log)

    def killed(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)


@contextmanager
def at_work(folder: Path, settings: Settings, register: Register) -> Iterator[tuple[Program, Store]]:
    store = open_store(settings)
    store.records.load(register, {one.login: "-" for one in register.accounts})
    program = Program(folder, settings)
    program.runs()
    try:
        yield program, store
    finally:
        program.killed()
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


def fill(folder: Path) -> Path:
    films = folder / "films"
    with suppress(OSError), films.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(64 * 1024))
    with suppress(OSError), films.open("ab", buffering=0) as file:
        while True:
            file.write(b"0")
    return films


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    as_root()
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "disk", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_costs_nothing_that_was_acknowledged(
    small_disk: Path, tmp_path: Path, broker: Broker, register: Register, kit: Kit
) -> None:
    settings = Settings(data_dir=str(small_disk / "data"), broker_host="127.0.0.1", broker_port=broker.port)
    told = Told(kit)
    with at_work(tmp_path, settings, register) as (program, store):
        told.says(What.PRESSED, "pendant")
        eventually(told.arrived, 60)
        films = fill(small_disk)
        eventually(lambda: _refused(program, told), 60)
        program.killed()
        before = program.log.count("disk is full")
        told.says(What.PRESSED, "pendant")
        program.runs()
        eventually(lambda: not told.arrived() and program.log.count("disk is full") > before, 60)
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
            eventually(lambda: not told.arrived() and "a turn of ingest failed" in program.log, 60)
        finally:
            postgres_server.start()
        _all_is_well(program, store, told)
        eventually(lambda: "ingest works again" in program.log, 60)


def _refused(program: Program, told: Told) -> bool:
    """What has room in the log that the database begins over and over again is still taken in."""
    told.says(What.MOVED, "hall", 100)
    return not told.arrived() and "disk is full" in program.log


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
