"""Random expressions over random messages, evaluated by the engine and by the oracle."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from google.protobuf.descriptor import Descriptor

from function.company.v1 import company_pb2
from function_backend_rules.cel import BudgetExceededError, Environment, EvaluationError, Limits, RefusedError
from function_backend_rules.cel.values import UInt
from tests.rules_engine import canonical, specimen
from tests.rules_engine.canonical import Canonical
from tests.rules_engine.differential import expressions, fields, vocabulary
from tests.rules_engine.differential.expressions import Node
from tests.rules_engine.differential.messages import MessageMaker
from tests.rules_engine.differential.oracle import Oracle, OracleLostError

ROWS = 100
RULES = 25
"""Rules of a chunk, over the same rows."""
_KINDS = (*("bool",) * 8, "int", "int", "uint", "double", "string", "string", "bytes", "list(int)", "list(string)")
_SCALARS = {"i": "int", "u": "uint", "d": "double", "b": "bool"}
_LARGEST = 24
_PATHS = ("evaluate", "alone", "exact", "trace")
_ALL_PATHS = 3
"""So many rows of each rule are evaluated by every path of the engine."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One rule on one row that the two do not agree about."""

    node: Node
    row: Mapping[str, object]
    ours: Canonical
    theirs: Canonical
    path: str = "evaluate"


@dataclass(slots=True)
class Tally:
    """What was compared so far."""

    pairs: int = 0
    errors: int = 0
    """Pairs that are an error on both sides."""
    rules: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Rules that were not compared, by who refused them and why."""
    differences: list[Difference] = field(default_factory=list)


class Subject:
    """A type of message, with the environment of both engines for it."""

    def __init__(self, message: Descriptor) -> None:
        self.message = message
        self.variables = {"c": message.full_name, **_SCALARS}
        # The messages are small, which an estimate of the cost cannot know.
        self.environment = Environment(variables=self.variables, limits=Limits(cost=10**30))
        self.oracle = Oracle(self.variables)
        names = fields.names(message, "c")
        for variable, kind in _SCALARS.items():
            names = names.with_leaf(kind, variable)
        self.names = names
        self.elements = fields.elements(message)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.oracle.__exit__(None, None, None)

    def rows(self, chance: random.Random) -> list[dict[str, object]]:
        """Random bindings."""
        maker = MessageMaker(chance)
        return [
            {
                "c": maker.message(self.message),
                "i": maker.whole(-(2**63), 2**63 - 1),
                "u": UInt(maker.whole(0, 2**64 - 1)),
                "d": maker.double(),
                "b": chance.random() < 0.5,
            }
            for _ in range(ROWS)
        ]


def subjects() -> list[Subject]:
    """The contract's own message, and one with a field of every kind."""
    return [Subject(specimen.specimen_class().DESCRIPTOR), Subject(company_pb2.Company.DESCRIPTOR)]


def compare_chunk(subject: Subject, chance: random.Random, tally: Tally) -> None:
    """Compares some rules over the same rows, and adds to the tally."""
    rows = subject.rows(chance)
    subject.oracle.bind(rows)
    generator = expressions.Generator(chance, subject.names, subject.elements)
    for _ in range(RULES):
        node = generator.expression(chance.choice(_KINDS), chance.randint(2, _LARGEST))
        if vocabulary.is_misjudged(str(node)):
            continue
        for difference in compare(subject, node, rows, tally):
            tally.differences.append(difference)
            break  # One row of a rule says enough.


def compare(subject: Subject, node: Node, rows: Sequence[Mapping[str, object]], tally: Tally) -> Iterator[Difference]:
    """The rows that a rule differs on; the oracle has to be bound to them."""
    subject.oracle.send(str(node))
    program: Any = None
    refusal = ""
    try:
        program = subject.environment.check(str(node)).program()
    except RefusedError as error:
        refusal = error.issues[0].message
    try:
        answers = subject.oracle.receive()
    except OracleLostError:
        tally.refused["oracle ended"] += 1
        return
    if isinstance(answers, str):
        tally.refused[f"both: {_short(answers)}" if program is None else f"oracle: {_short(answers)}"] += 1
        return
    if program is None:
        tally.refused[f"engine: {_short(refusal)}"] += 1
        return
    tally.rules += 1
    for number, (row, answer) in enumerate(zip(rows, answers, strict=True)):
        theirs = _canonical(*answer)
        tally.pairs += 1
        tally.errors += theirs.kind == "error"
        for path in _PATHS if number < _ALL_PATHS else _PATHS[:1]:
            ours = evaluated(program, row, path)
            if not _equal(ours, theirs):
                yield Difference(node, row, ours, theirs, path)


def evaluated(program: Any, row: Mapping[str, object], path: str) -> Canonical:
    """What the engine makes of a row, by one of its paths."""
    try:
        found = program.alone(*row.values()) if path == "alone" else getattr(program, path)(row)
        if path == "trace":
            if found.error is not None:
                raise found.error
            found = found.value
        return canonical.of(found)
    except BudgetExceededError as error:
        return Canonical("stopped", str(error))
    except EvaluationError as error:
        return Canonical("error", str(error))
    except Exception as error:  # noqa: BLE001 - which is the find
        return Canonical("crash", repr(error))


def _canonical(kind: str, content: Any) -> Canonical:
    if kind == "list":
        return canonical.listed(_canonical(*item) for item in content)
    return canonical.double(content) if kind == "double" else Canonical(kind, content)


def _equal(ours: Canonical, theirs: Canonical) -> bool:
    return ours == theirs or (ours.kind == theirs.kind == "error")


def _short(reason: str) -> str:
    lines = reason.splitlines()
    return lines[0].removeprefix("INVALID_ARGUMENT: ")[:100] if lines else ""
