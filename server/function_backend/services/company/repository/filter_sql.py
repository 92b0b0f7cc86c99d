"""Filters as SQL: expressions over the tables, every value a bound parameter.

Each condition is true or false and never null, so NOT means what it says. The ones that an index can serve (legal name
and its beginning, jurisdiction, times, identifiers) are written with operators that may use one under row-level
security: comparisons of texts may, LIKE and the operators of arrays and JSON may not.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, and_, any_, false, func, literal, not_, or_, select

from function_backend.filters.conditions import (
    Combination,
    Condition,
    Operator,
    Opposite,
    Pattern,
    Predicate,
)
from function_backend.filters.tree import Connective
from function_backend.services.company.domain.text import fold
from function_backend.services.company.tables import company_identifier_table, company_table

Clause = ColumnElement[bool]

_company = company_table.c
_identifier = company_identifier_table.c

_COMPARISONS: Mapping[Operator, Callable[[Any, Any], Any]] = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.GREATER: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


def filter_clause(predicate: Predicate, tenant_id: UUID) -> Clause:
    """The predicate over `company`; sub-queries name the tenant themselves."""
    if isinstance(predicate, Combination):
        join = and_ if predicate.connective is Connective.AND else or_
        return join(*[filter_clause(part, tenant_id) for part in predicate.parts])
    if isinstance(predicate, Opposite):
        return not_(filter_clause(predicate.part, tenant_id))
    return _CLAUSES[predicate.field](predicate, tenant_id)


def _scalar(column: Column[Any]) -> Callable[[Condition, UUID], Clause]:
    """For a column that is null where there is no value."""

    def clause(condition: Condition, _: UUID) -> Clause:
        if condition.operator is Operator.PRESENT:
            return column.is_not(None)
        comparison: Clause = _COMPARISONS[condition.operator](column, condition.value)
        return and_(column.is_not(None), comparison) if column.nullable else comparison

    return clause


def _code(column: Column[str]) -> Callable[[Condition, UUID], Clause]:
    """For a text that is empty where there is no value."""

    def clause(condition: Condition, _: UUID) -> Clause:
        return and_(column != "", _compared(column, condition)) if condition.value != "" else false()

    return clause


def _compared(text: ColumnElement[str], condition: Condition) -> Clause:
    """The text compared as the condition says; true where any will do."""
    value = condition.value
    if condition.operator is Operator.PRESENT:
        return text.is_not(None)
    equal = _like(text, value) if isinstance(value, Pattern) else text == literal(value)
    return not_(equal) if condition.operator is Operator.NOT_EQUAL else equal


def _like(text: ColumnElement[str], pattern: Pattern) -> Clause:
    escaped = [part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for part in pattern.parts]
    return text.like("%".join(escaped))


def _legal_name(condition: Condition, _: UUID) -> Clause:
    value, name, folded = condition.value, _company.legal_name, _company.legal_name_folded
    if condition.operator is Operator.HAS:
        assert isinstance(value, Pattern)  # noqa: S101  narrows what the resolver says
        return _like(folded, Pattern(tuple(map(fold, value.parts))))
    clause = _compared(name, condition)
    if condition.operator is not Operator.EQUAL:
        return clause
    # The index is on the folded name; what it finds is then compared as it is written.
    if isinstance(value, Pattern):
        return and_(*_beginning(folded, fold(value.parts[0])), clause)
    return and_(folded == fold(str(value)), clause)


def _beginning(text: ColumnElement[str], prefix: str) -> list[Clause]:
    """The range of texts that begin with the prefix."""
    if not prefix:
        return []
    after = _successor(prefix)
    return [text >= prefix] if after is None else [text >= prefix, text < after]


def _successor(prefix: str) -> str | None:
    """The first text, by code points, after all that begin with the prefix; None when there is none."""
    last = ord(prefix[-1])
    if last == 0x10FFFF:  # noqa: PLR2004 - The last code point.
        return _successor(prefix[:-1]) if len(prefix) > 1 else None
    # Surrogates are no characters: what follows U+D7FF is U+E000.
    return prefix[:-1] + chr(0xE000 if last == 0xD7FF else last + 1)  # noqa: PLR2004


def _country(condition: Condition, _: UUID) -> Clause:
    if condition.operator is Operator.PRESENT:
        return func.cardinality(_company.countries) > 0
    return literal(condition.value) == any_(_company.countries)


def _industry(condition: Condition, _: UUID) -> Clause:
    value = condition.value
    if condition.operator is Operator.PRESENT:
        if not condition.key:
            return func.cardinality(_company.industries) > 0
        value = Pattern((f"{condition.key}:", ""))
    if not isinstance(value, Pattern):
        return literal(value) == any_(_company.industries)
    term = func.unnest(_company.industries).column_valued("term")
    return select(term).where(_like(term, value)).exists()


def _identifier_clause(condition: Condition, tenant_id: UUID) -> Clause:
    if condition.operator is Operator.PRESENT:
        return literal(condition.key) == any_(_company.identifier_schemes)
    bearers = select(_identifier.company_id).where(
        _identifier.tenant_id == tenant_id,
        _identifier.scheme == condition.key,
        _identifier.value == condition.value,
    )
    return _company.id.in_(bearers)


def _label(condition: Condition, _: UUID) -> Clause:
    present: Clause = _company.labels.has_key(condition.key)
    if condition.operator is Operator.PRESENT:
        return present
    return and_(present, _compared(_company.labels[condition.key].astext, condition))


_CLAUSES: Mapping[str, Callable[[Condition, UUID], Clause]] = {
    "id": _scalar(_company.id),
    "legal_name": _legal_name,
    "legal_form.code": _code(_company.legal_form_code),
    "jurisdiction": _code(_company.jurisdiction),
    "status": _scalar(_company.status),
    "incorporation_date": _scalar(_company.incorporation_date),
    "dissolution_date": _scalar(_company.dissolution_date),
    "create_time": _scalar(_company.created_at),
    "update_time": _scalar(_company.updated_at),
    "delete_time": _scalar(_company.deleted_at),
    "country": _country,
    "identifiers": _identifier_clause,
    "industries": _industry,
    "labels": _label,
}
