"""What the first calls would wait for, made ready once the process serves."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

_LOG = logging.getLogger(__name__)


class WarmUp:
    """Takes its steps in a thread of its own. Nothing depends on it: a call that is earlier does its part itself."""

    def __init__(self, steps: Iterable[Callable[[], object]]) -> None:
        self._steps = tuple(steps)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Starts the thread; does nothing the second time."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="warm-up", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Leaves out the steps that have not begun, and waits for the one that has."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        for step in self._steps:
            if self._stopping.is_set():
                return
            try:
                step()
            except Exception:  # noqa: BLE001 - the call that needs it will say so again
                _LOG.exception("a part of the service could not be made ready")
