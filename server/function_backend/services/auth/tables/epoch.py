"""The table of the revocation epoch: one row."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Table, text

from function_backend.persistence.metadata import metadata

auth_epoch_table = Table(
    "auth_epoch",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default=text("true"), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    CheckConstraint("only_row", name="only_row"),
)
