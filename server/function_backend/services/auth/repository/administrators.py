"""Finding out who can still administer a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from function_backend.kernel.identity import PermissionSet
from function_backend.services.auth.tables.api_key import api_key_table

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork

_key = api_key_table.c


def administering_key_exists(work: UnitOfWork, permissions: frozenset[str]) -> bool:
    """Whether the tenant has a key with all of these permissions that works for good."""
    if not permissions:
        return False
    # Whoever has them all has the first of them, by one of these patterns.
    parts = min(permissions).split(".")
    patterns = ["*", *(".".join(parts[:count]) + ".*" for count in range(1, len(parts))), ".".join(parts)]
    query = select(_key.permissions).where(
        _key.tenant_id == work.tenant_id,
        _key.revoked_at.is_(None),
        _key.expires_at.is_(None),
        # What a key with an owner may do depends on the owner.
        _key.owner_id.is_(None),
        _key.permissions.overlap(literal(patterns, ARRAY(Text))),
    )
    return any(
        all(map(PermissionSet(frozenset(row.permissions)).allows, permissions))
        for row in work.connection.execute(query)
    )
