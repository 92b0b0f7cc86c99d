"""The standard paths of OAuth: each request becomes a call of the same method that gRPC callers use.

So everything of a call is the same: limits, checks, the line in the log, the metrics.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message as Headers
from http import HTTPStatus

import grpc
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from function.auth.v1 import oauth_service_pb2
from function_backend.runtime.http.answer import Answer, from_error, refusal, request_id_header, success
from function_backend.runtime.http.form import FormError, fill, identify, read_form
from function_backend.runtime.http.workers import NoWorkerError, Workers

_LOG = logging.getLogger(__name__)

_SERVICE = oauth_service_pb2.DESCRIPTOR.services_by_name["OAuthService"]
_FORM = "application/x-www-form-urlencoded"
_TIMEOUT_SECONDS = 20.0
_NOT_KEPT = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
_KEPT_A_WHILE = (("Cache-Control", "public, max-age=300"),)
_ADDRESS = "function-forwarded-address"
_DEVICE = "function-forwarded-device-bin"
_LONGEST_DEVICE = 1000
_LONGEST_REQUEST_ID = 128


@dataclass(frozen=True, slots=True)
class Page:
    """A path."""

    rpc: str
    verb: str

    @property
    def is_document(self) -> bool:
        """Whether it is the same for everybody."""
        return self.verb == "GET"


PAGES: Mapping[str, Page] = {
    "/oauth2/token": Page("Token", "POST"),
    "/oauth2/introspect": Page("Introspect", "POST"),
    "/oauth2/revoke": Page("Revoke", "POST"),
    "/oauth2/device_authorization": Page("AuthorizeDevice", "POST"),
    "/oauth2/jwks": Page("GetJwks", "GET"),
    "/.well-known/openid-configuration": Page("GetDiscovery", "GET"),
    "/.well-known/oauth-authorization-server": Page("GetDiscovery", "GET"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as far as it was read."""

    verb: str
    path: str
    query: str
    headers: Headers
    body: bytes
    address: str
    """Of the client, as far as it can be told."""


class OAuthPages:
    """Answers requests for the standard paths."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def answer(self, request: Request) -> Answer:
        """The answer; every failure is one of OAuth's."""
        page = PAGES[request.path]
        cache = _KEPT_A_WHILE if page.is_document else _NOT_KEPT
        if request.verb not in (page.verb, "HEAD" if page.is_document else page.verb):
            allowed = "GET, HEAD" if page.is_document else page.verb
            return refusal(
                HTTPStatus.METHOD_NOT_ALLOWED, "invalid_request", "Another verb is needed.", ("Allow", allowed)
            )
        method = _SERVICE.methods_by_name[page.rpc]
        message = GetMessageClass(method.input_type)()
        try:
            if not page.is_document:
                _read(request, message)
        except FormError as error:
            _LOG.info("a form was refused", extra={"path": request.path, "cause": str(error)})
            return refusal(HTTPStatus.BAD_REQUEST, "invalid_request", str(error), *_NOT_KEPT)
        path = f"/{_SERVICE.full_name}/{page.rpc}"
        try:
            body, trailing = self._workers.call(
                path, message.SerializeToString(), call_metadata(request), timeout=_TIMEOUT_SECONDS
            )
        except NoWorkerError:
            return _with(
                refusal(HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable", "Try again.", ("Retry-After", "1")),
                _NOT_KEPT,
            )
        except grpc.RpcError as error:
            return _with(from_error(error), _NOT_KEPT)
        answer = GetMessageClass(method.output_type).FromString(body)
        if page.rpc == "Revoke":
            # An empty body is what the standard asks for.
            return Answer(HTTPStatus.OK, b"", (*request_id_header(trailing), *cache))
        return success(answer, whole=page.rpc == "GetDiscovery", headers=(*request_id_header(trailing), *cache))


def _read(request: Request, message: Message) -> None:
    if request.query:
        raise FormError("Parameters belong into the body.")
    kind = request.headers.get_content_type() if "content-type" in request.headers else ""
    if kind != _FORM or len(request.headers.get_all("content-type", [])) > 1:
        raise FormError(f"The body must be of the type {_FORM}.")
    fill(message, read_form(request.body))
    identify(message, request.headers.get_all("authorization", []))


def call_metadata(request: Request) -> Sequence[tuple[str, str | bytes]]:
    """What the call says of the request that it comes from."""
    device = request.headers.get("user-agent", "")
    found: list[tuple[str, str | bytes]] = [
        (_ADDRESS, request.address),
        (_DEVICE, device.encode(errors="replace")[:_LONGEST_DEVICE]),
    ]
    for name in ("x-request-id", "traceparent"):
        value = request.headers.get(name, "")
        if value and len(value) <= _LONGEST_REQUEST_ID and value.isascii() and value.isprintable():
            found.append((name, value))
    return found


def _with(answer: Answer, headers: tuple[tuple[str, str], ...]) -> Answer:
    return Answer(answer.status, answer.body, (*answer.headers, *headers))
