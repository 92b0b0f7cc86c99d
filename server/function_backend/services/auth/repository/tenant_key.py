"""The data keys of all tenants, for wrapping them anew. What a tenant does with its own is the vault's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy import LargeBinary, Uuid, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from function_backend.vault.tenant_key import tenant_key_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function_backend.persistence.unit_of_work import UnitOfWork


class WrappedDataKey(NamedTuple):
    """A data key as it is stored."""

    tenant_id: UUID
    key_id: UUID
    wrapped_key: bytes
    master_key_id: str


class TenantKeyRepository:
    """The data keys, through the definer's functions: row-level security shows a caller its own alone."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def to_rewrap(self, current: str, *, limit: int) -> Sequence[WrappedDataKey]:
        """Keys that another master key than `current` has wrapped, locked for this transaction."""
        found = func.read_tenant_keys_to_rewrap(current, limit).table_valued(*tenant_key_table.columns)
        return [
            WrappedDataKey(row.tenant_id, row.key_id, bytes(row.wrapped_key), row.master_key_id)
            for row in self._work.connection.execute(select(found))
        ]

    def count_to_rewrap(self, current: str) -> int:
        """How many keys another master key has wrapped."""
        return int(self._work.connection.execute(select(func.count_tenant_keys_to_rewrap(current))).scalar_one())

    def rewrap(self, keys: Sequence[WrappedDataKey], *, master_key_id: str) -> None:
        """Stores the keys as this master key has wrapped them."""
        if not keys:
            return
        stored = func.rewrap_tenant_keys(
            cast([key.tenant_id for key in keys], ARRAY(Uuid())),
            cast([key.key_id for key in keys], ARRAY(Uuid())),
            cast([key.wrapped_key for key in keys], ARRAY(LargeBinary)),
            master_key_id,
        )
        self._work.connection.execute(select(stored))
