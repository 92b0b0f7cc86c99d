"""Composes the stages around a servicer's methods: once per method, at start, for all four shapes of an RPC.

Each method becomes one function that walks flat lists of prepared hooks. There is nothing to look up and nothing to
wrap while a call runs, and one bracket serves all shapes, so a stream cannot miss a stage that a unary call has.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import grpc
from google.protobuf.message import Message

from function_backend.interceptors.call_observation import CallObservation
from function_backend.interceptors.errors import Errors, ResponseTooLargeError, departure
from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.idempotency import Idempotency
from function_backend.interceptors.method import Behaviour, ContractError, Method, methods_of
from function_backend.interceptors.open_stream import OpenCall
from function_backend.interceptors.stage import Hook, Stage
from function_backend.interceptors.validation import Validation
from function_backend.kernel.call import current_call
from function_backend.kernel.stream import is_without_thread

_log = logging.getLogger(__name__)

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The stages in the order in which a call meets them."""

    observers: tuple[Stage, ...]
    """See every call, also the refused ones; they never refuse one themselves."""
    errors: Errors
    """What any stage from here on raises becomes a status."""
    gates: tuple[Stage, ...]
    """Each may refuse the call before its message is looked at."""
    validation: Validation
    idempotency: Idempotency
    observation: CallObservation
    """Tells the audit trail of what was read, before it leaves."""
    largest_response: int
    """Bytes that a response message may have."""


def method_handlers(
    servicers: Mapping[str, object],
    chain: Chain,
    *,
    pool_of: Callable[[Method], ThreadPoolExecutor | None] = lambda _: None,
) -> dict[str, dict[str, Handler]]:
    """Service name to method name to handler, ready for `grpc.Server.add_registered_method_handlers`.

    `pool_of` names the threads a method runs on; None means those of the server.
    Raises ContractError when a method has no policy or a servicer lacks a method.
    """
    handlers: dict[str, dict[str, Handler]] = {}
    for service, servicer in servicers.items():
        if service in handlers:
            raise ContractError(f"{service}: served twice")
        handlers[service] = {
            method.name: compose(method, behaviour, chain, pool=pool_of(method))
            for method, behaviour in methods_of(service, servicer)
        }
    return handlers


def compose(method: Method, behaviour: Behaviour, chain: Chain, *, pool: ThreadPoolExecutor | None = None) -> Handler:
    """The handler of one method: bytes in, bytes out, everything else done by the chain."""
    bracket = _Bracket(method, behaviour, chain)
    handle: Any
    if is_without_thread(behaviour):
        handle = bracket.open()
        # gRPC hands such a handler a function to send with, and takes its thread back at once.
        handle.experimental_non_blocking = True
    else:
        handle = bracket.streaming() if method.response_streaming else bracket.single()
    if pool is not None:
        handle.experimental_thread_pool = pool
    make = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[method.request_streaming, method.response_streaming]
    return make(handle)


class _Bracket:
    """What is prepared for one method."""

    def __init__(self, method: Method, behaviour: Behaviour, chain: Chain) -> None:
        stages = (*chain.observers, *chain.gates)
        self._path = method.path
        self._enter = tuple(hook for stage in stages if (hook := stage.entering(method)) is not None)
        self._leave = tuple(hook for stage in reversed(stages) if (hook := stage.leaving(method)) is not None)
        self._decode = chain.validation.decoder(method.request)
        self._receive = self._messages if method.request_streaming else self._message
        self._behave: Callable[..., Any] = chain.observation.around(
            method, behaviour if method.response_streaming else chain.idempotency.around(method, behaviour)
        )
        self._refuse = chain.errors.refuse
        self._largest = chain.largest_response

    def single(self) -> Callable[[Any, grpc.ServicerContext], bytes]:
        """The handler of a method with one response."""
        path, enter, leave = self._path, self._enter, self._leave
        receive, behave, refuse, largest = self._receive, self._behave, self._refuse, self._largest

        def handle(request: Any, context: grpc.ServicerContext) -> bytes:  # noqa: ANN401
            exchange = Exchange(method=path, request_id="", context=context)
            answer = b""
            try:
                for hook in enter:
                    hook(exchange)
                response = behave(receive(request, exchange), exchange)
                answer = response if type(response) is bytes else response.SerializeToString()
                if len(answer) > largest:
                    raise ResponseTooLargeError(len(answer), largest)
                exchange.response_bytes = len(answer)
            except BaseException as error:  # noqa: BLE001 - gRPC would leave the caller without an answer
                refuse(exchange, error)
            _close(exchange, leave)
            if exchange.code != "OK":
                _abort(exchange)
            return answer

        return handle

    def streaming(self) -> Callable[[Any, grpc.ServicerContext], Iterator[bytes]]:
        """The handler of a method with a stream of responses."""
        path, enter, leave = self._path, self._enter, self._leave
        receive, behave, refuse, largest = self._receive, self._behave, self._refuse, self._largest

        def handle(request: Any, context: grpc.ServicerContext) -> Iterator[bytes]:  # noqa: ANN401
            exchange = Exchange(method=path, request_id="", context=context)
            responses: Iterable[Message | bytes] = ()
            # gRPC closes this generator where it stands when the caller has left. Nobody hears what follows; it is
            # logged and counted.
            left = False
            try:
                for hook in enter:
                    hook(exchange)
                responses = behave(receive(request, exchange), exchange)
                for response in responses:
                    answer = response if isinstance(response, bytes) else response.SerializeToString()
                    if len(answer) > largest:
                        raise ResponseTooLargeError(len(answer), largest)
                    exchange.response_bytes += len(answer)
                    left = True
                    yield answer
                    left = False
            except BaseException as error:  # noqa: BLE001 - gRPC would answer UNKNOWN, or nothing
                refuse(exchange, error)
            _stop(responses)
            _close(exchange, leave)
            if exchange.code != "OK" and not left:
                _abort(exchange)

        return handle

    def open(self) -> Callable[[Any, grpc.ServicerContext, Callable[[Any], None]], None]:
        """The handler of a method whose stream of responses stays open without a thread."""
        path, enter, leave = self._path, self._enter, self._leave
        receive, behave, refuse = self._receive, self._behave, self._refuse

        def close(exchange: Exchange) -> None:
            _close(exchange, leave)

        def handle(request: Any, context: grpc.ServicerContext, send: Callable[[Any], None]) -> None:  # noqa: ANN401
            exchange = Exchange(method=path, request_id="", context=context)
            stream = OpenCall(exchange, send, refuse=refuse, close=close)
            try:
                for hook in enter:
                    hook(exchange)
                message = receive(request, exchange)
                if stream.open():
                    behave(message, exchange, stream)
            except BaseException as error:  # noqa: BLE001 - gRPC would leave the caller without an answer
                stream.end(error)
            # The stream outlives this thread's part in it; see RequestContext.leaving.
            current_call.set(None)

        return handle

    def _message(self, request: bytes, exchange: Exchange) -> Message:
        exchange.request_bytes = len(request)
        return self._decode(request)

    def _messages(self, requests: Iterable[bytes], exchange: Exchange) -> Iterator[Message]:
        decode = self._decode
        for request in requests:
            exchange.request_bytes += len(request)
            yield decode(request)
        if exchange.is_deserted():
            # To gRPC's iterator a caller that has left can look like one that has finished.
            raise grpc.RpcError


def _stop(responses: object) -> None:
    """Ends the servicer's generator now and not when memory is tidied up: it may hold a transaction."""
    close = getattr(responses, "close", None)
    if close is not None:
        try:
            close()
        except Exception:  # noqa: BLE001 - the outcome of the call stands already
            _log.exception("a response stream failed while it was closed")


def _close(exchange: Exchange, leave: tuple[Hook, ...]) -> None:
    if exchange.code == "OK" and exchange.is_deserted():
        # What was answered reached nobody.
        gone = departure(exchange)
        exchange.code, exchange.reason = gone.status.name, gone.reason
    for hook in leave:
        try:
            hook(exchange)
        except Exception:  # noqa: BLE001 - the outcome of the call stands already
            _log.exception("a stage failed after the call", extra={"request_id": exchange.request_id})


def _abort(exchange: Exchange) -> NoReturn:
    """Ends the call with its status alone: clients retry only where no response has begun, so none may be sent."""
    exchange.context.abort(grpc.StatusCode[exchange.code], exchange.message)
