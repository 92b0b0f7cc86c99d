"""Dealing with events once, however often they are delivered: by their ids, kept with how far one has come.

    with Client(…) as client, EventConsumer("billing", SqliteEventStore("billing.db")) as consumer:
        for event in client.events.watch(since=consumer.since or "oldest"):
            consumer.handle(event, charge)

The same consumer takes events from webhooks and queues. Where the handler writes into the database that also has the
store, both are one transaction, and an event has its effect exactly once; elsewhere a handler that has done its work
and dies before that is kept is called again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, Self

from function_backend_client.events import Event

_MOST_KEPT: Final = 100_000
_SCHEMA: Final = (
    (
        "create table if not exists consumed_event (consumer text not null, event_id text not null,"
        " primary key (consumer, event_id))"
    ),
    "create table if not exists consumer_place (consumer text not null primary key, cursor text not null)",
)


class EventStore(Protocol):
    """Keeps which events a consumer has dealt with, and the cursor behind the last one."""

    def cursor(self, consumer: str) -> str:
        """Where the consumer goes on; empty at the beginning."""
        ...

    def once(self, consumer: str, event_id: str, cursor: str) -> AbstractContextManager[bool]:
        """A transaction that keeps the event as dealt with when it is left well.

        Gives whether the event is new. The cursor moves also for one that is not.
        """
        ...


class EventConsumer:
    """Calls handlers once for each event. Threads may share it."""

    def __init__(self, name: str, store: EventStore) -> None:
        self._name = name
        self._store = store

    @property
    def since(self) -> str | None:
        """Where to go on; None at the beginning."""
        return self._store.cursor(self._name) or None

    def handle(self, event: Event, handler: Callable[[Event], object]) -> bool:
        """Calls the handler unless the event was dealt with before; whether it was called.

        What the handler raises is raised, and the event counts as not dealt with.
        """
        with self._store.once(self._name, event.id, event.cursor) as is_new:
            if is_new:
                handler(event)
        return is_new

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        close = getattr(self._store, "close", None)
        if close is not None:
            close()


class MemoryEventStore:
    """Keeps the last ids in memory: for what may begin anew with the process."""

    def __init__(self, *, most: int = _MOST_KEPT) -> None:
        self._most = most
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._cursors: dict[str, str] = {}
        self._lock = threading.RLock()

    def cursor(self, consumer: str) -> str:
        """See EventStore."""
        return self._cursors.get(consumer, "")

    @contextmanager
    def once(self, consumer: str, event_id: str, cursor: str) -> Iterator[bool]:
        """See EventStore."""
        key = (consumer, event_id)
        with self._lock:
            yield key not in self._seen
            self._seen[key] = None
            self._cursors[consumer] = cursor or self._cursors.get(consumer, "")
            if len(self._seen) > self._most:
                self._seen.popitem(last=False)


class SqliteEventStore:
    """Keeps them in a file of SQLite; `connection` is for handlers that write in the same transaction."""

    def __init__(self, path: str | Path) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = threading.RLock()
        for statement in _SCHEMA:
            self.connection.execute(statement)

    def close(self) -> None:
        """Closes the file."""
        self.connection.close()

    def cursor(self, consumer: str) -> str:
        """See EventStore."""
        with self._lock:
            row = self.connection.execute(
                "select cursor from consumer_place where consumer = ?", (consumer,)
            ).fetchone()
        return "" if row is None else str(row[0])

    @contextmanager
    def once(self, consumer: str, event_id: str, cursor: str) -> Iterator[bool]:
        """See EventStore."""
        with self._lock:
            self.connection.execute("begin immediate")
            try:
                kept = "insert into consumed_event values (?, ?) on conflict do nothing"
                yield self.connection.execute(kept, (consumer, event_id)).rowcount == 1
                if cursor:
                    moved = "insert into consumer_place values (?, ?) on conflict (consumer) do update set cursor = ?"
                    self.connection.execute(moved, (consumer, cursor, cursor))
            except BaseException:
                self.connection.execute("rollback")
                raise
            self.connection.execute("commit")


class PostgresEventStore:
    """Keeps them in PostgreSQL, over a connection of psycopg that the caller has opened and closes.

    `connection` is for handlers that write in the same transaction.
    """

    def __init__(self, connection: Any) -> None:  # noqa: ANN401  psycopg is the caller's, and not needed otherwise
        self.connection = connection
        self._lock = threading.RLock()
        with connection.transaction():
            for statement in _SCHEMA:
                connection.execute(statement)

    def cursor(self, consumer: str) -> str:
        """See EventStore."""
        query = "select cursor from consumer_place where consumer = %s"
        with self._lock, self.connection.transaction():
            row = self.connection.execute(query, (consumer,)).fetchone()
        return "" if row is None else str(row[0])

    @contextmanager
    def once(self, consumer: str, event_id: str, cursor: str) -> Iterator[bool]:
        """See EventStore."""
        with self._lock, self.connection.transaction():
            kept = "insert into consumed_event values (%s, %s) on conflict do nothing"
            yield self.connection.execute(kept, (consumer, event_id)).rowcount == 1
            if cursor:
                moved = "insert into consumer_place values (%s, %s) on conflict (consumer) do update set cursor = %s"
                self.connection.execute(moved, (consumer, cursor, cursor))
