"""What every call of one client carries: who calls, how fresh the answer must be, and an id to find the call again."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from function_backend_client.consistency import CONSISTENCY_TOKEN_KEY, ConsistencyToken
from function_backend_client.credentials import Credentials
from function_backend_client.plans import Timeouts

Metadata: TypeAlias = tuple[tuple[str, str | bytes], ...]

AUTHORIZATION_KEY: Final = "authorization"
REQUEST_ID_KEY: Final = "x-request-id"


class Outgoing:
    """Builds the metadata of calls. Threads may share it.

    The part that stays the same from call to call is kept as one tuple and replaced when the credential or the
    consistency token changes; a call then costs one more tuple, less than a microsecond.
    """

    __slots__ = ("_count", "_credentials", "_kept", "_prefix", "consistency", "timeouts")

    def __init__(
        self,
        credentials: Credentials | None = None,
        *,
        consistency: ConsistencyToken | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._credentials = credentials
        self.consistency = consistency or ConsistencyToken()
        self.timeouts = timeouts or Timeouts()
        # An id per call, unique without asking the system for randomness each time.
        self._prefix = f"{secrets.token_hex(8)}-"
        self._count = itertools.count(1)
        self._kept: tuple[str | None, str | None, Metadata] = (None, None, ())

    def header(self) -> str | None:
        """The credential to send, fetched anew where it ran out."""
        if self._credentials is None:
            return None
        return self._credentials.header() or self._credentials.refresh()

    async def header_async(self) -> str | None:
        """As `header`, without blocking the event loop."""
        if self._credentials is None:
            return None
        return self._credentials.header() or await self._credentials.refresh_async()

    def metadata(self, header: str | None, extra: Iterable[tuple[str, str | bytes]] | None) -> Metadata:
        """The metadata of one call; what the caller adds comes last."""
        token = self.consistency.value
        kept_header, kept_token, kept = self._kept
        if kept_header is not header or kept_token is not token:
            parts: list[tuple[str, str | bytes]] = []
            if header is not None:
                parts.append((AUTHORIZATION_KEY, header))
            if token is not None:
                parts.append((CONSISTENCY_TOKEN_KEY, token))
            kept = tuple(parts)
            self._kept = (header, token, kept)
        if extra:
            added = tuple(extra)
            if any(key == REQUEST_ID_KEY for key, _ in added):
                return (*kept, *added)
            return (*kept, (REQUEST_ID_KEY, f"{self._prefix}{next(self._count):x}"), *added)
        return (*kept, (REQUEST_ID_KEY, f"{self._prefix}{next(self._count):x}"))

    def observe(self, trailing_metadata: Iterable[Any] | None) -> None:
        """Takes the consistency token from the end of an answer."""
        for key, value in trailing_metadata or ():
            if key == CONSISTENCY_TOKEN_KEY:
                self.consistency.observe(value)

    def forget(self, header: str | None) -> bool:
        """Drops a credential that ran out; says whether the call may be tried with another."""
        return header is not None and self._credentials is not None and self._credentials.forget(header)
