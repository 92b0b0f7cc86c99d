"""OpenTelemetry traces over OTLP, started in each worker after the fork."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from function_backend.observability.settings import TracingSettings

_LONGEST_STOP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Tracing:
    """Traces of this process: what spans are made with, and the share of calls that get one."""

    tracer: Tracer
    """Makes recording spans: whoever calls it has already decided to sample."""
    ratio: float
    """The share of calls to sample when the caller has not decided."""
    stop: Callable[[], None]
    """Sends what waits, for at most a few seconds, and ends the exporter."""

    @contextlib.contextmanager
    def job(self, kind: str, traceparent: str) -> Iterator[None]:
        """A span around a job when what asked for it was sampled; `traceparent` is the span that did."""
        parent = TraceContextTextMapPropagator().extract({"traceparent": traceparent}, Context())
        if not get_current_span(parent).get_span_context().trace_flags.sampled:
            yield
            return
        with self.tracer.start_as_current_span(f"job {kind}", parent, SpanKind.CONSUMER):
            yield


def start_tracing(settings: TracingSettings, *, worker: str) -> Tracing | None:
    """Starts exporting; None when no endpoint is set.

    The exporter holds a gRPC channel and threads, so this belongs after the fork. Sampling is decided by the caller
    before the SDK is touched: an unsampled span would cost 8 µs, a number drawn costs nothing.
    """
    endpoint = settings.resolved_endpoint()
    if not endpoint:
        return None
    # Loaded only when traces are on: the exporter takes 150 ms to import.
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import ALWAYS_ON  # noqa: PLC0415

    version = metadata.version("function-backend")
    resource = Resource.create(
        {
            "service.name": settings.service_name,
            "service.version": version,
            "service.instance.id": f"{socket.gethostname()}-{worker}-{os.getpid()}",
            "process.pid": os.getpid(),
        }
    )
    # Limits of the batch processor: 2,048 spans wait at most; when the receiver is away further ones are dropped.
    provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
    # Named in the settings or by the standard variable; the exporter reads headers and certificates from the others.
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))

    def stop() -> None:
        # The exporter goes on trying while the receiver is away; the end of the process does not wait for that.
        last = threading.Thread(target=provider.shutdown, name="traces", daemon=True)
        last.start()
        last.join(_LONGEST_STOP_SECONDS)

    return Tracing(provider.get_tracer("function_backend", version), settings.ratio, stop)
