"""One line per call: who called what, how it ended and how long it took. Never a payload, never a secret."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Protocol

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Method
from function_backend.interceptors.stage import Hook, Stage

_OURS = frozenset({"INTERNAL", "UNKNOWN", "DATA_LOSS"})
_STRAINED = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"})


class EventLog(Protocol):
    """Takes lines without making the call wait for the disk."""

    def event(self, message: str, fields: Mapping[str, object], *, level: int = ...) -> None:
        """Writes one line with its fields."""


class AccessLog(Stage):
    """Writes the line when the call is over; at `info`, or higher when the failure is the server's."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def leaving(self, method: Method) -> Hook:
        """Writes the line."""
        event, path, monotonic = self._log.event, method.path, time.monotonic

        def leave(exchange: Exchange) -> None:
            principal = exchange.principal
            fields = {
                "method": path,
                "code": exchange.code,
                "duration_ms": round((monotonic() - exchange.started) * 1000, 3),
                "request_id": exchange.request_id,
                "peer": exchange.context.peer(),
                "request_bytes": exchange.request_bytes,
                "response_bytes": exchange.response_bytes,
            }
            if principal is not None:
                fields["tenant"] = principal.tenant_id
                fields["actor_kind"] = principal.kind
                fields["actor"] = principal.id
            if exchange.trace_id:
                fields["trace_id"] = exchange.trace_id
            if exchange.reason:
                fields["reason"] = exchange.reason
            event("call", fields, level=_level(exchange.code))

        return leave


def _level(code: str) -> int:
    if code in _OURS:
        return logging.ERROR
    return logging.WARNING if code in _STRAINED else logging.INFO
