"""The reference for idle streams: a grpcio server that answers each with one message, keeps it, and does nothing else.

    python -m bench.bare_streams

Prints its port and serves until its input ends. What its streams take is what grpcio takes for any stream that keeps
no thread: nothing of the service is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

_ADDRESS = "127.0.0.1:0"
_MOST_STREAMS = 1_000
# An empty message of any type.
_MESSAGE = b""


def _watch(_: bytes, context: grpc.ServicerContext, send: Callable[[bytes], None]) -> None:
    send(_MESSAGE)
    _kept.append((context, send))


_kept: list[Any] = []
# grpcio's own marks of a handler that returns before its stream ends.
_watch.experimental_non_blocking = True  # type: ignore[attr-defined]
_watch.experimental_thread_pool = None  # type: ignore[attr-defined]


class _Handlers(grpc.GenericRpcHandler):
    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:  # noqa: ANN401, ARG002  typed too narrowly
        return grpc.unary_stream_rpc_method_handler(_watch)


def main() -> None:
    """Serves until the input ends."""
    options = [("grpc.max_concurrent_streams", _MOST_STREAMS)]
    server = grpc.server(ThreadPoolExecutor(1), handlers=[_Handlers()], options=options)
    print(server.add_insecure_port(_ADDRESS), flush=True)
    server.start()
    sys.stdin.read()
    server.stop(None)


if __name__ == "__main__":
    main()
