"""How one client calls one method: on which connection, with which deadline and request id."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from typing import Any

import grpc

from function_backend_client.errors import FunctionBackendError
from function_backend_client.outgoing import Outgoing
from function_backend_client.plans import PLANS
from function_backend_client.rpc_errors import from_rpc_error


class Route:
    """How one method is called by one client."""

    __slots__ = ("_inner", "_turn", "has_request_id", "observes", "outgoing", "path", "timeout")

    def __init__(self, path: str, inner: Sequence[Any], outgoing: Outgoing) -> None:
        plan = PLANS.get(path)
        self.path = path
        self.outgoing = outgoing
        self.timeout = outgoing.timeouts.read if plan is None else plan.timeout(outgoing.timeouts)
        self.has_request_id = plan is not None and plan.has_request_id
        self.observes = plan is not None and not plan.reads_only
        self._inner = tuple(inner)
        self._turn = itertools.cycle(self._inner)

    def inner(self) -> Any:  # noqa: ANN401  One of grpcio's multi-callables, synchronous or not.
        """The method on the connection whose turn it is."""
        return self._inner[0] if len(self._inner) == 1 else next(self._turn)

    def prepared(self, request: Any) -> Any:  # noqa: ANN401  Any message of the contract.
        """The request with a `request_id`, so that a retry cannot do the same thing twice."""
        if not self.has_request_id or request.request_id:
            return request
        # A copy: the caller may send the same message again and mean another call by it.
        copy = type(request)()
        copy.CopyFrom(request)
        copy.request_id = str(uuid.uuid4())
        return copy

    def failure(self, error: grpc.RpcError) -> FunctionBackendError:
        """The exception that says what went wrong; what the call had changed by then is noted."""
        if self.observes:
            trailers: Any = error.trailing_metadata()
            self.outgoing.observe(trailers)
        return from_rpc_error(error, self.path)
