"""Why a credential is refused."""

from __future__ import annotations

from datetime import datetime

from function_backend.kernel.errors import UnauthenticatedError


class CredentialInvalidError(UnauthenticatedError):
    """The key is not known, or its text is not that of a key."""

    reason = "CREDENTIAL_INVALID"

    def __init__(self) -> None:
        super().__init__("The API key is not valid.")


class CredentialExpiredError(UnauthenticatedError):
    """The key has expired."""

    reason = "CREDENTIAL_EXPIRED"

    def __init__(self, expired_at: datetime) -> None:
        moment = expired_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        super().__init__(f"The API key expired at {moment}.", metadata={"expired_at": moment})


class CredentialRevokedError(UnauthenticatedError):
    """The key has been revoked."""

    reason = "CREDENTIAL_REVOKED"

    def __init__(self) -> None:
        super().__init__("The API key has been revoked.")
