"""Access tokens that are fetched with a grant, kept, and replaced before they end."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias, runtime_checkable

from function_backend_client.errors import FunctionBackendError

# Our own: the program we run in may have seeded the shared one.
_RANDOM = random.Random()  # noqa: S311 - spreads load; nothing secret
_RENEW_AT: Final = 0.8
"""The share of its life after which a token is replaced."""
_JITTER: Final = 0.1
"""How much earlier than that it may be, so that a fleet that started together does not ask together."""
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token endpoint handed out."""

    access_token: str = field(repr=False)
    expires_in: float
    """Seconds from now."""
    refresh_token: str = field(default="", repr=False)
    """Good for one more pair; empty for grants without one."""


Parameters: TypeAlias = Mapping[str, str]
"""The parameters of a token request by their names in OAuth 2."""


class TokenEndpoint(Protocol):
    """Where tokens are handed out."""

    def ask(self, parameters: Parameters) -> Tokens:
        """Sends a token request. Raises FunctionBackendError."""
        ...

    def issuer(self) -> str:
        """How the service names itself in tokens. Raises FunctionBackendError."""
        ...


@runtime_checkable
class Grant(Protocol):
    """A way to get tokens: what somebody presents at the token endpoint."""

    def fetch(self, endpoint: TokenEndpoint, kept: Tokens | None) -> Tokens:
        """New tokens. `kept` are the ones before, whose refresh token may be used up. Raises FunctionBackendError."""
        ...


class TokenSource:
    """The tokens of one grant, for all calls and threads of a client.

    A token is replaced at about four fifths of its life, by one thread; the others go on with the one they have. When
    that fails, the old one is used until it ends, and asked for again after a pause that grows.
    """

    __slots__ = (
        "_clock",
        "_endpoint",
        "_ends_at",
        "_failed",
        "_grant",
        "_header",
        "_kept",
        "_lock",
        "_pause",
        "_renew_at",
    )

    def __init__(self, grant: Grant, endpoint: TokenEndpoint, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._grant = grant
        self._endpoint = endpoint
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: Tokens | None = None
        self._header: str | None = None
        self._renew_at = 0.0
        self._ends_at = 0.0
        self._pause = _FIRST_PAUSE
        self._failed: tuple[float, FunctionBackendError] | None = None

    def __repr__(self) -> str:
        return f"TokenSource({self._grant!r})"

    def header(self) -> str | None:
        """The value to send; None when this call is the one to replace it."""
        now = self._clock()
        if now < self._renew_at:
            return self._header
        # Somebody is at it already: the old token is good until its end.
        return self._header if now < self._ends_at and self._lock.locked() else None

    def refresh(self) -> str:
        """A token that is not near its end, fetched unless another thread just did."""
        with self._lock:
            now = self._clock()
            if self._header is not None and now < self._renew_at:
                return self._header
            if self._failed is not None and now < self._failed[0]:
                # Everybody who waited at the lock would otherwise ask in vain, one after the other.
                known = self._failed[1]
                raise type(known)(known.message, method=known.method, code=known.code, details=known.details)
            try:
                tokens = self._grant.fetch(self._endpoint, self._kept)
            except FunctionBackendError as error:
                return self._old_one(error)
            return self._keep(tokens)

    async def refresh_async(self) -> str:
        """As `refresh`, in a thread, so that the event loop goes on."""
        return await asyncio.to_thread(self.refresh)

    def forget(self, header: str) -> bool:
        """Drops a token that the service refused, so that the next call fetches another."""
        with self._lock:
            if self._header == header:
                self._header = None
                self._renew_at = self._ends_at = 0.0
        return True

    def _keep(self, tokens: Tokens) -> str:
        now = self._clock()
        life = max(tokens.expires_in, 0.0)
        early = _RANDOM.uniform(0.0, _JITTER)
        self._kept = tokens
        self._header = header = f"Bearer {tokens.access_token}"
        self._ends_at = now + life
        self._renew_at = now + life * (_RENEW_AT - early)
        self._pause = _FIRST_PAUSE
        self._failed = None
        return header

    def _old_one(self, error: FunctionBackendError) -> str:
        now = self._clock()
        pause, self._pause = self._pause, min(self._pause * 2, _LONGEST_PAUSE)
        if self._header is None or now >= self._ends_at:
            self._failed = (now + _FIRST_PAUSE, error)
            raise error
        self._renew_at = min(now + pause, self._ends_at)
        return self._header
