"""A filter with its names looked up and its values typed: what the repository turns into SQL."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple, TypeAlias
from uuid import UUID

from function_backend.filters.tree import Connective

ConditionValue: TypeAlias = "str | date | datetime | UUID | Pattern | None"


class Operator(StrEnum):
    """How the value of a company is compared with that of the filter."""

    EQUAL = "="
    NOT_EQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    HAS = ":"
    """The text contains the value, whatever the case."""
    PRESENT = ":*"
    """There is a value."""


class Pattern(NamedTuple):
    """Texts that begin with the first part, end with the last, and have the others in between, in this order."""

    parts: tuple[str, ...]


class Condition(NamedTuple):
    """One comparison. It does not hold where the company has no such value, whatever the operator."""

    field: str
    """A name of the catalogue of fields."""
    key: str
    """The key of a label, the scheme of an identifier or industry; empty for fields without."""
    operator: Operator
    value: ConditionValue


class Combination(NamedTuple):
    """All or any of the parts."""

    connective: Connective
    parts: tuple[Predicate, ...]


class Opposite(NamedTuple):
    """Holds where the part does not."""

    part: Predicate


Predicate: TypeAlias = Condition | Combination | Opposite
