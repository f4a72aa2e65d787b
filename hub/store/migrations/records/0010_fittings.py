"""What installers have done in a home, and the certificates that came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "fittings",
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["home"], ["homes.id"]),
        sa.PrimaryKeyConstraint("home"),
    )
    op.create_table(
        "certificates",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["home"], ["homes.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_certificates_home"), "certificates", ["home"], unique=False)
