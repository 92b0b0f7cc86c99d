"""The failures that OAuth 2 has codes for, one class for each."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from function_backend.kernel.errors import (
    InvalidArgumentError,
    PermissionDeniedError,
    PreconditionError,
    ServiceError,
    UnauthenticatedError,
)


class OAuthError(ServiceError):
    """A failure with a code of OAuth 2, which travels as `error` in the metadata."""

    code: ClassVar[str] = ""

    def __init__(self, message: str, **more: str) -> None:
        super().__init__(message, metadata={"error": self.code, **more})


class OAuthInvalidRequestError(OAuthError, InvalidArgumentError):
    """A parameter is missing, stands twice, or is not valid."""

    reason = "OAUTH_INVALID_REQUEST"
    code = "invalid_request"


class OAuthInvalidClientError(OAuthError, UnauthenticatedError):
    """The client is not known or did not prove who it is; which of them is not told."""

    reason = "OAUTH_INVALID_CLIENT"
    code = "invalid_client"

    def __init__(self) -> None:
        super().__init__("The client could not be authenticated.")


class OAuthInvalidGrantError(OAuthError, UnauthenticatedError):
    """What was presented entitles to nothing."""

    reason = "OAUTH_INVALID_GRANT"
    code = "invalid_grant"


class OAuthUnauthorizedClientError(OAuthError, PermissionDeniedError):
    """The client may not use this grant."""

    reason = "OAUTH_UNAUTHORIZED_CLIENT"
    code = "unauthorized_client"


class OAuthUnsupportedGrantTypeError(OAuthError, InvalidArgumentError):
    """There is no such grant type."""

    reason = "OAUTH_UNSUPPORTED_GRANT_TYPE"
    code = "unsupported_grant_type"


class OAuthInvalidScopeError(OAuthError, InvalidArgumentError):
    """The scope is no list of permissions, or too wide."""

    reason = "OAUTH_INVALID_SCOPE"
    code = "invalid_scope"


class OAuthInvalidTargetError(OAuthError, InvalidArgumentError):
    """Nobody gets tokens for this audience."""

    reason = "OAUTH_INVALID_TARGET"
    code = "invalid_target"


class OAuthAuthorizationPendingError(OAuthError, PreconditionError):
    """No person has decided yet."""

    reason = "OAUTH_AUTHORIZATION_PENDING"
    code = "authorization_pending"

    def __init__(self) -> None:
        super().__init__("Nobody has agreed yet; ask again.")


class OAuthSlowDownError(OAuthError, PreconditionError):
    """The device asks too often."""

    reason = "OAUTH_SLOW_DOWN"
    code = "slow_down"

    def __init__(self, interval: timedelta) -> None:
        seconds = int(interval.total_seconds())
        super().__init__(f"Wait {seconds} seconds between two questions.", interval=str(seconds))


class OAuthAccessDeniedError(OAuthError, PermissionDeniedError):
    """A person refused the device."""

    reason = "OAUTH_ACCESS_DENIED"
    code = "access_denied"

    def __init__(self) -> None:
        super().__init__("The device was refused.")


class OAuthExpiredTokenError(OAuthError, PreconditionError):
    """The device code has expired."""

    reason = "OAUTH_EXPIRED_TOKEN"
    code = "expired_token"

    def __init__(self) -> None:
        super().__init__("The device code has expired; begin again.")
