"""The data keys of tenants, for those who look after them. What a tenant encrypts with its own is the vault's."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, select, text

from function_backend.services.auth.domain.data_key import DataKey, Resealing

if TYPE_CHECKING:
    from datetime import datetime

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.vault.master_keys import Wrapped

_STATE_SQL = text("select * from read_data_key_state(:tenant)")


class DataKeyRepository:
    """The data keys, through the definer's functions: row-level security shows a caller its own alone."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add_generation(self, tenant_id: UUID, key_id: UUID, wrapped: Wrapped, *, at: datetime) -> bool:
        """Whether the tenant got the key as its newest; not while everything is still being sealed under the last.

        Waits for the transactions that seal under the key before: what is sealed after the commit is so under the new.
        """
        made = select(func.rotate_data_key(tenant_id, key_id, wrapped.text, wrapped.master_key_id, at))
        return self._work.connection.execute(made).scalar_one() is not None

    def find(self, tenant_id: UUID) -> DataKey | None:
        """The tenant's newest key; None when it has none."""
        row = self._work.connection.execute(_STATE_SQL, {"tenant": tenant_id}).one_or_none()
        if row is None:
            return None
        resealing = None
        if row.started_at is not None:
            resealing = Resealing(
                started_at=row.started_at,
                updated_at=row.updated_at,
                table="" if row.finished_at is not None else row.place.strip(),
                resealed=row.resealed,
                faults=row.faults,
                finished_at=row.finished_at,
                dropped_at=row.dropped_at,
            )
        return DataKey(
            tenant_id=tenant_id,
            id=row.key_id,
            generation=row.generation,
            key_count=row.key_count,
            created_at=row.created_at,
            resealing=resealing,
        )
