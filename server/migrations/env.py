"""Alembic's entry: runs the revisions on the connection that `persistence.migrate` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from function_backend.persistence.metadata import metadata


def run() -> None:
    connection = context.config.attributes.get("connection")
    if not isinstance(connection, Connection):
        raise SystemExit("Migrations run with: function-backend migrate --database-url <URL>")
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


run()
