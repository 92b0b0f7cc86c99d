"""Transactions as PostgreSQL logged them: what a client sent, statement by statement, with its parameters.

The server writes them down, so nothing of the service has to be opened up, and nothing it sends can be missed.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

_ENTRY = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[(\d+)\] \S*@\S* (LOG|DETAIL|ERROR|STATEMENT|HINT|CONTEXT):  (.*)$")
_PARAMETER = re.compile(r"\$\d+ = (?:'((?:[^']|'')*)'|(NULL))")
_SIMPLE = "statement: "
_PREPARED = re.compile(r"execute [^:]+: ", re.DOTALL)


@dataclass(slots=True)
class Statement:
    """One statement; without parameters it went by the simple protocol, and may be several in one."""

    text: str
    parameters: list[str | None] | None


@dataclass(slots=True)
class Transaction:
    """The statements of one session from BEGIN to COMMIT."""

    statements: list[Statement] = field(default_factory=list)

    def names(self, text: str) -> bool:
        """Whether a statement contains the text."""
        return any(text in statement.text for statement in self.statements)


class StatementLog:
    """The part of a server's log that was written while `recording` lasted."""

    def __init__(self, url: str, path: Path) -> None:
        """`url` is a superuser's, `path` the log of the server."""
        self._url = url
        self._path = path
        self._text = ""

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Inside, the server logs every statement of every session."""
        start = self._path.stat().st_size
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("alter system set log_statement = 'all'")
            connection.execute("select pg_reload_conf()")
            try:
                yield
            finally:
                connection.execute("alter system reset log_statement")
                connection.execute("select pg_reload_conf()")
        with self._path.open("rb") as file:
            file.seek(start)
            self._text = file.read().decode()

    def transactions(self) -> list[Transaction]:
        """The transactions that were committed, in the order of their commits."""
        committed: list[Transaction] = []
        running: dict[str, Transaction] = {}
        for session, statement in _statements(self._text):
            if statement.text.lower().startswith("begin"):
                running[session] = Transaction()
            transaction = running.get(session)
            if transaction is None:
                continue
            transaction.statements.append(statement)
            if statement.text.lower().startswith("commit"):
                committed.append(running.pop(session))
            elif statement.text.lower().startswith("rollback"):
                del running[session]
        return committed


def _statements(text: str) -> Iterator[tuple[str, Statement]]:
    """The statements with the number of the session that each came from."""
    waiting: dict[str, Statement] = {}
    for session, kind, content in _entries(text):
        if kind == "DETAIL" and session in waiting:
            statement = waiting.pop(session)
            statement.parameters = _parameters(content)
            yield session, statement
            continue
        if session in waiting:
            yield session, waiting.pop(session)
        if kind != "LOG":
            continue
        if content.startswith(_SIMPLE):
            yield session, Statement(content.removeprefix(_SIMPLE), None)
        elif (prefix := _PREPARED.match(content)) is not None:
            waiting[session] = Statement(content[prefix.end() :], [])


def _entries(text: str) -> Iterator[tuple[str, str, str]]:
    session, kind, lines = "", "", [""]
    # Not splitlines: values hold separators that it takes for ends of lines.
    for line in text.split("\n"):
        begun = _ENTRY.match(line)
        if begun is None:
            lines.append(line.removeprefix("\t"))
            continue
        if kind:
            yield session, kind, "\n".join(lines)
        session, kind, lines = begun[1], begun[2], [begun[3]]
    if kind:
        yield session, kind, "\n".join(lines)


def _parameters(content: str) -> list[str | None]:
    return [None if found[2] is not None else found[1].replace("''", "'") for found in _PARAMETER.finditer(content)]
