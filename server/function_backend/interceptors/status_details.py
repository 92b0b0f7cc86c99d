"""`google.rpc.Status` with the details that fit a failure, small enough to travel as metadata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from function_backend.kernel.errors import FieldViolation, ServiceError, Status

DOMAIN = "function-backend"
_TYPE_PREFIX = "type.googleapis.com/"
# Clients accept 8 KiB of metadata by default, and the details grow by a third on the wire (base64).
_LARGEST = 4_000
_LONGEST_MESSAGE = 400
_LONGEST_TEXT = 200
_MOST_VIOLATIONS = 50
_MOST_METADATA = 8


class StatusDetails:
    """Writes the details of a failure."""

    def __init__(self, *, help_page: str) -> None:
        self._help_page = help_page

    def write(self, failure: ServiceError, message: str, request_id: str) -> bytes:
        """The status as bytes, never more than fit into the metadata: violations are left out from the end."""
        violations = failure.violations[:_MOST_VIOLATIONS]
        while True:
            status = self._status(failure, message, request_id, violations)
            if len(status) <= _LARGEST or not violations:
                return status
            violations = violations[: len(violations) // 2]

    def _status(
        self, failure: ServiceError, message: str, request_id: str, violations: Sequence[FieldViolation]
    ) -> bytes:
        details = self._details(failure, message, request_id, violations)
        return status_pb2.Status(
            code=failure.status.value, message=message, details=[_packed(detail) for detail in details]
        ).SerializeToString()

    def _details(
        self, failure: ServiceError, message: str, request_id: str, violations: Sequence[FieldViolation]
    ) -> Iterator[Message]:
        yield error_details_pb2.ErrorInfo(
            reason=failure.reason, domain=DOMAIN, metadata=_bounded_metadata(failure.metadata)
        )
        if violations:
            yield error_details_pb2.BadRequest(
                field_violations=[
                    error_details_pb2.BadRequest.FieldViolation(
                        field=bounded(violation.field, _LONGEST_TEXT),
                        description=bounded(violation.description, _LONGEST_TEXT),
                        reason=failure.reason,
                    )
                    for violation in violations
                ]
            )
        if failure.status is Status.FAILED_PRECONDITION:
            yield _precondition(failure, message)
        if failure.resource is not None:
            yield error_details_pb2.ResourceInfo(
                resource_type=failure.resource.type,
                resource_name=bounded(failure.resource.name, _LONGEST_TEXT),
                description=message,
            )
        if failure.retry_after is not None:
            yield error_details_pb2.RetryInfo(retry_delay=_duration(failure.retry_after))
        yield error_details_pb2.RequestInfo(request_id=request_id)
        yield error_details_pb2.Help(
            links=[
                error_details_pb2.Help.Link(
                    description=f"What {failure.reason} means and what to do",
                    url=f"{self._help_page}#{failure.reason}",
                )
            ]
        )


def bounded(text: str, longest: int = _LONGEST_MESSAGE) -> str:
    """The text without control characters, at most so many bytes long, and always encodable."""
    encoded = text.encode(errors="replace")
    shown = encoded.decode() if len(encoded) <= longest else encoded[: longest - 3].decode(errors="ignore") + "…"
    if not shown.isprintable():
        shown = "".join(character if character.isprintable() else " " for character in shown)
    return shown


def _bounded_metadata(metadata: dict[str, str]) -> dict[str, str]:
    return {key: bounded(value, _LONGEST_TEXT) for key, value in list(metadata.items())[:_MOST_METADATA]}


def _precondition(failure: ServiceError, message: str) -> Message:
    subject = "" if failure.resource is None else f"{failure.resource.type}/{failure.resource.name}"
    return error_details_pb2.PreconditionFailure(
        violations=[
            error_details_pb2.PreconditionFailure.Violation(
                type=failure.reason, subject=bounded(subject, _LONGEST_TEXT), description=message
            )
        ]
    )


def _duration(delay: timedelta) -> duration_pb2.Duration:
    return duration_pb2.Duration(seconds=delay.days * 86_400 + delay.seconds, nanos=delay.microseconds * 1000)


def _packed(detail: Message) -> any_pb2.Any:
    return any_pb2.Any(type_url=_TYPE_PREFIX + detail.DESCRIPTOR.full_name, value=detail.SerializeToString())
