"""Keeps the workers alive: starts them, starts them again, replaces them one by one, and ends them in order.

It has one thread and never touches gRPC, so that it can fork at any time.
"""

from __future__ import annotations

import logging
import math
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from function_backend.runtime.child import Child, Order, fork
from function_backend.runtime.restarts import Restarts
from function_backend.runtime.rolling import Rolling
from function_backend.runtime.settings import ProcessSettings

_LOG = logging.getLogger(__name__)

_TICK_SECONDS = 0.25
_KILL_SECONDS = 5.0
_SAME_SECONDS = 0.5
"""Signals to end that come closer are one: a terminal and a wrapper such as `timeout` may both pass Ctrl-C on."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
MONITOR = -1
"""Index, and seat, of the child that serves metrics."""

Work = Callable[[socket.socket, int, int], int]
"""What a child does, given its line, its index and its seat; returns the exit status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """What the supervisor does besides looking after its children; bootstrap supplies it."""

    worker: Work
    monitor: Work | None
    """Serves metrics in a process of its own; None for none."""
    report: Callable[[Mapping[int, Child]], None]
    """Told when a child has come, gone or changed its state."""
    buried: Callable[[int], None]
    """Told the seat of a child that has ended."""
    ready: Callable[[], None]
    """Called once, when every worker serves for the first time."""
    tick: Callable[[], None]
    """Called a few times a second; looks after the embedded database."""
    reload: Callable[[], None]
    """Called before the workers are replaced: the new ones start with what is set now."""


class Supervisor:
    """Runs until a signal ends it."""

    def __init__(self, settings: ProcessSettings, duties: Duties) -> None:
        self._settings = settings
        self._duties = duties
        self._workers = settings.workers or _processors()
        self._children: dict[int, Child] = {}
        self._selector = selectors.DefaultSelector()
        self._restarts = Restarts()
        self._rolling = Rolling(self._begin_replacement, self._retire)
        self._ready = False
        self._ending: Order | None = None
        self._told_at = -math.inf
        self._exit_status = 0

    def run(self) -> int:
        """Starts the workers and stays until they have ended; the exit status of the process."""
        sleeper, waker = socket.socketpair()
        sleeper.setblocking(False)  # noqa: FBT003 - the name of the method says what is set
        waker.setblocking(False)  # noqa: FBT003
        before = {number: signal.signal(number, _note) for number in _SIGNALS}
        previous = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        self._selector.register(sleeper, selectors.EVENT_READ)
        try:
            if self._duties.monitor is not None:
                self._start(MONITOR)
            for index in range(self._workers):
                self._start(index)
            while self._children or self._ending is None:
                self._turn(sleeper)
        finally:
            for child in self._children.values():
                child.kill()
            signal.set_wakeup_fd(previous)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            sleeper.close()
            waker.close()
        return self._exit_status

    def _turn(self, sleeper: socket.socket) -> None:
        for key, _ in self._selector.select(_TICK_SECONDS):
            if key.fileobj is sleeper:
                for number in sleeper.recv(64):
                    self._signalled(signal.Signals(number))
            elif not key.data.listen():
                self._selector.unregister(key.fileobj)
        self._bury()
        self._kill_the_late()
        if self._ending is None:
            for index in self._restarts.due():
                self._start(index)
            self._rolling.step(self._children.values())
            self._duties.tick()
            self._celebrate()
        elif not self._workers_alive():
            self._order_monitor()
        self._duties.report(self._children)

    def _signalled(self, number: signal.Signals) -> None:
        if number is signal.SIGHUP and self._ending is None:
            _LOG.info("replacing the workers one by one")
            self._duties.reload()
            self._rolling.begin(child for child in self._children.values() if child.index != MONITOR)
        elif number in (signal.SIGTERM, signal.SIGINT) and time.monotonic() - self._told_at > _SAME_SECONDS:
            self._told_at = time.monotonic()
            self._end(_stricter(self._ending, number))

    def _end(self, order: Order) -> None:
        _LOG.info("ending", extra={"order": order.name.lower()})
        self._ending = order
        within = {
            Order.FINISH: self._settings.drain_timeout.total_seconds() + _KILL_SECONDS,
            Order.STOP: self._settings.interrupt_grace.total_seconds() + _KILL_SECONDS,
        }.get(order, _KILL_SECONDS)
        for child in self._workers_alive():
            child.order(order, within=within)

    def _start(self, index: int) -> Child:
        taken = {child.seat for child in self._children.values()}
        seat = MONITOR if index == MONITOR else min(set(range(len(taken) + 1)) - taken)
        work = self._duties.monitor if index == MONITOR else self._duties.worker
        if work is None:
            raise ValueError("there is no monitor to start")
        inherited = [child.line for child in self._children.values()]
        child = fork(lambda line: work(line, index, seat), index=index, seat=seat, inherited=inherited)
        self._children[child.pid] = child
        self._selector.register(child.line, selectors.EVENT_READ, child)
        return child

    def _bury(self) -> None:
        for child in list(self._children.values()):
            status = child.reap()
            if status is None:
                continue
            del self._children[child.pid]
            self._close_line(child)
            self._duties.buried(child.seat)
            if self._ending is None:
                self._mourn(child, status)

    def _mourn(self, child: Child, status: int) -> None:
        if self._rolling.ended(child):
            return
        if child.index != MONITOR and not self._ready and not child.has_served and status == 1:
            _LOG.error("a worker could not start; see the line above")
            self._exit_status = 1
            self._end(Order.STOP)
            return
        delay = self._restarts.schedule(child.index, lived=time.monotonic() - child.started_at)
        name = "monitor" if child.index == MONITOR else "worker"
        _LOG.error(
            f"{name} ended and is started again",
            extra={"index": child.index, "child": child.pid, "status": status, "delay_seconds": delay},
        )

    def _kill_the_late(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if child.kill_at is not None and now > child.kill_at:
                _LOG.error("killed: it did not end in time", extra={"index": child.index, "child": child.pid})
                child.kill()
                child.kill_at = None

    def _celebrate(self) -> None:
        workers = self._workers_alive()
        if not self._ready and len(workers) >= self._workers and all(child.has_served for child in workers):
            self._ready = True
            self._duties.report(self._children)
            self._duties.ready()

    def _begin_replacement(self, old: Child) -> Child:
        return self._start(old.index)

    def _retire(self, old: Child) -> None:
        old.order(Order.DRAIN, within=self._settings.drain_timeout.total_seconds() + _KILL_SECONDS)

    def _order_monitor(self) -> None:
        for child in self._children.values():
            if child.ordered is None:
                child.order(Order.STOP, within=_KILL_SECONDS)

    def _workers_alive(self) -> Sequence[Child]:
        return [child for child in self._children.values() if child.index != MONITOR]

    def _close_line(self, child: Child) -> None:
        if child.line.fileno() in self._selector.get_map():
            self._selector.unregister(child.line)
        child.line.close()


def _stricter(present: Order | None, number: signal.Signals) -> Order:
    """What a signal means after what was ordered before: the second one does not wait any more."""
    if present is None:
        return Order.FINISH if number is signal.SIGTERM else Order.STOP
    return Order.STOP if present is Order.FINISH else Order.ABANDON


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _note(*_: object) -> None:
    """Does nothing: the number of the signal arrives through the wakeup descriptor."""
