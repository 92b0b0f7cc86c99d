"""A channel whose calls carry what this client promises, so that generated stubs over it behave like the client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import grpc

from function_backend_client.calls import UnaryCall, UploadCall
from function_backend_client.outgoing import Outgoing
from function_backend_client.route import Route
from function_backend_client.streams import DialogueCall, DownloadCall


class PlannedChannel(grpc.Channel):
    """One or more connections to the same service as one channel; stubs over it call as the contract says.

    Calls take turns on the connections, so that the processes of a server behind one address all get work.
    """

    def __init__(self, connections: Sequence[grpc.Channel], outgoing: Outgoing) -> None:
        self._connections = tuple(connections)
        self._outgoing = outgoing

    def unary_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """The method, called as the contract says."""
        return UnaryCall[Any, Any](self._route(method, "unary_unary", args, kwargs))

    def unary_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """The method, called as the contract says."""
        return DownloadCall[Any, Any](self._route(method, "unary_stream", args, kwargs))

    def stream_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """The method, called as the contract says."""
        return UploadCall[Any, Any](self._route(method, "stream_unary", args, kwargs))

    def stream_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """The method, called as the contract says."""
        return DialogueCall[Any, Any](self._route(method, "stream_stream", args, kwargs))

    def subscribe(
        self,
        callback: Callable[[grpc.ChannelConnectivity], None],
        try_to_connect: bool = False,
    ) -> None:
        """Reports the state of the first connection."""
        self._connections[0].subscribe(callback, try_to_connect)

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        """Ends the reports."""
        self._connections[0].unsubscribe(callback)

    def close(self) -> None:
        """Closes every connection; calls under way are cancelled."""
        for connection in self._connections:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _route(self, method: str, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Route:
        inner = [getattr(connection, kind)(method, *args, **kwargs) for connection in self._connections]
        return Route(method, inner, self._outgoing)
