"""Calls to providers over HTTP, at addresses that the operator has set: no caller chooses where they go.

Redirects are not followed, answers are read up to a size, and each call ends within a time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

import urllib3

from function_backend.services.notifications.ports import PermanentFailureError, TemporaryFailureError

_LARGEST_ANSWER = 64 * 1024
_PIECE = 8 * 1024
_CONNECTIONS = 8
_LONGEST_PAUSE = 3600
_REDIRECTS = range(300, 400)
_SUCCESSES = range(200, 300)
_TEMPORARY = frozenset({401, 403, 404, 408, 409, 423, 425, 429})
"""Refusals that are about the account, the settings or the moment, and not about the message."""
_GONE_WRONG = 500


@dataclass(frozen=True, slots=True)
class Answered:
    """What a provider has answered."""

    status: int
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the provider has taken it."""
        return self.status in _SUCCESSES


class ProviderCalls:
    """Posts to one provider over connections that are kept."""

    def __init__(self, *, timeout: float) -> None:
        """`timeout` is how many seconds a call may take."""
        self._timeout = timeout
        # `retries=False`: a repetition is ours to decide, and redirects are followed by nobody.
        self._pool = urllib3.PoolManager(
            maxsize=_CONNECTIONS, timeout=urllib3.Timeout(total=timeout), retries=False, cert_reqs="CERT_REQUIRED"
        )

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        """What the provider answers. Raises TemporaryFailureError when it does not, or says to come back later."""
        try:
            response = self._pool.request(
                "POST", url, body=body, headers=dict(headers), redirect=False, preload_content=False
            )
            found = self._body(response)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise TemporaryFailureError(f"the provider cannot be reached ({type(error).__name__})") from None
        if response.status in _REDIRECTS:
            raise PermanentFailureError(f"the provider answers {response.status}, and redirects are not followed")
        if response.status in _TEMPORARY or response.status >= _GONE_WRONG:
            raise TemporaryFailureError(
                f"the provider answers {response.status}", retry_after=_pause(response.headers.get("Retry-After"))
            )
        return Answered(response.status, found)

    def close(self) -> None:
        """Ends connections."""
        self._pool.clear()

    def _body(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """What was answered, as far as it came in time: what the provider has taken, it has taken."""
        found, until = b"", time.monotonic() + self._timeout
        try:
            while len(found) < _LARGEST_ANSWER and time.monotonic() < until:
                piece = response.read1(_PIECE, decode_content=False)
                if not piece:
                    response.release_conn()
                    return found
                found += piece
        except (urllib3.exceptions.HTTPError, OSError):
            pass
        # Whatever else comes is not read: the connection goes with it.
        response.close()
        return found[:_LARGEST_ANSWER]


def refuse(answer: Answered, *, code: str = "") -> NoReturn:
    """Raises PermanentFailureError for what the provider will not take later either."""
    raise PermanentFailureError(f"the provider answers {answer.status}" + (f" ({code})" if code else ""))


def _pause(value: str | None) -> timedelta | None:
    """What `Retry-After` says in seconds, an hour at most; the form with a date is rare and not read."""
    if value is None or not value.strip().isdigit():
        return None
    return timedelta(seconds=min(int(value.strip()[:9]), _LONGEST_PAUSE))
