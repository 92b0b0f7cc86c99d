"""Token buckets: of one host in memory that its workers share, of all hosts in Redis when there is one, never off."""

from __future__ import annotations

import logging
import math
import mmap
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

if TYPE_CHECKING:
    import redis

_log = logging.getLogger(__name__)

_SLOTS = 1 << 16
_PROBES = 8
_WORD = 8
_FINGERPRINT = (1 << 64) - 1
_MOMENT = 1e-6  # Times of day leave room for so much rounding.


class RateLimiter(Protocol):
    """Decides whether a caller may make one more call."""

    def take(self, key: UUID, *, rate: float, burst: float) -> float:
        """Takes a token from the key's bucket of `burst`, refilled with `rate` per second.

        Returns 0 when there was one, otherwise the seconds until there will be.
        """


class HostBuckets:
    """The buckets of one host. Made before the fork, it counts for all workers together.

    Connections spread unevenly over workers: a rate divided by their number would give a caller with one connection
    only a part of its due. A bucket is one number, the time at which it will be full again (GCRA), in a table of fixed
    size with eight places per key; a place whose time has passed is free. Threads take turns. Two workers that take
    from one bucket in the same microsecond may count one call instead of two: a limit can bear that, and a lock
    between processes would cost every call more.
    """

    def __init__(self, *, slots: int = _SLOTS, clock: Callable[[], float] = time.monotonic) -> None:
        if slots < _PROBES:
            raise ValueError(f"at least {_PROBES} slots are needed")
        # Anonymous and shared: children of a fork write to the same pages.
        memory = memoryview(mmap.mmap(-1, 2 * _WORD * slots))
        self._owners = memory[: _WORD * slots].cast("Q")
        self._full_at = memory[_WORD * slots :].cast("d")
        self._slots = slots
        self._clock = clock
        self._lock = threading.Lock()

    def take(self, key: UUID, *, rate: float, burst: float) -> float:
        """See RateLimiter."""
        now = self._clock()
        # The random part of a UUIDv7; callers do not choose their ids.
        fingerprint = key.int & _FINGERPRINT
        with self._lock:
            place = fingerprint % self._slots
            if self._owners[place] != fingerprint:
                place = self._place(fingerprint, now)
            full_at = max(self._full_at[place], now) + 1 / rate
            wait = full_at - now - burst / rate
            if wait > _MOMENT:
                return wait
            self._full_at[place] = full_at
        return 0.0

    def _place(self, fingerprint: int, now: float) -> int:
        owners, first, free = self._owners, fingerprint % self._slots, -1
        for step in range(_PROBES):
            place = (first + step) % self._slots
            if owners[place] == fingerprint:
                return place
            if free < 0 and self._full_at[place] <= now:
                free = place
        if free < 0:
            # Eight busy neighbours: share with the first, which is stricter for both and never off.
            return first
        owners[free] = fingerprint
        return free


_LEASE = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local rate, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local room = math.floor((now - full_at) * rate + burst + 0.000001)
local granted = math.min(wanted, room)
if granted < 1 then
  return {0, tostring((full_at - now) + (1 - burst) / rate)}
end
full_at = full_at + granted / rate
redis.call('SET', KEYS[1], string.format('%.6f', full_at), 'PX', math.ceil((full_at - now) * 1000) + 1000)
return {granted, '0'}
"""
_LEASE_SECONDS = 0.1
_LEASE_LASTS = 1.0
_AWAY_SECONDS = 1.0
_MOST_LEASES = 10_000


@dataclass(slots=True)
class _Lease:
    """Tokens that this process has fetched and not spent."""

    tokens: int = 0
    ends_at: float = 0.0
    refused_until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class SharedBuckets:
    """The buckets of all hosts, in Redis.

    Asking Redis for every call would cost more than the call (100 µs). A process fetches what a caller may use up in a
    tenth of a second, spends it on its own, and remembers a refusal until it ends. While Redis is away each host counts
    for itself and gives half the rate.
    """

    def __init__(
        self,
        client: redis.Redis,
        fallback: RateLimiter,
        *,
        key_prefix: str,
        fallback_share: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # Loaded already when there is a client, and only then.
        from redis import RedisError  # noqa: PLC0415

        self._failures: tuple[type[Exception], ...] = (RedisError, OSError)
        self._lease = client.register_script(_LEASE)
        self._fallback = fallback
        self._fallback_share = fallback_share
        self._key_prefix = key_prefix
        self._clock = clock
        self._leases: dict[UUID, _Lease] = {}
        self._away_until = 0.0

    def take(self, key: UUID, *, rate: float, burst: float) -> float:
        """See RateLimiter."""
        now = self._clock()
        if now >= self._away_until:
            lease = self._leases.get(key) or self._new_lease(key)
            with lease.lock:
                if lease.tokens > 0 and now < lease.ends_at:
                    lease.tokens -= 1
                    return 0.0
                if now < lease.refused_until:
                    return lease.refused_until - now
                wait = self._renew(lease, key, rate, burst)
            if wait is not None:
                return wait
        share = self._fallback_share
        return self._fallback.take(key, rate=rate * share, burst=max(1.0, burst * share))

    def _renew(self, lease: _Lease, key: UUID, rate: float, burst: float) -> float | None:
        """Fetches tokens and spends one; the seconds to wait when there are none, None when Redis is away."""
        wanted = max(1, math.floor(min(rate * _LEASE_SECONDS, burst)))
        try:
            granted, wait = self._lease(keys=[f"{self._key_prefix}:rate:{key}"], args=[rate, burst, wanted])
        except self._failures as error:
            self._away_until = self._clock() + _AWAY_SECONDS
            _log.warning("Redis is away, so each host limits rates for itself: %s", type(error).__name__)
            return None
        now = self._clock()
        if granted < 1:
            lease.tokens = 0
            lease.refused_until = now + float(wait)
            return float(wait)
        lease.tokens = granted - 1
        lease.ends_at = now + _LEASE_LASTS
        return 0.0

    def _new_lease(self, key: UUID) -> _Lease:
        if len(self._leases) >= _MOST_LEASES:
            # What is forgotten was paid for: a little stricter, never more generous.
            self._leases.clear()
        return self._leases.setdefault(key, _Lease())
