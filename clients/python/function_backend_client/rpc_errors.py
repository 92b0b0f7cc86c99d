"""From what gRPC raises to the exceptions of this package."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from function_backend_client.errors import ErrorDetails, FunctionBackendError, Resource, Violation
from function_backend_client.reasons.catalogue import class_of

DOMAIN: Final = "function-backend"
_DETAILS_KEY = "grpc-status-details-bin"
_PUSHBACK_KEY = "grpc-retry-pushback-ms"


def from_rpc_error(error: grpc.RpcError, method: str) -> FunctionBackendError:
    """The exception that says what went wrong; the caller raises it from the original."""
    code = error.code()
    pairs: Any = error.trailing_metadata() or ()
    trailers: dict[str, Any] = dict(pairs)
    details = _read(trailers)
    message = error.details() or f"the call failed with {code.name}"
    return class_of(details.reason, code)(message, method=method, code=code, details=details)


def _read(trailers: dict[str, Any]) -> ErrorDetails:
    found: dict[str, Any] = {}
    pushback = str(trailers.get(_PUSHBACK_KEY, ""))
    if pushback.isdigit():
        found["retry_after"] = timedelta(milliseconds=int(pushback))
    request_id = trailers.get("x-request-id")
    if request_id:
        found["request_id"] = str(request_id)
    try:
        status = status_pb2.Status.FromString(trailers.get(_DETAILS_KEY) or b"")
        for packed in status.details:
            reader = _READERS.get(packed.TypeName())
            if reader is not None:
                message, read = reader
                packed.Unpack(detail := message())
                found |= read(detail)
    except DecodeError:
        # Something between here and the service answered in its place. The status still counts.
        return ErrorDetails(**found)
    return ErrorDetails(**found)


def _error_info(info: error_details_pb2.ErrorInfo) -> dict[str, Any]:
    # A reason of another domain (a proxy on the way) may use the same word for something else.
    if info.domain != DOMAIN:
        return {"domain": info.domain}
    return {"reason": info.reason, "domain": info.domain, "metadata": dict(info.metadata)}


def _bad_request(bad: error_details_pb2.BadRequest) -> dict[str, Any]:
    return {"violations": tuple(Violation(item.field, item.description) for item in bad.field_violations)}


def _precondition(failure: error_details_pb2.PreconditionFailure) -> dict[str, Any]:
    return {"preconditions": tuple(Violation(item.subject, item.description) for item in failure.violations)}


def _resource(info: error_details_pb2.ResourceInfo) -> dict[str, Any]:
    return {"resource": Resource(info.resource_type, info.resource_name)}


def _retry(info: error_details_pb2.RetryInfo) -> dict[str, Any]:
    return {"retry_after": info.retry_delay.ToTimedelta()}


def _request(info: error_details_pb2.RequestInfo) -> dict[str, Any]:
    return {"request_id": info.request_id}


def _help(info: error_details_pb2.Help) -> dict[str, Any]:
    return {"help": info.links[0].url} if info.links else {}


def _readers() -> Iterable[tuple[Any, Any]]:
    yield error_details_pb2.ErrorInfo, _error_info
    yield error_details_pb2.BadRequest, _bad_request
    yield error_details_pb2.PreconditionFailure, _precondition
    yield error_details_pb2.ResourceInfo, _resource
    yield error_details_pb2.RetryInfo, _retry
    yield error_details_pb2.RequestInfo, _request
    yield error_details_pb2.Help, _help


_READERS: Final = {message.DESCRIPTOR.full_name: (message, read) for message, read in _readers()}
