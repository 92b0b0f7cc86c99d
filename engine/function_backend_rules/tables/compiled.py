"""A table that decides: the index, what it leaves to look at, and the policy."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from function_backend_rules.cel import types
from function_backend_rules.cel.budget import Budget
from function_backend_rules.cel.failures import BudgetExceededError, EvaluationError
from function_backend_rules.cel.inputs import InputRules, checked
from function_backend_rules.cel.values import OptionalValue
from function_backend_rules.problems import Problem
from function_backend_rules.results import OTHERWISE, Result, RuleFailure, Status, failure_of
from function_backend_rules.tables.analysis import Finding
from function_backend_rules.tables.cell_tests import CellTest
from function_backend_rules.tables.index import ColumnIndex, rows_in
from function_backend_rules.tables.matching import Matcher
from function_backend_rules.tables.policies import Combine
from function_backend_rules.tables.rows import (
    Evaluate,
    Output,
    RowMatch,
    TableRow,
    fresh,
)

# What calling an expression costs besides its loops: thousands of rows with conditions are a loop too.
_STEPS_PER_EXPRESSION = 10
NO_MATCH = Result(Status.NO_MATCH)


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
    lists: bool
    """Whether the value is a list of the values of rows."""
    combine: Combine
    inputs: InputRules
    read: Evaluate
    """Gives the values of the columns that are used."""
    matcher: Matcher
    """From those values to the mask of the rows that the index leaves."""
    direct: Matcher | None
    """From the inputs in order to that mask, where the columns are inputs as they are."""
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
    at_once: Callable[..., object] | None
    """From the inputs in order to the result, or None where it takes more; of tables where the first match decides."""
    ready: tuple[Result | None, ...]
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
                keys.append(unwrapped(key))
        return rows_in(self.matcher(*keys))

    def evaluate_named(self, bindings: Mapping[str, object], budget: Budget) -> Result:
        """Gives what the table decides for these inputs, by name.

        Raises:
            InputError: An input is missing or of another type. All else that goes wrong is in the result.
        """
        return self.evaluate(self.inputs.ordered(bindings), budget)

    def evaluate(self, arguments: Sequence[object], budget: Budget) -> Result:
        """Gives what the table decides for inputs that were checked, in the order of their declaration."""
        if self.at_once is not None:
            found = self.at_once(*arguments)
            if found is not None:
                return found  # type: ignore[return-value] # The results are `ready` ones.
        try:
            if self.direct is not None:
                values: Any = None
                mask = self.direct(*arguments)
            else:
                values = self.read(budget, *arguments)
                mask = self.matcher(*(map(unwrapped, values) if self.unwraps else values))
        except BudgetExceededError as error:
            return _ended("", error)
        except EvaluationError:
            return self._decided(self._after_failure(arguments, budget), arguments, budget)
        if not mask:
            return self._nothing(arguments, budget, ())
        if self.stops_at_first or not mask & (mask - 1):
            ready = self.ready[(mask & -mask).bit_length() - 1]
            if ready is not None:
                return ready
        if values is None and self.conditional & mask:
            values = self.read(budget, *arguments)
        return self._decided(self._candidates(mask, values or (), arguments, budget), arguments, budget)

    def _candidates(
        self, mask: int, values: Sequence[object], arguments: Sequence[object], budget: Budget
    ) -> Iterator[TableRow | RuleFailure]:
        """The rows of a mask whose conditions hold, in order, and failures of conditions between them."""
        for number in rows_in(mask):
            row = self.rows[number]
            if not row.conditions:
                yield row
                continue
            outcome = self._conditions(row, values, {}, arguments, budget)
            if outcome is not None:
                yield outcome

    def _after_failure(self, arguments: Sequence[object], budget: Budget) -> Iterator[TableRow | RuleFailure]:
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
                    accepting = column.index.rows(unwrapped(value))
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
    ) -> TableRow | RuleFailure | None:
        """The row when all conditions hold. As with `&&`, one that is false says more than one that fails."""
        failure = next((failure_of(row.id, self.used[place].name, error) for place, error in failed.items()), None)
        budget.take_elements(len(row.conditions) * _STEPS_PER_EXPRESSION)
        for condition in row.conditions:
            if condition.column in failed:
                continue
            try:
                if not condition.evaluate(budget, *arguments, values[condition.column]):
                    return None
            except BudgetExceededError:
                raise
            except EvaluationError as error:
                failure = failure or failure_of(row.id, self.used[condition.column].name, error)
        return failure or row

    def _decided(
        self, candidates: Iterator[TableRow | RuleFailure], arguments: Sequence[object], budget: Budget
    ) -> Result:
        matches, failures, row_id = list[RowMatch](), list[RuleFailure](), ""
        try:
            for candidate in candidates:
                outcome: RowMatch | RuleFailure
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
                        return Result(Status.FAILED, None, (), tuple(failures))
        except BudgetExceededError as error:
            return _ended(row_id, error)
        if not matches:
            return self._nothing(arguments, budget, tuple(failures))
        return self.combine(matches, tuple(failures))

    def _match(self, row: TableRow, arguments: Sequence[object], budget: Budget) -> RowMatch | RuleFailure:
        output = row.output
        if output.evaluate:
            budget.take_elements(_STEPS_PER_EXPRESSION)
        try:
            value = output.evaluate(budget, *arguments) if output.evaluate else fresh(output.constant)
        except BudgetExceededError:
            raise
        except EvaluationError as error:
            return failure_of(row.id, "", error)
        return RowMatch(row.id, row.reason_code, row.reason, value, row.number)

    def _nothing(self, arguments: Sequence[object], budget: Budget, failures: tuple[RuleFailure, ...]) -> Result:
        if self.otherwise is None:
            return Result(Status.NO_MATCH, errors=failures) if failures else NO_MATCH
        try:
            output = self.otherwise
            value = output.evaluate(budget, *arguments) if output.evaluate else fresh(output.constant)
        except BudgetExceededError as error:
            return _ended(OTHERWISE, error)
        except EvaluationError as error:
            return Result(Status.FAILED, errors=(*failures, failure_of(OTHERWISE, "", error)))
        return Result(Status.MATCHED, [value] if self.lists else value, (), failures, by_otherwise=True)


def unwrapped(value: object) -> object:
    """Gives what an optional holds, null where it holds nothing, and other values as they are."""
    if isinstance(value, OptionalValue):
        return value.value if value.present else None
    return value


def _ended(row_id: str, error: BudgetExceededError) -> Result:
    """A budget that is spent ends the decision, whatever the table does about failures."""
    return Result(Status.FAILED, errors=(failure_of(row_id, "", error),))
