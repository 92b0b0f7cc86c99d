"""The process in which cel-expr-python evaluates: it may abort, leak and hang there as it likes.

Reads pickled requests from its input and answers each on its output. Text and bytes reach an expression inside messages
only, and no null value is ever fetched: both are known to go wrong (on Python 3.11 a null ends the process).
"""

from __future__ import annotations

import pickle
import sys
from typing import Any

from cel_expr_python import cel
from google.protobuf import descriptor_pool, message_factory

from function.company.v1 import company_pb2  # noqa: F401 - its types in the pool
from tests.rules_engine import specimen

# All that the profile has and the oracle too.
_EXTENSIONS = ("bindings", "lists", "math", "optional", "sets", "strings", "two-var-comprehensions")
_SCALARS = {"BOOL": "bool", "INT": "int", "UINT": "uint", "DOUBLE": "double", "STRING": "string", "BYTES": "bytes"}


class _Evaluator:
    def __init__(self, variables: dict[str, str]) -> None:
        config = cel.NewEnvConfigFromYaml("extensions:\n" + "".join(f"  - name: {name}\n" for name in _EXTENSIONS))
        types = {name: getattr(cel.Type, kind.upper(), None) or cel.Type(kind) for name, kind in variables.items()}
        self._environment = cel.NewEnv(config=config, variables=types)
        self._activations: list[Any] = []

    def bind(self, rows: list[dict[str, Any]]) -> None:
        self._activations = [
            self._environment.Activation({name: _unpacked(value) for name, value in row.items()}) for row in rows
        ]

    def evaluate(self, expression: str) -> str | list[tuple[str, Any]]:
        """The result for each row of bindings; the reason as one text where the expression is refused."""
        try:
            compiled = self._environment.compile(expression)
        except Exception as error:  # noqa: BLE001 - it has no class of its own for that
            return str(error)
        return [_result(compiled, activation) for activation in self._activations]


def _unpacked(value: Any) -> Any:
    if isinstance(value, tuple):
        name, data = value
        kind = descriptor_pool.Default().FindMessageTypeByName(name)
        return message_factory.GetMessageClass(kind).FromString(data)
    return value


def _result(compiled: Any, activation: Any) -> tuple[str, Any]:
    try:
        return _plain(compiled.eval(activation))
    except Exception as error:  # noqa: BLE001 - as above
        return "error", str(error)


def _plain(found: Any) -> tuple[str, Any]:
    # The type before the value, always.
    kind = found.type().name().partition("<")[0]
    if kind == "NULL" or kind.startswith("NULL"):
        return "null", None
    value = found.value()
    if kind == "ERROR":
        return "error", str(value)
    if kind == "LIST":
        return "list", [_plain(item) for item in value]
    if kind == "BYTES":
        return "bytes", bytes(value)
    if kind in _SCALARS:
        return _SCALARS[kind], value
    return "unread", f"{kind} {value!r}"


def main() -> None:
    specimen.specimen_class()
    evaluator: _Evaluator | None = None
    while True:
        try:
            order, argument = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the process that started this one
        except EOFError:
            return
        answer: Any = None
        if order == "environment":
            evaluator = _Evaluator(argument)
        elif evaluator is not None:
            if order == "bind":
                evaluator.bind(argument)
            else:
                answer = evaluator.evaluate(argument)
        pickle.dump(answer, sys.stdout.buffer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
