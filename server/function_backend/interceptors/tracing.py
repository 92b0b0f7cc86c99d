"""A server span per sampled call, with the caller's trace as its parent."""

from __future__ import annotations

import random
import re
from typing import Protocol

import grpc
from opentelemetry import context as otel_context
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    TraceState,
    set_span_in_context,
)

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Method
from function_backend.interceptors.stage import Hook, Stage

TRACEPARENT = "traceparent"
TRACESTATE = "tracestate"
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 0x01
# The statuses that are the server's failure, as the semantic conventions for server spans list them.
_FAILED = frozenset({"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"})


class Sampling(Protocol):
    """What makes spans, and how often."""

    @property
    def tracer(self) -> Tracer:
        """Makes a recording span whenever it is asked."""

    @property
    def ratio(self) -> float:
        """The share of calls to trace when the caller has not decided."""


class Tracing(Stage):
    """Decides whether to trace before the SDK is touched: an unsampled span costs 8 µs (docs/adr/0005-pipeline.md)."""

    def __init__(self, sampling: Sampling | None) -> None:
        self._sampling = sampling

    def entering(self, method: Method) -> Hook:
        """Takes the caller's trace over, and begins a span when the caller samples, or when the draw says so."""
        sampling = self._sampling
        tracer = None if sampling is None else sampling.tracer
        ratio = 0.0 if sampling is None else sampling.ratio
        draw = random.Random().random  # noqa: S311 - a sample
        name = method.path.removeprefix("/")
        attributes = {"rpc.system": "grpc", "rpc.service": method.service, "rpc.method": method.name}

        def enter(exchange: Exchange) -> None:
            header = exchange.metadata.get(TRACEPARENT)
            parent = None
            if header is not None:
                parent = _parent(header, exchange.metadata.get(TRACESTATE))
            if parent is not None:
                exchange.trace_id = f"{parent.trace_id:032x}"
                if not parent.trace_flags.sampled:
                    return
            elif draw() >= ratio:
                return
            if tracer is not None:
                _begin(exchange, tracer, name, attributes, parent)

        return enter

    def leaving(self, method: Method) -> Hook | None:  # noqa: ARG002
        """Ends the span with the status of the call."""
        return None if self._sampling is None else _end


def _begin(
    exchange: Exchange, tracer: Tracer, name: str, attributes: dict[str, str], parent: SpanContext | None
) -> None:
    around = otel_context.Context() if parent is None else set_span_in_context(NonRecordingSpan(parent))
    span = tracer.start_span(name, around, SpanKind.SERVER, {**attributes, "client.address": exchange.context.peer()})
    exchange.trace_id = f"{span.get_span_context().trace_id:032x}"
    exchange.span = span
    # Never detached: gRPC runs every call in a context of its own, which ends with it.
    otel_context.attach(set_span_in_context(span, around))


def _end(exchange: Exchange) -> None:
    span: Span | None = exchange.span
    if span is None:
        return
    span.set_attribute("rpc.grpc.status_code", grpc.StatusCode[exchange.code].value[0])
    span.set_attribute("function_backend.request_id", exchange.request_id)
    if exchange.reason:
        span.set_attribute("error.type", exchange.reason)
    if exchange.code in _FAILED:
        span.set_status(Status(StatusCode.ERROR, exchange.message))
    span.end()


def _parent(traceparent: str | bytes, tracestate: str | bytes | None) -> SpanContext | None:
    """The caller's span, as W3C Trace Context writes it; None when the header is not valid."""
    fields = _TRACEPARENT.fullmatch(traceparent) if isinstance(traceparent, str) else None
    if fields is None:
        return None
    version, trace_id, span_id, flags, rest = fields.groups()
    if version == "ff" or (version == "00" and rest):
        return None
    parent = SpanContext(
        trace_id=int(trace_id, 16),
        span_id=int(span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(int(flags, 16) & _SAMPLED),
        trace_state=TraceState.from_header([tracestate]) if isinstance(tracestate, str) else None,
    )
    return parent if parent.is_valid else None
