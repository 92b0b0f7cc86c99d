"""Destroying what the users of a deleted tenant signed in with."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, select

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork


def shred_user_secrets(work: UnitOfWork, tenant_id: UUID) -> None:
    """Deletes passwords, tokens and second factors of the tenant's users, whosever the unit of work is."""
    work.connection.execute(select(func.shred_user_secrets(tenant_id)))
