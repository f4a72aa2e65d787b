import multiprocessing
from pathlib import Path

import msgspec
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, text

from hub.store import schema
from hub.store.database import Part, _config, migrate, opened, tidied, writing
from hub.store.records import Records
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
