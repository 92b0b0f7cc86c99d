"""The output columns of a table: their types, and what each row gives."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from google.protobuf.message import Message

from function.rules.v1 import definition_pb2
from function_backend_rules.cel import types
from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.descriptors import field_type
from function_backend_rules.cel.environment import Environment
from function_backend_rules.cel.failures import EvaluationError
from function_backend_rules.cel.names import nearest
from function_backend_rules.cel.runtime.building import build
from function_backend_rules.cel.runtime.operators import message_class
from function_backend_rules.cel.source import Issue, RefusedError, Source, Span
from function_backend_rules.problems import Problem, of_issue
from function_backend_rules.tables.cell_tests import constant_value, free_of_variables
from function_backend_rules.tables.domains import cel_text
from function_backend_rules.tables.rows import Evaluate, Output, fresh

# Most outputs are one of these, and need no parser.
_PLAIN = re.compile(
    r"""(?P<int>-?\d{1,18}) | (?P<double>-?\d{1,15}\.\d{1,15}) | "(?P<string>[^"\\\n\r\ud800-\udfff]*)" """
    r"""| (?P<bool>true|false)""",
    re.VERBOSE,
)
_WRITTEN = {types.DOUBLE: ".0", types.UINT: "u"}
_PLAIN_TYPES = {"int": types.INT, "double": types.DOUBLE, "string": types.STRING, "bool": types.BOOL}


@dataclass(frozen=True, slots=True)
class _Given:
    """One output of one row: its type, and its value where it is constant."""

    type: types.Type
    evaluate: Evaluate | None = None
    constant: object = None


@dataclass(slots=True)
class OutputReader:
    """Reads the outputs of a table's rows; problems are gathered rather than raised.

    Args:
        columns: The output columns.
        environment: Declares the inputs.
        result_type: The type that the definition asks for; None where it asks for none.
        path: Leads to the table.
    """

    columns: Sequence[definition_pb2.OutputColumn]
    environment: Environment
    result_type: types.Type | None
    path: str
    problems: list[Problem] = field(default_factory=list)
    column_types: list[types.Type | None] = field(default_factory=list)
    _ranks: list[dict[str, int]] = field(default_factory=list)
    _known: dict[tuple[int, str], _Given | tuple[Issue, ...]] = field(default_factory=dict)
    _make: Callable[[], Message] | None = None

    def __post_init__(self) -> None:
        if self._message:
            self._make = message_class(self.environment.contract.pool, self._message.name)
        names = set[str]()
        for number, column in enumerate(self.columns):
            path = f"{self.path}.output_columns[{number}]"
            if column.name in names:
                self.problems.append(Problem(f"{path}.name", f"two output columns are called {column.name!r}"))
            names.add(column.name)
            self.column_types.append(self._declared(path, column))
        self._ranks = [self._priorities(number) for number in range(len(self.columns))]

    @property
    def value_type(self) -> types.Type:
        """The type of the value of one row, once rows were read."""
        if self._message:
            return self._message
        found = [kind or types.DYN for kind in self.column_types]
        if len(found) == 1:
            return found[0]
        return types.map_of(types.STRING, found[0] if len(set(found)) == 1 else types.DYN)

    @property
    def _message(self) -> types.Type | None:
        wanted = self.result_type
        return wanted if wanted is not None and wanted.kind == "message" and len(self.columns) > 1 else None

    def read(self, path: str, sources: Sequence[str], subject: str) -> Output | None:
        """Gives what a row gives; None after noting a problem. `path` leads to the list of outputs."""
        if len(sources) != len(self.columns):
            message = f"there are {len(sources)} outputs for {len(self.columns)} output columns"
            self.problems.append(Problem(path, message, subject=subject))
            return None
        given = [self._given(number, f"{path}[{number}]", source, subject) for number, source in enumerate(sources)]
        known = [each for each in given if each is not None]
        if len(known) < len(given):
            return None
        rank = self._rank(path, known, subject)
        if any(each.evaluate is not None for each in known):
            return Output(evaluate=self._evaluation(known))
        try:
            return Output(self._together([each.constant for each in known]), rank=rank)
        except EvaluationError as error:
            self.problems.append(Problem(path, f"the constant has no value: {error.message}", subject=subject))
            return None

    def rank_of(self, value: object) -> tuple[int, ...] | None:
        """Gives the place of a row's value in the priorities; None where it is in none."""
        values = list(value.values()) if isinstance(value, dict) and len(self.columns) > 1 else [value]
        places = [ranks.get(cel_text(each)) for ranks, each in zip(self._ranks, values, strict=True) if ranks]
        found = tuple(place for place in places if place is not None)
        return found if len(found) == len(places) else None

    @property
    def _names(self) -> list[str]:
        return [column.name for column in self.columns]

    def _declared(self, path: str, column: definition_pb2.OutputColumn) -> types.Type | None:
        wanted = self.result_type if len(self.columns) == 1 else self._field(path, column.name)
        if not column.type:
            return wanted
        try:
            declared = types.parse_type(column.type)
        except ValueError as error:
            self.problems.append(Problem(f"{path}.type", str(error), subject=f"column {column.name}"))
            return None
        if wanted is not None and wanted != declared:
            what = "the definition's result" if len(self.columns) == 1 else f"the field of {self._message}"
            message = f"the column is of type {declared}, and {what} is of type {wanted}"
            self.problems.append(Problem(f"{path}.type", message, subject=f"column {column.name}"))
        return declared

    def _field(self, path: str, name: str) -> types.Type | None:
        """The type of the field of the result's message that a column fills."""
        if not self._message:
            return None
        descriptor = self.environment.contract.message(self._message.name)
        fields = descriptor.fields_by_name if descriptor is not None else {}
        if name not in fields:
            message = f"{self._message} has no field {name!r}"
            self.problems.append(Problem(f"{path}.name", message, suggestion=nearest(name, fields)))
            return None
        return field_type(fields[name])

    def _priorities(self, number: int) -> dict[str, int]:
        ranks = dict[str, int]()
        column = self.columns[number]
        for place, source in enumerate(column.priorities):
            path = f"{self.path}.output_columns[{number}].priorities[{place}]"
            given = self._given(number, path, source, f"column {column.name}")
            if given is None:
                continue
            if given.evaluate is not None:
                self.problems.append(Problem(path, "a priority is a constant", subject=f"column {column.name}"))
            elif cel_text(given.constant) in ranks:
                self.problems.append(Problem(path, f"{source} stands twice", subject=f"column {column.name}"))
            ranks.setdefault(cel_text(given.constant), place)
        return ranks

    def _rank(self, path: str, given: Sequence[_Given], subject: str) -> tuple[int, ...] | None:
        places = list[int]()
        for number, (each, ranks) in enumerate(zip(given, self._ranks, strict=True)):
            if not ranks:
                continue
            if each.evaluate is not None:
                return None
            place = ranks.get(cel_text(each.constant))
            if place is None:
                message = f"{cel_text(each.constant)} is not among the priorities of {self.columns[number].name}"
                self.problems.append(Problem(f"{path}[{number}]", message, subject=subject))
                return None
            places.append(place)
        return tuple(places)

    def _given(self, number: int, path: str, source: str, subject: str) -> _Given | None:
        column = self.columns[number].name
        known = self._known.get((number, source))
        if known is None:
            try:
                known = self._read(source, self.column_types[number], column)
            except RefusedError as error:
                known = error.issues
            self._known[number, source] = known
        if isinstance(known, _Given):
            if self.column_types[number] is None:
                # Constants of the first row say what the others have to be.
                self.column_types[number] = known.type
            return known
        where = f"{subject}, column {column}" if not subject.startswith("column") else subject
        self.problems.extend(of_issue(path, issue, where) for issue in known)
        return None

    def _read(self, source: str, wanted: types.Type | None, column: str) -> _Given:
        if not source.strip():
            message = f"an output is missing; write null where {column} has no value"
            raise RefusedError((Source(source).issue(Span(0, 0), message),))
        plain = _PLAIN.fullmatch(source)
        if plain is not None and plain.lastgroup:
            kind = _PLAIN_TYPES[plain.lastgroup]
            if wanted in {None, kind}:
                return _Given(kind, constant=_plain_value(plain))
            if wanted in _WRITTEN and kind == types.INT:
                suggestion = f"write {source}{_WRITTEN[wanted]}"
                raise RefusedError((Source(source).issue(Span(0, len(source)), f"{column} is a {wanted}", suggestion),))
        expression = self.environment.check(source, expect=wanted)
        if not free_of_variables(expression.root):
            return _Given(expression.type, expression.program().call)
        try:
            return _Given(expression.type, constant=constant_value(expression))
        except EvaluationError as error:
            issue = Source(source).issue(error.span or Span(0, 1), f"the constant has no value: {error.message}")
            raise RefusedError((issue,)) from error

    def _evaluation(self, given: Sequence[_Given]) -> Evaluate:
        if len(given) == 1 and given[0].evaluate is not None:
            return given[0].evaluate

        def evaluate(budget: Budget, *arguments: object) -> object:
            return self._together(
                [each.evaluate(budget, *arguments) if each.evaluate else fresh(each.constant) for each in given]
            )

        return evaluate

    def _together(self, values: Sequence[object]) -> object:
        """The value of a row from those of its outputs."""
        if len(values) == 1:
            return values[0]
        named = dict(zip(self._names, values, strict=True))
        return named if self._make is None else build(self._make, named)


def _plain_value(plain: re.Match[str]) -> object:
    kind, text = plain.lastgroup, plain.group(plain.lastgroup or 0)
    if kind == "int":
        return int(text)
    if kind == "double":
        return float(text)
    return text == "true" if kind == "bool" else text
