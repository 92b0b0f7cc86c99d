"""Secrets of tenants, encrypted with keys that each tenant has for itself (docs/encryption.md).

The data keys are stored wrapped by a master key; deleting them makes everything that they sealed unreadable.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from uuid import UUID

from function_backend.persistence.field_cipher import FieldCipher
from function_backend.vault.data_keys import DataKey, DataKeys, data_key
from function_backend.vault.index_keys import IndexKeys, blind_index, derived_key
from function_backend.vault.sealed_text import key_of, opened_text, sealed_text

if TYPE_CHECKING:
    from function_backend.kernel.clock import Clock
    from function_backend.kernel.statistics import CacheStatistics
    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.vault.master_keys import MasterKeys, Wrapped

__all__ = ["Vault", "data_key"]


class Vault:
    """Seals and opens the secrets of tenants."""

    def __init__(self, master_keys: MasterKeys, clock: Clock) -> None:
        self._data_keys = DataKeys(master_keys, clock)
        self._index_keys = IndexKeys(clock)

    @property
    def cache(self) -> CacheStatistics:
        """How often a data key was known."""
        return self._data_keys.cache

    def seal(self, work: UnitOfWork, secret: bytes, *, purpose: str) -> bytes:
        """The secret, encrypted for the tenant of the unit of work, whose key is made when it has none."""
        return sealed_text(self._data_keys.hold(work), secret, tenant_id=work.tenant_id, purpose=purpose)

    def open(self, work: UnitOfWork, sealed: bytes, *, purpose: str) -> bytes:
        """The secret again. Raises SecretLostError when the tenant's key is gone or the text is not what was sealed."""
        text = bytes(sealed)
        cipher = self._data_keys.cipher(work, key_of(text))
        return opened_text(cipher, text, tenant_id=work.tenant_id, purpose=purpose)

    def fields(self, work: UnitOfWork) -> FieldCipher:
        """What the unit of work seals its fields with; it asks for the tenant's key once."""
        return _TenantFields(work, self._data_keys, self._index_keys)

    def new_data_key(self, tenant_id: UUID) -> tuple[UUID, Wrapped]:
        """A new data key of the tenant, wrapped, to be stored as its next generation."""
        return self._data_keys.wrapped(tenant_id)

    def forget(self, _: str = "") -> None:
        """A tenant was suspended or deleted, or may have been: drops the keys that are held in memory."""
        self._data_keys.forget()
        self._index_keys.forget()


class _TenantFields:
    """The fields of one unit of work."""

    def __init__(self, work: UnitOfWork, data_keys: DataKeys, index_keys: IndexKeys) -> None:
        self._work = work
        self._data_keys = data_keys
        self._index_keys = index_keys
        self._held: DataKey | None = None
        self._made: bytes | None = None

    def seal(self, text: bytes, *, purpose: str) -> bytes:
        return sealed_text(self._current(), text, tenant_id=self._work.tenant_id, purpose=purpose)

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        text = bytes(sealed)
        key_id = key_of(text)
        held = self._held
        # What this transaction made is known to nobody else, and is not to be remembered by the others.
        cipher = held.cipher if held is not None and held.id == key_id else self._data_keys.cipher(self._work, key_id)
        return opened_text(cipher, text, tenant_id=self._work.tenant_id, purpose=purpose)

    def is_current(self, sealed: bytes) -> bool:
        return key_of(bytes(sealed)) == self._current().id

    def blind(self, value: str, *, index: str) -> str:
        return blind_index(self._ensured_index_key(index), value)

    def keyed(self, digest: bytes, *, index: str) -> bytes:
        return hmac.new(self._ensured_index_key(index), digest, hashlib.sha256).digest()

    def find_blind(self, value: str, *, index: str) -> str | None:
        key = self._index_key(index)
        return None if key is None else blind_index(key, value)

    def _ensured_index_key(self, index: str) -> bytes:
        key = self._index_key(index)
        if key is None:
            self._made = self._index_keys.make(self._work, self)
            key = derived_key(self._made, index)
        return key

    def _index_key(self, index: str) -> bytes | None:
        if self._made is not None:
            return derived_key(self._made, index)
        return self._index_keys.find(self._work, self, index)

    def _current(self) -> DataKey:
        if self._held is None:
            self._held = self._data_keys.hold(self._work)
        return self._held
