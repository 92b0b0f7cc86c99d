"""Storing and finding signing keys, which belong to the installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import func, insert, or_, select, update

from function_backend.kernel.pagination import Page
from function_backend.services.auth.domain.signing_key import SigningKey
from function_backend.services.auth.tables.signing_key import signing_key_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_key = signing_key_table.c
# Any number does that nothing else locks by.
_LOCK = 0x66627369676B6579


class SigningKeyRepository:
    """The signing keys."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def lock(self) -> None:
        """Waits until nobody else changes signing keys; nobody does until the transaction ends."""
        self._work.connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))

    def try_lock(self) -> bool:
        """As `lock`, without waiting: whether it worked out."""
        return bool(self._work.connection.execute(select(func.pg_try_advisory_xact_lock(_LOCK))).scalar_one())

    def published(self, at: datetime) -> Sequence[SigningKey]:
        """The keys that are published at that moment."""
        query = select(signing_key_table).where(
            _key.withdrawn_at.is_(None), or_(_key.leaves_at.is_(None), _key.leaves_at > at)
        )
        return [_signing_key(row) for row in self._work.connection.execute(query)]

    def find(self, key_id: UUID) -> SigningKey | None:
        """The key, removed ones too."""
        row = self._work.connection.execute(select(signing_key_table).where(_key.id == key_id)).one_or_none()
        return None if row is None else _signing_key(row)

    def list_after(self, after: UUID | None, *, limit: int) -> Page[SigningKey]:
        """The keys that follow the id, in order of id."""
        query = select(signing_key_table).order_by(_key.id).limit(limit + 1)
        if after is not None:
            query = query.where(_key.id > after)
        keys = [_signing_key(row) for row in self._work.connection.execute(query)]
        more = len(keys) > limit
        keys = keys[:limit]
        return Page(keys, (str(keys[-1].id),) if more else None)

    def add(self, key: SigningKey, *, sealed_key: bytes, master_key_id: str) -> None:
        """Stores a new key with its private half, which a master key has wrapped."""
        values = {
            "id": key.id,
            "algorithm": key.algorithm,
            "public_jwk": dict(key.public_jwk),
            "sealed_key": sealed_key,
            "master_key_id": master_key_id,
            "created_at": key.created_at,
            **_times(key),
        }
        self._work.connection.execute(insert(signing_key_table).values(values))

    def save(self, key: SigningKey) -> None:
        """Stores the times of a changed key. Of a withdrawn one the private half is deleted."""
        values: dict[str, Any] = _times(key)
        if key.withdrawn_at is not None:
            values["sealed_key"] = None
        self._work.connection.execute(update(signing_key_table).where(_key.id == key.id).values(values))

    def to_rewrap(self, current: str, *, limit: int) -> Sequence[tuple[UUID, bytes, str]]:
        """Ids and wrapped private halves, with their master keys, of keys that another than `current` has wrapped."""
        query = (
            select(_key.id, _key.sealed_key, _key.master_key_id)
            .where(_key.sealed_key.is_not(None), _key.master_key_id != current)
            .order_by(_key.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [(row.id, bytes(row.sealed_key), row.master_key_id) for row in self._work.connection.execute(query)]

    def count_to_rewrap(self, current: str) -> int:
        """How many private halves another master key has wrapped."""
        query = select(func.count()).where(_key.sealed_key.is_not(None), _key.master_key_id != current)
        return self._work.connection.execute(query).scalar_one()

    def rewrap(self, key_id: UUID, *, sealed_key: bytes, master_key_id: str) -> None:
        """Stores the private half as the current master key has wrapped it."""
        self._work.connection.execute(
            update(signing_key_table)
            .where(_key.id == key_id)
            .values(sealed_key=sealed_key, master_key_id=master_key_id)
        )


def _times(key: SigningKey) -> dict[str, Any]:
    return {
        "activates_at": key.activates_at,
        "retires_at": key.retires_at,
        "leaves_at": key.leaves_at,
        "withdrawn_at": key.withdrawn_at,
    }


def _signing_key(row: Row[Any]) -> SigningKey:
    return SigningKey(
        id=row.id,
        algorithm=row.algorithm,
        public_jwk=row.public_jwk,
        created_at=row.created_at,
        activates_at=row.activates_at,
        retires_at=row.retires_at,
        leaves_at=row.leaves_at,
        withdrawn_at=row.withdrawn_at,
    )
