"""Hearing at once what other workers changed: one thread per worker that listens, and polls for what it cannot hear."""

from __future__ import annotations

import logging
import math
import os
import random
import select
import time
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from function_backend.persistence import wire
from function_backend.persistence.connecting import connect
from function_backend.persistence.session import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from function_backend.kernel.slice import Slice
    from function_backend.persistence.settings import DatabaseSettings
    from function_backend.persistence.wire import Driver

_log = logging.getLogger(__name__)

EPOCH_TOPIC = "auth_epoch"
"""The topic under which a new revocation epoch is handed on, as if it had been notified."""

# Our own: the program we run in may have seeded the shared one.
_RANDOM = random.Random()  # noqa: S311 - spreads load only
_POLL_SECONDS = 0.5
_HEALTHY_SECONDS = 2.0
_STOP_SECONDS = 5.0
_STATEMENT_TIMEOUT = "5s"


@dataclass(slots=True)
class PeriodicTask:
    """Something small that each worker does now and then on the listening connection."""

    every: float
    """Seconds between two runs; each is moved a little, so that the workers do not all come at once."""
    run: Callable[[Driver], object]
    once_more_at_the_end: bool = False
    """Whether it is also done when the worker ends."""
    due_at: float = 0.0

    def plan(self) -> None:
        """Sets the time of the next run."""
        self.due_at = time.monotonic() + self.every * _RANDOM.uniform(0.75, 1.25)


class Listener:
    """Hands change notifications to the slices, and knows how fresh its knowledge is."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings
        # LISTEN belongs to a session, which a transaction pooler does not give.
        self._can_listen = settings.listen_url is not None or not settings.transaction_pooling
        self._invalidations: dict[str, list[Callable[[str], None]]] = {}
        self._resets: list[Callable[[], None]] = []
        self._tasks: list[PeriodicTask] = []
        self._listening = False
        self._confirmed_at = -math.inf
        self._epoch: int | None = None
        self._stopping = Event()
        self._wake, self._wake_end = os.pipe()
        self._thread: Thread | None = None

    def healthy(self) -> bool:
        """Whether changes of other workers arrive: LISTEN stands, and the database answered a moment ago."""
        return self._listening and time.monotonic() - self._confirmed_at < _HEALTHY_SECONDS

    def epoch_age(self) -> float:
        """Seconds since the revocation epoch was last asked for with success; infinite before the first time."""
        return time.monotonic() - self._confirmed_at

    def start(self, slices: Iterable[Slice], *, tasks: Iterable[PeriodicTask] = ()) -> None:
        """Begins to listen for the slices; called once per worker, after the fork."""
        for each in slices:
            for topic, invalidate in each.invalidations.items():
                self._invalidations.setdefault(topic, []).append(invalidate)
            self._resets.extend(each.cache_resets)
        self._tasks.extend(tasks)
        for task in self._tasks:
            task.plan()
        self._thread = Thread(target=self._run, name="listener", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and its connection."""
        self._stopping.set()
        os.write(self._wake_end, b"x")
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
            if self._thread.is_alive():
                return  # It waits for a database that does not answer; it ends with the process.
        os.close(self._wake_end)
        os.close(self._wake)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._settings, self._settings.listen_url or self._settings.url) as driver:
                    self._follow(driver)
            except (psycopg.Error, OSError) as error:
                _log.warning("listening for changes was interrupted: %s", type(error).__name__)
            finally:
                self._listening = False
            self._stopping.wait(_POLL_SECONDS)

    def _follow(self, driver: Driver) -> None:
        if self._can_listen:
            driver.execute(f"set statement_timeout = '{_STATEMENT_TIMEOUT}'")
            driver.execute(sql.SQL("listen {}").format(sql.Identifier(CHANNEL)))
        # What was said before LISTEN took hold was not heard.
        self._reset()
        self._poll(driver)
        self._listening = self._can_listen
        while not self._stopping.is_set():
            self._wait(driver, until=self._confirmed_at + _POLL_SECONDS)
            self._hand_on(driver)
            if self.epoch_age() >= _POLL_SECONDS:
                self._poll(driver)
                self._run_tasks(driver)
        for task in self._tasks:
            if task.once_more_at_the_end:
                task.run(driver)

    def hear(self, topic: str, text: str) -> None:
        """Hands on what was heard another way than by NOTIFY; it may be heard by both."""
        self._dispatch(topic, text)

    def _wait(self, driver: Driver, *, until: float) -> None:
        waiting = select.poll()
        waiting.register(driver.pgconn.socket, select.POLLIN)
        waiting.register(self._wake, select.POLLIN)
        waiting.poll(max(0.0, until - time.monotonic()) * 1000)
        driver.pgconn.consume_input()

    def _hand_on(self, driver: Driver) -> None:
        # Below psycopg's own `notifies()`, which forgets the rest of a batch when one leaves it early.
        while (notification := driver.pgconn.notifies()) is not None:
            topic, _, text = notification.extra.decode().partition(" ")
            self._dispatch(topic, text)

    def _poll(self, driver: Driver) -> None:
        asked_at = time.monotonic()
        epoch = int(wire.run(driver, b"select epoch from auth_epoch").get_value(0, 0) or 0)
        self._hand_on(driver)
        if epoch != self._epoch:
            self._epoch = epoch
            self._dispatch(EPOCH_TOPIC, str(epoch))
        # Only now: whoever relies on the age of the epoch must find its caches emptied already.
        self._confirmed_at = asked_at

    def _run_tasks(self, driver: Driver) -> None:
        for task in self._tasks:
            if task.due_at > time.monotonic():
                continue
            task.plan()
            try:
                task.run(driver)
            except psycopg.Error as error:
                if driver.closed:
                    raise
                _log.warning("a periodic task failed: %s", type(error).__name__)

    def _dispatch(self, topic: str, text: str) -> None:
        for invalidate in self._invalidations.get(topic, ()):
            try:
                invalidate(text)
            except Exception:  # noqa: BLE001  whatever a slice does wrong, the thread must live
                # A copy that could not be dropped must not stay: drop them all.
                _log.exception("a change notification of the topic %s could not be handled", topic)
                self._reset()

    def _reset(self) -> None:
        for reset in self._resets:
            reset()
