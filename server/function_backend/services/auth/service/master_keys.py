"""Replacing the master key while everything is served."""

from __future__ import annotations

from dataclasses import dataclass

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.adapters.key_forge import signing_key
from function_backend.services.auth.events.signing_key import KeysRewrapped
from function_backend.services.auth.repository.signing_key import SigningKeyRepository
from function_backend.services.auth.repository.tenant_key import TenantKeyRepository
from function_backend.vault.master_keys import MasterKeys, Wrapped
from function_backend.vault.vault import data_key
from function_backend.vault.wrapped_keys import WrappedKeys

_DEFAULT_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrapped:
    """How far it is."""

    master_key_id: str
    count: int
    remaining: int


class MasterKeyService:
    """The use cases of master keys."""

    def __init__(
        self, *, transactions: Transactions, clock: Clock, master_keys: MasterKeys, wrapped_keys: WrappedKeys
    ) -> None:
        """`wrapped_keys` are those of other slices."""
        self._transactions = transactions
        self._clock = clock
        self._master_keys = master_keys
        self._wrapped_keys = wrapped_keys

    def rewrap(self, batch_size: int) -> Rewrapped:
        """Wraps up to so many keys by the current master key that another one has wrapped.

        Raises MasterKeyMissingError, and changes nothing, when that other one is no longer in the settings.
        """
        limit = batch_size or _DEFAULT_BATCH
        current = self._master_keys.current_id
        with self._transactions() as work:
            count = self._rewrap_signing_keys(work, current, limit)
            count += self._rewrap_data_keys(work, current, limit - count)
            count += self._wrapped_keys.rewrap(work, self._master_keys, limit=limit - count)
            remaining = SigningKeyRepository(work).count_to_rewrap(current)
            remaining += self._wrapped_keys.count_to_rewrap(work, current)
            remaining += TenantKeyRepository(work).count_to_rewrap(current)
            if count:
                work.record(KeysRewrapped.of(current, count, at=self._clock.now()))
        return Rewrapped(master_key_id=current, count=count, remaining=remaining)

    def _rewrap_signing_keys(self, work: UnitOfWork, current: str, limit: int) -> int:
        keys = SigningKeyRepository(work)
        found = keys.to_rewrap(current, limit=limit)
        for key_id, sealed_key, master_key_id in found:
            wrapped = self._again(Wrapped(sealed_key, master_key_id), signing_key(key_id))
            keys.rewrap(key_id, sealed_key=wrapped.text, master_key_id=wrapped.master_key_id)
        return len(found)

    def _rewrap_data_keys(self, work: UnitOfWork, current: str, limit: int) -> int:
        if limit <= 0:
            return 0
        keys = TenantKeyRepository(work)
        found = keys.to_rewrap(current, limit=limit)
        keys.rewrap(
            [
                key._replace(
                    wrapped_key=self._again(
                        Wrapped(key.wrapped_key, key.master_key_id), data_key(key.tenant_id, key.key_id)
                    ).text
                )
                for key in found
            ],
            master_key_id=current,
        )
        return len(found)

    def _again(self, wrapped: Wrapped, purpose: bytes) -> Wrapped:
        return self._master_keys.wrap(self._master_keys.unwrap(wrapped, purpose=purpose), purpose=purpose)
