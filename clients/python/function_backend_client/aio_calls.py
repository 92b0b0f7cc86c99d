"""The calls of `calls` and `streams` for grpc.aio: one object per call, awaited or iterated over."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from typing import Any, Generic, Self, TypeVar

import grpc
from grpc import aio

from function_backend_client.outgoing import Metadata, Outgoing
from function_backend_client.reasons.catalogue import REPLACEABLE
from function_backend_client.route import Route

Request = TypeVar("Request")
Response = TypeVar("Response")


class AsyncUnaryCall(Generic[Request, Response]):
    """One request, one answer. `await` it."""

    def __init__(self, route: Route) -> None:
        self._route = route

    async def __call__(
        self,
        request: Request,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
        **rest: Any,  # noqa: ANN401  What else grpcio takes.
    ) -> Response:
        """Calls and returns the answer. Raises FunctionBackendError."""
        route = self._route
        prepared = route.prepared(request)
        seconds = route.timeout if timeout is None else timeout
        header = await route.outgoing.header_async()
        try:
            return await self._once(prepared, seconds, header, metadata, rest)
        except REPLACEABLE:
            # Refused before it began: with a fresh token the same call may go out once more.
            if not route.outgoing.forget(header):
                raise
            header = await route.outgoing.header_async()
        return await self._once(prepared, seconds, header, metadata, rest)

    async def _once(
        self, request: Request, seconds: float, header: str | None, metadata: Metadata | None, rest: dict[str, Any]
    ) -> Response:
        route = self._route
        sent = route.outgoing.metadata(header, metadata)
        try:
            call = route.inner()(request, timeout=seconds, metadata=sent, **rest)
            response: Response = await call
            if route.observes:
                route.outgoing.observe(await call.trailing_metadata())
        except grpc.RpcError as error:
            raise route.failure(error) from error
        return response


class AsyncResponseStream(AsyncIterator[Response], Generic[Response]):
    """The answers of a streaming call, one by one. Raises FunctionBackendError."""

    def __init__(self, route: Route, request: Any, seconds: float, metadata: Metadata | None) -> None:  # noqa: ANN401
        self._route = route
        self._request = request
        self._seconds = seconds
        self._metadata = metadata
        self._call: Any = None
        self._answers: AsyncIterator[Response] | None = None
        self._header: str | None = None
        self._is_first = True

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Response:
        route = self._route
        answers = self._answers or await self._start()
        is_first, self._is_first = self._is_first, False
        try:
            return await anext(answers)
        except grpc.RpcError as error:
            failure = route.failure(error)
            # Refused before its first answer: with a fresh token the same call may go out once more.
            if not (is_first and isinstance(failure, REPLACEABLE) and route.outgoing.forget(self._header)):
                raise failure from error
        await self._start()
        return await anext(self)

    async def _start(self) -> AsyncIterator[Response]:
        route = self._route
        self._header = await route.outgoing.header_async()
        sent = route.outgoing.metadata(self._header, self._metadata)
        self._call = route.inner()(self._request, timeout=self._seconds, metadata=sent)
        answers: AsyncIterator[Response] = aiter(self._call)
        self._answers = answers
        return answers

    def cancel(self) -> bool:
        """Ends the call; the server stops working on it."""
        return self._call is not None and bool(self._call.cancel())


class AsyncDownloadCall(Generic[Request, Response]):
    """One request, many answers. Iterate over it with `async for`."""

    def __init__(self, route: Route) -> None:
        self._route = route

    def __call__(
        self, request: Request, *, timeout: float | None = None, metadata: Metadata | None = None
    ) -> AsyncResponseStream[Response]:
        """The call; it starts when its first answer is asked for."""
        seconds = self._route.timeout if timeout is None else timeout
        return AsyncResponseStream(self._route, self._route.prepared(request), seconds, metadata)


class AsyncUploadCall(Generic[Request, Response]):
    """Many requests, one answer. `await` it. Never retried here: only who makes the requests can make them again."""

    def __init__(self, route: Route) -> None:
        self._route = route

    async def __call__(
        self,
        request_iterator: Iterable[Request] | AsyncIterable[Request],
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> Response:
        """Sends the requests and returns the answer. Raises FunctionBackendError."""
        route = self._route
        sent = route.outgoing.metadata(await route.outgoing.header_async(), metadata)
        seconds = route.timeout if timeout is None else timeout
        try:
            call = route.inner()(request_iterator, timeout=seconds, metadata=sent)
            response: Response = await call
            route.outgoing.observe(await call.trailing_metadata())
        except grpc.RpcError as error:
            raise route.failure(error) from error
        return response


class AsyncPlannedChannel(aio.Channel):
    """One or more connections to the same service as one channel; stubs over it call as the contract says."""

    def __init__(self, connections: Sequence[aio.Channel], outgoing: Outgoing) -> None:
        self._connections = tuple(connections)
        self._outgoing = outgoing

    def unary_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """The method, called as the contract says."""
        return AsyncUnaryCall[Any, Any](self._route(method, "unary_unary", args, kwargs))

    def unary_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """The method, called as the contract says."""
        return AsyncDownloadCall[Any, Any](self._route(method, "unary_stream", args, kwargs))

    def stream_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """The method, called as the contract says."""
        return AsyncUploadCall[Any, Any](self._route(method, "stream_unary", args, kwargs))

    def stream_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """The method, called as the contract says."""
        return AsyncDownloadCall[Any, Any](self._route(method, "stream_stream", args, kwargs))

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """The state of the first connection."""
        return self._connections[0].get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Waits until the first connection is in another state."""
        await self._connections[0].wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Waits until every connection stands."""
        for connection in self._connections:
            await connection.channel_ready()

    async def close(self, grace: float | None = None) -> None:
        """Closes every connection, after `grace` seconds for calls under way."""
        for connection in self._connections:
            await connection.close(grace)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _route(self, method: str, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Route:
        inner = [getattr(connection, kind)(method, *args, **kwargs) for connection in self._connections]
        return Route(method, inner, self._outgoing)
