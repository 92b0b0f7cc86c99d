"""Tells the audit trail of calls that changed nothing: those denied, and reads that the contract declares sensitive."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Behaviour, ContractError, Method
from function_backend.interceptors.stage import Hook, Stage
from function_backend.kernel.clock import Clock
from function_backend.kernel.observed_calls import CallObserver, Observation, ObservedCall
from function_backend.kernel.stream import is_without_thread

_DENIED = frozenset({"PERMISSION_DENIED", "UNAUTHENTICATED"})
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class CallObservation(Stage):
    """Watches calls and says what is to be told of them; whether and when it is written is the observer's to decide."""

    def __init__(self, observer: CallObserver | None, clock: Clock) -> None:
        """Without an observer nothing is told."""
        self._observer = observer
        self._now = clock.now

    def leaving(self, method: Method) -> Hook | None:
        """Tells of a call that was denied to a caller who is known."""
        observer = self._observer
        if observer is None or not observer.observes(Observation.DENIED):
            return None

        def leave(exchange: Exchange) -> None:
            if exchange.code not in _DENIED:
                return
            caller = exchange.principal or exchange.refused_caller
            if caller is None:
                # Nobody's: there is no trail to write it into.
                return
            observer.observe(
                ObservedCall(
                    observation=Observation.DENIED,
                    method=method.path,
                    request_id=exchange.request_id,
                    caller=caller,
                    at=self._now(),
                    resource_type=method.resource_type,
                    status=exchange.code,
                    reason=exchange.reason,
                    permission=method.permission,
                    address=exchange.client_address(),
                )
            )

        return leave

    def around(self, method: Method, behaviour: Behaviour) -> Behaviour:
        """The behaviour of a method whose answers are sensitive, told of before the first of them leaves.

        Where nobody is to be told, the behaviour as it is. ContractError for a stream that needs no thread: what it
        sends later is not told of.
        """
        if method.sensitive_read and is_without_thread(behaviour):
            raise ContractError(f"{method.path}: a stream without a thread cannot be a sensitive read")
        observer = self._observer
        if not method.sensitive_read or observer is None or not observer.observes(Observation.SENSITIVE_READ):
            return behaviour
        kind = method.resource_type or _resource_of(method.service)

        def tell(request: Any, exchange: Exchange) -> None:  # noqa: ANN401
            caller = exchange.principal
            if caller is None:
                return
            observer.observe(
                ObservedCall(
                    observation=Observation.SENSITIVE_READ,
                    method=method.path,
                    request_id=exchange.request_id,
                    caller=caller,
                    at=self._now(),
                    resource_type=kind,
                    resource_id=_id_in(request),
                    permission=method.permission,
                    address=exchange.client_address(),
                )
            )

        return _told_when_streaming(behaviour, tell) if method.response_streaming else _told_after(behaviour, tell)


def _told_after(behaviour: Behaviour, tell: Callable[[Any, Any], None]) -> Behaviour:
    def behave(request: Any, exchange: Any) -> Any:  # noqa: ANN401
        response = behaviour(request, exchange)
        tell(request, exchange)
        return response

    return behave


def _told_when_streaming(behaviour: Behaviour, tell: Callable[[Any, Any], None]) -> Behaviour:
    def behave(request: Any, exchange: Any) -> Iterator[Any]:  # noqa: ANN401
        responses, is_first = behaviour(request, exchange), True
        try:
            for response in responses:
                if is_first:
                    tell(request, exchange)
                    is_first = False
                yield response
        finally:
            close = getattr(responses, "close", None)
            if close is not None:
                close()

    return behave


def _resource_of(service: str) -> str:
    """The resource that a service is named after: `user` for `function.auth.v1.UserService`."""
    return _WORD.sub("_", service.rpartition(".")[2].removesuffix("Service")).lower()


def _id_in(request: Any) -> UUID | None:  # noqa: ANN401
    """The id of the one resource that the request names; None for a list or an export."""
    try:
        return UUID(request.id)
    except (AttributeError, ValueError, TypeError):
        return None
