"""Replaces workers one by one: the new one serves before the old one begins to leave."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable

from function_backend.runtime.child import Child, State

_LOG = logging.getLogger(__name__)

_START_SECONDS = 60.0


class Rolling:
    """One replacement at a time, so that at most one worker more than usual needs memory."""

    def __init__(self, start: Callable[[Child], Child], retire: Callable[[Child], None]) -> None:
        self._start = start
        self._retire = retire
        self._waiting: deque[Child] = deque()
        self._old: Child | None = None
        self._new: Child | None = None
        self._given_up: Child | None = None
        self._began_at = 0.0

    def begin(self, children: Iterable[Child]) -> None:
        """Puts these children on the list, except the one that is leaving already."""
        self._waiting = deque(child for child in children if child is not self._old)

    def step(self, children: Iterable[Child]) -> None:
        """Goes on where it can."""
        alive = {child.pid for child in children}
        if self._old is None or self._new is None:
            self._next(alive)
        elif self._old.pid not in alive:
            _LOG.info("worker replaced", extra={"index": self._old.index, "old": self._old.pid, "new": self._new.pid})
            self._old = self._new = None
        elif self._old.ordered is not None:
            return
        elif self._new.state is State.SERVING:
            self._retire(self._old)
        elif time.monotonic() - self._began_at > _START_SECONDS:
            self._new.kill()
            self._give_up("it does not serve")

    def ended(self, child: Child) -> bool:
        """Whether the end of this child belongs to a replacement, so that nobody need start it again."""
        if child in (self._old, self._given_up):
            return True
        if child is self._new and self._old is not None and self._old.ordered is None:
            self._give_up("it ended")
            return True
        return False

    def _next(self, alive: set[int]) -> None:
        while self._waiting:
            old = self._waiting.popleft()
            if old.pid in alive:
                self._old, self._began_at = old, time.monotonic()
                self._new = self._start(old)
                return

    def _give_up(self, why: str) -> None:
        _LOG.error("replacement given up; the old workers stay", extra={"why": why})
        self._given_up = self._new
        self._old = self._new = None
        self._waiting.clear()
