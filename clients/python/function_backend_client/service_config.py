"""The gRPC service config: which method is retried when, as the contract declares it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from function_backend_client.plans import MethodPlan


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how fast calls are repeated that may be repeated.

    A server that says when to come back (`grpc-retry-pushback-ms`) is obeyed; the back-off here is for those that
    cannot speak any more. Each wait is a random share of the back-off, so that callers do not come back all at once.
    """

    attempts: int = 4
    """All attempts together; 1 means no retries. gRPC caps it at 5."""
    first_backoff: timedelta = timedelta(milliseconds=100)
    longest_backoff: timedelta = timedelta(seconds=2)
    backoff_factor: float = 2.0
    throttle_tokens: int = 20
    """Failures in a row after which retries stop, so that a service in trouble is not kept there by its callers."""
    throttle_refill: float = 0.5
    """What one success gives back of them."""

    def __post_init__(self) -> None:
        if not 1 <= self.attempts <= 5:  # noqa: PLR2004  gRPC takes any larger number for 5, which would surprise.
            raise ValueError(f"attempts: {self.attempts} is not between 1 and 5")
        if self.first_backoff <= timedelta() or self.longest_backoff < self.first_backoff:
            raise ValueError("first_backoff must be positive and not longer than longest_backoff")


def service_config(plans: Iterable[MethodPlan], retries: Retries) -> str:
    """The config as JSON, for the channel option `grpc.service_config`."""
    # UNAVAILABLE: not reached, or nobody knows how far it came. RESOURCE_EXHAUSTED: refused before it began, and the
    # server says when to come back. ABORTED is left to the caller: only a caller can read again and decide anew.
    policy = {
        "maxAttempts": retries.attempts,
        "initialBackoff": _seconds(retries.first_backoff),
        "maxBackoff": _seconds(retries.longest_backoff),
        "backoffMultiplier": retries.backoff_factor,
        "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
    }
    repeatable = [{"service": plan.service, "method": plan.name} for plan in plans if plan.may_repeat]
    config: dict[str, object] = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [],
    }
    if retries.attempts > 1:
        config["methodConfig"] = [{"name": repeatable, "retryPolicy": policy}]
        config["retryThrottling"] = {"maxTokens": retries.throttle_tokens, "tokenRatio": retries.throttle_refill}
    return json.dumps(config, separators=(",", ":"))


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.3f}s"
