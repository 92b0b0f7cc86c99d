"""Filters over records as SQL, every value a bound parameter; each condition is true or false and never null."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Text, and_, cast, func, literal, not_, or_

from function_backend.events.audit import audit_record_table
from function_backend.filters.conditions import Combination, Condition, Operator, Opposite, Pattern, Predicate
from function_backend.filters.tree import Connective
from function_backend.services.audit.domain.record import Outcome

Clause = ColumnElement[bool]

_record = audit_record_table.c
_COMPARISONS: Mapping[Operator, Callable[[Any, Any], Any]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.GREATER: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


def filter_clause(predicate: Predicate) -> Clause:
    """The predicate over `audit_record`."""
    if isinstance(predicate, Combination):
        join = and_ if predicate.connective is Connective.AND else or_
        return join(*[filter_clause(part) for part in predicate.parts])
    if isinstance(predicate, Opposite):
        return not_(filter_clause(predicate.part))
    return _CLAUSES[predicate.field](predicate)


def _scalar(column: Column[Any]) -> Callable[[Condition], Clause]:
    def clause(condition: Condition) -> Clause:
        comparison: Clause = _COMPARISONS[condition.operator](column, condition.value)
        return comparison

    return clause


def _number(condition: Condition) -> Clause:
    comparison: Clause = _COMPARISONS[condition.operator](_record.seq, literal(int(str(condition.value)), BigInteger))
    return comparison


def _text(column: ColumnElement[str]) -> Callable[[Condition], Clause]:
    return lambda condition: _compared(column, condition)


def _compared(text: ColumnElement[str], condition: Condition) -> Clause:
    value = condition.value
    if condition.operator is Operator.HAS:
        assert isinstance(value, Pattern)  # noqa: S101  narrows what the language says
        return func.lower(text).like(_like(Pattern(tuple(part.lower() for part in value.parts))))
    equal = text.like(_like(value)) if isinstance(value, Pattern) else text == literal(value)
    return not_(equal) if condition.operator is Operator.NOT_EQUAL else equal


def _like(pattern: Pattern) -> str:
    escaped = [part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for part in pattern.parts]
    return "%".join(escaped)


def _outcome(condition: Condition) -> Clause:
    told = func.coalesce(_record.details["outcome"].astext, "")
    refused = told.in_([Outcome.DENIED.value, Outcome.FAILED.value])
    is_so = not_(refused) if condition.value == Outcome.SUCCEEDED else told == literal(condition.value)
    return not_(is_so) if condition.operator is Operator.NOT_EQUAL else is_so


def _details(condition: Condition) -> Clause:
    if not condition.key:
        if condition.operator is Operator.PRESENT:
            present: Clause = _record.details.is_not(None)
            return present
        return _compared(func.coalesce(cast(_record.details, Text), ""), condition)
    value = _record.details[condition.key].astext
    there: Clause = value.is_not(None)
    if condition.operator is Operator.PRESENT:
        return there
    return and_(there, _compared(func.coalesce(value, ""), condition))


_CLAUSES: Mapping[str, Callable[[Condition], Clause]] = {
    "seq": _number,
    "time": _scalar(_record.recorded_at),
    "actor": _text(_record.actor),
    "method": _text(_record.method),
    "event_type": _text(_record.event_type),
    "request_id": _text(_record.request_id),
    "event_id": _scalar(_record.event_id),
    "resource_type": _text(_record.subject_type),
    "resource_id": _scalar(_record.subject_id),
    "outcome": _outcome,
    "details": _details,
}
