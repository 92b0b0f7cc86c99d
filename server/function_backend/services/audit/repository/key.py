"""Storing and finding the keys that sign checkpoints, which belong to the installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from function_backend.services.audit.domain.checkpoint import AuditKey
from function_backend.services.audit.tables import audit_key_table
from function_backend.vault.master_keys import Wrapped
from function_backend.vault.wrapped_keys import WrappedKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_key = audit_key_table.c
# Any number does that nothing else locks by.
_LOCK = 0x6662617564697401


class KeyRepository:
    """The keys, which are the same for every tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def lock(self) -> None:
        """Waits until nobody else makes a key; nobody does until the transaction ends."""
        self._work.connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    def all(self) -> Sequence[AuditKey]:
        """All keys, the newest first."""
        query = select(audit_key_table).order_by(_key.created_at.desc(), _key.id)
        return [_found(row) for row in self._work.connection.execute(query)]

    def signing(self) -> tuple[AuditKey, Wrapped] | None:
        """The key that signs, with its private half; None when there is none yet."""
        query = select(audit_key_table).where(_key.retired_at.is_(None)).order_by(_key.created_at.desc()).limit(1)
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else (_found(row), Wrapped(bytes(row.sealed_key), row.master_key_id))

    def add(self, key: AuditKey, wrapped: Wrapped) -> None:
        """Stores a new key."""
        values = {
            "id": key.id,
            "public_key": key.public_key,
            "sealed_key": wrapped.text,
            "master_key_id": wrapped.master_key_id,
            "created_at": key.created_at,
            "retired_at": key.retired_at,
        }
        self._work.connection.execute(insert(audit_key_table).values(values))

    def retire(self, key_id: str, *, at: datetime) -> None:
        """The key signs no more."""
        self._work.connection.execute(update(audit_key_table).where(_key.id == key_id).values(retired_at=at))


class WrappedAuditKeys:
    """The private halves, for wrapping them anew with another master key."""

    def to_rewrap(self, work: UnitOfWork, current: str, *, limit: int) -> Sequence[WrappedKey]:
        """Keys that another than the current master key has wrapped."""
        query = (
            select(_key.id, _key.sealed_key, _key.master_key_id)
            .where(_key.master_key_id != current)
            .order_by(_key.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [
            WrappedKey(row.id, Wrapped(bytes(row.sealed_key), row.master_key_id), purpose_of(row.id))
            for row in work.connection.execute(query)
        ]

    def count_to_rewrap(self, work: UnitOfWork, current: str) -> int:
        """How many of them there are."""
        query = select(func.count()).select_from(audit_key_table).where(_key.master_key_id != current)
        return int(work.connection.execute(query).scalar_one())

    def rewrap(self, work: UnitOfWork, key: WrappedKey) -> None:
        """Stores a key as it is wrapped now."""
        values = {"sealed_key": key.wrapped.text, "master_key_id": key.wrapped.master_key_id}
        work.connection.execute(update(audit_key_table).where(_key.id == key.name).values(values))


def purpose_of(key_id: str) -> bytes:
    """What the private half of a key is wrapped for."""
    return b"audit key\0" + key_id.encode()


def _found(row: Row[Any]) -> AuditKey:
    return AuditKey(id=row.id, public_key=bytes(row.public_key), created_at=row.created_at, retired_at=row.retired_at)
