"""Decision tables as CSV, for spreadsheets; the way there and back loses nothing.

    #hit_policy,HIT_POLICY_FIRST
    id,input country: string,input amount: int,output discount: double,reason_code,reason
    #expression,company.country,,,,
    eu-large,"in [""DE"", ""FR""]",>= 1000,0.15,LARGE,A large order

Lines whose first field begins with `#` say something about the whole table before the header (`#hit_policy`,
`#aggregation`, `#allow_gaps`, `#on_error`) or about its columns behind it (`#expression`, `#description`,
`#priorities` as a JSON list, `#otherwise`). The type of an input column is that of its expression and said for the
reader; the type of an output column is part of the table. A name that holds `: ` itself is followed by another, with or
without a type.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from function.rules.v1 import definition_pb2
from function_backend_rules.cel.names import nearest

_ROW_FIELDS = ("id", "reason_code", "reason")
_COLUMN_LINES = ("#expression", "#description", "#priorities", "#otherwise")
_COLUMN_FIELDS = {
    ("input", "#expression"): "expression",
    ("input", "#description"): "description",
    ("output", "#description"): "description",
}
_ENUMS = {
    "hit_policy": definition_pb2.HitPolicy,
    "aggregation": definition_pb2.Aggregation,
    "on_error": definition_pb2.ErrorPolicy,
}
_SETTINGS = ("#hit_policy", "#aggregation", "#allow_gaps", "#on_error")
MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class CsvProblem:
    """Why a file is refused: the line where the record begins and the number of the field, both from 1."""

    line: int
    column: int
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        """The place, the message and what to do."""
        text = f"line {self.line}, column {self.column}: {self.message}"
        return f"{text} ({self.suggestion})" if self.suggestion else text


class CsvRefusedError(ValueError):
    """A file is no decision table."""

    def __init__(self, problems: Sequence[CsvProblem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class CsvTable:
    """What a file holds: the table, and the types of its input columns by name, where the header says them."""

    table: definition_pb2.DecisionTable
    input_types: Mapping[str, str]


def write_csv(table: definition_pb2.DecisionTable, input_types: Mapping[str, str] | None = None) -> str:
    """Gives a table as CSV, with the types of input columns by name where they are known.

    Raises:
        ValueError: The table has rows whose cells or outputs do not fit its columns, or no output columns: it would not
            come back as it is.
    """
    _refuse_uneven(table)
    records = [[name, value] for name, value in _settings(table)]
    inputs, outputs = table.input_columns, table.output_columns
    known = input_types or {}
    headers = [_header("input", column.name, known.get(column.name, "")) for column in inputs]
    headers += [_header("output", column.name, column.type) for column in outputs]
    records.append(["id", *headers, "reason_code", "reason"])
    none = [""] * len(outputs)
    lines: list[tuple[str, list[str]]] = [
        ("#expression", [*(column.expression for column in inputs), *none]),
        ("#description", [*(column.description for column in inputs), *(column.description for column in outputs)]),
        ("#priorities", [*("" for _ in inputs), *(_json(column.priorities) for column in outputs)]),
    ]
    records.extend([name, *fields, "", ""] for name, fields in lines if any(fields))
    if table.otherwise:
        records.append(["#otherwise", *("" for _ in inputs), *table.otherwise, "", ""])
    records.extend([row.id, *row.cells, *row.outputs, row.reason_code, row.reason] for row in table.rows)
    return "".join(",".join(map(_field, record)) + "\n" for record in records)


def read_csv(text: str, *, delimiter: str = ",") -> CsvTable:
    """Gives the table that a file holds.

    Cells and outputs are taken as they are; whether they mean something is seen when the table is compiled.

    Raises:
        CsvRefusedError: With the places of what is wrong.
    """
    reader = _Reader(delimiter)
    try:
        for line, fields in _records(text.removeprefix("\ufeff"), delimiter):
            reader.take(line, fields)
    except csv.Error as error:
        reader.refuse(reader.line + 1, 1, f"the record cannot be read: {error}", "a quote is doubled inside quotes")
    if not reader.columns and not reader.problems:
        reader.refuse(reader.line or 1, 1, "there is no header", "id,input country: string,output discount: double")
    if reader.problems:
        raise CsvRefusedError(reader.problems[:MAX_PROBLEMS])
    return CsvTable(reader.table, reader.input_types)


@dataclass(frozen=True, slots=True)
class _Column:
    """One field of the header: `input` or `output` and its place among them, or one of a row's own fields."""

    kind: str
    place: int = 0


@dataclass(slots=True)
class _Reader:
    delimiter: str
    table: definition_pb2.DecisionTable = field(default_factory=definition_pb2.DecisionTable)
    input_types: dict[str, str] = field(default_factory=dict)
    columns: list[_Column] = field(default_factory=list)
    problems: list[CsvProblem] = field(default_factory=list)
    line: int = 0

    def refuse(self, line: int, column: int, message: str, suggestion: str | None = None) -> None:
        self.problems.append(CsvProblem(line, column, message, suggestion))

    def take(self, line: int, fields: list[str]) -> None:
        self.line = line
        first = fields[0]
        if not self.columns:
            if first.startswith("#"):
                self._setting(line, fields)
            else:
                self._read_header(line, fields)
            return
        if len(fields) != len(self.columns):
            message = f"the record has {len(fields)} fields, and the header has {len(self.columns)}"
            self.refuse(line, min(len(fields), len(self.columns)) + 1, message)
        elif first.startswith("#") and self.columns[0].kind == "id":
            self._column_line(line, fields)
        else:
            self._row(fields)

    def _setting(self, line: int, fields: list[str]) -> None:
        name, value = fields[0], fields[1] if len(fields) > 1 else ""
        if name in _COLUMN_LINES:
            self.refuse(line, 1, f"{name} stands behind the header, because it speaks of its columns")
        elif name not in _SETTINGS:
            self.refuse(line, 1, f"{name} is not known", nearest(name, [*_SETTINGS, *_COLUMN_LINES]))
        elif any(fields[2:]):
            self.refuse(line, 3, f"{name} has one value")
        elif name == "#allow_gaps":
            if value not in {"true", "false"}:
                self.refuse(line, 2, f"{value!r} is neither true nor false")
            self.table.allow_gaps = value == "true"
        else:
            self._enum(line, name.removeprefix("#"), value)

    def _enum(self, line: int, name: str, value: str) -> None:
        values = _ENUMS[name].DESCRIPTOR.values_by_name
        if value in values:
            setattr(self.table, name, values[value].number)
        elif value.removeprefix("-").isdecimal() and abs(int(value)) < 2**31:
            # Of a newer version of the contract; it is kept, and refused by whoever does not know it.
            setattr(self.table, name, int(value))
        else:
            self.refuse(line, 2, f"{value!r} is no {name.replace('_', ' ')}", nearest(value, values))

    def _read_header(self, line: int, fields: list[str]) -> None:
        if len(fields) == 1 and (other := next((each for each in ";\t|" if each in fields[0]), None)):
            self.refuse(line, 1, f"the fields seem to be separated by {other!r}; say so, or save them with commas")
            return
        seen = set[str]()
        for number, text in enumerate(fields, 1):
            kind, _, rest = text.partition(" ")
            if text in _ROW_FIELDS:
                self.columns.append(_Column(text))
                if text in seen:
                    self.refuse(line, number, f"there are two columns {text}")
            elif kind in {"input", "output"} and rest:
                self._column(kind, rest)
            else:
                known = nearest(kind, ["input", "output", *_ROW_FIELDS])
                message = (
                    f"{text!r} is no column; a header is id, input NAME: TYPE, output NAME: TYPE, reason_code or reason"
                )
                self.refuse(line, number, message, known)
            seen.add(text)
        if not self.problems and not self.table.output_columns:
            self.refuse(line, len(fields), "the table has no output column", "output discount: double")

    def _column(self, kind: str, text: str) -> None:
        name, separator, declared = text.rpartition(": ")
        if not separator:
            name, declared = text, ""
        if kind == "input":
            self.columns.append(_Column(kind, len(self.table.input_columns)))
            self.table.input_columns.add(name=name)
            if declared:
                self.input_types[name] = declared
        else:
            self.columns.append(_Column(kind, len(self.table.output_columns)))
            self.table.output_columns.add(name=name, type=declared)

    def _column_line(self, line: int, fields: list[str]) -> None:
        name = fields[0]
        if name not in _COLUMN_LINES:
            self.refuse(line, 1, f"{name} is not known behind the header", nearest(name, _COLUMN_LINES))
            return
        if name == "#otherwise":
            if self.table.otherwise:
                self.refuse(line, 1, "there are two lines #otherwise")
            self.table.otherwise.extend(self._of("output", fields))
        for number, (column, text) in enumerate(zip(self.columns, fields, strict=True), 1):
            if not text or number == 1 or (column.kind == "output" and name == "#otherwise"):
                continue
            if column.kind == "output" and name == "#priorities":
                self._priorities(line, number, self.table.output_columns[column.place], text)
            elif (column.kind, name) in _COLUMN_FIELDS:
                columns = self.table.input_columns if column.kind == "input" else self.table.output_columns
                setattr(columns[column.place], _COLUMN_FIELDS[column.kind, name], text)
            else:
                self.refuse(line, number, f"{name} says nothing about this column; leave the field empty")

    def _priorities(self, line: int, number: int, column: definition_pb2.OutputColumn, text: str) -> None:
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            example = '["\\"high\\"", "\\"low\\""]'
            self.refuse(line, number, "priorities are a JSON list of constants, each as a text", example)
            return
        column.priorities.extend(found)

    def _row(self, fields: list[str]) -> None:
        own = {
            column.kind: text for column, text in zip(self.columns, fields, strict=True) if column.kind in _ROW_FIELDS
        }
        self.table.rows.add(cells=self._of("input", fields), outputs=self._of("output", fields), **own)

    def _of(self, kind: str, fields: list[str]) -> list[str]:
        return [text for column, text in zip(self.columns, fields, strict=True) if column.kind == kind]


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The records with the lines where they begin; empty lines are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    before = 0
    for fields in reader:
        if fields:
            yield before + 1, fields
        before = reader.line_num


def _settings(table: definition_pb2.DecisionTable) -> Iterator[tuple[str, str]]:
    for name, kind in _ENUMS.items():
        number = getattr(table, name)
        values = kind.DESCRIPTOR.values_by_number
        if number:
            yield f"#{name}", values[number].name if number in values else str(number)
    if table.allow_gaps:
        yield "#allow_gaps", "true"


def _field(text: str) -> str:
    # Not csv.writer: it leaves a lone carriage return without quotes, and its reader takes that as the end of a line.
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def _header(kind: str, name: str, declared: str) -> str:
    return f"{kind} {name}: {declared}" if declared or ": " in name else f"{kind} {name}"


def _json(values: Sequence[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False) if values else ""


def _refuse_uneven(table: definition_pb2.DecisionTable) -> None:
    inputs, outputs = len(table.input_columns), len(table.output_columns)
    if not outputs:
        raise ValueError("a table without output columns cannot be written as CSV")
    if table.otherwise and len(table.otherwise) != outputs:
        raise ValueError(f"`otherwise` has {len(table.otherwise)} outputs for {outputs} output columns")
    if "" in {*(column.name for column in table.input_columns), *(column.name for column in table.output_columns)}:
        raise ValueError("a column without a name cannot be written as CSV")
    for number, row in enumerate(table.rows, 1):
        if row.id.startswith("#"):
            raise ValueError(f"the id of row {number} begins with #, which marks lines that are no rows")
        if len(row.cells) != inputs or len(row.outputs) != outputs:
            raise ValueError(f"row {number} does not have as many cells and outputs as the table has columns")
