"""A transport that does not work is a fault that somebody sees to, and that is on record when it is over."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "way_faults",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("transport", sa.Text(), nullable=False),
        sa.Column("began", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("council", sa.Text(), nullable=False),
        sa.Column("held_until", sa.BigInteger()),
        sa.Column("ended", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "one_standing_way_fault",
        "way_faults",
        ["transport"],
        unique=True,
        sqlite_where=sa.text("ended IS NULL"),
        postgresql_where=sa.text("ended IS NULL"),
    )
    op.execute(
        "INSERT INTO way_faults (transport, began, failures, why, holder, council)"
        " SELECT transport, broken_since, failures, why, '', '' FROM ways"
    )
    op.drop_table("ways")
