"""Why an alert was what it was; how it went, referrals on, and challenges with their answers."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("alerts", sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "feedback",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("alert", NUMBER, nullable=False),
        sa.Column("home", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("went", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alerts.id"]),
        sa.ForeignKeyConstraint(["home"], ["homes.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_feedback_alert"), "feedback", ["alert"], unique=False)
    op.create_index(op.f("ix_feedback_home"), "feedback", ["home"], unique=False)
    op.create_table(
        "referrals",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("alert", NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alerts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_referrals_alert"), "referrals", ["alert"], unique=False)
    op.create_table(
        "challenges",
        sa.Column("id", NUMBER, autoincrement=True, nullable=False),
        sa.Column("alert", NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("answers", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alerts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_challenges_alert"), "challenges", ["alert"], unique=False)
