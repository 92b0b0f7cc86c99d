"""The data keys of tenants: several generations of which the newest seals, each wrapped by a master key.

A transaction that seals holds the newest key (a shared advisory lock of the tenant, taken before the key is read);
whoever adds a generation waits for all who hold. So after a rotation has committed, nothing is ever sealed under an
older key, and one pass over what was stored before is enough to be done with it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

from function_backend.cache.local import LocalCache
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.field_cipher import NotSealableError
from function_backend.vault.errors import SecretLostError
from function_backend.vault.master_key_text import KEY_BYTES
from function_backend.vault.master_keys import MasterKeys, Wrapped
from function_backend.vault.tenant_key import tenant_key_table

if TYPE_CHECKING:
    from function_backend.kernel.clock import Clock
    from function_backend.kernel.statistics import CacheStatistics
    from function_backend.persistence.unit_of_work import UnitOfWork

_REMEMBERED_KEYS = 1000
_REMEMBERED_SECONDS = 300.0
_HOLD_SQL = "select key_id, wrapped_key, master_key_id from hold_data_key()"
_MAKE_SQL = """
    insert into tenant_key (tenant_id, key_id, generation, wrapped_key, master_key_id, created_at)
    select t.tenant_id, %s, 1, %b, %s, %s from tenant t where t.tenant_id = %s and t.state <> 'deleted'
    on conflict do nothing
"""

_key = tenant_key_table.c


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key, ready to seal and open with."""

    id: UUID
    cipher: AESGCM = field(repr=False)


class DataKeys:
    """Finds, makes and remembers the data keys of tenants."""

    def __init__(self, master_keys: MasterKeys, clock: Clock) -> None:
        self._master_keys = master_keys
        self._clock = clock
        self._ciphers: LocalCache[tuple[UUID, UUID], AESGCM] = LocalCache(
            size=_REMEMBERED_KEYS, ttl=_REMEMBERED_SECONDS
        )

    @property
    def cache(self) -> CacheStatistics:
        """How often a data key was known."""
        return self._ciphers

    def hold(self, work: UnitOfWork) -> DataKey:
        """The tenant's newest key, which stays the newest until the transaction ends; made when there is none."""
        # Always by what the transaction sees: a remembered key may have been deleted, and nothing opens what a deleted
        # key has sealed.
        found = self._newest(work) or self._make(work)
        key_id, wrapped = found
        return DataKey(key_id, AESGCM(self._unwrap(work.tenant_id, key_id, wrapped)))

    def cipher(self, work: UnitOfWork, key_id: UUID) -> AESGCM:
        """The key of this id. Raises SecretLostError when the tenant has it no more."""
        return self._ciphers.get_or_load((work.tenant_id, key_id), lambda: self._load(work, key_id))

    def wrapped(self, tenant_id: UUID) -> tuple[UUID, Wrapped]:
        """A new key of the tenant, to be stored."""
        key_id = new_id()
        return key_id, self._master_keys.wrap(secrets.token_bytes(KEY_BYTES), purpose=data_key(tenant_id, key_id))

    def forget(self) -> None:
        """Drops the keys that are held in memory."""
        self._ciphers.clear()

    def _load(self, work: UnitOfWork, key_id: UUID) -> AESGCM:
        query = select(_key.wrapped_key, _key.master_key_id).where(
            _key.tenant_id == work.tenant_id, _key.key_id == key_id
        )
        row = work.connection.execute(query).one_or_none()
        if row is None:
            raise SecretLostError
        return AESGCM(self._unwrap(work.tenant_id, key_id, Wrapped(bytes(row.wrapped_key), row.master_key_id)))

    def _newest(self, work: UnitOfWork) -> tuple[UUID, Wrapped] | None:
        row = work.driver.execute(_HOLD_SQL).fetchone()
        return None if row is None else (row[0], Wrapped(bytes(row[1]), row[2]))

    def _make(self, work: UnitOfWork) -> tuple[UUID, Wrapped]:
        key_id, wrapped = self.wrapped(work.tenant_id)
        # Two transactions may be the first: the second waits here, and then finds the key of the first.
        work.driver.execute(_MAKE_SQL, (key_id, wrapped.text, wrapped.master_key_id, self._clock.now(), work.tenant_id))
        found = self._newest(work)
        if found is None:
            raise NotSealableError
        return found

    def _unwrap(self, tenant_id: UUID, key_id: UUID, wrapped: Wrapped) -> bytes:
        return self._master_keys.unwrap(wrapped, purpose=data_key(tenant_id, key_id))


def data_key(tenant_id: UUID, key_id: UUID) -> bytes:
    """What the data key of a tenant is wrapped for."""
    return b"data key of a tenant\0" + tenant_id.bytes + key_id.bytes
