"""Filters evaluated in Python, as docs/filters.md says: what the SQL is compared with."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from function_backend.filters.conditions import (
    Combination,
    Condition,
    Operator,
    Opposite,
    Pattern,
    Predicate,
)
from function_backend.filters.tree import Connective
from function_backend.services.company.domain.company import Company

_OPERATORS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    Operator.LESS: operator.lt,
    Operator.AT_MOST: operator.le,
    Operator.GREATER: operator.gt,
    Operator.AT_LEAST: operator.ge,
}


def holds(predicate: Predicate, company: Company) -> bool:
    """Whether the company fits."""
    if isinstance(predicate, Combination):
        join = all if predicate.connective is Connective.AND else any
        return join(holds(part, company) for part in predicate.parts)
    if isinstance(predicate, Opposite):
        return not holds(predicate.part, company)
    return any(_compare(value, predicate) for value in _values(predicate, company))


def _values(condition: Condition, company: Company) -> list[Any]:
    """The values that the company has there; none when it has none."""
    state, key = company.state, condition.key
    values: dict[str, Any] = {
        "id": [company.id],
        "legal_name": [state.legal_name],
        "legal_form.code": [] if state.legal_form is None else [state.legal_form.code],
        "jurisdiction": [state.jurisdiction],
        "status": [state.status.value],
        "incorporation_date": [state.incorporation_date],
        "dissolution_date": [state.dissolution_date],
        "create_time": [company.created_at],
        "update_time": [company.updated_at],
        "delete_time": [company.deleted_at],
        "country": list(state.countries),
        "identifiers": [item.value for item in state.identifiers if item.scheme == key],
        "industries": [item.term for item in state.industries if not key or item.scheme == key],
    }
    if condition.field == "labels":
        return [state.labels[key]] if key in state.labels else []
    return [value for value in values[condition.field] if value not in (None, "")]


def _compare(value: Any, condition: Condition) -> bool:  # noqa: ANN401 - of whatever type the field has
    wanted = condition.value
    if condition.operator is Operator.PRESENT:
        return True
    if condition.operator is Operator.HAS:
        assert isinstance(wanted, Pattern)
        return _fits(value.casefold(), [part.casefold() for part in wanted.parts])
    if condition.operator in _OPERATORS:
        return _OPERATORS[condition.operator](value, wanted)
    equal = _fits(value, list(wanted.parts)) if isinstance(wanted, Pattern) else value == wanted
    return equal if condition.operator is Operator.EQUAL else not equal


def _fits(text: str, parts: list[str]) -> bool:
    return re.fullmatch(".*".join(map(re.escape, parts)), text, re.DOTALL) is not None
