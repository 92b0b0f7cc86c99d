"""The MetaData that all tables hang on, and the columns they share."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, MetaData, Uuid

# Without names of our own, PostgreSQL and Alembic would each invent theirs, and repositories tell violations by name.
metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)


def tenant_column() -> Column[UUID]:
    """The first column of every tenant table's primary key."""
    return Column("tenant_id", Uuid(), primary_key=True, nullable=False)


def moment_column(name: str, *, nullable: bool = False) -> Column[datetime]:
    """A moment in time, to the microsecond; it comes back as an aware datetime."""
    return Column(name, DateTime(timezone=True), nullable=nullable)
