"""Why a table decided as it did: which cells of which rows matched, and which row was nearest where none did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.failures import BudgetExceededError, EvaluationError
from function_backend_rules.cel.program import Trace, TracingBudget
from function_backend_rules.results import Result
from function_backend_rules.tables.compiled import CompiledTable, TableColumn, unwrapped
from function_backend_rules.tables.index import rows_in

_MORE = 8
MAX_ROWS = 20
"""Rows that are told at most, when nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class ColumnValue:
    """What one column tested; `error` says why there is no value."""

    name: str
    expression: str
    value: object = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """What became of one cell. `matched` is None where it has no answer, for which `error` has the reason."""

    column: str
    source: str
    matched: bool | None
    error: str | None = None
    trace: Trace | None = None
    """Of a condition: the value of each of its parts."""


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row."""

    row: int
    row_id: str
    cells: tuple[CellOutcome, ...]

    @property
    def failing(self) -> tuple[CellOutcome, ...]:
        """The cells that stand between the row and a match."""
        return tuple(cell for cell in self.cells if not cell.matched)

    @property
    def matched(self) -> bool:
        """Whether all cells matched."""
        return not self.failing


@dataclass(frozen=True, slots=True)
class TableExplanation:
    """The result with its reasons.

    `rows` are those that match and then those nearest to it, fewest failing cells first; `nearest` is the first of
    the latter where nothing matched.
    """

    result: Result
    columns: tuple[ColumnValue, ...]
    rows: tuple[RowOutcome, ...]
    nearest: RowOutcome | None


def explain_table(
    table: CompiledTable, bindings: Mapping[str, object], budget: Budget, *, rows: int = MAX_ROWS
) -> TableExplanation:
    """Evaluates a table and says why it decided so.

    Args:
        table: The table.
        bindings: The inputs by name.
        budget: Of the evaluation; the conditions of the rows that are told share another one.
        rows: How many rows are told.
    """
    arguments = table.inputs.ordered(bindings)
    result = table.evaluate(arguments, budget)
    values = tuple(_value(column, arguments, budget) for column in table.columns)
    failing = [0] * len(table.rows)
    everything = (1 << len(table.rows)) - 1
    for column, value in zip(table.columns, values, strict=True):
        if column.index is not None and column.used and value.error is None:
            for number in rows_in(everything & ~column.index.rows(unwrapped(value.value))):
                failing[number] += 1
    numbers = {row.id: row.number for row in table.rows}
    recorder = TracingBudget()
    deciding = [numbers[match.rule_id] for match in result.matches[:rows]]
    others = sorted(set(range(len(table.rows))) - set(deciding), key=lambda number: (failing[number], number))
    # Conditions may add failing cells to those that the index knows, so a few more rows are looked at.
    looked_at = [_row(table, number, values, arguments, recorder) for number in [*deciding, *others[: rows + _MORE]]]
    looked_at.sort(key=lambda outcome: len(outcome.failing))
    nearest = looked_at[0] if looked_at and not result.matches else None
    return TableExplanation(result, values, tuple(looked_at[:rows]), nearest)


def _row(
    table: CompiledTable,
    number: int,
    values: tuple[ColumnValue, ...],
    arguments: Sequence[object],
    recorder: TracingBudget,
) -> RowOutcome:
    cells = list[CellOutcome]()
    for column, value in zip(table.columns, values, strict=True):
        test = column.tests[number]
        if test.condition is None or value.error is not None:
            cells.append(_indexed(column, value, number))
            continue
        trace = test.condition.program().trace_call(recorder, *arguments, value.value)
        if trace.error is not None:
            cells.append(CellOutcome(column.name, test.source, None, trace.error.message, trace))
        else:
            cells.append(CellOutcome(column.name, test.source, bool(trace.value), trace=trace))
    return RowOutcome(number, table.rows[number].id, tuple(cells))


def _indexed(column: TableColumn, value: ColumnValue, number: int) -> CellOutcome:
    """The outcome of a cell as far as the index knows: a condition counts as matching."""
    test = column.tests[number]
    if column.any_mask >> number & 1:
        return CellOutcome(column.name, test.source, matched=True)
    if value.error is not None:
        return CellOutcome(column.name, test.source, None, value.error)
    if test.accepted is None:
        return CellOutcome(column.name, test.source, matched=True)
    return CellOutcome(column.name, test.source, matched=unwrapped(value.value) in test.accepted)


def _value(column: TableColumn, arguments: Sequence[object], budget: Budget) -> ColumnValue:
    try:
        return ColumnValue(column.name, column.source, column.evaluate(budget, *arguments))
    except BudgetExceededError as error:
        return ColumnValue(column.name, column.source, error=f"stopped: {error.message}")
    except EvaluationError as error:
        return ColumnValue(column.name, column.source, error=error.message)
