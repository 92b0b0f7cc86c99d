"""One exception class for each reason in `function.common.v1.ErrorReason`; a test keeps both lists equal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType

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
from function_backend_client.reasons import (
    audit,
    calls,
    company,
    events,
    jobs,
    keys,
    notifications,
    people,
    relations,
    roles,
    rules,
    sign_in,
    tenants,
    webhooks,
)
from function_backend_client.reasons.calls import CredentialExpiredError, CredentialRevokedError
from function_backend_client.reasons.keys import SessionEndedError

_MODULES = (
    audit,
    calls,
    company,
    events,
    jobs,
    keys,
    notifications,
    people,
    relations,
    roles,
    rules,
    sign_in,
    tenants,
    webhooks,
)

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


def _of(module: ModuleType) -> Iterator[type[FunctionBackendError]]:
    for known in vars(module).values():
        if isinstance(known, type) and issubclass(known, FunctionBackendError) and known.__module__ == module.__name__:
            yield known


def _reasons() -> dict[str, type[FunctionBackendError]]:
    classes = {kind.default_reason: kind for kind in KINDS.values() if kind.default_reason}
    return classes | {known.default_reason: known for module in _MODULES for known in _of(module)}


REASONS: Mapping[str, type[FunctionBackendError]] = MappingProxyType(_reasons())
"""The class of each reason, by its name."""


REPLACEABLE = (CredentialExpiredError, CredentialRevokedError, SessionEndedError)
"""What is refused before it began and may be called once more with another token, whatever the method does."""


def class_of(reason: str, code: StatusCode) -> type[FunctionBackendError]:
    """The most telling class for a failure: that of its reason, else of its status."""
    return REASONS.get(reason) or KINDS.get(code, FunctionBackendError)
