"""Limits how many calls per second a caller makes."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

from function_backend.cache.rate_limit import RateLimiter
from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.forwarding import network_of
from function_backend.interceptors.method import Method
from function_backend.interceptors.stage import Hook, Stage
from function_backend.kernel.errors import LimitExceededError


class RateLimitedError(LimitExceededError):
    """The caller has used up its rate."""

    reason = "RATE_LIMITED"

    def __init__(self, limit: int, retry_after: timedelta, *, counted_by: str = "key") -> None:
        super().__init__(
            f"More than {limit} calls per second for this {counted_by}.",
            metadata={"limit_per_second": str(limit)},
            retry_after=retry_after,
        )


class RateLimit(Stage):
    """Takes a token for each call from the bucket of its principal, or of its address when it has no credential."""

    def __init__(
        self, limiter: RateLimiter, *, default_per_second: int, anonymous_per_second: int, burst: timedelta
    ) -> None:
        self._limiter = limiter
        self._default = default_per_second
        self._anonymous = anonymous_per_second
        self._burst = burst.total_seconds()

    def entering(self, method: Method) -> Hook:
        """Refuses with RATE_LIMITED when the bucket is empty."""
        if method.anonymous:
            return self._limit_address
        take, default, burst = self._limiter.take, self._default, self._burst

        def enter(exchange: Exchange) -> None:
            principal = exchange.principal
            if principal is None:
                return  # Authorisation has refused it already.
            rate = principal.rate_limit_per_second or default
            wait = take(principal.credential_id or principal.id, rate=rate, burst=max(1.0, rate * burst))
            if wait > 0:
                raise RateLimitedError(rate, timedelta(seconds=wait))

        return enter

    def _limit_address(self, exchange: Exchange) -> None:
        """Strangers share the bucket of their network; those whose address is not known share one."""
        network = network_of(exchange.client_address())
        key = UUID(bytes=hashlib.blake2b(network.encode(), digest_size=16, person=b"anonymous rate").digest())
        rate = self._anonymous
        wait = self._limiter.take(key, rate=rate, burst=max(1.0, rate * self._burst))
        if wait > 0:
            raise RateLimitedError(rate, timedelta(seconds=wait), counted_by="address")
