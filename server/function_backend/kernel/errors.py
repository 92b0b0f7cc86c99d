"""Failures with a status, a reason and what the caller can do.

Family decides the status, class decides the reason. Raise one anywhere; `interceptors.errors` alone turns it into
`google.rpc.Status`. Whatever varies in the message is also in the metadata; neither carries driver text, SQL or
secrets.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta
    from typing import Any

    from function_backend.kernel.identity import Principal


class Status(Enum):
    """The gRPC status codes that this service answers with; the names are those of `google.rpc.Code`."""

    CANCELLED = 1
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One invalid field: its path in the request, such as `company.identifiers[0].value`, and what is wrong."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class Resource:
    """The resource a failure is about: its type, such as `company`, and its name or id."""

    type: str
    name: str


class ServiceError(Exception):
    """A failure that the caller is told about, with a reason from `ErrorReason`."""

    status: ClassVar[Status] = Status.INTERNAL
    reason: ClassVar[str] = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        metadata: Mapping[str, str] | None = None,
        violations: Sequence[FieldViolation] = (),
        resource: Resource | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.metadata = dict(metadata or {})
        self.violations = tuple(violations)
        self.resource = resource
        self.retry_after = retry_after
        self.remains: Callable[[Any], None] | None = None
        """Writes what is to remain of the call that fails with this, in a transaction of its own after the call's was
        rolled back; it is handed the unit of work. None when nothing remains."""


class InvalidArgumentError(ServiceError):
    """The request is wrong whatever the state; the violations name the fields."""

    status = Status.INVALID_ARGUMENT
    reason = "INVALID_REQUEST"


class NotFoundError(ServiceError):
    """The resource does not exist for this caller."""

    status = Status.NOT_FOUND


class AlreadyExistsError(ServiceError):
    """Something unique exists already."""

    status = Status.ALREADY_EXISTS


class ConflictError(ServiceError):
    """Somebody else changed the same thing; read again and retry."""

    status = Status.ABORTED
    reason = "CONCURRENT_CHANGE"


class PreconditionError(ServiceError):
    """The state does not allow the call; repeating it alone will not help."""

    status = Status.FAILED_PRECONDITION


class PermissionDeniedError(ServiceError):
    """The caller is known and may not do this."""

    status = Status.PERMISSION_DENIED


class UnauthenticatedError(ServiceError):
    """The caller is not known, or not let in."""

    status = Status.UNAUTHENTICATED
    caller: Principal | None = None
    """Whose credential it was, where that is known; for the audit trail alone, and never told."""


class LimitExceededError(ServiceError):
    """Too much for now; `retry_after` says when to come back."""

    status = Status.RESOURCE_EXHAUSTED


class UnavailableError(ServiceError):
    """Something this service needs is away; `retry_after` says when to come back."""

    status = Status.UNAVAILABLE
    reason = "DEPENDENCY_UNAVAILABLE"


class DeadlineError(ServiceError):
    """Too little time was left."""

    status = Status.DEADLINE_EXCEEDED
    reason = "DEADLINE_TOO_SHORT"


class CancelledError(ServiceError):
    """The caller gave up on the call while it was running."""

    status = Status.CANCELLED
    reason = "CALL_CANCELLED"


def invalid_fields(*violations: FieldViolation) -> InvalidArgumentError:
    """An INVALID_ARGUMENT that lists the violations; its message is the first of them."""
    first = violations[0]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return InvalidArgumentError(
        f"{first.field}: {first.description}{more}",
        metadata={"violations": str(len(violations))},
        violations=violations,
    )
