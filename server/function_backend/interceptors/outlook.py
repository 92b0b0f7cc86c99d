"""What makes the calls visible from outside: lines, numbers and traces."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from prometheus_client import CollectorRegistry

from function_backend.interceptors.access_log import AccessLog, EventLog
from function_backend.interceptors.metrics import Metrics
from function_backend.interceptors.tracing import Sampling, Tracing

_log = logging.getLogger(__name__)


class Outlook:
    """The stages that watch, and the thread that works up the notes which calls leave them."""

    def __init__(
        self,
        *,
        log: EventLog,
        registry: CollectorRegistry | None,
        sampling: Sampling | None,
        period: timedelta = timedelta(milliseconds=200),
    ) -> None:
        """Prepares the stages.

        `registry` may be None where the metrics of several processes lie in shared files; `sampling` is None when no
        traces are wanted, and the trace id of the caller is logged all the same.
        """
        self.tracing = Tracing(sampling)
        self.metrics = Metrics(registry)
        self.access_log = AccessLog(log)
        self._period = period.total_seconds()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the thread; called once the process has forked for the last time."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="outlook", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and works up what is left; called when the last call is over, before the log is stopped."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping.set()
            thread.join()
        self.flush()

    def flush(self) -> None:
        """Works up the notes of all calls that have ended."""
        self.metrics.flush()
        self.access_log.flush()

    def _run(self) -> None:
        while not self._stopping.wait(self._period):
            try:
                self.flush()
            except Exception:  # noqa: BLE001 - a line that cannot be written must not end all further ones
                _log.exception("notes of calls could not be worked up")
