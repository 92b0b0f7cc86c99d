"""Refuses calls that cannot be answered in time, and tells the others until when their answer is worth something."""

from __future__ import annotations

import time
from datetime import timedelta

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Method
from function_backend.interceptors.stage import Hook, Stage
from function_backend.kernel.errors import DeadlineError

_FOREVER = 10 * 365 * 86_400.0
"""gRPC says 'no deadline' with a time that lies centuries ahead."""


class Deadline(Stage):
    """Sets the call's deadline, and has streams watched: their end must be known though no statement runs."""

    def __init__(self, *, minimum: timedelta, default: timedelta) -> None:
        self._minimum = minimum.total_seconds()
        self._default = default.total_seconds()

    def entering(self, method: Method) -> Hook:
        """Refuses with DEADLINE_TOO_SHORT when less than the minimum is left.

        A unary call without a deadline gets the default; a stream without one may go on for as long as it is read.
        """
        minimum = self._minimum
        streams = method.request_streaming or method.response_streaming
        default = None if streams else self._default
        monotonic = time.monotonic

        def enter(exchange: Exchange) -> None:
            left = exchange.context.time_remaining()
            remaining = left if left < _FOREVER else default
            if remaining is not None:
                if remaining < minimum:
                    milliseconds = max(0, int(remaining * 1000))
                    raise DeadlineError(
                        f"{milliseconds} ms are left, which is too little to answer.",
                        metadata={"remaining_ms": str(milliseconds)},
                    )
                exchange.deadline = monotonic() + remaining
            if streams:
                exchange.watch()

        return enter
