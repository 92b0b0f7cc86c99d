"""The interceptor for servers of grpc.aio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NoReturn, Self, TypeAlias

import grpc
from grpc import aio

from function_backend_client.client import Client
from function_backend_client.server.caller import Caller, set_caller
from function_backend_client.server.protection import allowed, bearer_of
from function_backend_client.server.refusal import Refusal, RefusedError
from function_backend_client.server.rules import PUBLIC, Rule, Rules
from function_backend_client.server.settings import ProtectionSettings
from function_backend_client.server.verifier import Verifier

Context: TypeAlias = "aio.ServicerContext[Any, Any]"
Behaviour: TypeAlias = Callable[[Any, Context], Any]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

_FIRST_WORD_SECONDS = 2.0


class AsyncProtection(aio.ServerInterceptor):
    """As `Protection`, for grpc.aio. `client` is a synchronous one: what has to be asked is asked in a thread."""

    def __init__(
        self, client: Client, *, permissions: Mapping[str, Rule], settings: ProtectionSettings | None = None
    ) -> None:
        """`permissions` has the rule of each method, such as `{"/shop.v1.Orders/GetOrder": "order.read"}`."""
        self._rules = Rules(permissions)
        self._verifier = Verifier(client, settings or ProtectionSettings())
        self._handlers: dict[str, tuple[Handler, Handler]] = {}

    async def start(self) -> Self:
        """Begins to follow revocations, and waits a moment for the first word. The first call would do it, too."""
        self._verifier.feed.start()
        await asyncio.to_thread(self._verifier.feed.wait, _FIRST_WORD_SECONDS)
        return self

    async def close(self) -> None:
        """Stops following revocations. Calls after that are checked with the backend one by one."""
        await asyncio.to_thread(self._verifier.feed.close)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """The method, with the check before it."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = handler_call_details.method
        known = self._handlers.get(method)
        if known is not None and known[0] is handler:
            return known[1]
        guarded = _guarded(handler, self._rules.find(method), method, self._verifier)
        self._handlers[method] = (handler, guarded)
        return guarded


def _guarded(handler: Handler, rule: Rule | None, method: str, verifier: Verifier) -> Handler:
    if rule is PUBLIC:
        return handler
    if callable(rule) and handler.request_streaming:
        raise ValueError(f"{method}: a function cannot be the rule of a method with a stream of requests")
    make = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[bool(handler.request_streaming), bool(handler.response_streaming)]
    behaviour: Any = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream

    async def check(request: Any, context: Context) -> Caller:  # noqa: ANN401  Any message.
        try:
            return await _allowed(verifier, rule, method, request, context)
        except RefusedError as error:
            await _refuse(context, error.refusal)

    wrapped = _streaming(behaviour, check) if handler.response_streaming else _answering(behaviour, check)
    made: Handler = make(
        wrapped,
        request_deserializer=handler.request_deserializer,
        response_serializer=handler.response_serializer,
    )
    return made


async def _allowed(verifier: Verifier, rule: Rule | None, method: str, request: Any, context: Context) -> Caller:  # noqa: ANN401
    metadata = context.invocation_metadata()
    # Who is remembered with all that the rule asks for is let in without a thread.
    if isinstance(rule, str) or not callable(rule):
        caller = verifier.find(bearer_of(metadata))
        if caller is not None and caller.entitled is not None and verifier.permits(caller, rule):
            return caller
    return await asyncio.to_thread(allowed, verifier, rule, method, request, metadata)


def _answering(behaviour: Behaviour, check: Callable[[Any, Context], Awaitable[Caller]]) -> Behaviour:
    async def answer(request: Any, context: Context) -> Any:  # noqa: ANN401  Any message.
        set_caller(await check(request, context))
        answered = behaviour(request, context)
        # The servicer of an asynchronous server may have ordinary methods as well.
        return await answered if asyncio.iscoroutine(answered) else answered

    return answer


def _streaming(behaviour: Behaviour, check: Callable[[Any, Context], Awaitable[Caller]]) -> Behaviour:
    async def stream(request: Any, context: Context) -> AsyncIterator[Any]:  # noqa: ANN401  Any message.
        set_caller(await check(request, context))
        answers = behaviour(request, context)
        if asyncio.iscoroutine(answers):
            # The method writes its answers to the context itself.
            await answers
            return
        async for each in answers:
            yield each

    return stream


async def _refuse(context: Context, refusal: Refusal) -> NoReturn:
    context.set_trailing_metadata(refusal.trailers())
    await context.abort(refusal.code, refusal.message)
    raise AssertionError  # abort has raised.
