"""Filters as the use cases take them."""

from __future__ import annotations

from function_backend.services.company.domain.filters.conditions import Predicate
from function_backend.services.company.domain.filters.problem import FilterProblem
from function_backend.services.company.domain.filters.resolve import read_filter
from function_backend.services.company.errors import InvalidFilterError


def predicate_of(filter: str) -> Predicate | None:
    """What the filter asks for, None when it asks for nothing; InvalidFilterError when it cannot be used."""
    try:
        return read_filter(filter)
    except FilterProblem as problem:
        raise InvalidFilterError(problem) from None
