"""The signing keys that a worker knows: all that are published, and the private half of the one that signs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from function_backend.cache.local import LocalCache
from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions
from function_backend.persistence.wire import Driver
from function_backend.services.auth.adapters.key_forge import KeyForge, PrivateKey, PublicKey, read_public
from function_backend.services.auth.domain.signing_key import SigningKey, signer
from function_backend.services.auth.errors.secret import SigningKeyUnavailableError
from function_backend.vault.errors import SecretLostError
from function_backend.vault.master_keys import Wrapped

_SQL = """
    select id, algorithm, public_jwk, created_at, activates_at, retires_at, leaves_at, sealed_key, master_key_id
    from signing_key where withdrawn_at is null and (leaves_at is null or leaves_at > %s)
"""
_NEWEST_SQL = "select max(activates_at) from signing_key where withdrawn_at is null"
_WIPE_SQL = "update signing_key set sealed_key = null where sealed_key is not null and leaves_at <= %s"

_TRUSTED_SECONDS = 0.9
"""How long a rotation may stay unheard: below the second within which every worker refuses a withdrawn key."""
_REMEMBERED_SECONDS = 60.0
_REFRESH_SECONDS = 1.0
"""An unknown `kid` makes a worker look again, and not more often than this, whoever sends it."""
_ONLY = ""


@dataclass(frozen=True, slots=True)
class RingKey:
    """A published key, ready to verify with."""

    key: SigningKey
    public: PublicKey
    wrapped: Wrapped | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Ring:
    keys: Mapping[str, RingKey]
    asked_at: float
    private: dict[str, PrivateKey] = field(default_factory=dict, repr=False)
    """What was unwrapped so far."""


class KeyRing:
    """Knows the signing keys of the installation, and forgets them as soon as one of them changes."""

    def __init__(
        self,
        transactions: Transactions,
        clock: Clock,
        forge: KeyForge,
        *,
        epoch_age: Callable[[], float],
        make_first: Callable[[], None],
    ) -> None:
        """`make_first` sees to it that there is a key; it is called when one is needed and none signs."""
        self._transactions = transactions
        self._clock = clock
        self._forge = forge
        self._epoch_age = epoch_age
        self._make_first = make_first
        self._rings: LocalCache[str, _Ring] = LocalCache(size=1, ttl=_REMEMBERED_SECONDS)
        self._looking = threading.Lock()
        self._looked_at = -_REFRESH_SECONDS

    def find(self, kid: str) -> RingKey | None:
        """The published key of this id; None when there is none. Raises UnavailableError when nobody can tell."""
        found = self._ring().keys.get(kid)
        if found is None and self._may_look_again():
            self.forget()
            found = self._ring().keys.get(kid)
        return found if found is not None and found.key.is_published(self._clock.now()) else None

    def signer(self) -> tuple[SigningKey, PrivateKey]:
        """The key that signs now, and its private half. Raises UnavailableError when there is none."""
        ring = self._ring()
        chosen = self._choose(ring)
        if chosen is None:
            self._make_first()
            self.forget()
            ring = self._ring()
            chosen = self._choose(ring)
        if chosen is None or chosen.wrapped is None:
            raise SigningKeyUnavailableError
        kid = str(chosen.key.id)
        private = ring.private.get(kid)
        if private is None:
            try:
                private = self._forge.open(chosen.key.id, chosen.wrapped)
            except SecretLostError:
                raise SigningKeyUnavailableError from None
            ring.private[kid] = private
        return chosen.key, private

    def published(self) -> Sequence[SigningKey]:
        """The keys that the JWKS document shows, in the order of their making."""
        now = self._clock.now()
        keys = [entry.key for entry in self._ring().keys.values() if entry.key.is_published(now)]
        return sorted(keys, key=lambda key: key.id)

    def public_jwks(self) -> list[dict[str, Any]]:
        """The published keys as JSON Web Keys: one at least, for nobody may remember that there are none."""
        if self._choose(self._ring()) is None:
            self._make_first()
            self.forget()
        return [key.jwk() for key in self.published()]

    def forget(self, _: str = "") -> None:
        """A key was made or withdrawn, or may have been: look again."""
        self._rings.clear()

    def _choose(self, ring: _Ring) -> RingKey | None:
        key = signer((entry.key for entry in ring.keys.values()), self._clock.now())
        return None if key is None else ring.keys[str(key.id)]

    def _ring(self) -> _Ring:
        ring = self._rings.get_or_load(_ONLY, self._load)
        if self._epoch_age() >= _TRUSTED_SECONDS and time.monotonic() - ring.asked_at >= _TRUSTED_SECONDS:
            self.forget()
            ring = self._rings.get_or_load(_ONLY, self._load)
        return ring

    def _may_look_again(self) -> bool:
        now = time.monotonic()
        with self._looking:
            if now - self._looked_at < _REFRESH_SECONDS:
                return False
            self._looked_at = now
        return True

    def _load(self) -> _Ring:
        asked_at, now = time.monotonic(), self._clock.now()
        rows = self._transactions.without_tenant(lambda driver: driver.execute(_SQL, (now,)).fetchall())
        keys = {}
        for *columns, sealed, master_key_id in rows:
            key = SigningKey(**dict(zip(_COLUMNS, columns, strict=True)))
            public = read_public(key.algorithm, key.public_jwk)
            if public is not None:
                wrapped = None if sealed is None else Wrapped(bytes(sealed), master_key_id)
                keys[str(key.id)] = RingKey(key, public, wrapped)
        return _Ring(keys, asked_at)


_COLUMNS = ("id", "algorithm", "public_jwk", "created_at", "activates_at", "retires_at", "leaves_at")


def newest_activation(driver: Driver) -> datetime | None:
    """From when on the newest signing key signs; None when there is none."""
    row = driver.execute(_NEWEST_SQL).fetchone()
    return None if row is None else row[0]


def wipe_removed(driver: Driver, at: datetime) -> None:
    """Deletes the private halves of keys that are published no more: what is not there cannot leak."""
    driver.execute(_WIPE_SQL, (at,))
