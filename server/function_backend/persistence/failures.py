"""What a failed statement means to the caller: the one place that reads driver errors.

Failures while connecting carry no SQLSTATE, so they are told by type; the rest goes by SQLSTATE. Driver text stays
inside.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import exc

from function_backend.kernel.errors import (
    CancelledError,
    ConflictError,
    DeadlineError,
    FieldViolation,
    InvalidArgumentError,
    LimitExceededError,
    ServiceError,
    UnavailableError,
)

if TYPE_CHECKING:
    from function_backend.kernel.call import Call

_RETRY_SOON = timedelta(milliseconds=200)
_RETRY_LATER = timedelta(seconds=1)

_QUERY_CANCELED = "57014"
_CONFLICTS = frozenset({"40001", "40P01", "55P03"})
# 08: connection. 53: out of connections, memory, disk. 57P: shutting down or starting up.
_AWAY_CLASSES = ("08", "53", "57P")
_READ_ONLY_TRANSACTION = "25006"
# Characters that have no place in the database's encoding, such as U+0000, and numbers or times beyond its range.
_UNSTORABLE = frozenset({"22021", "22P05", "22003", "22008"})


class MissingTenantError(RuntimeError):
    """Somebody opened a transaction without a tenant: a defect of the program, never an answer to a caller."""

    def __init__(self) -> None:
        super().__init__("a transaction was opened outside an authenticated call")


class DatabaseUnavailableError(UnavailableError):
    """The database cannot be reached right now."""

    def __init__(self) -> None:
        super().__init__(
            "The database cannot be reached; retry after the given delay.",
            metadata={"dependency": "database"},
            retry_after=_RETRY_LATER,
        )


class CommitInDoubtError(UnavailableError):
    """The connection broke while committing: the change was made or was not."""

    def __init__(self) -> None:
        super().__init__(
            "The database went away while the change was committed, so it may or may not have been made. "
            "Repeat the call with the same request_id; without one, read first.",
            metadata={"dependency": "database"},
            retry_after=_RETRY_LATER,
        )


class TransientConflictError(ConflictError):
    """Two transactions collided and this one was rolled back: running the whole of it again may succeed."""

    def __init__(self) -> None:
        super().__init__(
            "Another change was committed at the same time; read again and retry.", retry_after=_RETRY_SOON
        )


class PoolExhaustedError(LimitExceededError):
    """All database connections of this worker were busy for as long as a call may wait for one."""

    reason = "OVERLOADED"

    def __init__(self) -> None:
        super().__init__("The server is busy; retry after the given delay.", retry_after=_RETRY_LATER)


class UnstorableValueError(InvalidArgumentError):
    """A value of the request cannot be stored: a character such as U+0000, or a number or time out of range."""

    def __init__(self) -> None:
        description = "carries a character (such as U+0000), number or time that cannot be stored"
        super().__init__(
            f"The request {description}.",
            metadata={"violations": "1"},
            violations=[FieldViolation("", description)],
        )


def driver_error(error: BaseException) -> BaseException:
    """The driver's error behind SQLAlchemy's, or the error itself."""
    if isinstance(error, exc.StatementError) and error.orig is not None:
        return error.orig
    return error


def is_connection_lost(error: BaseException) -> bool:
    """Whether the error says that the connection, not the statement, is at fault."""
    cause = driver_error(error)
    if isinstance(cause, psycopg.InterfaceError):
        return True
    if not isinstance(cause, psycopg.Error):
        return False
    state = cause.sqlstate
    if state is None:
        return isinstance(cause, psycopg.OperationalError)
    return state.startswith(_AWAY_CLASSES)


def is_read_only(error: BaseException) -> bool:
    """Whether the server refused to write: it is a replica now, or the transaction only reads."""
    cause = driver_error(error)
    return isinstance(cause, psycopg.Error) and cause.sqlstate == _READ_ONLY_TRANSACTION


def violated_constraint(error: BaseException) -> str | None:
    """The name of the unique, foreign key, check or exclusion constraint that the statement violated."""
    cause = driver_error(error)
    return cause.diag.constraint_name if isinstance(cause, psycopg.IntegrityError) else None


def translate(error: BaseException, call: Call | None) -> ServiceError | None:
    """What to tell the caller; None for what is not the database's doing, or a defect of ours."""
    if isinstance(error, exc.TimeoutError):
        return PoolExhaustedError()
    cause = driver_error(error)
    if is_connection_lost(cause):
        return DatabaseUnavailableError()
    if _is_unstorable(cause):
        return UnstorableValueError()
    state = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    if state == _QUERY_CANCELED:
        return _interrupted(call)
    return TransientConflictError() if state in _CONFLICTS else None


def _is_unstorable(cause: BaseException) -> bool:
    if isinstance(cause, psycopg.DataError):
        # psycopg itself refuses U+0000 and numbers beyond 64 bits, without a state, before it sends anything.
        return cause.sqlstate is None or cause.sqlstate in _UNSTORABLE
    return isinstance(cause, UnicodeEncodeError)


def _interrupted(call: Call | None) -> ServiceError:
    remaining = None if call is None else call.remaining()
    if call is not None and call.ended and (remaining is None or remaining > 0):
        return CancelledError("The caller cancelled the call.")
    return DeadlineError("The time ran out while the database was working.", metadata={"remaining_ms": "0"})
