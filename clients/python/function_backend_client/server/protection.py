"""The interceptor for synchronous gRPC servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NoReturn, Self, TypeAlias

import grpc

from function_backend_client.client import Client
from function_backend_client.server.caller import Caller, set_caller
from function_backend_client.server.refusal import Aborting, Refusal, RefusedError, unauthenticated, undeclared
from function_backend_client.server.rules import PUBLIC, Rule, Rules, decided
from function_backend_client.server.settings import ProtectionSettings
from function_backend_client.server.verifier import Verifier

Behaviour: TypeAlias = Callable[[Any, grpc.ServicerContext], Any]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

_BEARER: Final = "bearer "
_FIRST_WORD_SECONDS: Final = 2.0


class Protection(grpc.ServerInterceptor):
    """Lets in who may call, and nobody else. One for a server; close it, or use it as a context manager.

    `client` is a connection to the backend whose credential holds `auth.credential.verify`, and
    `auth.permission.check` where rules are about relationships.
    """

    def __init__(
        self, client: Client, *, permissions: Mapping[str, Rule], settings: ProtectionSettings | None = None
    ) -> None:
        """`permissions` has the rule of each method, such as `{"/shop.v1.Orders/GetOrder": "order.read"}`."""
        self._rules = Rules(permissions)
        self._verifier = Verifier(client, settings or ProtectionSettings())
        self._handlers: dict[str, tuple[Handler, Handler]] = {}

    def start(self) -> Self:
        """Begins to follow revocations, and waits a moment for the first word. The first call would do it, too."""
        self._verifier.feed.start()
        self._verifier.feed.wait(_FIRST_WORD_SECONDS)
        return self

    def close(self) -> None:
        """Stops following revocations. Calls after that are checked with the backend one by one."""
        self._verifier.feed.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Handler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """The method, with the check before it."""
        handler = continuation(handler_call_details)
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
    check = _Check(rule, method, verifier)
    if callable(rule) and handler.request_streaming:
        raise ValueError(f"{method}: a function cannot be the rule of a method with a stream of requests")
    make = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }[bool(handler.request_streaming), bool(handler.response_streaming)]
    behaviour: Any = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    wrapped = _streaming(behaviour, check) if handler.response_streaming else _answering(behaviour, check)
    made: Handler = make(
        wrapped,
        request_deserializer=handler.request_deserializer,
        response_serializer=handler.response_serializer,
    )
    return made


def _answering(behaviour: Behaviour, check: _Check) -> Behaviour:
    def answer(request: Any, context: grpc.ServicerContext) -> Any:  # noqa: ANN401  Any message.
        set_caller(check(request, context))
        try:
            return behaviour(request, context)
        finally:
            set_caller(None)

    return answer


def _streaming(behaviour: Behaviour, check: _Check) -> Behaviour:
    def stream(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:  # noqa: ANN401  Any message.
        set_caller(check(request, context))
        try:
            yield from behaviour(request, context)
        finally:
            set_caller(None)

    return stream


class _Check:
    """The check before one method."""

    __slots__ = ("_method", "_rule", "_verifier")

    def __init__(self, rule: Rule | None, method: str, verifier: Verifier) -> None:
        self._rule = rule
        self._method = method
        self._verifier = verifier

    def __call__(self, request: Any, context: grpc.ServicerContext) -> Caller:  # noqa: ANN401  Any message.
        try:
            return allowed(self._verifier, self._rule, self._method, request, context.invocation_metadata())
        except RefusedError as error:
            refuse(context, error.refusal)


def allowed(verifier: Verifier, rule: Rule | None, method: str, request: Any, metadata: Any) -> Caller:  # noqa: ANN401
    """The caller of a method, when they may call it. Raises RefusedError."""
    verifier.feed.start()
    credential = bearer_of(metadata)
    caller = verifier.caller(credential)
    # Who calls comes first: strangers do not learn which methods there are.
    if rule is None:
        raise undeclared(method)
    found = rule(request, caller) if callable(rule) else rule
    return verifier.check(credential, caller, decided(found))


def bearer_of(metadata: Any) -> str:  # noqa: ANN401  Pairs, as grpcio has them.
    """The credential of a call. Raises RefusedError when there is none."""
    for key, value in metadata or ():
        if key == "authorization":
            if isinstance(value, str) and value[:7].lower() == _BEARER:
                return value[7:].strip()
            raise unauthenticated("CREDENTIAL_MISSING", "the metadata authorization is not `Bearer …`")
    raise unauthenticated("CREDENTIAL_MISSING", "the call carries no credential: send the metadata authorization")


def refuse(context: Aborting, refusal: Refusal) -> NoReturn:
    """Ends the call with what explains it."""
    context.set_trailing_metadata(refusal.trailers())
    context.abort(refusal.code, refusal.message)
