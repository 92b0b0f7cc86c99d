"""One exception class for each reason in `function.common.v1.ErrorReason`; a test keeps both lists equal."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from grpc import StatusCode

from function_backend_client.errors import (
    AlreadyExistsError,
    CancelledError,
    ConflictError,
    DeadlineError,
    FunctionBackendError,
    InternalError,
    InvalidArgumentError,
    LimitExceededError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
    UnavailableError,
    UnimplementedError,
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


class CompanyNotFoundError(NotFoundError):
    """No company with this id is visible to the caller."""

    default_reason = "COMPANY_NOT_FOUND"


class CompanyStateNotFoundError(NotFoundError):
    """The company has no state for the times asked for."""

    default_reason = "COMPANY_STATE_NOT_FOUND"


class CompanyIdentifierTakenError(AlreadyExistsError):
    """The identifier belongs to the company `metadata["company_id"]`."""

    default_reason = "COMPANY_IDENTIFIER_TAKEN"


class CompanyEtagMismatchError(ConflictError):
    """The company has changed since it was read; its etag is now `metadata["current_etag"]`."""

    default_reason = "COMPANY_ETAG_MISMATCH"


class CompanyDeletedError(PreconditionError):
    """The company is deleted."""

    default_reason = "COMPANY_DELETED"


class CompanyNotDeletedError(PreconditionError):
    """The company is not deleted, so it cannot be undeleted."""

    default_reason = "COMPANY_NOT_DELETED"


class ResponseTooLargeError(LimitExceededError):
    """The answer is larger than one message may be: `metadata["size"]` bytes; ask for fewer items at once."""

    default_reason = "RESPONSE_TOO_LARGE"


class ImportTooLargeError(InvalidArgumentError):
    """The import stream carries more rows than one stream may."""

    default_reason = "IMPORT_TOO_LARGE"


class ImportOutOfOrderError(InvalidArgumentError):
    """The import stream does not begin with its configuration, or repeats it."""

    default_reason = "IMPORT_OUT_OF_ORDER"


class TenantNotFoundError(NotFoundError):
    """No tenant with this id is visible to the caller."""

    default_reason = "TENANT_NOT_FOUND"


class TenantNameTakenError(AlreadyExistsError):
    """Another tenant has this name."""

    default_reason = "TENANT_NAME_TAKEN"


class ApiKeyNotFoundError(NotFoundError):
    """No API key with this id is visible to the caller."""

    default_reason = "API_KEY_NOT_FOUND"


class RelationSchemaInvalidError(InvalidArgumentError):
    """The relation schema cannot be read or does not add up; `violations` shows each place."""

    default_reason = "RELATION_SCHEMA_INVALID"


class RelationSchemaNotFoundError(NotFoundError):
    """The tenant has no relation schema, or not this version."""

    default_reason = "RELATION_SCHEMA_NOT_FOUND"


class RelationSchemaOrphansTuplesError(PreconditionError):
    """Relationships exist that the new relation schema does not allow; `metadata["count"]` says how many."""

    default_reason = "RELATION_SCHEMA_ORPHANS_TUPLES"


class RelationSchemaChangedError(ConflictError):
    """Somebody wrote another relation schema since it was read."""

    default_reason = "RELATION_SCHEMA_CHANGED"


class RelationUnknownError(InvalidArgumentError):
    """The relation schema declares no such type, relation or permission."""

    default_reason = "RELATION_UNKNOWN"


class RelationshipInvalidError(InvalidArgumentError):
    """A relationship, resource or subject is not written as it must be, or the schema does not allow it."""

    default_reason = "RELATIONSHIP_INVALID"


class RelationshipExistsError(AlreadyExistsError):
    """A relationship that was to be created exists."""

    default_reason = "RELATIONSHIP_EXISTS"


class RelationshipPreconditionError(PreconditionError):
    """A precondition of a change of relationships does not hold."""

    default_reason = "PRECONDITION_FAILED"


class CheckTooComplexError(PreconditionError):
    """A permission check would take more steps than one may."""

    default_reason = "CHECK_TOO_COMPLEX"


class DecisionNotFoundError(NotFoundError):
    """No recorded decision with this id is visible."""

    default_reason = "DECISION_NOT_FOUND"


KINDS: Mapping[StatusCode, type[FunctionBackendError]] = MappingProxyType(
    {
        kind.status: kind
        for kind in (
            AlreadyExistsError,
            CancelledError,
            ConflictError,
            DeadlineError,
            InternalError,
            InvalidArgumentError,
            LimitExceededError,
            NotFoundError,
            PermissionDeniedError,
            PreconditionError,
            UnauthenticatedError,
            UnavailableError,
            UnimplementedError,
        )
    }
)
"""The class of each kind of failure, by its status."""


def _reasons() -> dict[str, type[FunctionBackendError]]:
    classes = {kind.default_reason: kind for kind in KINDS.values() if kind.default_reason}
    for kind in KINDS.values():
        classes |= {known.default_reason: known for known in kind.__subclasses__() if known.__module__ == __name__}
    return classes


REASONS: Mapping[str, type[FunctionBackendError]] = MappingProxyType(_reasons())
"""The class of each reason, by its name."""


def class_of(reason: str, code: StatusCode) -> type[FunctionBackendError]:
    """The most telling class for a failure: that of its reason, else of its status."""
    return REASONS.get(reason) or KINDS.get(code, FunctionBackendError)
