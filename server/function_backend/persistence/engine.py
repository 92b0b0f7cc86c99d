"""The database of one worker: its primary and, when configured, its replica. Made after the fork, never shared."""

from __future__ import annotations

import select
import time
from threading import Lock
from typing import TYPE_CHECKING

import psycopg

from function_backend.persistence import wire
from function_backend.persistence.failures import DatabaseUnavailableError
from function_backend.persistence.node import Node
from function_backend.persistence.settings import DatabaseSettings

if TYPE_CHECKING:
    from function_backend.kernel.statistics import PoolStatistics
    from function_backend.persistence.wire import Driver

_REPLICA_PAUSE_SECONDS = 2.0
_PING_SECONDS = 2.0


class Database:
    """Opens connections and knows which server to ask."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self.settings = settings
        self.primary = Node(settings, settings.url, is_replica=False)
        self._replica = None if settings.replica_url is None else Node(settings, settings.replica_url, is_replica=True)
        self._replica_back_at = 0.0
        self._probe: Driver | None = None
        self._pinging = Lock()
        self._is_over = False

    def replica(self) -> Node | None:
        """The replica to try first for a read; None when there is none, or when it was just found to be away."""
        if self._replica is None or time.monotonic() < self._replica_back_at:
            return None
        return self._replica

    @property
    def pools(self) -> dict[str, PoolStatistics]:
        """How the pools of all servers are used."""
        nodes = {"primary": self.primary} | ({} if self._replica is None else {"replica": self._replica})
        return {f"{name} {use}": pool for name, node in nodes.items() for use, pool in node.pools.items()}

    def avoid_replica(self) -> None:
        """The replica did not answer: leave it alone for a moment, so that not every read waits for it."""
        self._replica_back_at = time.monotonic() + _REPLICA_PAUSE_SECONDS

    def ping(self, *, timeout: float = 1.0) -> None:
        """Returns when the primary answers; DatabaseUnavailableError when it does not within the seconds given.

        Uses a connection of its own, so that a busy pool does not look like a database that is away. For one thread.
        """
        with self._pinging:
            if self._is_over:
                raise DatabaseUnavailableError
            try:
                self._ask(timeout)
            except (psycopg.Error, OSError) as error:
                self._forget_probe()
                raise DatabaseUnavailableError from error

    def dispose(self) -> None:
        """Closes all connections, those in use when they come back. It is over then."""
        self._is_over = True
        # A ping under way may make a connection yet; one that hangs is left to itself.
        if self._pinging.acquire(timeout=_PING_SECONDS):
            self._forget_probe()
            self._pinging.release()
        self.primary.end()
        if self._replica is not None:
            self._replica.end()

    def _ask(self, timeout: float) -> None:
        if self._probe is None:
            self._probe = self.primary.connect()
        connection = self._probe.pgconn
        connection.send_query(b"select 1")
        ends_at = time.monotonic() + timeout
        while connection.is_busy():
            waiting = select.poll()
            waiting.register(connection.socket, select.POLLIN)
            if not waiting.poll(max(0.0, ends_at - time.monotonic()) * 1000):
                raise TimeoutError
            connection.consume_input()
        while (result := connection.get_result()) is not None:
            if not wire.succeeded(result):
                raise wire.failure(self._probe, result)

    def _forget_probe(self) -> None:
        probe, self._probe = self._probe, None
        if probe is not None:
            probe.close()
