"""One line per call: who called what, how it ended and how long it took. Never a payload, never a secret."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Method
from function_backend.interceptors.stage import Hook, Stage
from function_backend.kernel.identity import Principal

_OURS = frozenset({"INTERNAL", "UNKNOWN", "DATA_LOSS"})
_STRAINED = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"})
_MOST_WAITING = 50_000
_MOST_NAMES = 10_000

_Note = tuple[float, str, str, float, str, Principal | None, str, int, int, str, str]


class EventLog(Protocol):
    """Takes lines without making the call wait for the disk."""

    def event(
        self, message: str, fields: Mapping[str, object], *, level: int = ..., moment: datetime | None = None
    ) -> None:
        """Writes one line with its fields, of this moment or of the one given."""


class AccessLog(Stage):
    """Writes the line when the call is over; at `info`, or higher when the failure is the server's.

    A call only leaves a note, for 1 µs; `flush` writes the lines of many at once, which costs a quarter of writing each
    in its call (docs/adr/0005-pipeline.md). While nobody flushes, notes beyond the newest 50,000 are given up.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._notes: deque[_Note] = deque(maxlen=_MOST_WAITING)
        self._flushing = threading.Lock()
        self._names: dict[UUID, tuple[str, str]] = {}

    def leaving(self, method: Method) -> Hook:
        """Leaves the note."""
        note, path, now, monotonic = self._notes.append, method.path, time.time, time.monotonic

        def leave(exchange: Exchange) -> None:
            note(
                (
                    now(),
                    path,
                    exchange.code,
                    monotonic() - exchange.started,
                    exchange.request_id,
                    exchange.principal,
                    exchange.peer(),
                    exchange.request_bytes,
                    exchange.response_bytes,
                    exchange.trace_id,
                    exchange.reason,
                )
            )

        return leave

    def flush(self) -> None:
        """Writes the lines of all calls that have ended; when it returns they are written, whoever wrote them."""
        notes = self._notes
        with self._flushing:
            while notes:
                self._write(notes.popleft())

    def _write(self, note: _Note) -> None:
        ended, path, code, seconds, request_id, principal, peer, request_bytes, response_bytes, trace_id, reason = note
        fields: dict[str, object] = {
            "method": path,
            "code": code,
            "duration_ms": round(seconds * 1000, 3),
            "request_id": request_id,
            "peer": peer,
            "request_bytes": request_bytes,
            "response_bytes": response_bytes,
        }
        if principal is not None:
            fields["tenant"], fields["actor"] = self._names.get(principal.id) or self._name(principal)
        if trace_id:
            fields["trace_id"] = trace_id
        if reason:
            fields["reason"] = reason
        self._log.event("call", fields, level=_level(code), moment=datetime.fromtimestamp(ended, UTC))

    def _name(self, principal: Principal) -> tuple[str, str]:
        """Tenant and actor as text, remembered: writing two UUIDs costs as much as the rest of the line."""
        if len(self._names) >= _MOST_NAMES:
            self._names.clear()
        names = self._names[principal.id] = (str(principal.tenant_id), principal.actor)
        return names


def _level(code: str) -> int:
    if code in _OURS:
        return logging.ERROR
    return logging.WARNING if code in _STRAINED else logging.INFO
