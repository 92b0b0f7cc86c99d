"""Hearing at once what other workers changed: one thread per worker that listens, and polls for what it cannot hear."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import random
import select
import time
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from function_backend.persistence import wire
from function_backend.persistence.connecting import connect
from function_backend.persistence.session import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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
# NOTIFY takes a lock of the whole cluster and wakes every worker: many commits within this time are told of by one.
_ANNOUNCE_SECONDS = 0.005
# Kept while the database is away; whoever misses one finds out by polling.
_MOST_ANNOUNCEMENTS = 1_000


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

    def __init__(self, settings: DatabaseSettings, *, beside: Callable[[Sequence[str]], None] = lambda _: None) -> None:
        """`beside` also carries what is told, for workers that cannot listen to the database."""
        self._settings = settings
        self._beside = beside
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
        os.set_blocking(self._wake, False)
        self._announced: dict[str, None] = {}
        self._announced_lock = Lock()
        self._may_announce_at = 0.0
        self._thread: Thread | None = None

    def healthy(self) -> bool:
        """Whether changes of other workers arrive: LISTEN stands, and the database answered a moment ago."""
        return self._listening and time.monotonic() - self._confirmed_at < _HEALTHY_SECONDS

    def epoch_age(self) -> float:
        """Seconds since the revocation epoch was last asked for with success; infinite before the first time."""
        return time.monotonic() - self._confirmed_at

    def announce(self, topic: str, text: str) -> None:
        """Tells all workers soon, together with what else there is to tell; returns at once and never fails.

        For what follows many commits: unlike a notification of the unit of work, it costs the commit nothing.
        """
        with self._announced_lock:
            if self._stopping.is_set():
                return
            was_empty = not self._announced
            if len(self._announced) < _MOST_ANNOUNCEMENTS:
                self._announced[f"{topic} {text}"] = None
            if was_empty:
                # Last: whoever is woken earlier finds nothing, and then waits for the next poll.
                os.write(self._wake_end, b"a")

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
        with self._announced_lock:
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
            self._wait(driver, until=self._wanted_at())
            self._hand_on(driver)
            self._send_announced(driver)
            if self.epoch_age() >= _POLL_SECONDS:
                self._poll(driver)
                self._run_tasks(driver)
        for task in self._tasks:
            if task.once_more_at_the_end:
                task.run(driver)

    def publish(self, notifications: Sequence[str]) -> None:
        """Hands on at once what this process committed, so that the caller's next call to it finds it in effect.

        The others hear of it by NOTIFY, and so does this one, once more.
        """
        for notification in notifications:
            topic, _, text = notification.partition(" ")
            self._dispatch(topic, text)
        self._beside(notifications)

    def hear(self, topic: str, text: str) -> None:
        """Hands on what was heard another way than by NOTIFY; it may be heard by both."""
        self._dispatch(topic, text)

    def _wanted_at(self) -> float:
        """When, by the monotonic clock, there is something to do even if nothing is heard."""
        polled_at = self._confirmed_at + _POLL_SECONDS
        return min(polled_at, self._may_announce_at) if self._announced else polled_at

    def _wait(self, driver: Driver, *, until: float) -> None:
        waiting = select.poll()
        waiting.register(driver.pgconn.socket, select.POLLIN)
        waiting.register(self._wake, select.POLLIN)
        waiting.poll(math.ceil(max(0.0, until - time.monotonic()) * 1000))
        driver.pgconn.consume_input()
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 64)

    def _send_announced(self, driver: Driver) -> None:
        now = time.monotonic()
        if not self._announced or now < self._may_announce_at:
            return
        with self._announced_lock:
            announced, self._announced = list(self._announced), {}
        self._may_announce_at = now + _ANNOUNCE_SECONDS
        channel = CHANNEL.encode()
        calls = b", ".join(b"pg_notify('" + channel + b"', " + wire.literal(driver, text) + b")" for text in announced)
        # As after a commit: it need not wait for the disk, since nothing is lost with it.
        wire.run(driver, b"set local synchronous_commit = off; select " + calls)
        self._beside(announced)
        if not self._can_listen:
            for text in announced:
                self._dispatch(*text.split(" ", 1))

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
