"""Failures as exceptions: one class for each reason of the contract, below one class for each kind of failure.

Catch a reason (`CompanyNotFoundError`), a kind (`NotFoundError`) or everything (`FunctionBackendError`). A reason that
this version does not know yet arrives as its kind, with the name in `reason`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

from grpc import StatusCode


@dataclass(frozen=True, slots=True)
class Violation:
    """One invalid field: its path, such as `company.identifiers[0].value`, and what is wrong."""

    field: str
    description: str

    def __str__(self) -> str:
        return f"{self.field}: {self.description}" if self.field else self.description


@dataclass(frozen=True, slots=True)
class Resource:
    """What a failure is about: its type, such as `company`, and its name or id."""

    type: str
    name: str


@dataclass(frozen=True, slots=True)
class ErrorDetails:
    """Everything that the service said about a failure besides its message."""

    reason: str = ""
    domain: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: Sequence[Violation] = ()
    preconditions: Sequence[Violation] = ()
    resource: Resource | None = None
    retry_after: timedelta | None = None
    request_id: str = ""
    help: str = ""
    """The address of a page about the reason."""


class FunctionBackendError(Exception):
    """A call that failed. `str()` is for people; branch on the class or on `reason`."""

    status: ClassVar[StatusCode] = StatusCode.UNKNOWN
    default_reason: ClassVar[str] = ""

    def __init__(
        self, message: str, *, method: str = "", code: StatusCode | None = None, details: ErrorDetails | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.method = method
        """The method called, such as `/function.company.v1.CompanyService/GetCompany`."""
        self.code = code or self.status
        """The gRPC status code."""
        self.details = details or ErrorDetails()

    @property
    def reason(self) -> str:
        """The reason's name in the contract, such as `COMPANY_NOT_FOUND`; empty when the call never got an answer."""
        return self.details.reason or self.default_reason

    @property
    def metadata(self) -> Mapping[str, str]:
        """What varies in the message, by name."""
        return self.details.metadata

    @property
    def violations(self) -> Sequence[Violation]:
        """The invalid fields, or what the state does not allow."""
        return self.details.violations or self.details.preconditions

    @property
    def resource(self) -> Resource | None:
        """What the failure is about."""
        return self.details.resource

    @property
    def retry_after(self) -> timedelta | None:
        """When to come back; None when coming back will not help or the service did not say."""
        return self.details.retry_after

    @property
    def request_id(self) -> str:
        """What to quote when reporting the failure: the service's log has it too."""
        return self.details.request_id

    @property
    def help(self) -> str:
        """The address of a page about the reason; empty when there is none."""
        return self.details.help

    def __str__(self) -> str:
        lines = [f"{self.reason or self.code.name}: {self.message}"]
        lines += [f"  {violation}" for violation in self.violations if str(violation) != self.message]
        return "\n".join(lines)

    def __repr__(self) -> str:
        parts = [f"reason={self.reason!r}", f"message={self.message!r}"]
        if self.violations:
            parts.append(f"violations={[str(violation) for violation in self.violations]!r}")
        if self.retry_after is not None:
            parts.append(f"retry_after={self.retry_after.total_seconds():g}s")
        if self.request_id:
            parts.append(f"request_id={self.request_id!r}")
        return f"{type(self).__name__}({', '.join(parts)})"


# The kinds, one for each status.


class InvalidArgumentError(FunctionBackendError):
    """The request is wrong whatever the state; `violations` names the fields."""

    status = StatusCode.INVALID_ARGUMENT


class UnauthenticatedError(FunctionBackendError):
    """The service does not know who is calling."""

    status = StatusCode.UNAUTHENTICATED


class PermissionDeniedError(FunctionBackendError):
    """The caller is known and may not do this."""

    status = StatusCode.PERMISSION_DENIED


class NotFoundError(FunctionBackendError):
    """What was asked for does not exist for this caller."""

    status = StatusCode.NOT_FOUND


class AlreadyExistsError(FunctionBackendError):
    """Something unique exists already."""

    status = StatusCode.ALREADY_EXISTS


class PreconditionError(FunctionBackendError):
    """The state does not allow the call; repeating it alone will not help."""

    status = StatusCode.FAILED_PRECONDITION


class ConflictError(FunctionBackendError):
    """Somebody else changed the same thing: read again and decide anew."""

    status = StatusCode.ABORTED


class LimitExceededError(FunctionBackendError):
    """Too much for now; `retry_after` says when to come back."""

    status = StatusCode.RESOURCE_EXHAUSTED


class DeadlineError(FunctionBackendError):
    """The time was too short, or ran out."""

    status = StatusCode.DEADLINE_EXCEEDED


class CancelledError(FunctionBackendError):
    """The call was cancelled."""

    status = StatusCode.CANCELLED


class UnavailableError(FunctionBackendError):
    """The service cannot be reached, or something it needs cannot."""

    status = StatusCode.UNAVAILABLE


class UnimplementedError(FunctionBackendError):
    """The service does not have the method: it is older than this client, or something else answers there."""

    status = StatusCode.UNIMPLEMENTED


class InternalError(FunctionBackendError):
    """A failure that is not the caller's; quote `request_id` when reporting it."""

    status = StatusCode.INTERNAL
    default_reason = "INTERNAL"
