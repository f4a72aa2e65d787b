"""What a suspected fall rests on, beside its observation."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("observations", sa.Column("evidence", sa.Text(), nullable=True))
