"""Spells of trouble, rhythms of sensors, battery levels, test presses, and swaps."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _spells()
    op.create_table(
        "rhythms",
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["home"], ["homes.id"]),
        sa.PrimaryKeyConstraint("home"),
    )
    op.create_table(
        "battery_levels",
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("sensor", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("percent", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["home"], ["homes.id"]),
        sa.PrimaryKeyConstraint("home", "sensor", "at"),
    )
    _test_presses()
    _swaps()


def _spells() -> None:
    op.create_table(
        "spells",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("home", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sensor", sa.Text(), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["home"], ["homes.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("spells_by_home", "spells", ["home", "began"], unique=False)
    op.create_index(
        "one_lasting_spell",
        "spells",
        [sa.literal_column("coalesce(home, '')"), "kind", "sensor"],
        unique=True,
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )


def _test_presses() -> None:
    moments = [sa.Column(name, sa.BigInteger(), nullable=True) for name in ("arrived", "stored", "judged")]
    seconds = [sa.Column(name, sa.Float(), nullable=True) for name in ("kept", "sent", "receipted")]
    op.create_table(
        "test_presses",
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("outbox", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("noticed", sa.BigInteger(), nullable=False),
        *moments,
        *seconds,
        sa.ForeignKeyConstraint(["home"], ["homes.id"]),
        sa.PrimaryKeyConstraint("home", "outbox", "number"),
    )
    op.create_index("test_presses_by_home", "test_presses", ["home", "arrived"], unique=False)


def _swaps() -> None:
    op.create_table(
        "swaps",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("sensor", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("was", sa.Text(), nullable=False),
        sa.Column("now", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["home"], ["homes.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_swaps_home"), "swaps", ["home"], unique=False)
