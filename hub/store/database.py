"""One database, opened so that a commit is on the disk, and brought to the present schema under a lock."""

import fcntl
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    TableClause,
    column,
    create_engine,
    event,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnection

from hub.store.pen import pen

if TYPE_CHECKING:
    from alembic.config import Config

BUSY_MS = 30_000
LOG_PAGES = 16_000
"""Of what was written, after which a commit itself takes it over into the file: where nobody does so (`tidied`)."""
IDLE_MS = 4_000
GIVES_UP = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""As PostgreSQL's library has them, in s and (the second) ms: a machine that dies without a word is noticed in some ten
seconds. By itself a kernel tries for a quarter of an hour, in which a hub would neither judge nor say that it can't.
"""
MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x6E69676874  # any number that nobody else locks on
_LOGS_LOCKS = {"looks": 0x6C6F6F6B, "acts": 0x6C6F67}

Part = Literal["records", "series"]
Logs = Literal["looks", "acts"]
"""Which of the chained logs: that of who looked, or all the others. What one looks at waits for no act."""


ITS_OWN = IntegrityError, DataError, ProgrammingError
"""What the database says of what was asked, and not of itself."""


def is_away(error: BaseException) -> bool:
    """Whether that is the database's own trouble, which passes: nothing that was asked of it is to blame, and nothing
    may be given up for it. It does not answer, is locked or full, or is a copy that takes no writes yet.
    """
    away = isinstance(error, DBAPIError) and not isinstance(error, ITS_OWN)
    return away or isinstance(error, NoConnection)


def opened(url: str, *, shared: bool = False) -> Engine:
    """Raises nothing yet: the first use connects. An error it raises later names no value, since logs hold no names.
    What is `shared` with another hub is let go of by PostgreSQL when this one stands still in the middle of a
    transaction.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url)
    options = {"options": f"-c idle_in_transaction_session_timeout={IDLE_MS}"} if shared else {}
    options |= {name: str(value) for name, value in GIVES_UP.items()}
    return create_engine(url, pool_pre_ping=True, pool_size=10, hide_parameters=True, connect_args=options)


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_MS / 1000}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`, not guessed by the driver
    cursor = connection.cursor()
    pragmas = ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", f"wal_autocheckpoint={LOG_PAGES}")
    for pragma in (f"busy_timeout={BUSY_MS}", *pragmas):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """A transaction that reads and then writes must own the write lock from its start, or it fails when overtaken."""
    options = connection.get_execution_options()
    driver = connection.connection.driver_connection
    assert driver is not None
    if options.get("writes"):
        driver.execute(f"PRAGMA synchronous={'NORMAL' if options.get('lightly') else 'FULL'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    driver.execute("BEGIN")  # takes no lock, so can't fail; past SQLAlchemy, which takes as long for it as the question


@contextmanager
def writing(engine: Engine, *, lightly: bool = False, appends: Logs | None = None) -> Iterator[Connection]:
    """One short transaction, committed at the end and rolled back by any exception. What is written `lightly` is on the
    disk with the next commit that is not: a power cut may cost it, and a crash does not, so nobody waits for the disk.
    Only one that `appends` may add to those logs (`chain.py`): until its end nobody else does.
    """
    options: dict[str, Any] = {"writes": True, "lightly": lightly, "appends": appends, "heads": {}}
    with _turn(engine), engine.execution_options(**options).begin() as connection:
        if lightly and connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
        fence = connection.get_execution_options().get("fence")
        if fence:
            fence(connection)
        if appends and connection.dialect.name == "postgresql":
            # Before any row is locked: whoever locked one first and then waited here would be waited for in a circle.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOGS_LOCKS[appends]})
        yield connection


def _turn(engine: Engine) -> AbstractContextManager[None]:
    """PostgreSQL has its writers wait by themselves."""
    path = engine.url.database
    return pen(path) if engine.dialect.name == "sqlite" and path is not None else nullcontext()


def migrate(engine: Engine, part: Part) -> None:
    """Bring the schema up to date; whoever comes second waits, and finds nothing left to do."""
    if _up_to_date(engine, part):
        return
    from alembic import command

    with _alone(engine), writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        command.upgrade(_config(connection, part), "head")


def _up_to_date(engine: Engine, part: Part) -> bool:
    """A restart should not have to load Alembic first. A migration's file is called after its revision."""
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
        return False
    newest = max(path.name for path in (MIGRATIONS / part).glob("[0-9]*.py")).partition("_")[0]
    table = f"{part}_version"
    with engine.connect() as connection:
        if not inspect(connection).has_table(table):
            return False
        return connection.scalar(select(column("version_num")).select_from(TableClause(table))) == newest


@contextmanager
def _in_no_transaction(engine: Engine) -> Iterator[Any]:
    """SQLite's own connection, for what can't be said in a transaction."""
    with engine.connect() as connection:
        connection.rollback()
        driver = connection.connection.driver_connection
        assert driver is not None
        yield driver


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Changing a SQLite file to WAL needs the file to oneself, and does not wait for it."""
    path = engine.url.database
    if engine.dialect.name != "sqlite" or path is None:
        yield
        return
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{path}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _in_no_transaction(engine) as driver:
            driver.execute("PRAGMA auto_vacuum=INCREMENTAL")  # holds only where there is no table yet
            driver.execute("PRAGMA journal_mode=WAL")
        yield


def tidied(engine: Engine) -> None:
    """SQLite takes over what was written from its log into the file, as far as that can be done while others write:
    else every thousandth page the one who commits it waits for that.
    """
    if engine.dialect.name != "sqlite":
        return
    with _in_no_transaction(engine) as driver:
        try:
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.OperationalError as bad:
            # what has no room in the file stays in the log, and is read there
            if bad.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise


def give_back(engine: Engine) -> None:
    """After something was forgotten: SQLite hands the room back to the disk, and nothing of it stays in the log of
    writes. PostgreSQL sees to that by itself.
    """
    if engine.dialect.name != "sqlite":
        return
    with _in_no_transaction(engine) as driver:
        driver.executescript("PRAGMA incremental_vacuum")  # `execute` would take the first step only
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _config(connection: Connection, part: Part) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("version_locations", str(MIGRATIONS / part).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes.update(connection=connection, version_table=f"{part}_version")
    return config


def insert_of(connection: Connection) -> Any:
    """The INSERT that knows what to do where a row is there already."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert, or replace every column but the primary key where the key is there already."""
    if not rows:
        return
    insert = insert_of(connection)(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: insert.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def add_all_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert those for which nothing unique is there already."""
    insert = insert_of(connection)(table)
    connection.execute(insert.on_conflict_do_nothing(), rows)


def add_new(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert unless the primary key is there already; whether it was new."""
    insert = insert_of(connection)(table)
    added = insert.values(row).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(added).first() is not None
