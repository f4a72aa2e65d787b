"""What another place for observations holds, is owed, and will not take."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "handed_on",
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("days", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("home", "days"),
    )
    op.create_table(
        "owed",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=True),
        sa.Column("before", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "refused",
        sa.Column("seq", NUMBER, autoincrement=False, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.execute("INSERT INTO marks (name, value) VALUES ('sent', 0)")
