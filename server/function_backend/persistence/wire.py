"""Several statements in one message, by libpq's simple protocol.

A BEGIN costs a quarter of the CPU of psycopg's own `execute` (docs/adr/0010-storage.md). Parameters are not possible
here, so texts are built only from values whose form is known: UUIDs, integers, and literals that libpq quoted.
"""

from __future__ import annotations

from select import POLLIN, POLLOUT, poll
from typing import TYPE_CHECKING, Any

from psycopg import Connection, OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, Escaping, ExecStatus

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn
    from psycopg.pq.abc import PGresult as Result

Driver = Connection[tuple[Any, ...]]

_GOOD = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


def run(driver: Driver, statements: bytes) -> Result:
    """Runs the statements and returns the result of the last one; psycopg's error when one fails."""
    result = driver.pgconn.exec_(statements)
    if result.status not in _GOOD:
        raise failure(driver, result)
    return result


def run_each(driver: Driver, statements: bytes) -> list[Result]:
    """Runs the statements and returns the result of each, the first failed one being the last of the list."""
    driver.pgconn.send_query(statements)
    results: list[Result] = []
    while (result := _next_result(driver.pgconn)) is not None:
        results.append(result)
    return results


def _next_result(connection: PGconn) -> Result | None:
    # get_result waits for the server with the interpreter locked: during a commit, the whole process would wait for the
    # disk. exec_ in `run` does not.
    try:
        unsent = connection.flush()
        if unsent or connection.is_busy():
            waiting = poll()
            waiting.register(connection.socket)
            while unsent or connection.is_busy():
                waiting.modify(connection.socket, POLLIN | POLLOUT if unsent else POLLIN)
                waiting.poll()
                connection.consume_input()
                unsent = connection.flush()
    except OperationalError:
        pass  # The connection is lost; the result says how.
    return connection.get_result()


def succeeded(result: Result) -> bool:
    """Whether the statement behind the result did what it says."""
    return result.status in _GOOD


def failure(driver: Driver, result: Result) -> Exception:
    """The psycopg error that a failed result stands for."""
    if driver.pgconn.status != ConnStatus.OK and result.error_field(DiagnosticField.SQLSTATE) is None:
        return OperationalError(driver.pgconn.get_error_message())
    return error_from_result(result)


def literal(driver: Driver, text: str) -> bytes:
    """The text as a quoted SQL literal."""
    return bytes(Escaping(driver.pgconn).escape_literal(text.encode()))
