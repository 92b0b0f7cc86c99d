"""The callers that a protected service remembers, and what makes it forget them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from function.auth.v1 import credential_pb2
from function_backend_client.server.caller import Caller

_FORGET_TOUCHES_ABOVE: Final = 100_000


@dataclass(slots=True)
class Remembered:
    """A caller, since when, and until when. Times are of the monotonic clock."""

    caller: Caller
    asked_at: float
    until: float


class Callers:
    """The callers by their credentials, of which only digests are kept. Threads may share it.

    Reading is one lookup without a lock. Every revocation goes through here: it drops the callers that it is about and
    notes the moment, since a token is taken on its signature alone only when nothing about it was told since it was
    issued.
    """

    def __init__(self, largest: int, *, clocks_apart: float) -> None:
        """`clocks_apart` is how far this machine's clock may be from the backend's, in seconds."""
        self._largest = largest
        self._clocks_apart = clocks_apart
        self._lock = threading.Lock()
        self._entries: dict[bytes, Remembered] = {}
        self._by_name: dict[str, set[bytes]] = {}
        self._touched: dict[str, int] = {}
        self._trusted_after = self._soon()
        self.told = 0
        """How many revocations were told so far. An answer that was asked for before the last one is not kept."""

    @staticmethod
    def digest(credential: str) -> bytes:
        """What stands for a credential here."""
        return blake2b(credential.encode(), digest_size=16).digest()

    def find(self, digest: bytes) -> Remembered | None:
        """The caller, who may be out of date: the one who asks looks at the times."""
        return self._entries.get(digest)

    def keep(self, digest: bytes, remembered: Remembered, *, told: int) -> None:
        """Remembers a caller, unless something was revoked after the question was asked."""
        with self._lock:
            if told != self.told:
                return
            self._drop(digest)
            while len(self._entries) >= self._largest:
                self._drop(next(iter(self._entries)))
            self._entries[digest] = remembered
            for name in _names(remembered.caller):
                self._by_name.setdefault(name, set()).add(digest)

    def forget(self, revocation: credential_pb2.Revocation) -> None:
        """Drops whom a revocation is about."""
        name = _revoked_name(revocation)
        with self._lock:
            self.told += 1
            if name is None:
                self._clear()
                return
            for digest in tuple(self._by_name.get(name, ())):
                self._drop(digest)
            self._touched[name] = revocation.revoke_time.seconds or self._soon()
            while len(self._touched) > _FORGET_TOUCHES_ABOVE:
                oldest = next(iter(self._touched))
                self._trusted_after = max(self._trusted_after, self._touched.pop(oldest))

    def forget_all(self) -> None:
        """Drops everything: something was revoked, and nobody can say what."""
        with self._lock:
            self.told += 1
            self._clear()

    def untouched(self, caller: Caller, issued_at: int) -> bool:
        """Whether nothing about a token was revoked since it was issued, as far as all that was told goes."""
        if issued_at <= self._trusted_after:
            return False
        return all(issued_at > self._touched.get(name, 0) for name in _names(caller))

    def _soon(self) -> int:
        """What the backend's clock does not show yet."""
        return int(time.time() + self._clocks_apart)

    def _clear(self) -> None:
        self._entries.clear()
        self._by_name.clear()
        self._touched.clear()
        self._trusted_after = self._soon()

    def _drop(self, digest: bytes) -> None:
        remembered = self._entries.pop(digest, None)
        if remembered is None:
            return
        for name in _names(remembered.caller):
            known = self._by_name.get(name)
            if known is not None:
                known.discard(digest)
                if not known:
                    del self._by_name[name]


def _names(caller: Caller) -> tuple[str, ...]:
    """Whatever may be revoked that the caller depends on."""
    subject_id = caller.subject.rpartition(":")[2]
    actors = (f"subject/{actor.rpartition(':')[2]}" for actor in caller.actors)
    keys = (f"credential/{actor.rpartition(':')[2]}" for actor in caller.actors)
    return (
        f"tenant/{caller.tenant_id}",
        f"subject/{subject_id}",
        f"session/{caller.session_id}",
        f"credential/{caller.credential_id}",
        *actors,
        *keys,
    )


def _revoked_name(revocation: credential_pb2.Revocation) -> str | None:
    kind = revocation.kind
    if kind in {credential_pb2.REVOKED_KIND_API_KEY, credential_pb2.REVOKED_KIND_CERTIFICATE}:
        return f"credential/{revocation.id}"
    if kind == credential_pb2.REVOKED_KIND_SESSION:
        return f"session/{revocation.id}"
    if kind == credential_pb2.REVOKED_KIND_SUBJECT:
        return f"subject/{revocation.id}"
    if kind in {credential_pb2.REVOKED_KIND_ROLE, credential_pb2.REVOKED_KIND_TENANT}:
        # Who holds a role is not known here, so whoever is of its tenant is asked for again.
        return f"tenant/{revocation.tenant_id}"
    return None
