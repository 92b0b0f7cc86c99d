"""The table of what is still to be sealed, or was at last: a row for each tenant that has, or had, something to do."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Table, Text

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

resealing_table = Table(
    "resealing",
    metadata,
    tenant_column(),
    moment_column("started_at"),
    moment_column("updated_at"),
    # The table that is gone through, and the key of its last row that was looked at.
    Column("place", Text(collation="C"), nullable=False, server_default=""),
    Column("after", Text),
    Column("resealed", BigInteger, nullable=False, server_default="0"),
    Column("faults", BigInteger, nullable=False, server_default="0"),
    # Not to be tried before, after a failure that may pass.
    moment_column("retry_at", nullable=True),
    moment_column("finished_at", nullable=True),
    # When the keys before the newest one were dropped.
    moment_column("dropped_at", nullable=True),
    ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="resealing_tenant_id_fkey"),
)
