"""A table that decides: the index, what it leaves to look at, and the policy."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from function_backend_rules.cel import types
from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.failures import BudgetExceededError, EvaluationError
from function_backend_rules.cel.inputs import InputRules, checked
from function_backend_rules.cel.values import OptionalValue
from function_backend_rules.problems import Problem
from function_backend_rules.tables.analysis import Finding
from function_backend_rules.tables.cell_tests import CellTest
from function_backend_rules.tables.index import ColumnIndex, Matcher, rows_in
from function_backend_rules.tables.policies import Combine
from function_backend_rules.tables.rows import (
    Evaluate,
    Output,
    RowFailure,
    RowMatch,
    Status,
    TableResult,
    TableRow,
    fresh,
)

_NO_MATCH = TableResult(Status.NO_MATCH)


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column: what its cells test, and the test of each row.

    `index` is None where the type has no order; then the cells are conditions. `used` is false where every cell accepts
    any value: then the value is not even worked out.
    """

    name: str
    source: str
    type: types.Type
    evaluate: Evaluate
    tests: Sequence[CellTest]
    index: ColumnIndex | None
    any_mask: int
    used: bool


@dataclass(frozen=True, slots=True)
class CompiledTable:
    """A decision table, checked and indexed. Immutable; for any number of threads."""

    columns: tuple[TableColumn, ...]
    used: tuple[TableColumn, ...]
    """The columns of which some cell tests something."""
    rows: tuple[TableRow, ...]
    otherwise: Output | None
    skips_failures: bool
    stops_at_first: bool
    combine: Combine
    inputs: InputRules
    read: Evaluate
    """Gives the values of the columns that are used."""
    matcher: Matcher
    """From those values to the mask of the rows that the index leaves."""
    value_type: types.Type
    """The type of the value of one row."""
    result_type: types.Type
    """The type of the table's value."""
    findings: tuple[Finding, ...]
    warnings: tuple[Problem, ...]
    cost: int
    """The static cost of an evaluation: that of the columns, the conditions and the dearest output."""
    conditional: int
    unwraps: bool
    """Whether a column that is used is optional."""
    """The mask of the rows that have conditions."""
    ready: tuple[TableResult | None, ...]
    """The result of each row that decides alone and always gives the same."""

    @property
    def row_ids(self) -> tuple[str, ...]:
        """The names of the rows, in order; what coverage counts."""
        return tuple(row.id for row in self.rows)

    def matching(self, values: Sequence[object]) -> list[int]:
        """Gives the numbers of the rows that the index leaves for these values of the columns, from 0.

        Rows with conditions are among them when their other cells accept. Values are checked for their type, which
        `evaluate` need not do: a bool is not the number 1.

        Raises:
            TypeError: A value is not of its column's type.
        """
        keys = list[object]()
        for column, value in zip(self.columns, values, strict=True):
            key = checked(value, column.type, column.name)
            if column.used:
                keys.append(_unwrapped(key))
        return rows_in(self.matcher(*keys))

    def evaluate(self, bindings: Mapping[str, object], budget: Budget) -> TableResult:
        """Gives what the table decides for these inputs, by name.

        Raises:
            InputError: An input is missing or of another type. All else that goes wrong is in the result.
        """
        return self.decide(self.inputs.ordered(bindings), budget)

    def decide(self, arguments: Sequence[object], budget: Budget) -> TableResult:
        """As `evaluate`, for inputs that were checked, in the order of their declaration."""
        try:
            values: Any = self.read(budget, *arguments)
            mask = self.matcher(*(map(_unwrapped, values) if self.unwraps else values))
        except BudgetExceededError as error:
            return _stopped("", error)
        except EvaluationError:
            return self._decided(self._after_failure(arguments, budget), arguments, budget)
        if not mask:
            return self._nothing(arguments, budget, ())
        if self.stops_at_first or not mask & (mask - 1):
            ready = self.ready[(mask & -mask).bit_length() - 1]
            if ready is not None:
                return ready
        return self._decided(self._candidates(mask, values, arguments, budget), arguments, budget)

    def _candidates(
        self, mask: int, values: Sequence[object], arguments: Sequence[object], budget: Budget
    ) -> Iterator[TableRow | RowFailure]:
        """The rows of a mask whose conditions hold, in order, and failures of conditions between them."""
        while mask:
            lowest = mask & -mask
            mask ^= lowest
            row = self.rows[lowest.bit_length() - 1]
            if not row.conditions:
                yield row
                continue
            outcome = self._conditions(row, values, {}, arguments, budget)
            if outcome is not None:
                yield outcome

    def _after_failure(self, arguments: Sequence[object], budget: Budget) -> Iterator[TableRow | RowFailure]:
        """As the candidates, when a column has no value: that concerns the rows which test it, and no others."""
        values, failed = list[object](), dict[int, EvaluationError]()
        mask, possible = (1 << len(self.rows)) - 1, (1 << len(self.rows)) - 1
        for place, column in enumerate(self.used):
            value: object = None
            try:
                value = column.evaluate(budget, *arguments)
            except BudgetExceededError:
                raise
            except EvaluationError as error:
                failed[place] = error
                mask &= column.any_mask
            else:
                if column.index is not None:
                    accepting = column.index.rows(_unwrapped(value))
                    mask, possible = mask & accepting, possible & accepting
            values.append(value)
        for number in rows_in(possible):
            row = self.rows[number]
            errors = (
                {}
                if mask >> number & 1
                else {place: error for place, error in failed.items() if not self.used[place].any_mask >> number & 1}
            )
            outcome = self._conditions(row, values, errors, arguments, budget)
            if outcome is not None:
                yield outcome

    def _conditions(
        self,
        row: TableRow,
        values: Sequence[object],
        failed: dict[int, EvaluationError],
        arguments: Sequence[object],
        budget: Budget,
    ) -> TableRow | RowFailure | None:
        """The row when all conditions hold. As with `&&`, one that is false says more than one that fails."""
        failure = next((_failure(row.id, error, self.used[place].name) for place, error in failed.items()), None)
        for condition in row.conditions:
            if condition.column in failed:
                continue
            try:
                if not condition.evaluate(budget, *arguments, values[condition.column]):
                    return None
            except BudgetExceededError:
                raise
            except EvaluationError as error:
                failure = failure or _failure(row.id, error, self.used[condition.column].name)
        return failure or row

    def _decided(
        self, candidates: Iterator[TableRow | RowFailure], arguments: Sequence[object], budget: Budget
    ) -> TableResult:
        matches, failures, row_id = list[RowMatch](), list[RowFailure](), ""
        try:
            for candidate in candidates:
                outcome: RowMatch | RowFailure
                if isinstance(candidate, TableRow):
                    row_id = candidate.id
                    outcome = self._match(candidate, arguments, budget)
                else:
                    outcome = candidate
                if isinstance(outcome, RowMatch):
                    matches.append(outcome)
                    if self.stops_at_first:
                        break
                else:
                    failures.append(outcome)
                    if not self.skips_failures:
                        return TableResult(Status.FAILED, None, (), tuple(failures))
        except BudgetExceededError as error:
            return _stopped(row_id, error)
        if not matches:
            return self._nothing(arguments, budget, tuple(failures))
        return self.combine(matches, tuple(failures))

    def _match(self, row: TableRow, arguments: Sequence[object], budget: Budget) -> RowMatch | RowFailure:
        output = row.output
        try:
            value = output.evaluate(budget, *arguments) if output.evaluate else fresh(output.constant)
        except BudgetExceededError:
            raise
        except EvaluationError as error:
            return _failure(row.id, error)
        return RowMatch(row.number, row.id, row.reason_code, row.reason, value)

    def _nothing(self, arguments: Sequence[object], budget: Budget, failures: tuple[RowFailure, ...]) -> TableResult:
        if self.otherwise is None:
            return TableResult(Status.NO_MATCH, failures=failures) if failures else _NO_MATCH
        try:
            output = self.otherwise
            value = output.evaluate(budget, *arguments) if output.evaluate else fresh(output.constant)
        except BudgetExceededError as error:
            return _stopped("otherwise", error)
        except EvaluationError as error:
            return TableResult(Status.FAILED, failures=(*failures, _failure("otherwise", error)))
        return TableResult(Status.MATCHED, value, (), failures, by_otherwise=True)


def _unwrapped(value: object) -> object:
    if isinstance(value, OptionalValue):
        return value.value if value.present else None
    return value


def _failure(row_id: str, error: EvaluationError, column: str = "") -> RowFailure:
    return RowFailure(row_id, "EVALUATION_FAILED", error.message, error.span, column)


def _stopped(row_id: str, error: BudgetExceededError) -> TableResult:
    return TableResult(
        Status.FAILED, failures=(RowFailure(row_id, "BUDGET_EXCEEDED", f"{error.kind}: {error.message}", error.span),)
    )
