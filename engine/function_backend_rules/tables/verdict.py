"""Which findings about a table refuse it, and which are warnings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from function.rules.v1 import definition_pb2
from function_backend_rules.problems import Problem
from function_backend_rules.tables.analysis import AnalysedColumn, Finding, FindingKind, TableAnalysis
from function_backend_rules.tables.compiled import TableColumn
from function_backend_rules.tables.domains import cel_text
from function_backend_rules.tables.index import rows_in
from function_backend_rules.tables.rows import Output, TableRow

_COMPLETE = {definition_pb2.HIT_POLICY_UNIQUE, definition_pb2.HIT_POLICY_ANY}
"""Policies under which a gap or a contradiction refuses a table."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, and what follows from it."""

    findings: tuple[Finding, ...]
    refusals: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def judge(
    table: definition_pb2.DecisionTable,
    columns: Sequence[TableColumn],
    rows: Sequence[TableRow],
    conditional: int,
    path: str,
) -> Verdict:
    """Analyses a table whose cells are all in order.

    Under the policies unique and any, a gap refuses the table unless it says `allow_gaps` or has an `otherwise`, and so
    do rows that certainly contradict each other. All else is a warning.
    """
    analysis = TableAnalysis(
        [
            AnalysedColumn(column.name, column.index, [test.accepted for test in column.tests])
            for column in columns
            if column.index is not None and column.used
        ],
        [row.id for row in rows],
        conditional,
        {row: _conditions(columns, row) for row in rows_in(conditional)},
    )
    findings = tuple(_findings(table, analysis, rows))
    refusals, warnings = list[Problem](), list[Problem]()
    for finding in findings:
        strict = table.hit_policy in _COMPLETE and finding.kind in {FindingKind.GAP, FindingKind.OVERLAP}
        (refusals if strict and finding.certain else warnings).append(_problem(finding, rows, path))
    if conditional and findings:
        warnings.append(Problem(path, _conditions_text(rows, conditional)))
    return Verdict(findings, tuple(refusals), tuple(warnings))


def _conditions(columns: Sequence[TableColumn], row: int) -> tuple[str, ...]:
    tests = [column.tests[row] for column in columns]
    return tuple("" if test.condition is None else test.source.strip() for test in tests)


def _findings(
    table: definition_pb2.DecisionTable, analysis: TableAnalysis, rows: Sequence[TableRow]
) -> Iterable[Finding]:
    policy = table.hit_policy
    if policy == definition_pb2.HIT_POLICY_UNIQUE:
        yield from analysis.overlaps()
    elif policy == definition_pb2.HIT_POLICY_ANY:
        yield from analysis.overlaps([_comparable(row.output) for row in rows])
    elif policy == definition_pb2.HIT_POLICY_FIRST:
        yield from analysis.shadowed()
    if policy not in {definition_pb2.HIT_POLICY_UNIQUE, definition_pb2.HIT_POLICY_FIRST}:
        yield from analysis.duplicates()
    if not table.allow_gaps and not table.otherwise:
        yield from analysis.gaps()
        yield from analysis.not_a_number()


def _comparable(output: Output) -> object:
    """Tells outputs apart: equal ones are equal texts; None where it is known only after an evaluation."""
    if output.evaluate is not None:
        return None
    value = output.constant
    if isinstance(value, dict):
        return tuple((name, _text(each)) for name, each in value.items())
    return _text(value)


def _text(value: object) -> str:
    plain = value is None or isinstance(value, bool | int | float | str | bytes)
    return cel_text(value) if plain else f"{type(value).__name__} {value!r}"


def _problem(finding: Finding, rows: Sequence[TableRow], path: str) -> Problem:
    where = f"{path}.rows[{max(finding.rows[:2])}]" if finding.rows else path
    if finding.kind is FindingKind.SHADOWED:
        where = f"{path}.rows[{finding.rows[0]}]"
    suggestion = None
    if finding.kind is FindingKind.GAP:
        suggestion = "add a row, `otherwise`, or `allow_gaps`"
    subject = ", ".join(f"row {rows[row].id}" for row in finding.rows[:2])
    return Problem(where, finding.message, suggestion=suggestion, subject=subject)


def _conditions_text(rows: Sequence[TableRow], conditional: int) -> str:
    ids = [row.id for row in rows if conditional >> row.number & 1]
    shown = ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")  # noqa: PLR2004
    return (
        f"conditions in cells of {shown} were taken as accepting any value: gaps behind them are not seen, and "
        "overlaps with them may be none"
    )
