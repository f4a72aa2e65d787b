"""The turn in which each contact is rung: those that there are keep their order, which was that of their ids."""

import json
from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    contacts = sa.table("contacts", sa.column("id", sa.Text()), sa.column("resident", sa.Text()), sa.column("body"))
    rows = op.get_bind().execute(sa.select(contacts).order_by(contacts.c.id)).all()
    turns = Counter[str]()
    for contact, resident, body in rows:
        turns[resident] += 1
        numbered = json.dumps({**json.loads(body), "turn": turns[resident]}, ensure_ascii=False, separators=(",", ":"))
        op.execute(contacts.update().where(contacts.c.id == contact).values(body=numbered))
