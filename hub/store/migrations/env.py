"""Alembic runs this; the connection, already inside a locked transaction, is handed in by hub.store.database."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table=context.config.attributes["version_table"],
)
context.run_migrations()
