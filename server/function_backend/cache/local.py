"""A bounded cache in the process: time to live, least recently used out first, one load for all who wait."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from function_backend.kernel.call import current_call
from function_backend.kernel.errors import CancelledError, DeadlineError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LocalCache(Generic[K, V]):
    """Keeps up to `size` values for `ttl` seconds each.

    A hit takes no lock. What is dropped while it is being loaded is handed to those who wait and not kept, so that a
    change that happens during a load is not hidden by it.
    """

    def __init__(self, *, size: int, ttl: float, clock: Callable[[], float] = time.monotonic) -> None:
        if size < 1 or ttl <= 0:
            raise ValueError("a cache needs a size and a time to live above 0")
        self.hits = 0
        self.misses = 0
        self.evictions = 0
        self._size = size
        self._ttl = ttl
        self._clock = clock
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._loads: dict[K, _Load[V]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: K) -> bool:
        """Whether something is kept under the key, fresh or not; it counts neither as a hit nor as a miss."""
        return key in self._entries

    def get(self, key: K) -> V | None:
        """The value; None when it is not there or too old."""
        entry = self._entries.get(key)
        if entry is None or entry[0] <= self._clock():
            self.misses += 1
            return None
        # Not contextlib.suppress, which costs a hit half as much again.
        try:  # noqa: SIM105
            self._entries.move_to_end(key)
        except KeyError:  # Dropped since: it was good when it was asked for.
            pass
        self.hits += 1
        return entry[1]

    def put(self, key: K, value: V, *, ttl: float | None = None) -> None:
        """Keeps the value, for less than the cache's time to live when `ttl` says so."""
        with self._lock:
            self._put(key, value, ttl)

    def get_or_load(self, key: K, load: Callable[[], V]) -> V:
        """The value, loaded when it is not there. Callers that come meanwhile wait for the same load and its error.

        They do not share its fate when the caller that loads leaves or runs out of time: then they load for themselves.
        """
        # As in get: a call of its own would cost a hit as much again.
        entry = self._entries.get(key)
        if entry is not None and entry[0] > self._clock():
            with contextlib.suppress(KeyError):
                self._entries.move_to_end(key)
            self.hits += 1
            return entry[1]
        self.misses += 1
        with self._lock:
            running = self._loads.get(key)
            mine = running is None
            if running is None:
                running = self._loads[key] = _Load()
        if mine:
            return self._finish(key, running, load)
        try:
            return running.result()
        except (CancelledError, DeadlineError):
            call = current_call.get()
            if call is not None and (call.ended or (call.remaining() or 1) <= 0):
                raise
            return load()

    def drop(self, key: K) -> None:
        """Forgets the value, and whatever a running load will bring."""
        with self._lock:
            self._entries.pop(key, None)
            self._loads.pop(key, None)

    def clear(self) -> None:
        """Forgets everything, and whatever running loads will bring."""
        with self._lock:
            self._entries.clear()
            self._loads.clear()

    def _finish(self, key: K, running: _Load[V], load: Callable[[], V]) -> V:
        try:
            value = load()
        except BaseException as error:
            self._end(key, running)
            running.fail(error)
            raise
        with self._lock:
            if self._loads.get(key) is running:
                del self._loads[key]
                self._put(key, value, None)
        running.succeed(value)
        return value

    def _end(self, key: K, running: _Load[V]) -> None:
        with self._lock:
            if self._loads.get(key) is running:
                del self._loads[key]

    def _put(self, key: K, value: V, ttl: float | None) -> None:
        lasts = self._ttl if ttl is None else min(ttl, self._ttl)
        self._entries[key] = (self._clock() + lasts, value)
        self._entries.move_to_end(key)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)
            self.evictions += 1


class _Load(Generic[V]):
    """One load that several callers wait for."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._value: V | None = None
        self._error: BaseException | None = None

    def succeed(self, value: V) -> None:
        self._value = value
        self._done.set()

    def fail(self, error: BaseException) -> None:
        self._error = error
        self._done.set()

    def result(self) -> V:
        call = current_call.get()
        if not self._done.wait(None if call is None else call.remaining()):
            raise DeadlineError("The time ran out while waiting for a value.", metadata={"remaining_ms": "0"})
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value] # set before the event is
