"""The reasons of calls, whatever is called."""

from __future__ import annotations

from function_backend_client.errors import (
    CancelledError,
    ConflictError,
    DeadlineError,
    InvalidArgumentError,
    LimitExceededError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
    UnavailableError,
)


class InvalidRequestError(InvalidArgumentError):
    """The request has invalid fields; `violations` lists each."""

    default_reason = "INVALID_REQUEST"


class MalformedRequestError(InvalidArgumentError):
    """The request bytes are not a message of the declared type."""

    default_reason = "MALFORMED_REQUEST"


class InvalidFilterError(InvalidArgumentError):
    """The filter expression cannot be used; `metadata["position"]` says where it goes wrong."""

    default_reason = "INVALID_FILTER"


class InvalidPageTokenError(InvalidArgumentError):
    """The page token belongs to another query or was altered."""

    default_reason = "INVALID_PAGE_TOKEN"


class InvalidConsistencyTokenError(InvalidArgumentError):
    """The consistency token was not issued by this service."""

    default_reason = "INVALID_CONSISTENCY_TOKEN"


class CredentialMissingError(UnauthenticatedError):
    """The call carries no credential that the service can read."""

    default_reason = "CREDENTIAL_MISSING"


class CredentialInvalidError(UnauthenticatedError):
    """The credential is not known."""

    default_reason = "CREDENTIAL_INVALID"


class CredentialExpiredError(UnauthenticatedError):
    """The credential has expired."""

    default_reason = "CREDENTIAL_EXPIRED"


class CredentialRevokedError(UnauthenticatedError):
    """The credential has been revoked."""

    default_reason = "CREDENTIAL_REVOKED"


class PermissionMissingError(PermissionDeniedError):
    """The caller lacks `metadata["permission"]`."""

    default_reason = "PERMISSION_MISSING"


class PermissionEscalationError(PermissionDeniedError):
    """A key cannot be given a permission that its creator does not hold."""

    default_reason = "PERMISSION_ESCALATION"


class RateLimitedError(LimitExceededError):
    """The caller has used up its rate."""

    default_reason = "RATE_LIMITED"


class OverloadedError(LimitExceededError):
    """The service has more work than it can finish."""

    default_reason = "OVERLOADED"


class DeadlineTooShortError(DeadlineError):
    """The deadline was too near, or passed while the service was working."""

    default_reason = "DEADLINE_TOO_SHORT"


class CallCancelledError(CancelledError):
    """The caller cancelled the call while the service was working."""

    default_reason = "CALL_CANCELLED"


class RequestIdReusedError(PreconditionError):
    """The `request_id` was used within 24 hours for another request."""

    default_reason = "REQUEST_ID_REUSED"


class DependencyUnavailableError(UnavailableError):
    """The service is there, and its database or another dependency is not."""

    default_reason = "DEPENDENCY_UNAVAILABLE"


class ConcurrentChangeError(ConflictError):
    """Concurrent changes collided."""

    default_reason = "CONCURRENT_CHANGE"


class ResponseTooLargeError(LimitExceededError):
    """The answer is larger than one message may be: `metadata["size"]` bytes; ask for fewer items at once."""

    default_reason = "RESPONSE_TOO_LARGE"
