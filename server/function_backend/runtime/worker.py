"""What a worker process does from its fork to its end."""

from __future__ import annotations

import gc
import logging
import os
import selectors
import signal
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from function_backend.runtime.child import Order, State
from function_backend.runtime.settings import ProcessSettings

_LOG = logging.getLogger(__name__)

_GC_THRESHOLDS = (50_000, 20, 100)
_DRAINED = b"!"
_TERMINATED = b"t"


class Service(Protocol):
    """What a worker runs; bootstrap builds it."""

    def start(self, tell: Callable[[State], None]) -> None:
        """Serves, and tells SERVING when everything it depends on is there, AWAY when not."""

    def drain(self, limit: timedelta, *, until_quiet: bool) -> bool:
        """Ends without losing a call; whether that worked out within the limit. Another thread may call `stop`."""

    def stop(self, grace: timedelta) -> None:
        """Ends now, with a grace for what runs."""


def work(line: socket.socket, settings: ProcessSettings, build: Callable[[], Service], *, index: int) -> int:
    """Builds the service, serves until the supervisor says otherwise or is gone, and returns the exit status."""
    # Nothing that is built now ends before the process; see `calm_the_collector`.
    gc.disable()
    if settings.pin_workers:
        _pin(index)
    service = build()
    service.start(lambda state: _tell(line, state))
    calm_the_collector()
    _Obedience(line, service, settings).until_the_end()
    return 0


def calm_the_collector() -> None:
    """Has the garbage collector do less: called once, when everything that lasts is there.

    Whatever lives now lives as long as the process: the collector need not look at it again, and as calls leave no
    cycles behind it may come round less often. Saves 8 to 11 µs a call. What has become garbage by now is little, and
    looking for it would hold up the first answers.
    """
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    gc.enable()


class _Obedience:
    """Follows the supervisor's orders. One that is stricter than the last may come while that is carried out."""

    def __init__(self, line: socket.socket, service: Service, settings: ProcessSettings) -> None:
        self._line = line
        self._service = service
        self._settings = settings
        self._waker, self._sleeper = socket.socketpair()
        self._draining: threading.Thread | None = None

    def until_the_end(self) -> None:
        # To the process itself SIGTERM means: go, others are there. The supervisor starts another worker.
        signal.signal(signal.SIGTERM, lambda *_: self._waker.send(_TERMINATED))
        with selectors.DefaultSelector() as selector:
            selector.register(self._line, selectors.EVENT_READ, self._ordered)
            selector.register(self._sleeper, selectors.EVENT_READ, self._woken)
            while True:
                for key, _ in selector.select():
                    if key.data():
                        return

    def _ordered(self) -> bool:
        said = self._line.recv(1)
        if not said:
            _LOG.error("the supervisor is gone")
        return self._obey(Order(said) if said else Order.STOP)

    def _woken(self) -> bool:
        return self._sleeper.recv(1) == _DRAINED or self._obey(Order.DRAIN)

    def _obey(self, order: Order) -> bool:
        """Begins to carry the order out; True when that was all."""
        _LOG.info("worker ends", extra={"order": order.name.lower()})
        _tell(self._line, State.ENDING)
        if order in (Order.STOP, Order.ABANDON):
            self._service.stop(self._settings.interrupt_grace if order is Order.STOP else timedelta())
            return True
        if self._draining is None:
            self._draining = threading.Thread(
                target=self._drain, kwargs={"until_quiet": order is Order.FINISH}, name="drain", daemon=True
            )
            self._draining.start()
        return False

    def _drain(self, *, until_quiet: bool) -> None:
        try:
            over = self._service.drain(self._settings.drain_timeout, until_quiet=until_quiet)
            if not over:
                _LOG.warning("calls cancelled: they ran longer than process.drain_timeout allows")
        finally:
            # Whatever has happened, the process ends; an exception is logged by the hook of the thread.
            self._waker.send(_DRAINED)


def _tell(line: socket.socket, state: State) -> None:
    try:
        line.send(state.value)
    except OSError:
        _LOG.debug("the supervisor does not listen any more")


def _pin(index: int) -> None:
    if not hasattr(os, "sched_setaffinity"):
        _LOG.warning("process.pin_workers has no effect on this system")
        return
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[index % len(processors)]})
