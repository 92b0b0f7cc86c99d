"""The reasons of API keys, certificates and tokens."""

from __future__ import annotations

from function_backend_client.errors import (
    AlreadyExistsError,
    ConflictError,
    LimitExceededError,
    NotFoundError,
    PreconditionError,
    UnauthenticatedError,
)


class ApiKeyNotFoundError(NotFoundError):
    """No API key with this id is visible to the caller."""

    default_reason = "API_KEY_NOT_FOUND"


class ApiKeyEtagMismatchError(ConflictError):
    """The etag in the request is not the current one: somebody changed the key in between."""

    default_reason = "API_KEY_ETAG_MISMATCH"


class ApiKeyQuotaExceededError(LimitExceededError):
    """The key has made all the calls of its day."""

    default_reason = "API_KEY_QUOTA_EXCEEDED"


class ApiKeyRevokedError(PreconditionError):
    """The key is revoked, so it cannot be changed."""

    default_reason = "API_KEY_REVOKED"


class ApiKeyDigestTakenError(AlreadyExistsError):
    """A key with this hash is stored already; only a row of an import fails with it."""

    default_reason = "API_KEY_DIGEST_TAKEN"


class ApiKeyOwnerNotFoundError(NotFoundError):
    """No active user or service account of the tenant has this id."""

    default_reason = "API_KEY_OWNER_NOT_FOUND"


class CertificateUnknownError(UnauthenticatedError):
    """The client certificate names nobody that the service knows."""

    default_reason = "CERTIFICATE_UNKNOWN"


class CertificateIdentityNotFoundError(NotFoundError):
    """No certificate identity with this id is visible to the caller."""

    default_reason = "CERTIFICATE_IDENTITY_NOT_FOUND"


class CertificateNameTakenError(AlreadyExistsError):
    """The name is bound already."""

    default_reason = "CERTIFICATE_NAME_TAKEN"


class SubjectDisabledError(UnauthenticatedError):
    """The user or service account behind the credential is not active."""

    default_reason = "SUBJECT_DISABLED"


class SessionEndedError(UnauthenticatedError):
    """The session behind the access token has ended."""

    default_reason = "SESSION_ENDED"


class TooManyWatchersError(LimitExceededError):
    """Too many streams watch for revocations on the worker."""

    default_reason = "TOO_MANY_WATCHERS"
