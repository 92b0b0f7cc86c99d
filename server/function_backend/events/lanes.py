"""Which lanes of which tenants are to be gone through next, and by which thread of this process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import NamedTuple
from uuid import UUID

_MOST_WAITING = 1_000


class TenantLane(NamedTuple):
    """One lane of a tenant."""

    tenant_id: UUID
    lane: int


class LaneQueue:
    """Lanes that wait; each is with one thread at a time, and comes again when it was asked for meanwhile."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[TenantLane, None] = OrderedDict()
        self._later: dict[TenantLane, float] = {}
        self._busy: set[TenantLane] = set()
        self._again: set[TenantLane] = set()
        self._changed = threading.Condition()
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be taken on."""
        return self._ended

    def end(self) -> None:
        """Nothing more is to be taken on."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def add(self, *lanes: TenantLane) -> None:
        """These are to be gone through. Beyond a thousand they are forgotten, and left to whoever looks for them."""
        with self._changed:
            for lane in lanes:
                self._add(lane)
            self._changed.notify_all()

    def add_later(self, lane: TenantLane, seconds: float) -> None:
        """It is to be gone through after a while."""
        with self._changed:
            self._later[lane] = time.monotonic() + seconds
            self._changed.notify_all()

    def next(self, *, until: float) -> TenantLane | None:
        """A lane, which is to be given back by `done`; None when there was none by the time of the monotonic clock."""
        with self._changed:
            while not self._ended:
                now = time.monotonic()
                for lane in [lane for lane, due_at in self._later.items() if due_at <= now]:
                    del self._later[lane]
                    self._add(lane)
                if self._waiting:
                    lane, _ = self._waiting.popitem(last=False)
                    self._busy.add(lane)
                    return lane
                wanted_at = min(until, *self._later.values()) if self._later else until
                if now >= until:
                    return None
                self._changed.wait(wanted_at - now)
        return None

    def done(self, lane: TenantLane) -> None:
        """The thread is through with it."""
        with self._changed:
            self._busy.discard(lane)
            if lane in self._again:
                self._again.discard(lane)
                self._add(lane)
                self._changed.notify()

    def rest(self, seconds: float) -> None:
        """Waits, unless nothing more is to be taken on."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended, seconds)

    def _add(self, lane: TenantLane) -> None:
        if lane in self._busy:
            self._again.add(lane)
        elif len(self._waiting) < _MOST_WAITING:
            self._waiting[lane] = None
