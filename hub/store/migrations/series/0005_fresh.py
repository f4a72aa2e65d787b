"""What came together as one row."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT_ONCE = 10_000
CALLS = {"pressed", "fell", "tested"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    fresh = op.create_table(
        "fresh",
        sa.Column("seq", NUMBER, autoincrement=False, nullable=False),
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("outbox", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("begins", sa.BigInteger(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("fresh_by_name", "fresh", ["home", "outbox", "last"], unique=True)
    op.create_index("fresh_by_time", "fresh", ["home", "ends"], unique=False)
    _move(op.get_bind(), fresh)
    op.drop_table("observations")


def _move(connection: sa.Connection, fresh: sa.Table) -> None:
    asked = sa.text(
        "SELECT seq, home, outbox, number, sensor, what, at, arrived, clock_trusted, evidence FROM observations "
        "WHERE seq > :seq ORDER BY seq LIMIT :most"
    )
    seq = -1
    while some := connection.execute(asked, {"seq": seq, "most": AT_ONCE}).all():
        runs = [list(run) for _, run in groupby(some, lambda row: (row.home, row.outbox))]
        connection.execute(fresh.insert(), [_values(run) for run in runs])
        seq = some[-1].seq


def _values(run: Sequence[Any]) -> dict[str, Any]:
    numbers, moments = [row.number for row in run], [row.at for row in run]
    return {
        "seq": run[-1].seq, "home": run[0].home, "outbox": run[0].outbox, "first": min(numbers), "last": max(numbers),
        "begins": min(moments), "ends": max(moments), "count": len(run),
        "calls": any(row.what in CALLS for row in run), "body": msgspec.msgpack.encode([_packed(row) for row in run]),
    }  # fmt: skip


def _packed(row: Any) -> tuple[Any, ...]:
    at, arrived = (_EPOCH + timedelta(microseconds=us) for us in (row.at, row.arrived))
    evidence = None if row.evidence is None else msgspec.json.decode(row.evidence)
    named = row.home, row.outbox, row.number, row.sensor, row.what
    return *named, at, arrived, bool(row.clock_trusted), row.seq, evidence
