"""What a command prints: tables for people, JSON lines for machines, failures on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Final

import orjson
from google.protobuf import json_format
from google.protobuf.message import Message
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from function_backend_client import FunctionBackendError, InvalidFilterError, UnauthenticatedError

_WITHOUT_BREAKS: Final = 10_000

OK: Final = 0
REFUSED: Final = 1
"""The service refused, or something did not work."""
USAGE: Final = 2
"""The command line is wrong."""
UNAVAILABLE: Final = 3
"""The service cannot be reached, or is too busy: the same command may work later."""


class Output:
    """Where the results of a command go."""

    def __init__(self, *, json: bool = False) -> None:
        self.json = json
        # rich leaves out colours where the output is no terminal, and where NO_COLOR is set. Lines break only on a
        # terminal: other programs read whole ones.
        width = None if sys.stdout.isatty() else _WITHOUT_BREAKS
        self.console = Console(highlight=False, width=width)
        self.errors = Console(stderr=True, highlight=False, soft_wrap=True)

    def message(self, message: Message) -> None:
        """One message as a line of JSON: the same names as in the contract, whatever version of this program."""
        self.line(json_of(message))

    def line(self, content: object) -> None:
        """One line of JSON."""
        sys.stdout.buffer.write(orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE))
        sys.stdout.buffer.flush()

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
        """A table, or the sentence for an empty one."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            # An id that is broken over two lines cannot be copied.
            table.add_column(column, overflow="fold", no_wrap=column == "Id")
        for row in rows:
            table.add_row(*[escape(cell) for cell in row])
        if table.row_count:
            self.console.print(table)
        else:
            self.console.print(empty)

    def tree(self, message: Message, tree: Tree) -> None:
        """A tree for people, or the message that it shows."""
        if self.json:
            self.message(message)
        else:
            self.console.print(tree)

    def fields(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Names and values below each other; empty values are left out."""
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, value in pairs:
            if value:
                table.add_row(name, escape(value))
        self.console.print(table)

    def say(self, text: str) -> None:
        """A sentence for people; silent when the output is for machines."""
        if not self.json:
            self.console.print(escape(text), soft_wrap=True)

    def warn(self, text: str) -> None:
        """A sentence on standard error, which never mixes with the result."""
        self.errors.print(escape(text))


def json_of(message: Message) -> dict[str, object]:
    """A message as protobuf's JSON with the field names of the contract."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def explain(failure: FunctionBackendError, output: Output, *, address: str) -> int:
    """Says what went wrong and what to do; returns the exit status."""
    if output.json:
        details = {
            "reason": failure.reason,
            "code": failure.code.name,
            "message": failure.message,
            "violations": [
                {"field": violation.field, "description": violation.description} for violation in failure.violations
            ],
            "metadata": dict(failure.metadata),
            "request_id": failure.request_id,
        }
        sys.stderr.buffer.write(orjson.dumps({"error": details}, option=orjson.OPT_APPEND_NEWLINE))
    else:
        for line in _sentences(failure, address):
            output.errors.print(line)
    return status_of(failure)


def status_of(failure: FunctionBackendError) -> int:
    """The exit status for a failure."""
    later = {"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"}
    return UNAVAILABLE if failure.code.name in later else REFUSED


def _sentences(failure: FunctionBackendError, address: str) -> Iterable[str]:
    name = failure.reason or failure.code.name
    yield f"[bold red]{escape(name)}[/]: {escape(failure.message)}"
    for violation in failure.violations:
        if str(violation) not in failure.message:
            yield f"  {escape(str(violation))}"
    if not failure.reason and status_of(failure) == UNAVAILABLE:
        yield f"Is the service running at {escape(address)}? Set another address with --address."
    if isinstance(failure, UnauthenticatedError):
        yield "Log in with `function-backend login`, or set a key with FUNCTION_BACKEND_API_KEY or --api-key-file."
    if isinstance(failure, InvalidFilterError):
        yield "The filter language is described in docs/filters.md."
    if failure.retry_after is not None:
        yield f"Try again in {failure.retry_after.total_seconds():g} s."
    if failure.request_id:
        yield f"[dim]request id {escape(failure.request_id)}[/]"
