"""Real databases, brokers and programs for the hub's tests."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from hub.store import Alerts, Records, SqlSeries, Store
from hub.store.database import migrate, opened
from models.home import Home, Sensor
from models.observation import SensorKind
from models.people import Account, Address, Contact, Level, Resident, Role
from models.privacy import Consent
from models.register import Register

T0 = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def t0() -> datetime:
    return T0


@pytest.fixture
def register() -> Register:
    """Mrs Okafor and her daughter; next door somebody else, whose son is Karl."""
    return Register(
        homes=(_home("okafor-home", "grace"), _home("next-door", "neil")),
        residents=(
            Resident("grace", "okafor-home", "Grace Okafor", "Mrs Okafor", "1 Elm Row"),
            Resident("neil", "next-door", "Neil Brandt", "Mr Brandt", "2 Elm Row"),
        ),
        contacts=(
            Contact("ada", "grace", "Ada Okafor", "daughter", addresses=(Address("email", "ada@home.example"),)),
            Contact("karl", "neil", "Karl Brandt", "son", Level.TIMES, addresses=(Address("email", "k@home.example"),)),
        ),
        consents=tuple(
            Consent(home, kind, "grace", "agreed at the visit", T0)
            for home in ("okafor-home", "next-door")
            for kind in (SensorKind.MOTION, SensorKind.DOOR)
        ),
        accounts=(
            Account("tom", "Tom Reed", Role.OPERATOR, addresses=(Address("email", "tom@centre.example"),)),
            Account("ada", "Ada Okafor", Role.CONTACT, person="ada"),
        ),
    )


def _home(home: str, wearer: str) -> Home:
    sensors = (
        Sensor("pendant", SensorKind.PENDANT, "hall", wearer=wearer),
        Sensor("hall", SensorKind.MOTION, "hall"),
        Sensor("front-door", SensorKind.DOOR, "hall", is_exit=True),
        Sensor("bed", SensorKind.BED, "bedroom"),
    )
    return Home(home, "north", sensors)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    server: str = request.getfixturevalue("postgres")
    name = f"t{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type,unused-ignore]
    return server.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?")


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    records, series = opened(database), opened(database)
    migrate(records, "records")
    migrate(series, "series")
    yield Store(Records(records), Alerts(records), SqlSeries(series))
    records.dispose()
    series.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real server of one's own, on a socket in a folder of its own."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        if os.environ.get("CI"):
            pytest.fail("no PostgreSQL server program is installed: apt-get install postgresql")
        pytest.skip("no PostgreSQL server program is installed")
    folder = Path(tempfile.mkdtemp(prefix="nl-pg-"))
    user = _unprivileged(folder)
    binaries = programs[-1].parent
    _run(user, binaries / "initdb", "-D", folder / "data", "-U", "hub", "-A", "trust", "--no-sync", "-E", "UTF8")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=60"
    _run(user, binaries / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", options, "start")
    yield f"postgresql://hub@/postgres?host={folder}"
    _run(user, binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder)


def _unprivileged(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {one.pw_name for one in pwd.getpwall()}
    user = "postgres" if "postgres" in known else "nobody"
    shutil.chown(folder, user)
    return user


def _run(user: str | None, *words: str | Path) -> None:
    done = subprocess.run(
        words, user=user, cwd="/", check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert done.returncode == 0, done.stderr
