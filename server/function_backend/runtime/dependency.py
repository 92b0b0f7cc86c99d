"""Watches what the service cannot do without, and tells the health service when it goes and when it is back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

_LOG = logging.getLogger(__name__)

_PROBE_PERIOD_SECONDS = 0.25
_STALE_SECONDS = 1.25


class DependencyWatch:
    """Probes a dependency from a thread of its own, four times a second.

    The dependency counts as away when a probe fails, and also when none has succeeded for a while: one that hangs, as
    towards a machine that has vanished, never fails in time. Either is noticed within two seconds.
    """

    def __init__(
        self,
        name: str,
        probe: Callable[[], None],
        *,
        back: Callable[[], None],
        away: Callable[[], None],
        tick: Callable[[], None],
    ) -> None:
        """Prepares the watch.

        `back` is called when the dependency answers, also for the first time; `away` when it does not. `tick` is called
        several times a second, for what else has to be looked at regularly.
        """
        self._name = name
        self._probe = probe
        self._back = back
        self._away = away
        self._tick = tick
        self._answered_at: float | None = None
        self._present: bool | None = None
        self._stopping = threading.Event()
        self._news = threading.Event()
        self._threads = [
            threading.Thread(target=self._probing, name=f"probe-{name}", daemon=True),
            threading.Thread(target=self._judging, name=f"watch-{name}", daemon=True),
        ]

    def start(self) -> None:
        """Begins; the first answer comes as soon as the first probe is through."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends; a probe that hangs is left to itself."""
        self._stopping.set()
        self._news.set()
        self._threads[1].join()

    def _probing(self) -> None:
        while not self._stopping.is_set():
            try:
                self._probe()
            except Exception as error:  # noqa: BLE001 - whatever a probe raises, the answer is: away
                self._answered_at = None
                _LOG.debug("probe failed", extra={"dependency": self._name, "cause": type(error).__name__})
            else:
                self._answered_at = time.monotonic()
            self._news.set()
            self._stopping.wait(_PROBE_PERIOD_SECONDS)

    def _judging(self) -> None:
        while not self._stopping.is_set():
            self._news.wait(_PROBE_PERIOD_SECONDS)
            self._news.clear()
            answered_at = self._answered_at
            present = answered_at is not None and time.monotonic() - answered_at < _STALE_SECONDS
            if present is not self._present and not self._stopping.is_set():
                self._report(present=present)
            self._tick()

    def _report(self, *, present: bool) -> None:
        if not present:
            _LOG.warning("dependency away", extra={"dependency": self._name})
        elif self._present is not None:
            _LOG.warning("dependency back", extra={"dependency": self._name})
        self._present = present
        if present:
            self._back()
        else:
            self._away()
