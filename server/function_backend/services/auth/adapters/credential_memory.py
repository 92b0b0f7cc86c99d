"""What a worker remembers of credentials, by their digest, and how it forgets exactly what was revoked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from function_backend.cache.local import LocalCache
from function_backend.kernel.identity import Principal
from function_backend.kernel.statistics import CacheStatistics
from function_backend.services.auth.adapters.key_uses import KeyUse
from function_backend.services.auth.domain.credential import FoundCredential, Standing

_SLACK = 1_000


@dataclass(slots=True)
class Remembered:
    """What the database said about a credential, and when."""

    found: FoundCredential
    asked_at: float
    """On `time.monotonic()`, before the question."""
    use: KeyUse | None = None
    """Where calls are counted; None for what is not counted."""
    principal: Principal = field(init=False)
    """The caller. This and the next two are here so that a call does not go through `found` for them."""
    expires_at: datetime | None = field(init=False)
    is_good: bool = field(init=False)
    shown: dict[tuple[str, ...], bytes] = field(default_factory=dict, repr=False)
    """What was answered about it, by the permissions asked for: it holds as long as this does."""

    def __post_init__(self) -> None:
        self.principal = self.found.principal
        self.expires_at = self.found.expires_at
        self.is_good = self.found.standing is Standing.GOOD

    def remaining(self) -> int | None:
        """Calls that are left of its day; None without a limit."""
        return None if self.use is None else self.use.remaining()


class CredentialMemory:
    """A bounded cache of credentials with an index of what each depends on: tenant, subject, session, key.

    A revocation that comes while a credential is being asked for is not hidden by the answer: nothing is kept that was
    asked before the last revocation was heard.
    """

    def __init__(self, *, size: int, seconds: float) -> None:
        self._known: LocalCache[bytes, Remembered] = LocalCache(size=size, ttl=seconds)
        self._most_names = 5 * size + _SLACK
        self._index: dict[UUID, set[bytes]] = {}
        self._names = 0
        self._changes = 0
        self._lock = threading.Lock()
        self.get = self._known.get
        """The credential with this digest; None when it is not known."""

    @property
    def statistics(self) -> CacheStatistics:
        """How often a credential was known."""
        return self._known

    def ask(self, digest: bytes, ask: Callable[[], Remembered], *, drop: bool) -> Remembered:
        """What `ask` says, remembered from now on; with `drop` what is remembered so far does not count."""
        if drop:
            self._known.drop(digest)
        return self._known.get_or_load(digest, lambda: self._load(digest, ask))

    def forget(self, name: UUID) -> None:
        """Drops every credential that depends on this."""
        with self._lock:
            self._changes += 1
            digests = self._index.pop(name, ())
            self._names -= len(digests)
        for digest in digests:
            self._known.drop(digest)

    def clear(self) -> None:
        """Drops everything."""
        with self._lock:
            self._changes += 1
            self._index.clear()
            self._names = 0
        self._known.clear()

    def _load(self, digest: bytes, ask: Callable[[], Remembered]) -> Remembered:
        changes = self._changes
        asked_at = time.monotonic()
        remembered = ask()
        remembered.asked_at = asked_at
        with self._lock:
            # Added before it is kept: a revocation from here on finds it, and drops the load that is about to end.
            for name in remembered.found.names:
                digests = self._index.setdefault(name, set())
                if digest not in digests:
                    digests.add(digest)
                    self._names += 1
            outdated = self._changes != changes
            if self._names > self._most_names:
                self._tidy(keep=digest)
        if outdated:
            self._known.drop(digest)
        return remembered

    def _tidy(self, *, keep: bytes) -> None:
        """Takes what the cache has let go of out of the index."""
        known = self._known
        kept = {
            name: left
            for name, digests in self._index.items()
            if (left := {digest for digest in digests if digest == keep or digest in known})
        }
        self._index = kept
        self._names = sum(map(len, kept.values()))
