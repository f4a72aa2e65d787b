import multiprocessing
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from msgspec import structs
from sqlalchemy import MetaData, text
from sqlalchemy.exc import OperationalError

from hub.store import schema
from hub.store.database import GIVES_UP, Part, _config, migrate, opened, tidied, writing
from hub.store.records import Records
from hub.store.row import Row
from hub.store.series import SqlSeries
from models.observation import What
from models.people import Account, Role


@pytest.mark.parametrize(("part", "tables"), [("records", schema.records), ("series", schema.series)])
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index:UserWarning")
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_the_migrations_make_what_the_schema_says(database: str, part: Part, tables: MetaData) -> None:
    engine = opened(database)
    migrate(engine, part)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": f"{part}_version"})
        differences = compare_metadata(context, tables)
    engine.dispose()
    assert differences == []


def test_a_database_that_takes_the_connection_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GIVES_UP, "connect_timeout", 2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        engine = opened(f"postgresql+psycopg://hub@127.0.0.1:{mute.getsockname()[1]}/hub")
        began = time.monotonic()
        with pytest.raises(OperationalError):
            engine.connect()
        assert time.monotonic() - began < 30
        engine.dispose()


def test_whose_a_login_is_stands_beside_those_that_there_were(tmp_path: Path) -> None:
    engine = opened(f"sqlite:///{tmp_path / 'hub.db'}")
    ada = Account("ada", "Ada Okafor", Role.CONTACT, "c_ada")
    old = "INSERT INTO accounts (login, role, body, password_hash) VALUES (:login, :role, :body, '-')"
    with writing(engine) as connection:
        command.upgrade(_config(connection, "records"), "0018")
        for one in (ada, Account("tom", "Tom Reed", Role.OPERATOR)):
            row = {"login": one.login, "role": one.role.value, "body": msgspec.json.encode(one).decode()}
            connection.execute(text(old), row)
    migrate(engine, "records")
    assert Records(engine).login_of("c_ada") == "ada"
    with engine.connect() as connection:
        assert connection.execute(text("SELECT person FROM accounts ORDER BY login")).scalars().all() == ["c_ada", None]
    engine.dispose()


def test_contacts_that_there_were_are_rung_as_ever(tmp_path: Path) -> None:
    engine = opened(f"sqlite:///{tmp_path / 'hub.db'}")
    body = '{"id":"%s","resident":"r_a","name":"Zoë","relation":"niece","keyholder":%s}'
    with writing(engine) as connection:
        command.upgrade(_config(connection, "records"), "0020")
        connection.execute(text("INSERT INTO homes VALUES ('h_a', '{}')"))
        connection.execute(text("INSERT INTO residents VALUES ('r_a', 'h_a', '{}')"))
        for contact, keys in (("c_2", "true"), ("c_1", "false")):
            row = {"id": contact, "body": body % (contact, keys)}
            connection.execute(text("INSERT INTO contacts VALUES (:id, 'r_a', :body)"), row)
    migrate(engine, "records")
    found = [(one.id, one.turn, one.name) for one in Records(engine).contacts_of("r_a")]
    assert found == [("c_1", 1, "Zoë"), ("c_2", 2, "Zoë")]
    engine.dispose()


def test_what_had_not_settled_is_there_when_it_stands_by_message(database: str) -> None:
    engine, at = opened(database), datetime(2026, 3, 1, 8, 0, 0, 123_457, tzinfo=UTC)
    moved = [Row("a", "o1", number, "hall", What.MOVED, at, at, seq=number) for number in (1, 2)]
    fell = Row("b", "o1", 3, "pendant", What.FELL, at, at, clock_trusted=False, seq=3, evidence={"chance": 0.5})
    old = "INSERT INTO observations VALUES (:seq, :home, 'o1', :seq, :sensor, :what, :at, :at, :trusted, :evidence)"
    with writing(engine) as connection:
        command.upgrade(_config(connection, "series"), "0004")
        for row in (*moved, fell):
            told = msgspec.json.encode(row.evidence).decode() if row.evidence else None
            values = {"seq": row.seq, "home": row.home, "sensor": row.sensor, "what": row.what.value}
            given = {"at": schema.to_us(at), "trusted": row.clock_trusted, "evidence": told}
            connection.execute(text(old), values | given)
        connection.execute(text("UPDATE marks SET value = 3 WHERE name = 'seq'"))
    migrate(engine, "series")
    series = SqlSeries(engine)
    assert series.since(0, 10) == [*moved, fell]
    assert series.calls(0) == [fell]
    assert [row.seq for row in series.append([structs.replace(fell, number=4), *moved])] == [4]
    engine.dispose()


def test_what_is_written_lightly_waits_for_no_disk_and_all_else_does(database: str) -> None:
    engine = opened(database)
    migrate(engine, "records")
    sqlite = engine.dialect.name == "sqlite"
    asked = "PRAGMA synchronous" if sqlite else "SHOW synchronous_commit"
    for lightly in (True, False, True, False):
        said: object = (2 - lightly) if sqlite else ("off" if lightly else "on")
        with writing(engine, lightly=lightly) as connection:
            assert connection.exec_driver_sql(asked).scalar() == said
    engine.dispose()


def test_sqlite_takes_over_what_was_written_when_it_is_told_to_and_not_in_somebodys_commit(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    engine = opened(f"sqlite:///{path}")
    migrate(engine, "records")
    tidied(engine)
    before = path.stat().st_size
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE large (content BLOB)"))
        connection.execute(text("INSERT INTO large VALUES (zeroblob(8000000))"))
    assert path.stat().st_size == before
    tidied(engine)
    assert path.stat().st_size > before + 8_000_000
    engine.dispose()


def _start(url: str) -> None:
    engine = opened(url)
    migrate(engine, "records")
    migrate(engine, "series")
    for _ in range(20):
        with writing(engine) as connection:
            value = connection.execute(text("SELECT value FROM marks WHERE name = 'seq'")).scalar_one()
            connection.execute(text("UPDATE marks SET value = :value WHERE name = 'seq'"), {"value": value + 1})
    engine.dispose()


@pytest.mark.processes
def test_programs_that_start_at_once_make_one_schema_and_never_find_it_locked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    context = multiprocessing.get_context("spawn")
    programs = [context.Process(target=_start, args=(url,)) for _ in range(3)]
    for program in programs:
        program.start()
    for program in programs:
        program.join(60)
    assert [program.exitcode for program in programs] == [0, 0, 0]
    engine = opened(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT value FROM marks WHERE name = 'seq'")).scalar_one() == 60
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
    engine.dispose()
