"""Looking up API keys, ours and those of other systems."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ServiceError
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.persistence.failures import DatabaseUnavailableError
from function_backend.persistence.unit_of_work import Transactions
from function_backend.persistence.wire import Driver
from function_backend.services.auth.adapters.credential_memory import Remembered
from function_backend.services.auth.adapters.key_uses import KeyUses
from function_backend.services.auth.adapters.standing import Standings, narrowed, with_what_all_hold
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.credential import CredentialKind, FoundCredential, Standing
from function_backend.services.auth.domain.key_text import PREFIX, SHORTEST_FOREIGN, key_id

_FIND_SQL = """
    select tenant_id, id, permissions, rate_limit_per_second, expires_at, revoked_at, owner_kind, owner_id,
        max_calls_per_day, calls_today
    from find_presented_api_key(%s, %s)
"""
_PREFIXES_SQL = "select prefix from list_foreign_key_prefixes()"
_TRY_AGAIN_SECONDS = 1.0

PREFIXES_EVERY = timedelta(seconds=2)
"""How often the beginnings of foreign keys are asked for by those who cannot hear of them."""


class ApiKeyLookup:
    """Finds keys by their digest."""

    def __init__(self, transactions: Transactions, clock: Clock, standings: Standings, uses: KeyUses) -> None:
        self._transactions = transactions
        self._clock = clock
        self._standings = standings
        self._uses = uses
        self._prefixes: tuple[str, ...] | None = None
        self._failed_at = float("-inf")
        self._lock = threading.Lock()

    def may_be_key(self, text: str) -> bool:
        """Whether the text can be that of a key: ours by its checksum, a foreign one by its beginning.

        Whatever cannot is refused without a look at the database.
        """
        if text.startswith(PREFIX):
            return key_id(text) is not None
        if len(text) < SHORTEST_FOREIGN or not text.isascii():
            return False
        prefixes = self._prefixes
        return text.startswith(self._first_prefixes() if prefixes is None else prefixes)

    def read_prefixes(self, driver: Driver) -> None:
        """Learns how foreign keys begin; each worker does so every few seconds."""
        self._prefixes = tuple(row[0] for row in driver.execute(_PREFIXES_SQL).fetchall())

    def hear_prefix(self, prefix: str) -> None:
        """Keys that begin so were imported."""
        with self._lock:
            known = self._prefixes
            if known is not None and prefix not in known:
                self._prefixes = (*known, prefix)

    def find(self, digest: bytes) -> Remembered | None:
        """The key with what stands behind it; None when there is none."""
        return self._transactions.without_tenant(lambda driver: self._find(driver, digest))

    def _find(self, driver: Driver, digest: bytes) -> Remembered | None:
        row = driver.execute(_FIND_SQL, (digest, self._clock.now().date())).fetchone()
        if row is None:
            # Not remembered: invented keys would push the real ones out of memory.
            return None
        found = self._found(driver, row)
        use = self._uses.of(found.id, limit=found.max_calls_per_day, calls_today=row[-1])
        return Remembered(found, asked_at=0.0, use=use)

    def _found(self, driver: Driver, row: tuple[Any, ...]) -> FoundCredential:
        tenant_id, found_id, patterns, rate, expires_at, revoked_at, owner_kind, owner_id, per_day, _ = row
        if owner_id is None:
            permissions = with_what_all_hold(PermissionSet(frozenset(patterns)))
            principal = Principal("api_key", found_id, tenant_id, permissions, rate)
            standing = self._standings.of_tenant(driver, tenant_id)
        else:
            principal, standing = self._owned(driver, tenant_id, found_id, SubjectKind(owner_kind), owner_id, row)
        return FoundCredential(
            kind=CredentialKind.API_KEY,
            id=found_id,
            principal=principal,
            standing=Standing.REVOKED if revoked_at is not None else standing,
            expires_at=expires_at,
            max_calls_per_day=per_day,
            names=frozenset({tenant_id, found_id} | ({owner_id} if owner_id is not None else set())),
        )

    def _owned(
        self,
        driver: Driver,
        tenant_id: UUID,
        found_id: UUID,
        kind: SubjectKind,
        owner_id: UUID,
        row: tuple[Any, ...],
    ) -> tuple[Principal, Standing]:
        """The owner as the caller, for whom the key acts, with what both may do."""
        standing, entitlement = self._standings.of_subject(driver, tenant_id, kind, owner_id)
        held = narrowed(entitlement, frozenset(row[2]))
        principal = Principal(
            kind.value,
            owner_id,
            tenant_id,
            with_what_all_hold(held.permissions),
            row[3],
            scoped=held.scoped,
            conditional=held.conditional,
            roles=held.roles,
            actors=(f"{SubjectKind.API_KEY.value}:{found_id}",),
            credential_id=found_id,
        )
        return principal, standing

    def _first_prefixes(self) -> tuple[str, ...]:
        with self._lock:
            if self._prefixes is None:
                # Whoever presents nonsense while the database is away shall not wait for it again and again.
                if time.monotonic() - self._failed_at < _TRY_AGAIN_SECONDS:
                    raise DatabaseUnavailableError
                try:
                    self._transactions.without_tenant(self.read_prefixes)
                except ServiceError:
                    self._failed_at = time.monotonic()
                    raise
            return self._prefixes or ()
