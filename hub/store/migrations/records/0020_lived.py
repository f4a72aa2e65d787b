"""When a loop turned, by a clock that nobody sets."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("loops", sa.Column("lived", sa.Float(), nullable=False, server_default="0"))
    op.add_column("loops", sa.Column("boot", sa.Text(), nullable=False, server_default=""))
