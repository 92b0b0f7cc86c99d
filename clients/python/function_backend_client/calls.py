"""Calls with one answer, made as the contract says: credentials, deadline, request id, and failures as exceptions.

An interceptor of grpcio that only adds metadata costs 20 µs a call; these classes are built once per method and do all
of it for 10 µs (docs/client.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import grpc

from function_backend_client.errors import CancelledError
from function_backend_client.outgoing import Metadata
from function_backend_client.reasons.catalogue import REPLACEABLE
from function_backend_client.route import Route

Request = TypeVar("Request")
Response = TypeVar("Response")


class UnaryCall(Generic[Request, Response]):
    """One request, one answer."""

    def __init__(self, route: Route) -> None:
        self._route = route

    def __call__(
        self,
        request: Request,
        timeout: float | None = None,
        metadata: Metadata | None = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> Response:
        """Calls and returns the answer. Raises FunctionBackendError."""
        return self.with_call(request, timeout, metadata, credentials, wait_for_ready, compression)[0]

    def with_call(
        self,
        request: Request,
        timeout: float | None = None,
        metadata: Metadata | None = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> tuple[Response, grpc.Call]:
        """Calls and returns the answer together with its call. Raises FunctionBackendError."""
        route = self._route
        prepared = route.prepared(request)
        seconds = route.timeout if timeout is None else timeout
        header = route.outgoing.header()
        try:
            return self._once(prepared, seconds, header, metadata, credentials, wait_for_ready, compression)
        except REPLACEABLE:
            # Refused before it began: with a fresh token the same call may go out once more.
            if not route.outgoing.forget(header):
                raise
            header = route.outgoing.header()
        return self._once(prepared, seconds, header, metadata, credentials, wait_for_ready, compression)

    def future(
        self,
        request: Request,
        timeout: float | None = None,
        metadata: Metadata | None = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> Any:  # noqa: ANN401  grpcio's own future.
        """Starts the call. The future is grpcio's own and raises `grpc.RpcError`."""
        route = self._route
        sent = route.outgoing.metadata(route.outgoing.header(), metadata)
        seconds = route.timeout if timeout is None else timeout
        return route.inner().future(route.prepared(request), seconds, sent, credentials, wait_for_ready, compression)

    def _once(
        self,
        request: Request,
        timeout: float,
        header: str | None,
        metadata: Metadata | None,
        *rest: Any,  # noqa: ANN401  Handed on as they came.
    ) -> tuple[Response, grpc.Call]:
        route = self._route
        sent = route.outgoing.metadata(header, metadata)
        try:
            response, call = route.inner().with_call(request, timeout, sent, *rest)
        except grpc.RpcError as error:
            raise route.failure(error) from error
        if route.observes:
            route.outgoing.observe(call.trailing_metadata())
        return response, call


class UploadCall(Generic[Request, Response]):
    """Many requests, one answer. Never retried here: only who makes the requests can make them again."""

    def __init__(self, route: Route) -> None:
        self._route = route

    def __call__(
        self,
        request_iterator: Iterator[Request],
        timeout: float | None = None,
        metadata: Metadata | None = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> Response:
        """Sends the requests and returns the answer. Raises FunctionBackendError."""
        return self.with_call(request_iterator, timeout, metadata, credentials, wait_for_ready, compression)[0]

    def with_call(
        self,
        request_iterator: Iterator[Request],
        timeout: float | None = None,
        metadata: Metadata | None = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> tuple[Response, grpc.Call]:
        """Sends the requests and returns the answer together with its call. Raises FunctionBackendError."""
        call = self.future(request_iterator, timeout, metadata, credentials, wait_for_ready, compression)
        return self.finish(call), call

    def future(
        self,
        request_iterator: Iterator[Request],
        timeout: float | None = None,
        metadata: Metadata | None = None,
        credentials: grpc.CallCredentials | None = None,
        wait_for_ready: bool | None = None,
        compression: grpc.Compression | None = None,
    ) -> Any:  # noqa: ANN401  grpcio's own future.
        """Starts the call. The future is grpcio's own and raises `grpc.RpcError`; `finish` waits for it."""
        route = self._route
        sent = route.outgoing.metadata(route.outgoing.header(), metadata)
        seconds = route.timeout if timeout is None else timeout
        return route.inner().future(request_iterator, seconds, sent, credentials, wait_for_ready, compression)

    def finish(self, call: Any) -> Response:  # noqa: ANN401  grpcio's own future.
        """Waits for the answer of a call that `future` started. Raises FunctionBackendError."""
        try:
            response: Response = call.result()
        except grpc.FutureCancelledError as error:
            raise CancelledError("the call was cancelled", method=self._route.path) from error
        except grpc.RpcError as error:
            raise self._route.failure(error) from error
        self._route.outgoing.observe(call.trailing_metadata())
        return response
