"""Destroying what the users and service accounts of a deleted tenant signed in with."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, select

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork


def shred_user_secrets(work: UnitOfWork, tenant_id: UUID) -> None:
    """Deletes passwords, tokens and second factors of a deleted tenant's users, whosever the unit of work is."""
    work.connection.execute(select(func.shred_user_secrets(tenant_id)))


def shred_fields(work: UnitOfWork, tenant_id: UUID) -> None:
    """Empties what of a deleted tenant's fields was not sealed yet; what was opens for nobody without the data key."""
    work.connection.execute(select(func.shred_fields(tenant_id)))


def shred_credentials(work: UnitOfWork, tenant_id: UUID) -> None:
    """Deletes client secrets and keys, refresh tokens, waiting devices and certificates of a deleted tenant.

    What is kept: which tokens were revoked and which assertions used, without which they might be good once more.
    """
    work.connection.execute(select(func.shred_credentials(tenant_id)))
