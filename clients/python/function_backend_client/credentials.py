"""Who is calling: an API key, or a token that is fetched again before it runs out."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A bearer token, such as a JWT, and how many seconds it may still be used; None when it does not run out."""

    value: str = field(repr=False)
    expires_in: float | None = None


class Credentials(Protocol):
    """What goes into the metadata `authorization` of each call."""

    def header(self) -> str | None:
        """The value to send; None when it has to be refreshed first."""
        ...

    def refresh(self) -> str:
        """Fetches a new value and returns it."""
        ...

    async def refresh_async(self) -> str:
        """As `refresh`, without blocking the event loop where the source allows it."""
        ...

    def forget(self, header: str) -> bool:
        """Drops a value that the server refused; says whether another one may be had."""
        ...


class ApiKey:
    """An API key: the text `fbk_…` that `keys create` prints."""

    __slots__ = ("_header",)

    def __init__(self, key: str) -> None:
        text = key.strip()
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            # The key is not repeated here: this text may end up in a log.
            raise ValueError("api_key: not an API key (empty, or with spaces or unprintable characters)")
        self._header = f"Bearer {text}"

    def __repr__(self) -> str:
        return "ApiKey(…)"

    def header(self) -> str | None:
        """The value to send."""
        return self._header

    def refresh(self) -> str:
        """The same value: a key stays as it is."""
        return self._header

    async def refresh_async(self) -> str:
        """The same value: a key stays as it is."""
        return self._header

    def forget(self, header: str) -> bool:  # noqa: ARG002  A key has no other value to offer.
        """No other value may be had."""
        return False


class BearerToken:
    """A token from a function of yours, kept until shortly before it runs out.

    The function is called by one thread at a time; the others wait for its answer. With `AsyncClient` it may be a
    coroutine function.
    """

    __slots__ = ("_early", "_fetch", "_header", "_lock", "_until")

    def __init__(
        self, fetch: Callable[[], AccessToken | str | Awaitable[AccessToken | str]], *, early: float = 60.0
    ) -> None:
        """`early` is how many seconds before its end a token is replaced."""
        self._fetch = fetch
        self._early = early
        self._lock = threading.Lock()
        self._header: str | None = None
        self._until = 0.0

    def __repr__(self) -> str:
        return "BearerToken(…)"

    def header(self) -> str | None:
        """The value to send; None before the first fetch and near its end."""
        return self._header if time.monotonic() < self._until else None

    def refresh(self) -> str:
        """Fetches a token, unless another thread just did."""
        with self._lock:
            current = self.header()
            if current is not None:
                return current
            fetched = self._fetch()
            if inspect.isawaitable(fetched):
                if inspect.iscoroutine(fetched):
                    fetched.close()
                raise TypeError("the token function is a coroutine function: use it with AsyncClient")
            return self._keep(fetched)

    async def refresh_async(self) -> str:
        """Fetches a token. Calls that start at the same moment may each fetch one; the last is kept."""
        current = self.header()
        if current is not None:
            return current
        fetched = self._fetch()
        if inspect.isawaitable(fetched):
            fetched = await fetched
        return self._keep(fetched)

    def forget(self, header: str) -> bool:
        """Drops the token, so that the next call fetches another."""
        if self._header == header:
            self._until = 0.0
        return True

    def _keep(self, fetched: AccessToken | str) -> str:
        token = AccessToken(fetched) if isinstance(fetched, str) else fetched
        life = float("inf") if token.expires_in is None else max(token.expires_in - self._early, 0.0)
        header = f"Bearer {token.value}"
        self._header = header
        self._until = time.monotonic() + life
        return header
