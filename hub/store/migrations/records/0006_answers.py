"""Who made an attempt, what came of it, and until when that stops the chain."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempts", sa.Column("actor", sa.Text(), nullable=False, server_default="hub"))
    op.add_column("attempts", sa.Column("answer", sa.Text(), nullable=True))
    op.add_column("attempts", sa.Column("answered_at", sa.BigInteger(), nullable=True))
    op.add_column("attempts", sa.Column("holds_until", sa.BigInteger(), nullable=True))
