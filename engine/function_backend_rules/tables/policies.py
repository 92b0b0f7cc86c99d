"""What the rows that match mean together: the hit policies of DMN."""

import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from function.rules.v1 import definition_pb2
from function_backend_rules.cel import types, values
from function_backend_rules.results import Result, RuleFailure, Status
from function_backend_rules.tables.rows import RowMatch

Combine = Callable[[Sequence[RowMatch], tuple[RuleFailure, ...]], Result]
"""From the rows that match, at least one and in order, and the failures that were skipped, to the result."""

_SUMMED = {types.INT, types.UINT, types.DOUBLE, types.DURATION}
_RANGES = {
    types.INT: (values.INT_MIN, values.INT_MAX, int),
    types.UINT: (0, values.UINT_MAX, values.UInt),
    types.DURATION: (-values.DURATION_LIMIT, values.DURATION_LIMIT, values.Duration),
}
_ORDERED = _SUMMED | {types.STRING, types.BYTES, types.TIMESTAMP, types.BOOL}


def combiner(policy: int, aggregation: int, kind: types.Type, rank: Callable[[RowMatch], Any]) -> Combine:
    """Gives how a policy makes one result of several rows.

    Args:
        policy: A `HitPolicy`.
        aggregation: An `Aggregation`.
        kind: The type of one row's value.
        rank: For the policy priority: what sorts the row's value before others, None where it is in no list.
    """
    if policy == definition_pb2.HIT_POLICY_UNIQUE:
        return _unique
    if policy == definition_pb2.HIT_POLICY_ANY:
        return _any
    if policy == definition_pb2.HIT_POLICY_PRIORITY:
        return lambda matches, failures: _highest(matches, failures, rank)
    if policy == definition_pb2.HIT_POLICY_COLLECT and aggregation:
        return lambda matches, failures: _aggregated(matches, failures, aggregation, kind)
    if policy in {definition_pb2.HIT_POLICY_COLLECT, definition_pb2.HIT_POLICY_RULE_ORDER}:
        return _listed
    return _first


def gives_list(table: definition_pb2.DecisionTable) -> bool:
    """Says whether the value of a table is a list of the values of its rows."""
    return table.hit_policy == definition_pb2.HIT_POLICY_RULE_ORDER or (
        table.hit_policy == definition_pb2.HIT_POLICY_COLLECT and not table.aggregation
    )


def refuse_aggregation(aggregation: int, kind: types.Type, columns: int) -> str | None:
    """Gives why outputs cannot be gathered so; None where they can."""
    if aggregation in {definition_pb2.AGGREGATION_UNSPECIFIED, definition_pb2.AGGREGATION_COUNT}:
        return None
    name = definition_pb2.Aggregation.Name(aggregation)  # type: ignore[arg-type] # Any int of the message.
    if columns != 1:
        return f"{name} gathers one output column, and the table has {columns}"
    if kind not in (_SUMMED if aggregation == definition_pb2.AGGREGATION_SUM else _ORDERED):
        return f"{name} cannot gather outputs of type {kind}"
    return None


def _first(matches: Sequence[RowMatch], failures: tuple[RuleFailure, ...]) -> Result:
    return Result(Status.MATCHED, matches[0].value, (matches[0],), failures)


def _listed(matches: Sequence[RowMatch], failures: tuple[RuleFailure, ...]) -> Result:
    return Result(Status.MATCHED, [match.value for match in matches], tuple(matches), failures)


def _unique(matches: Sequence[RowMatch], failures: tuple[RuleFailure, ...]) -> Result:
    if len(matches) == 1:
        return _first(matches, failures)
    return _contradiction(matches, failures, "SEVERAL_MATCHES", "match the same input, and the table allows one")


def _any(matches: Sequence[RowMatch], failures: tuple[RuleFailure, ...]) -> Result:
    if all(_same(match.value, matches[0].value) for match in matches[1:]):
        return Result(Status.MATCHED, matches[0].value, tuple(matches), failures)
    return _contradiction(matches, failures, "DIFFERENT_OUTPUTS", "match the same input with different outputs")


def _contradiction(matches: Sequence[RowMatch], failures: tuple[RuleFailure, ...], code: str, what: str) -> Result:
    ids = ", ".join(match.rule_id for match in matches)
    failure = RuleFailure(matches[0].rule_id, code, f"the rows {ids} {what}")
    return Result(Status.FAILED, None, tuple(matches), (*failures, failure))


def _highest(matches: Sequence[RowMatch], failures: tuple[RuleFailure, ...], rank: Callable[[RowMatch], Any]) -> Result:
    ranked = [(rank(match), match.row) for match in matches]
    for match, (place, _) in zip(matches, ranked, strict=True):
        if place is None:
            message = f"the output of row {match.rule_id} is not among the priorities of its column"
            failure = RuleFailure(match.rule_id, "NO_PRIORITY", message)
            return Result(Status.FAILED, None, tuple(matches), (*failures, failure))
    best = min(range(len(matches)), key=ranked.__getitem__)
    return _first(matches[best:], failures)


def _aggregated(
    matches: Sequence[RowMatch], failures: tuple[RuleFailure, ...], aggregation: int, kind: types.Type
) -> Result:
    if aggregation == definition_pb2.AGGREGATION_COUNT:
        return Result(Status.MATCHED, len(matches), tuple(matches), failures)
    found: list[Any] = [match.value for match in matches]
    if aggregation == definition_pb2.AGGREGATION_SUM:
        return _sum(matches, failures, found, kind)
    if any(each != each for each in found):  # noqa: PLR0124 - NaN alone is unlike itself.
        return Result(Status.MATCHED, float("nan"), tuple(matches), failures)
    chosen = min(found) if aggregation == definition_pb2.AGGREGATION_MIN else max(found)
    return Result(Status.MATCHED, chosen, tuple(matches), failures)


def _sum(matches: Sequence[RowMatch], failures: tuple[RuleFailure, ...], found: list[Any], kind: types.Type) -> Result:
    total = reduce(operator.add, found)
    if kind in _RANGES:
        low, high, make = _RANGES[kind]
        if not low <= total <= high:
            failure = RuleFailure(
                matches[0].rule_id, "OUT_OF_RANGE", f"the sum of the outputs is no {kind}: {int(total)}"
            )
            return Result(Status.FAILED, None, tuple(matches), (*failures, failure))
        total = make(total)
    return Result(Status.MATCHED, total, tuple(matches), failures)


def _same(first: object, second: object) -> bool:
    # True == 1 in Python; outputs of one column are of one type, but those of several may be dyn.
    return type(first) is type(second) and first == second
