"""Calls from the HTTP port to the workers of the same service, over a socket that nobody else can reach."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import grpc

from function_backend.runtime.status_file import StatusFile

_SERVING = "serving"
_NOT_SENT = "failed to connect"
_OPTIONS = [
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.enable_http_proxy", 0),
]


def local_socket(folder: Path, pid: int) -> str:
    """Where the worker with this process id listens; the folder is the service's own."""
    return f"unix:{folder / f'worker-{pid}.sock'}"


def own_socket(folder: Path) -> str:
    """Where this process listens when it is a worker."""
    return local_socket(folder, os.getpid())


def serving_sockets(folder: Path, status: StatusFile) -> Callable[[], Sequence[str]]:
    """A function that tells where the workers listen that serve at the moment."""
    return lambda: [local_socket(folder, worker.pid) for worker in status.read() if worker.state == _SERVING]


class NoWorkerError(Exception):
    """No worker serves at the moment."""


class Workers:
    """Takes turns with the workers that serve."""

    def __init__(self, sockets: Callable[[], Sequence[str]]) -> None:
        self._sockets = sockets
        self._channels: dict[str, grpc.Channel] = {}
        self._turn = itertools.count()
        self._lock = threading.Lock()

    def call(
        self, path: str, request: bytes, metadata: Sequence[tuple[str, str | bytes]], *, timeout: float
    ) -> tuple[bytes, dict[str, str | bytes]]:
        """The answer and what came with it. Raises NoWorkerError, and grpc.RpcError when the call fails.

        A worker that cannot be reached at all has done nothing, so the next one is asked.
        """
        channels = self._serving()
        for number, channel in enumerate(channels, start=1):
            unary: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(path)
            try:
                answer, call = unary.with_call(request, timeout, tuple(metadata))
            except grpc.RpcError as error:
                if number == len(channels) or not _never_sent(error):
                    raise
            else:
                return answer, dict(call.trailing_metadata() or ())
        raise NoWorkerError

    def close(self) -> None:
        """Ends all connections."""
        with self._lock:
            for channel in self._channels.values():
                channel.close()
            self._channels.clear()

    def _serving(self) -> list[grpc.Channel]:
        """The channels to those that serve, beginning with whose turn it is."""
        sockets = list(self._sockets())
        with self._lock:
            for gone in self._channels.keys() - set(sockets):
                self._channels.pop(gone).close()
            for socket in sockets:
                if socket not in self._channels:
                    self._channels[socket] = grpc.insecure_channel(socket, options=_OPTIONS)
            if not sockets:
                return []
            first = next(self._turn) % len(sockets)
            return [self._channels[socket] for socket in sockets[first:] + sockets[:first]]


def _never_sent(error: Any) -> bool:  # noqa: ANN401 - an RpcError that is also a Call, which no type says
    return error.code() is grpc.StatusCode.UNAVAILABLE and _NOT_SENT in (error.details() or "").lower()
