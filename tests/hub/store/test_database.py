import multiprocessing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, text

from hub.store import schema
from hub.store.database import Part, migrate, opened, writing


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
