"""Secrets of tenants, encrypted with a key that each tenant has for itself (docs/adr/0011-keys-and-tokens.md).

    0x01 | id of the data key (16) | nonce (12) | AES-256-GCM of the secret and its tag

Tenant, key and purpose are authenticated with it: a text that was moved to another row, purpose or tenant opens for
nobody. The data keys are stored wrapped by a master key; deleting one makes everything that it sealed unreadable.
"""

from __future__ import annotations

import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from function_backend.cache.local import LocalCache
from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.statistics import CacheStatistics
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.vault.errors import SecretLostError
from function_backend.vault.master_key_text import KEY_BYTES
from function_backend.vault.master_keys import NONCE_BYTES, MasterKeys, Wrapped
from function_backend.vault.tenant_key import tenant_key_table

_FORMAT = b"\x01"
_ID_END = len(_FORMAT) + 16
_NONCE_END = _ID_END + NONCE_BYTES
_REMEMBERED_KEYS = 1000
_REMEMBERED_SECONDS = 300.0

_key = tenant_key_table.c


class Vault:
    """Seals and opens the secrets of tenants."""

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

    def seal(self, work: UnitOfWork, secret: bytes, *, purpose: str) -> bytes:
        """The secret, encrypted for the tenant of the unit of work, whose key is made when it has none."""
        # Always by what the transaction sees: a remembered key may have been deleted, and nothing opens what a deleted
        # key has sealed.
        found = self._find(work)
        key_id, wrapped = found if found is not None else self._make(work)
        cipher = AESGCM(self._unwrap(work.tenant_id, key_id, wrapped))
        nonce = secrets.token_bytes(NONCE_BYTES)
        text = cipher.encrypt(nonce, secret, _associated(work.tenant_id, key_id, purpose))
        return _FORMAT + key_id.bytes + nonce + text

    def open(self, work: UnitOfWork, sealed: bytes, *, purpose: str) -> bytes:
        """The secret again. Raises SecretLostError when the tenant's key is gone or the text is not what was sealed."""
        text = bytes(sealed)
        if len(text) <= _NONCE_END or not text.startswith(_FORMAT):
            raise SecretLostError
        key_id = UUID(bytes=text[len(_FORMAT) : _ID_END])
        cipher = self._ciphers.get_or_load((work.tenant_id, key_id), lambda: self._load(work, key_id))
        try:
            return cipher.decrypt(
                text[_ID_END:_NONCE_END], text[_NONCE_END:], _associated(work.tenant_id, key_id, purpose)
            )
        except InvalidTag:
            raise SecretLostError from None

    def forget(self, _: str = "") -> None:
        """A tenant was suspended or deleted, or may have been: drops the keys that are held in memory."""
        self._ciphers.clear()

    def _load(self, work: UnitOfWork, key_id: UUID) -> AESGCM:
        found = self._find(work)
        if found is None or found[0] != key_id:
            raise SecretLostError
        return AESGCM(self._unwrap(work.tenant_id, *found))

    def _find(self, work: UnitOfWork) -> tuple[UUID, Wrapped] | None:
        query = select(_key.key_id, _key.wrapped_key, _key.master_key_id).where(_key.tenant_id == work.tenant_id)
        row = work.connection.execute(query).one_or_none()
        return None if row is None else (row.key_id, Wrapped(bytes(row.wrapped_key), row.master_key_id))

    def _make(self, work: UnitOfWork) -> tuple[UUID, Wrapped]:
        key_id = new_id()
        wrapped = self._master_keys.wrap(secrets.token_bytes(KEY_BYTES), purpose=data_key(work.tenant_id, key_id))
        # Two transactions may be the first: the second waits here, and then finds the key of the first.
        work.connection.execute(
            insert(tenant_key_table)
            .values(
                tenant_id=work.tenant_id,
                key_id=key_id,
                wrapped_key=wrapped.text,
                master_key_id=wrapped.master_key_id,
                created_at=self._clock.now(),
            )
            .on_conflict_do_nothing()
        )
        found = self._find(work)
        if found is None:
            raise SecretLostError
        return found

    def _unwrap(self, tenant_id: UUID, key_id: UUID, wrapped: Wrapped) -> bytes:
        return self._master_keys.unwrap(wrapped, purpose=data_key(tenant_id, key_id))


def data_key(tenant_id: UUID, key_id: UUID) -> bytes:
    """What the data key of a tenant is wrapped for."""
    return b"data key of a tenant\0" + tenant_id.bytes + key_id.bytes


def _associated(tenant_id: UUID, key_id: UUID, purpose: str) -> bytes:
    return b"function-backend sealed secret 1\0" + tenant_id.bytes + key_id.bytes + purpose.encode()
