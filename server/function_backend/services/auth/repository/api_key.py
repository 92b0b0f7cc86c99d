"""Storing and finding the API keys of a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, insert, or_, select, update

from function_backend.kernel.pagination import Page
from function_backend.services.auth.domain.api_key import ApiKey
from function_backend.services.auth.tables.api_key import api_key_table

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_key = api_key_table.c


class ApiKeyRepository:
    """The keys of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, api_key: ApiKey, *, digest: bytes) -> None:
        """Stores a new key of the tenant."""
        values = {
            "tenant_id": self._work.tenant_id,
            "id": api_key.id,
            "digest": digest,
            "display_name": api_key.display_name,
            "permissions": sorted(api_key.permissions),
            "rate_limit_per_second": api_key.rate_limit_per_second,
            "created_at": api_key.created_at,
            "creator": api_key.creator,
            "expires_at": api_key.expires_at,
        }
        self._work.connection.execute(insert(api_key_table).values(values))

    def add_first(self, api_key: ApiKey, *, digest: bytes) -> None:
        """Stores the first key of a tenant, which need not be the unit of work's: row-level security forbids that."""
        stored = func.create_first_api_key(
            api_key.tenant_id,
            api_key.id,
            digest,
            api_key.display_name,
            sorted(api_key.permissions),
            api_key.created_at,
            api_key.creator,
        )
        self._work.connection.execute(select(stored))

    def find(self, api_key_id: UUID) -> ApiKey | None:
        """The key, revoked and expired ones too."""
        query = select(api_key_table).where(_key.tenant_id == self._work.tenant_id, _key.id == api_key_id)
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else _api_key(row)

    def find_for_update(self, api_key_id: UUID) -> ApiKey | None:
        """The key, which nobody else changes until the transaction ends."""
        query = select(api_key_table).where(_key.tenant_id == self._work.tenant_id, _key.id == api_key_id)
        row = self._work.connection.execute(query.with_for_update()).one_or_none()
        return None if row is None else _api_key(row)

    def list_after(self, after: UUID | None, *, limit: int, usable_at: datetime | None) -> Page[ApiKey]:
        """The keys that follow the id, in order of id; with `usable_at` only those that work at that moment."""
        query = select(api_key_table).where(_key.tenant_id == self._work.tenant_id).order_by(_key.id).limit(limit + 1)
        if after is not None:
            query = query.where(_key.id > after)
        if usable_at is not None:
            query = query.where(_key.revoked_at.is_(None), or_(_key.expires_at.is_(None), _key.expires_at > usable_at))
        keys = [_api_key(row) for row in self._work.connection.execute(query)]
        more = len(keys) > limit
        keys = keys[:limit]
        return Page(keys, (str(keys[-1].id),) if more else None)

    def revoke(self, api_key: ApiKey) -> None:
        """Stores the revocation."""
        self._work.connection.execute(
            update(api_key_table)
            .where(_key.tenant_id == self._work.tenant_id, _key.id == api_key.id)
            .values(revoked_at=api_key.revoked_at)
        )


def _api_key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        tenant_id=row.tenant_id,
        display_name=row.display_name,
        permissions=frozenset(row.permissions),
        rate_limit_per_second=row.rate_limit_per_second,
        created_at=row.created_at,
        creator=row.creator,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
