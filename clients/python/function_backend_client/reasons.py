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


class RoleNotFoundError(NotFoundError):
    """No role with this id is visible to the caller."""

    default_reason = "ROLE_NOT_FOUND"


class RoleNameTakenError(AlreadyExistsError):
    """Another role of the tenant, or a built-in one, has this name."""

    default_reason = "ROLE_NAME_TAKEN"


class RoleBuiltInError(PreconditionError):
    """Built-in roles cannot be changed."""

    default_reason = "ROLE_BUILT_IN"


class RoleInUseError(PreconditionError):
    """The role is bound, or other roles inherit it."""

    default_reason = "ROLE_IN_USE"


class RoleCycleError(PreconditionError):
    """The role would inherit itself."""

    default_reason = "ROLE_CYCLE"


class RoleTooDeepError(PreconditionError):
    """Roles would inherit each other through too many steps."""

    default_reason = "ROLE_TOO_DEEP"


class RoleEtagMismatchError(ConflictError):
    """Somebody changed the role in between; read it again and repeat the change."""

    default_reason = "ROLE_ETAG_MISMATCH"


class RoleBindingNotFoundError(NotFoundError):
    """No role binding with this id is visible to the caller."""

    default_reason = "ROLE_BINDING_NOT_FOUND"


class LastAdministratorError(PreconditionError):
    """The change would leave the tenant without an administrator."""

    default_reason = "LAST_ADMINISTRATOR"


class StepUpRequiredError(PermissionDeniedError):
    """Another sign-in is needed: see `metadata["acr_values"]` and `metadata["max_age"]`."""

    default_reason = "STEP_UP_REQUIRED"


class ResourceOutOfScopeError(PermissionDeniedError):
    """The permission is held for some resources, and this is none of them."""

    default_reason = "RESOURCE_OUT_OF_SCOPE"


class RoleSubjectNotFoundError(NotFoundError):
    """The user, service account or group does not exist."""

    default_reason = "ROLE_SUBJECT_NOT_FOUND"


class RoleLimitReachedError(PreconditionError):
    """There are as many roles or bindings as there may be."""

    default_reason = "ROLE_LIMIT_REACHED"


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
