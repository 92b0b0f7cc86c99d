"""Filters as the use cases take them."""

from __future__ import annotations

from function_backend.filters.conditions import Predicate
from function_backend.filters.problem import FilterProblem, InvalidFilterError
from function_backend.services.company.domain.filters.resolve import read_filter


def predicate_of(filter: str) -> Predicate | None:
    """What the filter asks for, None when it asks for nothing; InvalidFilterError when it cannot be used."""
    try:
        return read_filter(filter)
    except FilterProblem as problem:
        raise InvalidFilterError(problem) from None
