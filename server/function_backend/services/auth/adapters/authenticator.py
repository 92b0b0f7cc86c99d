"""Finding out whose key a caller presents, without asking the database on every call or trusting memory too long.

A verified key is remembered by its digest. What is remembered counts while the worker knows that nothing was revoked: a
revocation is notified, and the epoch that it counts up is polled. When neither can be heard, memory counts for a moment
only; then the database is asked again, and when that cannot be asked, nobody gets in: the answer is UNAVAILABLE.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from function_backend.cache.local import LocalCache
from function_backend.kernel.clock import Clock
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.kernel.statistics import CacheStatistics
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.key_text import digest, key_id
from function_backend.services.auth.errors.credential import (
    CredentialExpiredError,
    CredentialInvalidError,
    CredentialRevokedError,
)
from function_backend.services.auth.errors.tenant import TenantSuspendedError

_FIND_SQL = """
    select tenant_id, id, permissions, rate_limit_per_second, expires_at, revoked_at, tenant_is_active
    from find_api_key_and_tenant(%s)
"""

TRUSTED_SECONDS = 0.9
"""How long a revocation may stay unheard: below the second within which every worker refuses a revoked key."""


@dataclass(frozen=True, slots=True)
class _Verified:
    """What the database said about a digest, and when."""

    principal: Principal
    expires_at: datetime | None
    is_revoked: bool
    is_suspended: bool
    """Whether its tenant is, or one above that."""
    asked_at: float


class ApiKeyAuthenticator:
    """Verifies API keys."""

    def __init__(
        self,
        transactions: Transactions,
        clock: Clock,
        *,
        epoch_age: Callable[[], float],
        remembered_keys: int,
        remembered_seconds: float,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._epoch_age = epoch_age
        self._known: LocalCache[bytes, _Verified] = LocalCache(size=remembered_keys, ttl=remembered_seconds)

    @property
    def cache(self) -> CacheStatistics:
        """How often a key was known."""
        return self._known

    def authenticate(self, credential: str) -> Principal:
        """The caller behind the key.

        Raises CredentialInvalidError, CredentialExpiredError, CredentialRevokedError or TenantSuspendedError, and
        UnavailableError when it cannot be found out.
        """
        presented = digest(credential)
        verified = self._known.get(presented)
        if verified is None or not self._counts(verified):
            if key_id(credential) is None:
                raise CredentialInvalidError
            if verified is not None:
                self._known.drop(presented)
            verified = self._known.get_or_load(presented, lambda: self._ask(presented))
        return self._judge(verified)

    def forget(self, _: str = "") -> None:
        """A key was revoked, or may have been: ask again for all of them."""
        self._known.clear()

    def _counts(self, verified: _Verified) -> bool:
        return self._epoch_age() < TRUSTED_SECONDS or time.monotonic() - verified.asked_at < TRUSTED_SECONDS

    def _judge(self, verified: _Verified) -> Principal:
        if verified.is_revoked:
            raise CredentialRevokedError
        if verified.expires_at is not None and verified.expires_at <= self._clock.now():
            raise CredentialExpiredError(verified.expires_at)
        if verified.is_suspended:
            raise TenantSuspendedError(verified.principal.tenant_id)
        return verified.principal

    def _ask(self, presented: bytes) -> _Verified:
        asked_at = time.monotonic()
        row = self._transactions.without_tenant(lambda driver: driver.execute(_FIND_SQL, (presented,)).fetchone())
        if row is None:
            # Not remembered: invented keys would push the real ones out of memory.
            raise CredentialInvalidError
        tenant_id, found_id, permissions, rate_limit, expires_at, revoked_at, tenant_is_active = row
        principal = Principal("api_key", found_id, tenant_id, PermissionSet(frozenset(permissions)), rate_limit)
        return _Verified(
            principal,
            expires_at,
            is_revoked=revoked_at is not None,
            is_suspended=not tenant_is_active,
            asked_at=asked_at,
        )
