"""The stream of a call that stays open after its handler has returned."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc

from function_backend.interceptors.exchange import Exchange


class OpenCall:
    """`kernel.stream.OpenStream` over gRPC: what ends the call runs once, whoever is first."""

    def __init__(
        self,
        exchange: Exchange,
        send: Callable[[Any], None],
        *,
        refuse: Callable[[Exchange, BaseException], None],
        close: Callable[[Exchange], None],
    ) -> None:
        """`send` is gRPC's; `refuse` writes a failure down in the exchange, `close` runs what runs after a call."""
        self._exchange = exchange
        self._send = send
        self._refuse = refuse
        self._close = close
        self._told: list[Callable[[], None]] = []
        self._over = False
        self._lock = threading.Lock()

    def open(self) -> bool:
        """Begins to listen for the caller's leaving; False when it has left already."""
        if self._exchange.context.add_callback(self._left):
            return True
        self._left()
        return False

    def send(self, message: bytes) -> None:
        """See OpenStream."""
        if not self._over:
            self._exchange.response_bytes += len(message)
            self._send(message)

    def end(self, failure: BaseException | None = None) -> None:
        """See OpenStream."""
        if not self._begin_to_end():
            return
        exchange = self._exchange
        if failure is not None:
            self._refuse(exchange, failure)
        self._finish()
        if exchange.code != "OK":
            exchange.context.set_code(grpc.StatusCode[exchange.code])
            exchange.context.set_details(exchange.message)
        self._send(None)

    def cancel(self) -> None:
        """See OpenStream."""
        self._exchange.context.cancel()

    def on_end(self, told: Callable[[], None]) -> None:
        """See OpenStream."""
        with self._lock:
            if not self._over:
                self._told.append(told)
                return
        told()

    def _left(self) -> None:
        if self._begin_to_end():
            self._exchange.ended = True
            self._refuse(self._exchange, GeneratorExit())
            self._finish()

    def _begin_to_end(self) -> bool:
        with self._lock:
            first, self._over = not self._over, True
        return first

    def _finish(self) -> None:
        for told in self._told:
            told()
        self._told.clear()
        self._close(self._exchange)
