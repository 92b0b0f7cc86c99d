"""The echo service behind the whole pipeline, in a real gRPC server, reached over a real channel."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import orjson
from google.rpc import error_details_pb2, status_pb2
from prometheus_client import CollectorRegistry

from function_backend.cache.rate_limit import HostBuckets, RateLimiter
from function_backend.interceptors.authentication import Authentication
from function_backend.interceptors.chain import server_chain
from function_backend.interceptors.idempotency import Edge, Idempotency
from function_backend.interceptors.outlook import Outlook
from function_backend.interceptors.pipeline import method_handlers
from function_backend.interceptors.settings import PipelineSettings
from function_backend.interceptors.tracing import Sampling
from function_backend.interceptors.validation import Validation
from function_backend.kernel.call import Call
from function_backend.kernel.clock import SystemClock
from function_backend.kernel.errors import UnauthenticatedError
from function_backend.kernel.identity import Principal
from function_backend.observability.logs import Log
from function_backend.observability.settings import LogSettings
from function_backend.persistence.idempotency import StoredAnswers
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.runtime.pool import CallPool
from tests.factories.auth import a_principal
from tests.interceptors.echo_contract import SERVICE, EchoResponse, NestedResponse

Behaviour = Callable[[Any, Call], Any]
Metadata = Sequence[tuple[str, str | bytes]]
KEY = "fbk_test_everything"


class UnknownKeyError(UnauthenticatedError):
    """No such key here."""

    reason = "CREDENTIAL_INVALID"

    def __init__(self) -> None:
        super().__init__("The API key is not valid.")


class KnownKeys:
    """Knows the keys it was given."""

    def __init__(self) -> None:
        self.principals: dict[str, Principal] = {KEY: a_principal()}

    def authenticate(self, credential: str) -> Principal:
        if credential not in self.principals:
            raise UnknownKeyError
        return self.principals[credential]

    def authenticate_certificate(self, certificate: bytes) -> Principal:
        raise UnknownKeyError


class NoDatabase:
    """For servers that are asked for nothing that needs one."""

    def edge(self) -> contextlib.AbstractContextManager[UnitOfWork]:
        raise AssertionError("this test has no database")


class Echo:
    """A servicer whose methods do what a test puts into them; without that they echo."""

    def __init__(self) -> None:
        self.read: Behaviour = lambda request, call: EchoResponse(text=request.text)
        self.write: Behaviour = lambda request, call: EchoResponse(text=request.text)
        self.make_secret: Behaviour = lambda request, call: NestedResponse()
        self.watch: Behaviour = lambda request, call: iter([EchoResponse(text=request.text)] * 3)
        self.collect: Behaviour = _collect
        self.chat: Behaviour = _chat

    def Read(self, request: Any, call: Call) -> Any:  # noqa: ANN401, N802
        return self.read(request, call)

    def Write(self, request: Any, call: Call) -> Any:  # noqa: ANN401, N802
        return self.write(request, call)

    def MakeSecret(self, request: Any, call: Call) -> Any:  # noqa: ANN401, N802
        return self.make_secret(request, call)

    def Watch(self, request: Any, call: Call) -> Any:  # noqa: ANN401, N802
        return self.watch(request, call)

    def Collect(self, requests: Iterable[Any], call: Call) -> Any:  # noqa: ANN401, N802
        return self.collect(requests, call)

    def Chat(self, requests: Iterable[Any], call: Call) -> Any:  # noqa: ANN401, N802
        return self.chat(requests, call)


def _collect(requests: Iterable[Any], call: Call) -> Any:  # noqa: ANN401
    return EchoResponse(text=",".join(request.text for request in requests))


def _chat(requests: Iterable[Any], call: Call) -> Iterator[Any]:
    for request in requests:
        yield EchoResponse(text=request.text)


@dataclass(frozen=True, slots=True)
class Served:
    """The running service."""

    channel: grpc.Channel
    keys: KnownKeys
    registry: CollectorRegistry
    outlook: Outlook
    log_file: Path
    pool: CallPool
    servicer: object

    def call(self, name: str, request: Any, **how: Any) -> Outcome:  # noqa: ANN401
        """The outcome of a call to a method with one response."""
        how.setdefault("metadata", bearer())
        how.setdefault("timeout", 10)
        stub: Any = self.channel.unary_unary(f"/{SERVICE}/{name}")
        wire = request if isinstance(request, bytes) else request.SerializeToString()
        try:
            answer, done = stub.with_call(wire, **how)
        except grpc.RpcError as error:
            return Outcome.of(error)
        return Outcome.of(done, answer)

    def begin(self, name: str, request: Any = b"", *, timeout: float | None = 60) -> Any:  # noqa: ANN401
        """A running call to a method with one request and one response."""
        stub: Any = self.channel.unary_unary(f"/{SERVICE}/{name}")
        wire = request if isinstance(request, bytes) else request.SerializeToString()
        return stub.future(wire, metadata=bearer(), timeout=timeout)

    def stream(
        self,
        name: str,
        requests: Iterable[Any] = (b"",),
        *,
        timeout: float | None = 60,
        metadata: Metadata | None = None,
    ) -> Any:  # noqa: ANN401
        """A running call to a method of any shape, as a stream of responses."""
        stub: Any = self.channel.stream_stream(f"/{SERVICE}/{name}")
        wires = (each if isinstance(each, bytes) else each.SerializeToString() for each in requests)
        return stub(wires, metadata=bearer() if metadata is None else metadata, timeout=timeout)

    def lines(self) -> list[dict[str, Any]]:
        """The access log so far, complete for calls whose status has arrived."""
        eventually(lambda: self.pool.unfinished == 0)
        self.outlook.flush()
        return [orjson.loads(line) for line in self.log_file.read_bytes().splitlines()]

    def metric(self, name: str, **labels: str) -> float:
        """The value of a metric of this server; 0 when there is none yet."""
        eventually(lambda: self.pool.unfinished == 0)
        self.outlook.flush()
        return self.registry.get_sample_value(f"function_backend_rpc_{name}", labels) or 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended, with its details unpacked."""

    code: grpc.StatusCode
    message: str
    answer: Any
    trailing: dict[str, str | bytes]
    details: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, done: Any, answer: bytes | None = None) -> Outcome:  # noqa: ANN401
        trailing = dict(done.trailing_metadata() or ())
        details: dict[str, Any] = {}
        if "grpc-status-details-bin" in trailing:
            status = status_pb2.Status.FromString(trailing["grpc-status-details-bin"])
            assert (status.code, status.message) == (done.code().value[0], done.details())
            for packed in status.details:
                detail = getattr(error_details_pb2, packed.type_url.rpartition(".")[2])()
                assert packed.Unpack(detail)
                details[type(detail).__name__] = detail
        text = None if answer is None else EchoResponse.FromString(answer).text
        return cls(done.code(), done.details(), text, trailing, details)

    @property
    def reason(self) -> str:
        return str(self.details["ErrorInfo"].reason)

    @property
    def fields(self) -> list[str]:
        return [violation.field for violation in self.details["BadRequest"].field_violations]


def bearer(key: str = KEY, **more: str) -> tuple[tuple[str, str], ...]:
    """The metadata of a call with the key; underscores stand for hyphens."""
    return ("authorization", f"Bearer {key}"), *((name.replace("_", "-"), value) for name, value in more.items())


def eventually(condition: Callable[[], object], *, seconds: float = 60.0) -> None:
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, "did not happen"
        time.sleep(0.005)


@contextlib.contextmanager
def serve(
    folder: Path,
    servicer: object,
    *,
    settings: PipelineSettings | None = None,
    transactions: Edge | None = None,
    limiter: RateLimiter | None = None,
    sampling: Sampling | None = None,
    threads: int = 4,
    **changed: Any,  # noqa: ANN401
) -> Iterator[Served]:
    """Serves the servicer until the block is left."""
    log_file = folder / "log"
    descriptor = os.open(log_file, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    log = Log(LogSettings(format="json"), descriptor=descriptor)
    registry, keys, pool = CollectorRegistry(), KnownKeys(), CallPool(threads, name="call")
    outlook = Outlook(log=log, registry=registry, sampling=sampling, period=timedelta(milliseconds=50))
    chain = server_chain(
        settings or PipelineSettings(),
        authentication=Authentication(keys),
        clock=SystemClock(),
        idempotency=Idempotency(transactions or NoDatabase(), StoredAnswers(SystemClock())),
        validation=Validation(),
        limiter=limiter or HostBuckets(),
        outlook=outlook,
        threads_of=lambda _: pool,
    )
    server = grpc.server(pool)
    for service, handlers in method_handlers({SERVICE: servicer}, replace(chain, **changed)).items():
        server.add_registered_method_handlers(service, handlers)
    port = server.add_insecure_port("127.0.0.1:0")
    outlook.start()
    server.start()
    try:
        own_connection = ("grpc.use_local_subchannel_pool", 1)
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=[own_connection]) as channel:
            yield Served(channel, keys, registry, outlook, log_file, pool, servicer)
    finally:
        server.stop(None).wait()
        outlook.stop()
        pool.shutdown(wait=True)
        os.close(descriptor)
