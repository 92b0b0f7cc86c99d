"""Spans for calls, with OpenTelemetry where it is installed (`function-backend-client[tracing]`)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import grpc

_MISSING = "tracing=True needs OpenTelemetry: install function-backend-client[tracing]"


def traced(channel: grpc.Channel) -> grpc.Channel:
    """The channel with a client span around each call and the W3C trace context in its metadata."""
    try:
        instrumentation: Any = import_module("opentelemetry.instrumentation.grpc")
        extension: Any = import_module("opentelemetry.instrumentation.grpc.grpcext")
    except ImportError as error:
        raise RuntimeError(_MISSING) from error
    wrapped: grpc.Channel = extension.intercept_channel(channel, instrumentation.client_interceptor())
    return wrapped


def traced_async() -> Sequence[Any]:
    """The same for channels of grpc.aio, as interceptors."""
    try:
        instrumentation: Any = import_module("opentelemetry.instrumentation.grpc")
    except ImportError as error:
        raise RuntimeError(_MISSING) from error
    return list(instrumentation.aio_client_interceptors())
