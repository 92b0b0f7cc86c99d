"""The one place that turns a failure into a status with details."""

from __future__ import annotations

import logging

import grpc

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.status_details import StatusDetails, bounded
from function_backend.kernel.errors import CancelledError, DeadlineError, LimitExceededError, ServiceError, Status

_log = logging.getLogger(__name__)

DETAILS = "grpc-status-details-bin"
PUSHBACK = "grpc-retry-pushback-ms"
_INTERNAL_TEXT = "Internal error; quote the request id when you report it."
_CLOCK_SECONDS = 0.05
_MAY_PUSH_BACK = frozenset({Status.RESOURCE_EXHAUSTED, Status.UNAVAILABLE})


class InternalError(ServiceError):
    """A failure that is not the caller's; what it was is in the log only."""

    def __init__(self) -> None:
        super().__init__(_INTERNAL_TEXT)


class ResponseTooLargeError(LimitExceededError):
    """The answer is larger than a message may be."""

    reason = "RESPONSE_TOO_LARGE"

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"The answer has {size} bytes, more than the {limit} of a message; ask for fewer items at once.",
            metadata={"size": str(size), "limit": str(limit)},
        )


class Errors:
    """Writes down in the call what it failed with; every exception becomes a status, none becomes UNKNOWN."""

    def __init__(self, details: StatusDetails) -> None:
        self._details = details

    def refuse(self, exchange: Exchange, error: BaseException) -> None:
        """Sets code, reason, message and the trailing metadata that carries the details."""
        failure = self._failure(exchange, error)
        exchange.code = failure.status.name
        exchange.reason = failure.reason
        exchange.message = bounded(failure.message)
        exchange.trailing += ((DETAILS, self._details.write(failure, exchange.message, exchange.request_id)),)
        if failure.retry_after is not None and failure.status in _MAY_PUSH_BACK:
            exchange.trailing += ((PUSHBACK, str(int(failure.retry_after.total_seconds() * 1000))),)

    def _failure(self, exchange: Exchange, error: BaseException) -> ServiceError:
        if isinstance(error, ServiceError):
            if error.status is Status.INTERNAL:
                _report(exchange, error)
            return error
        # gRPC raises a plain RpcError where the caller has left; those of outgoing calls are of other classes.
        if exchange.ended or type(error) in (grpc.RpcError, GeneratorExit):
            # What fails now fails because the caller is gone: an interrupted statement, a closed stream.
            _log.debug("call %s ended by its caller", exchange.request_id, exc_info=error)
            return departure(exchange)
        _report(exchange, error)
        return InternalError()


def departure(exchange: Exchange) -> ServiceError:
    """How a call ended that its caller waits for no longer: its time ran out, or it was cancelled."""
    remaining = exchange.remaining()
    # The caller's clock ends the call a little before ours would.
    if remaining is not None and remaining <= _CLOCK_SECONDS:
        return DeadlineError("The time ran out while the call was running.", metadata={"remaining_ms": "0"})
    return CancelledError("The caller cancelled the call.")


def _report(exchange: Exchange, error: BaseException) -> None:
    _log.error(
        "unexpected %s in %s",
        type(error).__qualname__,
        exchange.method,
        exc_info=error,
        extra={"request_id": exchange.request_id},
    )
