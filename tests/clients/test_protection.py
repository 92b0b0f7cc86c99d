"""Somebody else's service, protected: who is let in, who is not, and what happens when the backend is away."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest
from grpc import aio
from grpc_health.v1 import health_pb2

from function.auth.v1 import credential_pb2
from function_backend_client import Client, FunctionBackendError
from function_backend_client.rpc_errors import from_rpc_error
from function_backend_client.server import (
    PUBLIC,
    SIGNED_IN,
    AsyncProtection,
    Caller,
    Protection,
    ProtectionSettings,
    Related,
    Rule,
    Somewhere,
    current_caller,
)
from tests.fixtures.trusted_backend import SigningKey, TrustedBackend, forged

Request, Response = health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse
SERVICE = "shop.v1.Orders"


def related(request: Any, caller: Caller) -> Related:
    return Related("view", f"order:{request.service}")


RULES: dict[str, Rule] = {
    f"/{SERVICE}/Get": "order.read",
    f"/{SERVICE}/List": "order.read",
    f"/{SERVICE}/Upload": "order.write",
    f"/{SERVICE}/Talk": "order.write",
    f"/{SERVICE}/Status": PUBLIC,
    f"/{SERVICE}/Me": SIGNED_IN,
    f"/{SERVICE}/Some": Somewhere("order.read"),
    f"/{SERVICE}/View": related,
}
SHAPES = {
    "Get": "unary_unary",
    "List": "unary_stream",
    "Upload": "stream_unary",
    "Talk": "stream_stream",
    "Status": "unary_unary",
    "Me": "unary_unary",
    "Some": "unary_unary",
    "View": "unary_unary",
    "Undeclared": "unary_unary",
}


class Orders:
    """The service: each answer says who called, and each call is counted."""

    def __init__(self) -> None:
        self.callers: list[str] = []

    def seen(self) -> health_pb2.HealthCheckResponse:
        try:
            self.callers.append(current_caller().subject)
        except LookupError:
            self.callers.append("")
        return Response(status=1)

    def handlers(self) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
        def one(request: Any, context: Any) -> Any:
            list(request) if not isinstance(request, Request) else None
            return self.seen()

        def many(request: Any, context: Any) -> Iterator[Any]:
            list(request) if not isinstance(request, Request) else None
            yield self.seen()
            yield self.seen()

        return _made({name: many if shape.endswith("stream") else one for name, shape in SHAPES.items()})

    def async_handlers(self) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
        async def one(request: Any, context: Any) -> Any:
            if not isinstance(request, Request):
                _ = [each async for each in request]
            return self.seen()

        async def many(request: Any, context: Any) -> Any:
            if not isinstance(request, Request):
                _ = [each async for each in request]
            yield self.seen()
            yield self.seen()

        return _made({name: many if shape.endswith("stream") else one for name, shape in SHAPES.items()})


def _made(behaviours: dict[str, Callable[..., Any]]) -> dict[str, grpc.RpcMethodHandler[Any, Any]]:
    return {
        name: getattr(grpc, f"{SHAPES[name]}_rpc_method_handler")(
            behaviour, request_deserializer=Request.FromString, response_serializer=Response.SerializeToString
        )
        for name, behaviour in behaviours.items()
    }


class Shop:
    """A caller of the service."""

    def __init__(self, address: str, orders: Orders) -> None:
        self.orders = orders
        self._channel = grpc.insecure_channel(address)

    def call(self, method: str, credential: str | None, *, service: str = "") -> list[Any]:
        """The answers. Raises FunctionBackendError."""
        shape = SHAPES[method]
        make = getattr(self._channel, shape)
        path = f"/{SERVICE}/{method}"
        stub = make(path, request_serializer=Request.SerializeToString, response_deserializer=Response.FromString)
        request: Any = Request(service=service)
        metadata = [] if credential is None else [("authorization", f"Bearer {credential}")]
        try:
            answer = stub(iter([request]) if shape.startswith("stream") else request, metadata=metadata, timeout=20)
            return list(answer) if shape.endswith("stream") else [answer]
        except grpc.RpcError as error:
            raise from_rpc_error(error, path) from error

    def refusal(self, method: str, credential: str | None, *, service: str = "") -> FunctionBackendError:
        with pytest.raises(FunctionBackendError) as caught:
            self.call(method, credential, service=service)
        return caught.value

    def close(self) -> None:
        self._channel.close()


SETTINGS = ProtectionSettings(leeway_seconds=0.5)


@pytest.fixture(params=["grpc", "grpc.aio"])
def shop(request: pytest.FixtureRequest, backend: TrustedBackend, backend_client: Client) -> Iterator[Shop]:
    running = _synchronous if request.param == "grpc" else _asynchronous
    yield from running(backend_client, SETTINGS)


def _synchronous(client: Client, settings: ProtectionSettings) -> Iterator[Shop]:
    orders = Orders()
    with Protection(client, permissions=RULES, settings=settings) as guard:
        server = grpc.server(futures.ThreadPoolExecutor(8), interceptors=[guard])
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, orders.handlers())])
        address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        made = Shop(address, orders)
        yield made
        made.close()
        server.stop(None).wait()


def _asynchronous(client: Client, settings: ProtectionSettings) -> Iterator[Shop]:
    orders = Orders()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> tuple[aio.Server, AsyncProtection, int]:
        guard = await AsyncProtection(client, permissions=RULES, settings=settings).start()
        server = aio.server(interceptors=[guard])
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, orders.async_handlers())])
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        return server, guard, port

    async def stop(server: aio.Server, guard: AsyncProtection) -> None:
        await server.stop(None)
        await guard.close()

    server, guard, port = asyncio.run_coroutine_threadsafe(start(), loop).result(60)
    made = Shop(f"127.0.0.1:{port}", orders)
    yield made
    made.close()
    asyncio.run_coroutine_threadsafe(stop(server, guard), loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def until(happened: Callable[[], bool], seconds: float = 60.0) -> None:
    """Waits for something that has to happen, however slow the machine is."""
    ends_at = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < ends_at, "it never happened"
        time.sleep(0.02)


def refuses(shop: Shop, method: str, credential: str) -> Callable[[], bool]:
    def refused() -> bool:
        try:
            shop.call(method, credential)
        except FunctionBackendError:
            return True
        return False

    return refused


class TestWhoIsLetIn:
    @pytest.mark.parametrize("method", ["Get", "List", "Upload", "Talk"])
    def test_every_shape_of_call_is_open_to_those_who_hold_its_permission_and_knows_who_calls(
        self, shop: Shop, backend: TrustedBackend, method: str
    ) -> None:
        backend.permissions = {"user:ann": ["order.*"], "api_key:k": ["*"], "user:bob": ["company.*"]}
        answers = shop.call(method, backend.token())
        assert set(shop.orders.callers) == {"user:ann"}
        assert len(answers) == len(shop.orders.callers)
        shop.call(method, "fbk_key")
        assert shop.orders.callers[-1] == "api_key:k"
        handled = len(shop.orders.callers)
        denied = shop.refusal(method, backend.token("user:bob"))
        assert (denied.reason, denied.metadata["permission"]) == ("PERMISSION_MISSING", RULES[f"/{SERVICE}/{method}"])
        assert shop.refusal(method, None).reason == "CREDENTIAL_MISSING"
        assert shop.refusal(method, "fbk").reason == "CREDENTIAL_INVALID"
        assert len(shop.orders.callers) == handled, "the service itself has seen none of the refused"

    def test_a_public_method_needs_nothing_and_knows_nobody(self, shop: Shop, backend: TrustedBackend) -> None:
        shop.call("Status", None)
        assert shop.orders.callers == [""]
        assert not backend.asked("VerifyCredential")

    def test_a_method_without_a_rule_is_open_to_nobody(self, shop: Shop, backend: TrustedBackend) -> None:
        backend.permissions = {"user:ann": ["*"]}
        refusal = shop.refusal("Undeclared", backend.token())
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING")
        assert shop.refusal("Undeclared", None).reason == "CREDENTIAL_MISSING"

    def test_another_tenant_is_unknown_here(self, shop: Shop, backend: TrustedBackend) -> None:
        assert shop.refusal("Me", "fbk_other").reason == "CREDENTIAL_INVALID"
        assert shop.refusal("Me", backend.token(tenant="another")).reason == "CREDENTIAL_INVALID"

    def test_a_forged_token_never_reaches_the_backend(self, shop: Shop, backend: TrustedBackend) -> None:
        mine = SigningKey("k-1")
        assert shop.refusal("Get", backend.token(key=mine)).reason == "CREDENTIAL_INVALID"
        assert shop.refusal("Get", forged(backend.token(), {"alg": "none"})).reason == "CREDENTIAL_INVALID"
        assert not backend.asked("VerifyCredential")

    def test_keys_are_rotated_while_tokens_of_both_are_in_use(self, shop: Shop, backend: TrustedBackend) -> None:
        old = backend.token()
        shop.call("Me", old)
        backend.keys.append(SigningKey("k-2", "EdDSA"))
        until(lambda: not refuses(shop, "Me", backend.token(key=backend.keys[1]))())
        shop.call("Me", old)


class TestRelationships:
    def test_a_rule_made_from_the_request_asks_for_the_resource(self, shop: Shop, backend: TrustedBackend) -> None:
        backend.related = {("order:42", "view", "user:ann")}
        token = backend.token()
        shop.call("View", token, service="42")
        shop.call("View", token, service="42")
        assert backend.asked("CheckPermission") == 1
        assert shop.refusal("View", token, service="43").reason == "PERMISSION_MISSING"
        assert shop.refusal("View", backend.token("user:bob"), service="42").reason == "PERMISSION_MISSING"

    def test_an_answer_that_cannot_be_had_is_no_permission(self, shop: Shop, backend: TrustedBackend) -> None:
        token = backend.token()
        shop.call("Me", token)
        backend.script.on(
            "CheckPermission", lambda request, context: context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "slow")
        )
        refusal = shop.refusal("View", token, service="42")
        assert refusal.code is grpc.StatusCode.UNAVAILABLE
        assert refusal.retry_after is not None


class TestMemory:
    def test_a_caller_is_asked_for_once(self, shop: Shop, backend: TrustedBackend) -> None:
        backend.permissions = {"user:ann": ["order.read"], "api_key:k": ["order.read"]}
        for credential in (backend.token(), "fbk_key"):
            for _ in range(5):
                shop.call("Get", credential)
        assert backend.asked("VerifyCredential") == 2

    def test_a_token_that_was_issued_since_is_taken_on_its_signature(self, shop: Shop, backend: TrustedBackend) -> None:
        def was_local() -> bool:
            before = backend.asked("VerifyCredential")
            shop.call("Me", backend.token())
            return backend.asked("VerifyCredential") == before

        until(was_local)
        backend.permissions = {"user:ann": ["order.read"]}
        shop.call("Get", backend.token())

    def test_an_older_token_is_asked_for_since_it_may_have_been_revoked_before_anybody_listened(
        self, shop: Shop, backend: TrustedBackend
    ) -> None:
        token = backend.token(iat=int(time.time()) - 60)
        backend.invalid["s-1"] = "SESSION_ENDED"
        assert shop.refusal("Me", token).reason == "SESSION_ENDED"

    def test_somebody_who_tries_the_same_again_and_again_does_not_reach_the_backend_each_time(
        self, shop: Shop, backend: TrustedBackend
    ) -> None:
        for _ in range(20):
            assert shop.refusal("Get", "fbk").reason == "CREDENTIAL_INVALID"
        assert backend.asked("VerifyCredential") < 20


class TestRevocation:
    @pytest.mark.parametrize(
        ("kind", "id_"),
        [
            (credential_pb2.REVOKED_KIND_SESSION, "s-1"),
            (credential_pb2.REVOKED_KIND_SUBJECT, "ann"),
            (credential_pb2.REVOKED_KIND_TENANT, "any"),
            (credential_pb2.REVOKED_KIND_UNSPECIFIED, "any"),
        ],
    )
    def test_a_revoked_token_is_refused_when_the_news_comes(
        self, shop: Shop, backend: TrustedBackend, kind: credential_pb2.RevokedKind.ValueType, id_: str
    ) -> None:
        backend.permissions = {"user:ann": ["order.read"]}
        token = backend.token()
        shop.call("Get", token)
        backend.invalid["user:ann"] = "CREDENTIAL_REVOKED"
        shop.call("Get", token)
        backend.revoke(kind, id_)
        until(refuses(shop, "Get", token))
        assert shop.refusal("Get", token).reason == "CREDENTIAL_REVOKED"

    def test_a_revoked_key_is_refused_and_another_one_is_not(self, shop: Shop, backend: TrustedBackend) -> None:
        backend.permissions = {"api_key:k": ["order.read"]}
        shop.call("Get", "fbk_one")
        shop.call("Get", "fbk_two")
        backend.invalid["fbk_one"] = "CREDENTIAL_REVOKED"
        backend.revoke(credential_pb2.REVOKED_KIND_API_KEY, "fbk_one")
        until(refuses(shop, "Get", "fbk_one"))
        shop.call("Get", "fbk_two")
        assert backend.asked("VerifyCredential") == 3

    def test_a_role_that_lost_a_permission_takes_it_from_everybody(self, shop: Shop, backend: TrustedBackend) -> None:
        backend.permissions = {"user:ann": ["order.read"]}
        token = backend.token()
        shop.call("Get", token)
        backend.permissions = {}
        backend.revoke(credential_pb2.REVOKED_KIND_ROLE, "r-1")
        until(refuses(shop, "Get", token))
        assert shop.refusal("Get", token).reason == "PERMISSION_MISSING"

    def test_the_news_is_taken_up_where_a_broken_stream_left_it(self, shop: Shop, backend: TrustedBackend) -> None:
        until(lambda: backend.asked("WatchRevocations") == 1)
        backend.revoke(credential_pb2.REVOKED_KIND_SESSION, "s-9")
        backend.hang_up()
        until(lambda: backend.asked("WatchRevocations") == 2)
        assert backend.script.received("WatchRevocations")[1].request.cursor == 2


class TestWithoutNews:
    def test_a_revoked_credential_is_refused_even_when_the_news_does_not_come_through(
        self, shop: Shop, backend: TrustedBackend
    ) -> None:
        backend.permissions = {"api_key:k": ["order.read"]}
        shop.call("Get", "fbk_key")
        backend.goes_silent = True
        backend.invalid["fbk_key"] = "CREDENTIAL_REVOKED"
        until(refuses(shop, "Get", "fbk_key"))
        assert shop.refusal("Get", "fbk_key").reason == "CREDENTIAL_REVOKED"

    def test_nobody_is_let_in_once_the_backend_cannot_be_asked_and_everybody_again_when_it_can(
        self, shop: Shop, backend: TrustedBackend
    ) -> None:
        backend.permissions = {"user:ann": ["order.read"]}
        token = backend.token()
        shop.call("Get", token)
        backend.is_away = True
        backend.hang_up()
        until(refuses(shop, "Get", token))
        refusal = shop.refusal("Get", token)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE")
        assert refusal.retry_after is not None
        assert shop.refusal("Me", backend.token()).code is grpc.StatusCode.UNAVAILABLE
        backend.is_away = False
        until(lambda: not refuses(shop, "Get", token)())


class TestDeclarations:
    def test_a_name_that_is_no_method_is_refused_at_once(self, backend_client: Client) -> None:
        with pytest.raises(ValueError, match="is not a method"):
            Protection(backend_client, permissions={"Get": "order.read"})

    def test_there_is_no_caller_outside_a_call(self) -> None:
        with pytest.raises(LookupError):
            current_caller()

    def test_silence_may_not_be_trusted_for_less_than_a_heartbeat(self) -> None:
        with pytest.raises(ValueError, match="longer than"):
            ProtectionSettings(heartbeat_seconds=1.0, trusted_silence_seconds=0.5)
