"""What an OAuth client gets back: JSON with the names of the standard, and failures by their codes (RFC 6749, 5.2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import grpc
import orjson
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

_DETAILS = "grpc-status-details-bin"
_REQUEST_ID = "x-request-id"
_CHALLENGE = 'Basic realm="function-backend", charset="UTF-8"'
_LATER_SECONDS = 1
_OAUTH_STATUS = {"invalid_client": HTTPStatus.UNAUTHORIZED}
"""Where a code of OAuth does not come with 400."""
_OTHERWISE: Mapping[grpc.StatusCode, tuple[HTTPStatus, str]] = {
    grpc.StatusCode.INVALID_ARGUMENT: (HTTPStatus.BAD_REQUEST, "invalid_request"),
    grpc.StatusCode.UNAUTHENTICATED: (HTTPStatus.BAD_REQUEST, "invalid_grant"),
    grpc.StatusCode.FAILED_PRECONDITION: (HTTPStatus.BAD_REQUEST, "invalid_grant"),
    grpc.StatusCode.PERMISSION_DENIED: (HTTPStatus.FORBIDDEN, "access_denied"),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (HTTPStatus.TOO_MANY_REQUESTS, "temporarily_unavailable"),
    grpc.StatusCode.UNAVAILABLE: (HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable"),
    grpc.StatusCode.DEADLINE_EXCEEDED: (HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable"),
    grpc.StatusCode.ABORTED: (HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable"),
}
_MAY_COME_BACK = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer over HTTP."""

    status: HTTPStatus
    body: bytes
    headers: tuple[tuple[str, str], ...] = field(default=())
    content_type: str = "application/json"


def success(message: Message, *, whole: bool, headers: tuple[tuple[str, str], ...]) -> Answer:
    """The message as JSON; fields at their default are left out, unless it is wanted whole."""
    return Answer(HTTPStatus.OK, orjson.dumps(_object(message, whole=whole)), headers)


def refusal(
    status: HTTPStatus, code: str, description: str, *headers: tuple[str, str], more: Mapping[str, str] | None = None
) -> Answer:
    """A failure by its code."""
    said = {"error": code, "error_description": _plain(description), **(more or {})}
    if status is HTTPStatus.UNAUTHORIZED:
        headers += (("WWW-Authenticate", _CHALLENGE),)
    return Answer(status, orjson.dumps(said), headers)


def from_error(error: Any) -> Answer:  # noqa: ANN401 - an RpcError that is also a Call, which no type says
    """What a failed call means over HTTP."""
    trailing = dict(error.trailing_metadata() or ())
    headers = request_id_header(trailing)
    info, wait = _details(trailing.get(_DETAILS))
    more = {"reason": info.reason} if info.reason else {}
    code = info.metadata.get("error", "")
    if code:
        if "interval" in info.metadata:
            more["interval"] = info.metadata["interval"]
        return refusal(
            _OAUTH_STATUS.get(code, HTTPStatus.BAD_REQUEST), code, error.details() or "", *headers, more=more
        )
    status, code = _OTHERWISE.get(error.code(), (HTTPStatus.INTERNAL_SERVER_ERROR, "server_error"))
    if status in _MAY_COME_BACK:
        headers += (("Retry-After", str(max(_LATER_SECONDS, math.ceil(wait)))),)
    return refusal(status, code, error.details() or "" if info.reason else "Try again.", *headers, more=more)


def request_id_header(trailing: Mapping[str, str | bytes]) -> tuple[tuple[str, str], ...]:
    """The id under which the call is logged."""
    found = trailing.get(_REQUEST_ID)
    return (("X-Request-Id", found),) if isinstance(found, str) and found.isprintable() else ()


def _details(packed: str | bytes | None) -> tuple[error_details_pb2.ErrorInfo, float]:
    """The reason, and how many seconds to wait."""
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    if isinstance(packed, bytes):
        for detail in status_pb2.Status.FromString(packed).details:
            detail.Unpack(info) or detail.Unpack(retry)
    return info, retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9


def _object(message: Message, *, whole: bool) -> dict[str, object]:
    found: dict[str, object] = {}
    for described in message.DESCRIPTOR.fields:
        name, value = described.name, getattr(message, described.name)
        if described.is_repeated:
            if value or whole:
                found[name] = [_object(item, whole=False) if isinstance(item, Message) else item for item in value]
        elif described.message_type is not None:
            if message.HasField(name):
                found[name] = _object(value, whole=False)
        elif value or whole or described.type == described.TYPE_BOOL:
            found[name] = value
    return found


def _plain(text: str) -> str:
    """The characters that a description may have (RFC 6749, appendix A.8)."""
    return "".join(
        character if " " <= character <= "~" and character not in '"\\' else "'" if character == '"' else "?"
        for character in text
    )
