"""One transaction as a context manager: for the current call's tenant, within its deadline, with what it recorded.

    with self._transactions() as work:
        …work.connection.execute(…)…
        work.record(CompanyArchived(…))
        work.notify("company", f"{work.tenant_id}/{company_id}")

The pipeline opens a transaction at the edge for a mutation; the one above then joins it. Nothing is sent before the
first statement, so a call that fails earlier costs the database nothing.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Protocol, TypeVar

from function_backend.kernel.call import current_call
from function_backend.persistence import wire
from function_backend.persistence.failures import DatabaseUnavailableError, MissingTenantError, is_read_only, translate
from function_backend.persistence.field_cipher import NoFieldCipher
from function_backend.persistence.position import POSITION_SQL, parse_position
from function_backend.persistence.session import Session
from function_backend.persistence.without_tenant import ask_without_tenant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from uuid import UUID

    from sqlalchemy import Connection

    from function_backend.kernel.errors import ServiceError
    from function_backend.kernel.events import DomainEvent
    from function_backend.persistence.engine import Database
    from function_backend.persistence.field_cipher import FieldCipher
    from function_backend.persistence.hot_read import HotRead, HotRows, Parameter

T = TypeVar("T")

_MAX_NOTIFICATION_BYTES = 7999

_joinable: ContextVar[UnitOfWork | None] = ContextVar("joinable_unit_of_work", default=None)


class EventSink(Protocol):
    """Where recorded events go in the transaction that made them happen."""

    def append(self, work: UnitOfWork, events: Sequence[DomainEvent]) -> None:
        """Writes the events. It is the last thing before the commit, since it locks the tenant's audit chain."""

    def committed(self, work: UnitOfWork) -> None:
        """The events were committed: whoever waits for them is to be woken. It neither fails nor takes long."""


class Push(Protocol):
    """Carries change notifications to other workers beside the database."""

    def publish(self, notifications: Sequence[str]) -> None:
        """Sends those it carries, each a topic and a text; it neither fails nor takes long."""


class Ciphers(Protocol):
    """Makes what a unit of work encrypts fields with."""

    def __call__(self, work: UnitOfWork, /) -> FieldCipher:
        """The cipher of the unit of work's tenant."""


def _no_cipher(_: UnitOfWork) -> FieldCipher:
    return NoFieldCipher()


class UnitOfWork:
    """What one use case does to the database. Begun by its first statement."""

    def __init__(
        self,
        database: Database,
        *,
        read_only: bool = False,
        snapshot: bool = False,
        push: Push | None = None,
        ciphers: Ciphers = _no_cipher,
    ) -> None:
        call = current_call.get()
        tenant_id = None if call is None else call.tenant_id
        if call is None or tenant_id is None:
            raise MissingTenantError
        self.tenant_id: UUID = tenant_id
        """Whose rows these are; every statement names it beside what row-level security does."""
        self.call = call
        self._database = database
        self._session = Session(database, call, read_only=read_only, snapshot=snapshot)
        self._read_only = read_only
        self._push = push
        self._ciphers = ciphers
        self._fields: FieldCipher | None = None
        self._events: list[DomainEvent] = []
        self._notifications: list[str] = []
        self._discarded = False

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection, inside the transaction."""
        return self._session.connection

    @property
    def driver(self) -> wire.Driver:
        """The psycopg connection below it, for COPY and for statements whose cost was measured."""
        return self._session.driver

    @property
    def fields(self) -> FieldCipher:
        """Encrypts what is stored in single fields; made at its first use, so that nothing else pays for it."""
        if self._fields is None:
            self._fields = self._ciphers(self)
        return self._fields

    @property
    def has_begun(self) -> bool:
        """Whether anything was sent to the database yet."""
        return self._session.is_open

    def record(self, *events: DomainEvent) -> None:
        """Says what happened; it is written together with the commit."""
        self._refuse_when_reading()
        self._events.extend(events)

    def notify(self, topic: str, text: str) -> None:
        """Tells all workers, this one included, as soon as the change is committed."""
        self._refuse_when_reading()
        notification = f"{topic} {text}"
        if len(notification.encode()) > _MAX_NOTIFICATION_BYTES:
            raise ValueError("a notification is longer than PostgreSQL carries; send several")
        if notification not in self._notifications:
            self._notifications.append(notification)

    def fetch(self, read: HotRead, *parameters: Parameter, with_position: bool = False) -> HotRows:
        """The rows of a hot read: in one message when nothing else was asked, else inside the transaction.

        `with_position` also asks what the answer is sure to include (`HotRows.position`), for a cache.
        """
        return self._session.fetch(read, parameters, with_position=with_position)

    def fetch_position(self) -> int:
        """The WAL position that the server asked has now."""
        return parse_position(wire.run(self.driver, f"select {POSITION_SQL}".encode()).get_value(0, 0) or b"0/0")

    def discard(self) -> None:
        """Everything is rolled back at the end instead of committed, without an error: for `validate_only`."""
        self._discarded = True

    def commit(self, sink: EventSink) -> None:
        """Commits what was done; called by the context manager alone."""
        if self._discarded:
            self.roll_back()
            return
        events, self._events = self._events, []
        if events:
            sink.append(self, events)
        if not self._session.is_open:
            return
        position = self._session.commit(self._notifications, returns_position=not self._read_only)
        if position is not None:
            self.call.committed_position = max(position, self.call.committed_position or 0)
        if self._push is not None and self._notifications:
            # Only now: whoever heard of it before the commit would read the old state once more, and keep it.
            self._push.publish(self._notifications)
        if events:
            sink.committed(self)

    def roll_back(self) -> None:
        """Undoes what was done; called by the context manager alone."""
        self._session.roll_back()

    def explain(self, error: BaseException) -> ServiceError | None:
        """What the failure means to the caller; None when it is not the database's, or a defect of ours."""
        if not self._read_only and is_read_only(error):
            # The primary was demoted: whoever connects again finds the new one.
            self._database.primary.dispose()
            return DatabaseUnavailableError()
        return translate(error, self.call)

    def _refuse_when_reading(self) -> None:
        if self._read_only:
            raise RuntimeError("a unit of work for reading changes nothing")


class Transactions:
    """Opens units of work."""

    def __init__(
        self, database: Database, sink: EventSink, *, push: Push | None = None, ciphers: Ciphers = _no_cipher
    ) -> None:
        """`push` hears of every notification that was committed; `ciphers` makes `UnitOfWork.fields`."""
        self._database = database
        self._sink = sink
        self._push = push
        self._ciphers = ciphers

    def __call__(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work: part of the call's transaction at the edge, or else a transaction of its own."""
        joinable = _joinable.get()
        return _Transaction(self, read_only=False) if joinable is None else _Joined(joinable)

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        """A unit of work that only reads: on the replica when it has what the call must see, else on the primary.

        Inside the call's transaction at the edge it is part of that, and sees what it has written.
        """
        joinable = _joinable.get()
        return _Transaction(self, read_only=True) if joinable is None else _Joined(joinable)

    def snapshot(self) -> AbstractContextManager[UnitOfWork]:
        """As `reading`, and all statements see one state: for an answer that is put together from several.

        Inside the call's transaction at the edge it is part of that, and each statement sees the state of its moment.
        """
        joinable = _joinable.get()
        return _Transaction(self, read_only=True, snapshot=True) if joinable is None else _Joined(joinable)

    def edge(self) -> AbstractContextManager[UnitOfWork]:
        """The one transaction of a mutation, which all units of work inside it join; for the idempotency stage."""
        return _Transaction(self, read_only=False, joinable=True)

    def apart(self, *, read_only: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A transaction of its own even inside that of the edge: for what must remain when the call fails.

        To be used before the edge's transaction has begun, which would otherwise keep a second connection waiting.
        """
        return _Transaction(self, read_only=read_only)

    def without_tenant(self, use: Callable[[wire.Driver], T]) -> T:
        """What `use` returns, in a transaction without a tenant: only functions of the definer answer there."""
        return ask_without_tenant(self._database, use)

    def across_tenants(self, use: Callable[[wire.Driver], T]) -> T:
        """As `without_tenant`, for functions of the definer that change something; they may run twice."""
        return ask_without_tenant(self._database, use, read_only=False)

    def unit(self, *, read_only: bool, snapshot: bool = False) -> UnitOfWork:
        """A new unit of work; whoever asks for one sees to its end."""
        return UnitOfWork(
            self._database, read_only=read_only, snapshot=snapshot, push=self._push, ciphers=self._ciphers
        )

    @property
    def sink(self) -> EventSink:
        """Where recorded events go."""
        return self._sink


class _Joined(AbstractContextManager["UnitOfWork"]):
    """Part of the transaction at the edge, which ends it."""

    __slots__ = ("_work",)

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def __enter__(self) -> UnitOfWork:
        return self._work

    def __exit__(self, *_: object) -> None:
        return None


class _Transaction(AbstractContextManager["UnitOfWork"]):
    """Commits on leaving, rolls back on an exception, and says what a driver's error means."""

    __slots__ = ("_joinable", "_read_only", "_snapshot", "_token", "_transactions", "_work")

    def __init__(
        self, transactions: Transactions, *, read_only: bool, joinable: bool = False, snapshot: bool = False
    ) -> None:
        self._transactions = transactions
        self._read_only = read_only
        self._joinable = joinable
        self._snapshot = snapshot
        self._token: Token[UnitOfWork | None] | None = None
        self._work: UnitOfWork | None = None

    def __enter__(self) -> UnitOfWork:
        self._work = self._transactions.unit(read_only=self._read_only, snapshot=self._snapshot)
        if self._joinable:
            self._token = _joinable.set(self._work)
        return self._work

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        work = self._work
        if work is None:
            return
        if self._token is not None:
            _joinable.reset(self._token)
        if error is None:
            try:
                work.commit(self._transactions.sink)
            except BaseException as failed:
                work.roll_back()
                _raise_translated(failed, work)
                raise
            return
        work.roll_back()
        _raise_translated(error, work)


def _raise_translated(error: BaseException, work: UnitOfWork) -> None:
    meaning = work.explain(error)
    if meaning is not None:
        raise meaning from error
