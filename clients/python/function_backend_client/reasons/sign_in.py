"""The reasons of OAuth 2, clients and sessions."""

from __future__ import annotations

from function_backend_client.errors import (
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)


class OAuthInvalidRequestError(InvalidArgumentError):
    """The OAuth request lacks a parameter, repeats one or has one that is not valid (`invalid_request`)."""

    default_reason = "OAUTH_INVALID_REQUEST"


class OAuthInvalidClientError(UnauthenticatedError):
    """The client is not known, or did not prove who it is (`invalid_client`)."""

    default_reason = "OAUTH_INVALID_CLIENT"


class OAuthInvalidGrantError(UnauthenticatedError):
    """The grant is not valid, has been used, or belongs to somebody else (`invalid_grant`)."""

    default_reason = "OAUTH_INVALID_GRANT"


class OAuthUnauthorizedClientError(PermissionDeniedError):
    """The client may not use this grant (`unauthorized_client`)."""

    default_reason = "OAUTH_UNAUTHORIZED_CLIENT"


class OAuthUnsupportedGrantTypeError(InvalidArgumentError):
    """There is no such grant type (`unsupported_grant_type`)."""

    default_reason = "OAUTH_UNSUPPORTED_GRANT_TYPE"


class OAuthInvalidScopeError(InvalidArgumentError):
    """The scope is no list of permissions, or too wide (`invalid_scope`)."""

    default_reason = "OAUTH_INVALID_SCOPE"


class OAuthInvalidTargetError(InvalidArgumentError):
    """Nobody gets tokens for this audience (`invalid_target`)."""

    default_reason = "OAUTH_INVALID_TARGET"


class OAuthAuthorizationPendingError(PreconditionError):
    """No person has decided about the device yet (`authorization_pending`)."""

    default_reason = "OAUTH_AUTHORIZATION_PENDING"


class OAuthSlowDownError(PreconditionError):
    """The device asks too often; `metadata["interval"]` says how many seconds to wait (`slow_down`)."""

    default_reason = "OAUTH_SLOW_DOWN"


class OAuthAccessDeniedError(PermissionDeniedError):
    """A person has refused the device (`access_denied`)."""

    default_reason = "OAUTH_ACCESS_DENIED"


class OAuthExpiredTokenError(PreconditionError):
    """The device code has expired; begin again (`expired_token`)."""

    default_reason = "OAUTH_EXPIRED_TOKEN"


class SessionNotFoundError(NotFoundError):
    """No session with this id is visible to the caller."""

    default_reason = "SESSION_NOT_FOUND"


class ClientNotFoundError(NotFoundError):
    """No service account that could have credentials has this id."""

    default_reason = "CLIENT_NOT_FOUND"


class ClientCredentialNotFoundError(NotFoundError):
    """No credential of a service account with this id is visible to the caller."""

    default_reason = "CLIENT_CREDENTIAL_NOT_FOUND"


class TooManyClientCredentialsError(PreconditionError):
    """The service account has as many usable credentials as one may have."""

    default_reason = "TOO_MANY_CLIENT_CREDENTIALS"


class DeviceRequestNotFoundError(NotFoundError):
    """No device that waits shows this code."""

    default_reason = "DEVICE_REQUEST_NOT_FOUND"


class NotAPersonError(PermissionDeniedError):
    """Only a person who has signed in can do this."""

    default_reason = "NOT_A_PERSON"
