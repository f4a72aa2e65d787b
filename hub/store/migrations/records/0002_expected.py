"""By when each home's next sign of life is due, what is to be mentioned at the next talk, and shifts of a budget."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("snapshots", sa.Column("made_with", sa.Text(), nullable=False, server_default=""))
    op.add_column("findings", sa.Column("said", sa.Text(), nullable=True))
    op.create_table(
        "expectations",
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("last_sign", sa.BigInteger(), nullable=False),
        sa.Column("expected_by", sa.BigInteger(), nullable=False),
        sa.Column("chance", sa.Float(), nullable=True),
        sa.Column("known_since", sa.BigInteger(), nullable=True),
        sa.Column("usual", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["home"], ["homes.id"]),
        sa.PrimaryKeyConstraint("home"),
    )
    op.create_table(
        "shifts",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("was", sa.Float(), nullable=False),
        sa.Column("now", sa.Float(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.Column("link", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["home"], ["homes.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_shifts_home"), "shifts", ["home"], unique=False)
