"""The other side of the process that cel-expr-python evaluates in."""

from __future__ import annotations

import importlib.util
import pickle
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from google.protobuf.message import Message

ROOT = Path(__file__).parents[3]
_SECONDS = 60.0


class OracleLostError(Exception):
    """The process died or hangs; a new one is there for the next request."""


def unavailable() -> str:
    """Why there is no oracle on this machine; empty when there is one."""
    if importlib.util.find_spec("cel_expr_python") is None:
        return "cel-expr-python has no wheel for this platform"
    return ""


class Oracle:
    """Evaluates expressions over rows of bindings."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = dict(variables)
        self._rows: list[dict[str, Any]] = []
        self._process = self._started()
        self._ask("environment", self._variables)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def bind(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Sets the rows that the next expressions are evaluated over."""
        self._rows = [{name: _packed(value) for name, value in row.items()} for row in rows]
        self._ask("bind", self._rows)

    def send(self, expression: str) -> None:
        """Asks for the values of an expression; `receive` has the answer, and there is time in between."""
        self._write("evaluate", expression)

    def receive(self) -> str | list[tuple[str, Any]]:
        """The value for each row, as kind and content; a text when the expression is refused.

        Raises:
            OracleLostError: the process ended or hangs.
        """
        try:
            answer: str | list[tuple[str, Any]] = self._read()
        except (EOFError, OSError, TimeoutError) as error:
            self._end()
            self._process = self._started()
            self._ask("environment", self._variables)
            self._ask("bind", self._rows)
            raise OracleLostError(f"the oracle ended: {error!r}") from error
        return answer

    def evaluate(self, expression: str) -> str | list[tuple[str, Any]]:
        """`send` and `receive`."""
        self.send(expression)
        return self.receive()

    def _started(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.rules_engine.differential.oracle_process"]
        # What C++ writes about itself on its way out is of no interest.
        return subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def _ask(self, order: str, argument: object) -> Any:
        self._write(order, argument)
        return self._read()

    def _write(self, order: str, argument: object) -> None:
        stream = self._process.stdin
        if stream is None:
            raise OracleLostError("the oracle has no input")
        pickle.dump((order, argument), stream)
        stream.flush()

    def _read(self) -> Any:
        stream = self._process.stdout
        if stream is None:
            raise EOFError("the oracle has no output")
        ready, _, _ = select.select([stream], [], [], _SECONDS)
        if not ready:
            raise TimeoutError(f"no answer within {_SECONDS:.0f} s")
        return pickle.load(stream)  # noqa: S301 - written by the process that this one started

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()


def _packed(value: object) -> object:
    if isinstance(value, Message):
        return value.DESCRIPTOR.full_name, value.SerializeToString()
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value
