"""Calls with many answers, made as the contract says."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any, Generic, Self, TypeVar

import grpc

from function_backend_client.outgoing import Metadata
from function_backend_client.reasons.catalogue import REPLACEABLE
from function_backend_client.route import Route

Request = TypeVar("Request")
Response = TypeVar("Response")


class ResponseStream(Iterator[Response], grpc.Call, Generic[Response]):
    """The answers of a streaming call, one by one. Raises FunctionBackendError."""

    def __init__(self, inner: Any, route: Route, again: Callable[[], Any] | None = None) -> None:  # noqa: ANN401
        self._inner = inner
        self._route = route
        self._again = again

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Response:
        again, self._again = self._again, None
        try:
            answer: Response = next(self._inner)
        except grpc.RpcError as error:
            failure = self._route.failure(error)
            inner = again() if again is not None and isinstance(failure, REPLACEABLE) else None
            if inner is None:
                raise failure from error
            self._inner = inner
            return next(self)
        return answer

    def cancel(self) -> bool:
        """Ends the call; the server stops working on it."""
        if isinstance(self._inner, Generator):
            # OpenTelemetry's wrapper hides the call in a generator; closing that lets go of the call.
            self._inner.close()
            return True
        return bool(self._inner.cancel())

    def is_active(self) -> bool:
        """Whether the call still runs."""
        return bool(self._inner.is_active())

    def time_remaining(self) -> float:
        """Seconds until the deadline."""
        return float(self._inner.time_remaining())

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """Calls back when the call ends; says False when it has ended already."""
        return bool(self._inner.add_callback(callback))

    def initial_metadata(self) -> Metadata:
        """The metadata at the beginning of the answer."""
        return tuple(self._inner.initial_metadata())

    def trailing_metadata(self) -> Metadata:
        """The metadata at the end of the answer."""
        return tuple(self._inner.trailing_metadata())

    def code(self) -> grpc.StatusCode:
        """The status, once the call has ended."""
        code: grpc.StatusCode = self._inner.code()
        return code

    def details(self) -> str:
        """The message of the status."""
        return str(self._inner.details())


class DownloadCall(Generic[Request, Response]):
    """One request, many answers."""

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
    ) -> ResponseStream[Response]:
        """Starts the call and returns its answers as they come."""
        route = self._route
        header = route.outgoing.header()
        prepared = route.prepared(request)
        seconds = route.timeout if timeout is None else timeout

        def start(header: str | None) -> Any:  # noqa: ANN401  grpcio's own rendezvous.
            sent = route.outgoing.metadata(header, metadata)
            return route.inner()(prepared, seconds, sent, credentials, wait_for_ready, compression)

        def again() -> Any:  # noqa: ANN401
            # Refused before its first answer: with a fresh token the same call may go out once more.
            return start(route.outgoing.header()) if route.outgoing.forget(header) else None

        return ResponseStream(start(header), route, again)


class DialogueCall(Generic[Request, Response]):
    """Many requests, many answers."""

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
    ) -> ResponseStream[Response]:
        """Starts the call and returns its answers as they come."""
        route = self._route
        sent = route.outgoing.metadata(route.outgoing.header(), metadata)
        seconds = route.timeout if timeout is None else timeout
        inner = route.inner()(request_iterator, seconds, sent, credentials, wait_for_ready, compression)
        return ResponseStream(inner, route)
