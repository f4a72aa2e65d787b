"""Whose login it is, beside it: who is told something is looked up by that."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("person", sa.Text()))
    op.create_index(op.f("ix_accounts_person"), "accounts", ["person"], unique=False)
    accounts = sa.table("accounts", sa.column("login", sa.Text()), sa.column("body"), sa.column("person", sa.Text()))
    rows = op.get_bind().execute(sa.select(accounts.c.login, accounts.c.body)).all()
    for login, body in rows:
        person = json.loads(body).get("person")
        if person is not None:
            op.execute(accounts.update().where(accounts.c.login == login).values(person=person))
