"""The failures of what tokens are signed with."""

from __future__ import annotations

from datetime import timedelta

from function_backend.kernel.errors import UnavailableError

_RETRY = timedelta(seconds=5)


class SigningKeyUnavailableError(UnavailableError):
    """There is no key to sign tokens with right now."""

    def __init__(self) -> None:
        super().__init__(
            "Tokens cannot be signed right now; retry after the given delay.",
            metadata={"dependency": "signing key"},
            retry_after=_RETRY,
        )
