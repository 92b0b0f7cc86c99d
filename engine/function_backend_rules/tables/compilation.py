"""From the message of a decision table to one that decides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from function.rules.v1 import definition_pb2
from function_backend_rules.cel import types
from function_backend_rules.cel.environment import Environment, Expression
from function_backend_rules.cel.inputs import InputRules
from function_backend_rules.cel.source import RefusedError
from function_backend_rules.problems import Problem, of_issue
from function_backend_rules.results import Result, Status
from function_backend_rules.tables.cell_syntax import CELL_VARIABLE
from function_backend_rules.tables.columns import read_column
from function_backend_rules.tables.compiled import NO_MATCH, CompiledTable, TableColumn
from function_backend_rules.tables.index import MAX_MASK_BYTES, MAX_TABLE_BYTES, mask_of
from function_backend_rules.tables.matching import chooser, matcher
from function_backend_rules.tables.outputs import OutputReader
from function_backend_rules.tables.policies import combiner, gives_list, refuse_aggregation
from function_backend_rules.tables.rows import Condition, Evaluate, Output, RowMatch, TableRow
from function_backend_rules.tables.verdict import judge

MAX_INPUT_COLUMNS, MAX_OUTPUT_COLUMNS, MAX_ROWS, MAX_CELL = 200, 100, 20_000, 20_000
"""As the contract has them; checked here too, because files come without a server."""
MAX_CELLS = 200_000
"""Rows times input columns: more would take minutes to check and analyse."""
MAX_CONDITIONS = 5_000
"""Cells that are conditions are programs of their own: about 0.5 ms each to compile."""
MAX_PROBLEMS = 100


class TableRefusedError(ValueError):
    """A table is not accepted; `problems` says why, up to 100 times."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


def compile_table(
    table: definition_pb2.DecisionTable,
    environment: Environment,
    result_type: types.Type | None = None,
    *,
    path: str = "table",
) -> CompiledTable:
    """Checks a table and makes what decides.

    Args:
        table: The table.
        environment: Declares the inputs of the definition and `now`.
        result_type: The type of the value of one row that the definition asks for; None: what the outputs are.
        path: Leads to the table from the root of the definition, for problems.

    Raises:
        TableRefusedError: With every reason that was found.
    """
    compilation = _Compilation(table, environment, path)
    compilation.check_shape()
    compilation.stop_at_problems()
    return compilation.compiled(result_type)


@dataclass(slots=True)
class _Compilation:
    table: definition_pb2.DecisionTable
    environment: Environment
    path: str
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, path: str, message: str, suggestion: str | None = None, subject: str = "") -> None:
        self.problems.append(Problem(f"{self.path}{path}", message, suggestion=suggestion, subject=subject))

    def stop_at_problems(self) -> None:
        if self.problems:
            more = len(self.problems) - MAX_PROBLEMS
            shown = self.problems[:MAX_PROBLEMS]
            raise TableRefusedError([*shown, Problem(self.path, f"{more} more problems")] if more > 0 else shown)

    def check_shape(self) -> None:
        self._check_sizes()
        table = self.table
        if not table.output_columns:
            self.refuse(".output_columns", "a table decides something: it has at least one output column")
        if table.hit_policy not in definition_pb2.HitPolicy.values() or not table.hit_policy:
            self.refuse(
                ".hit_policy", "the table does not say what several matching rows mean", "HIT_POLICY_FIRST, say"
            )
        if table.aggregation and table.hit_policy != definition_pb2.HIT_POLICY_COLLECT:
            self.refuse(".aggregation", "only a table with HIT_POLICY_COLLECT gathers its outputs")
        priority = table.hit_policy == definition_pb2.HIT_POLICY_PRIORITY
        if priority and not any(column.priorities for column in table.output_columns):
            message = "HIT_POLICY_PRIORITY needs the order of the outputs in `priorities` of at least one output column"
            self.refuse(".output_columns", message)
        if not priority and any(column.priorities for column in table.output_columns):
            self.refuse(".output_columns", "priorities mean something under HIT_POLICY_PRIORITY alone")
        if CELL_VARIABLE in self.environment.variables:
            message = f"a table has no input {CELL_VARIABLE!r}: that is what conditions call the value of their column"
            self.problems.append(Problem("inputs", message))
        if not self.problems:
            self._check_rows()

    def _check_sizes(self) -> None:
        table = self.table
        for name, count, most in (
            ("input_columns", len(table.input_columns), MAX_INPUT_COLUMNS),
            ("output_columns", len(table.output_columns), MAX_OUTPUT_COLUMNS),
            ("rows", len(table.rows), MAX_ROWS),
        ):
            if count > most:
                self.refuse(
                    f".{name}", f"a table has {most} {name.replace('_', ' ')} at most, and this one has {count}"
                )
        cells = len(table.rows) * len(table.input_columns)
        if cells > MAX_CELLS:
            self.refuse(".rows", f"a table has {MAX_CELLS} cells at most, and this one has {cells}", "split it in two")

    def _check_rows(self) -> None:
        seen = dict[str, int]()
        wanted = len(self.table.input_columns)
        for number, row in enumerate(self.table.rows):
            name = row_id(row, number)
            if name in seen:
                message = f"the id {name} is that of row number {seen[name] + 1} too"
                self.refuse(f".rows[{number}].id", message, subject=f"row {name}")
            seen.setdefault(name, number)
            if len(row.cells) != wanted:
                message = f"there are {len(row.cells)} cells for {wanted} input columns"
                self.refuse(f".rows[{number}].cells", message, "an empty cell accepts any value", f"row {name}")
            for place, cell in enumerate(row.cells):
                if len(cell) > MAX_CELL:
                    message = f"a cell has {MAX_CELL} characters at most, and this one has {len(cell)}"
                    self.refuse(f".rows[{number}].cells[{place}]", message, subject=f"row {name}")

    def compiled(self, result_type: types.Type | None) -> CompiledTable:
        table = self.table
        columns, costs = self._columns()
        reader = OutputReader(table.output_columns, self.environment, result_type, self.path, self.problems)
        self.stop_at_problems()
        rows = self._rows(columns, reader)
        otherwise = self._otherwise(reader)
        kind = reader.value_type
        if reason := refuse_aggregation(table.aggregation, kind, len(table.output_columns)):
            self.refuse(".aggregation", reason)
        self.stop_at_problems()
        conditional = mask_of([row.number for row in rows if row.conditions])
        verdict = judge(table, columns, rows, conditional, self.path)
        self.problems.extend(verdict.refusals)
        self.stop_at_problems()
        skips = table.on_error == definition_pb2.ERROR_POLICY_SKIP
        combine = combiner(table.hit_policy, table.aggregation, kind, _ranking(rows, reader))
        first = table.hit_policy == definition_pb2.HIT_POLICY_FIRST
        ready = tuple(_ready(table, row, combine) for row in rows)
        indexes = [column.index for column in columns if column.used]
        places, width = self._places(columns), len(self.environment.variables)
        results = [_nothing(otherwise), *ready]
        return CompiledTable(
            columns=tuple(columns),
            used=tuple(column for column in columns if column.used),
            rows=tuple(rows),
            otherwise=otherwise,
            skips_failures=skips,
            stops_at_first=first,
            lists=gives_list(table),
            combine=combine,
            inputs=InputRules(self.environment.variables, self.environment.contract),
            read=self._reading(columns),
            matcher=matcher(indexes, len(rows)),
            direct=None if places is None else matcher(indexes, len(rows), places, width),
            at_once=None if places is None or not first else chooser(indexes, places, width, results),
            value_type=kind,
            result_type=self._result_type(kind),
            findings=verdict.findings,
            warnings=(*verdict.warnings, *self._unanalysed(columns)),
            cost=sum(costs) + sum(condition_costs(columns)),
            conditional=conditional,
            unwraps=any(column.type.kind == "optional" for column in columns if column.used),
            ready=ready,
        )

    def _result_type(self, kind: types.Type) -> types.Type:
        if self.table.aggregation == definition_pb2.AGGREGATION_COUNT:
            return types.INT
        return types.list_of(kind) if gives_list(self.table) else kind

    def _columns(self) -> tuple[list[TableColumn], list[int]]:
        columns, costs, names = list[TableColumn](), list[int](), set[str]()
        for number, column in enumerate(self.table.input_columns):
            path = f".input_columns[{number}]"
            if column.name in names:
                self.refuse(f"{path}.name", f"two input columns are called {column.name!r}")
            names.add(column.name)
            source = column.expression or column.name
            try:
                expression = self.environment.check(source)
            except RefusedError as error:
                where = f"{self.path}{path}.{'expression' if column.expression else 'name'}"
                self.problems.extend(of_issue(where, issue, f"column {column.name}") for issue in error.issues)
                continue
            costs.append(expression.cost)
            columns.append(self._column(number, column.name, expression))
            if len({id(test.condition) for each in columns for test in each.tests if test.condition}) > MAX_CONDITIONS:
                message = f"a table has {MAX_CONDITIONS} different conditions at most"
                suggestion = "constants, comparisons and ranges are no conditions"
                self.refuse(path, message, suggestion, f"column {column.name}")
                break
        self.stop_at_problems()
        return columns, costs

    def _column(self, number: int, name: str, expression: Expression) -> TableColumn:
        def tell(row: int, error: RefusedError) -> None:
            subject = f"row {row_id(self.table.rows[row], row)}, column {name}"
            path = f"{self.path}.rows[{row}].cells[{number}]"
            self.problems.extend(of_issue(path, issue, subject) for issue in error.issues)

        cells = [row.cells[number] for row in self.table.rows]
        mask_bytes = min(MAX_MASK_BYTES, MAX_TABLE_BYTES // len(self.table.input_columns))
        return read_column(name, expression, self.environment, cells, tell, mask_bytes)

    def _rows(self, columns: Sequence[TableColumn], reader: OutputReader) -> list[TableRow]:
        rows = list[TableRow]()
        programs = dict[int, Evaluate]()
        for number, row in enumerate(self.table.rows):
            name = row_id(row, number)
            output = reader.read(f"{self.path}.rows[{number}].outputs", row.outputs, f"row {name}")
            conditions = list[Condition]()
            for place, column in enumerate(column for column in columns if column.used):
                condition = column.tests[number].condition if len(column.tests) > number else None
                if condition is not None:
                    evaluate = programs.get(id(condition)) or condition.program().call
                    programs[id(condition)] = evaluate
                    conditions.append(Condition(place, evaluate))
            rows.append(TableRow(number, name, output or Output(), tuple(conditions), row.reason_code, row.reason))
        return rows

    def _reading(self, columns: Sequence[TableColumn]) -> Evaluate:
        """One program for the values of all columns that are used: it costs about as much as one for each of them."""
        used = [column for column in columns if column.used]
        # A line ends behind each expression, because a comment may end it.
        source = ", ".join(f"dyn({column.source}\n)" for column in used)
        try:
            together: Evaluate = self.environment.check(f"[{source}]").program().call
        except RefusedError:
            # Each is small enough, but not all together.
            return lambda budget, *arguments: [column.evaluate(budget, *arguments) for column in used]
        return together

    def _places(self, columns: Sequence[TableColumn]) -> list[int] | None:
        """The inputs that the used columns are, by number; None where a column is more than an input as it is."""
        names = list(self.environment.variables)
        used = [column for column in columns if column.used]
        if any(column.source.strip() not in names or column.type.kind == "optional" for column in used):
            return None
        return [names.index(column.source.strip()) for column in used]

    def _otherwise(self, reader: OutputReader) -> Output | None:
        if not self.table.otherwise:
            return None
        if self.table.aggregation == definition_pb2.AGGREGATION_COUNT:
            self.refuse(".otherwise", "a table that counts its rows has no other outcome: no row is no match")
            return None
        return reader.read(f"{self.path}.otherwise", self.table.otherwise, "otherwise")

    def _unanalysed(self, columns: Sequence[TableColumn]) -> list[Problem]:
        return [
            Problem(
                f"{self.path}.input_columns[{number}]",
                f"values of type {column.type} have no order: the cells are evaluated one by one and not analysed",
                suggestion=f"write string({column.source}) or another type" if column.type == types.DYN else None,
                subject=f"column {column.name}",
            )
            for number, column in enumerate(columns)
            if column.index is None and column.used
        ]


def row_id(row: definition_pb2.Row, number: int) -> str:
    """Gives the name of a row: its id, or `row-` and its number from 1."""
    return row.id or f"row-{number + 1}"


def condition_costs(columns: Sequence[TableColumn]) -> list[int]:
    """Gives the static costs of all conditions; each of a text is evaluated once per row that has it."""
    return [test.condition.cost for column in columns for test in column.tests if test.condition is not None]


def _ranking(rows: Sequence[TableRow], reader: OutputReader) -> Callable[[RowMatch], tuple[int, ...] | None]:
    def rank(match: RowMatch) -> tuple[int, ...] | None:
        return rows[match.row].output.rank or reader.rank_of(match.value)

    return rank


def _ready(
    table: definition_pb2.DecisionTable,
    row: TableRow,
    combine: Callable[[Sequence[RowMatch], tuple[()]], Result],
) -> Result | None:
    """The result of a row that decides alone, when it is always the same and nobody can change it."""
    constant = row.output.constant
    shared = isinstance(constant, str | int | float | bytes | None)
    if row.conditions or row.output.evaluate or not shared or gives_list(table):
        return None
    result = combine([RowMatch(row.id, row.reason_code, row.reason, constant, row.number)], ())
    return result if result.status is Status.MATCHED else None


def _nothing(otherwise: Output | None) -> Result | None:
    """The result when no row matches, when it is always the same and nobody can change it."""
    if otherwise is None:
        return NO_MATCH
    if otherwise.evaluate or not isinstance(otherwise.constant, str | int | float | bytes | None):
        return None
    return Result(Status.MATCHED, otherwise.constant, by_otherwise=True)
