"""Keys that slices keep wrapped by a master key, so that all of them are wrapped anew when that is replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.vault.master_keys import MasterKeys, Wrapped


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """One key as it is stored."""

    name: str
    """What its store finds it by."""
    wrapped: Wrapped
    purpose: bytes
    """What it is wrapped for."""


class WrappedKeyStore(Protocol):
    """Where a slice keeps such keys."""

    def to_rewrap(self, work: UnitOfWork, current: str, *, limit: int) -> Sequence[WrappedKey]:
        """Keys that another master key than `current` has wrapped, locked until the transaction ends."""

    def count_to_rewrap(self, work: UnitOfWork, current: str) -> int:
        """How many of them there are."""

    def rewrap(self, work: UnitOfWork, key: WrappedKey) -> None:
        """Stores a key as it is wrapped now."""


class WrappedKeys:
    """The stores of all slices."""

    def __init__(self) -> None:
        self._stores: list[WrappedKeyStore] = []

    def learn(self, stores: Sequence[WrappedKeyStore]) -> None:
        """Takes over the stores of a slice."""
        self._stores.extend(stores)

    def rewrap(self, work: UnitOfWork, master_keys: MasterKeys, *, limit: int) -> int:
        """Wraps up to so many keys by the current master key; how many it were.

        Raises MasterKeyMissingError when the settings do not name the one that wrapped them.
        """
        count = 0
        for store in self._stores:
            for key in store.to_rewrap(work, master_keys.current_id, limit=max(limit - count, 0)):
                secret = master_keys.unwrap(key.wrapped, purpose=key.purpose)
                store.rewrap(work, replace(key, wrapped=master_keys.wrap(secret, purpose=key.purpose)))
                count += 1
        return count

    def count_to_rewrap(self, work: UnitOfWork, current: str) -> int:
        """How many keys another master key has wrapped."""
        return sum(store.count_to_rewrap(work, current) for store in self._stores)
