"""The connection to Redis or Valkey, when one is configured."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import redis

_SCHEMES = ("redis://", "rediss://", "unix://")
_CONNECTIONS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheSettings:
    """Where state is that all hosts share. Without it each host keeps its own."""

    url: str | None = field(default=None, repr=False)
    """Of a Redis or Valkey, such as `redis://cache.internal:6379/0`; it may carry a password."""
    timeout: timedelta = timedelta(milliseconds=50)
    """How long a call waits for an answer before it goes on without."""
    key_prefix: str = "function-backend"
    """What the name of every key begins with."""

    def __post_init__(self) -> None:
        if self.url is not None and not self.url.startswith(_SCHEMES):
            raise ValueError("url must begin with redis://, rediss:// or unix://")
        if self.timeout <= timedelta():
            raise ValueError("timeout must be more than 0")


def connect(settings: CacheSettings) -> redis.Redis | None:
    """A client that gives up quickly; None when no URL is set. Nothing is sent yet, so it may be made before the fork.

    redis-py retries for 3.6 seconds by default, and raises when more than 100 connections are needed; a call that waits
    for a rate limit can afford neither.
    """
    if settings.url is None:
        return None
    # Takes 50 ms to load, which a server without Redis need not wait for.
    import redis  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    seconds = settings.timeout.total_seconds()
    pool = redis.BlockingConnectionPool.from_url(
        settings.url,
        max_connections=_CONNECTIONS,
        timeout=seconds,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        retry=Retry(NoBackoff(), 0),
    )
    return redis.Redis(connection_pool=pool)
