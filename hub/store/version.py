"""The number that tells whoever keeps the register in memory that it has changed."""

from sqlalchemy import Connection, update

from hub.store import schema
from hub.store.database import upsert


def next_version(connection: Connection) -> None:
    """Inside the transaction that changes homes, people, consents, plans, accounts or whom a plan can reach."""
    table = schema.versions
    value = table.c.value
    if not connection.execute(update(table).where(table.c.name == "register").values(value=value + 1)).rowcount:
        upsert(connection, table, [{"name": "register", "value": 1}])
