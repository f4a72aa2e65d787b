"""The shift's book: promised call-backs, muted homes, handovers."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "shiftbook",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("council", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("home", sa.Text()),
        sa.Column("alert", sa.BigInteger()),
        sa.Column("of", sa.BigInteger()),
        sa.Column("until", sa.BigInteger()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_shiftbook_home"), "shiftbook", ["home"], unique=False)
    op.create_index(op.f("ix_shiftbook_of"), "shiftbook", ["of"], unique=False)
