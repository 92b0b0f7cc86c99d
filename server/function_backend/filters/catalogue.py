"""What a field of a filter is compared with, and how."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import NamedTuple

from function_backend.filters.conditions import ConditionValue, Operator, Pattern
from function_backend.filters.tree import Text

EQUALITY = frozenset({Operator.EQUAL, Operator.NOT_EQUAL})
ORDER = EQUALITY | {Operator.LESS, Operator.AT_MOST, Operator.GREATER, Operator.AT_LEAST}


class Keyed(Enum):
    """Whether the name of a field goes on after a dot."""

    NO = "no"
    MAY = "may"
    MUST = "must"


class Field(NamedTuple):
    """A field of the filter language."""

    read: Callable[[Text, str], ConditionValue]
    """The value, typed, of a text and the key after the dot; ValueError says what is wrong with it."""
    operators: frozenset[Operator]
    keyed: Keyed = Keyed.NO
    is_several: bool = False
    """Whether a resource may have several values; one that fits is enough, and `:` says the same as `=`."""
    check_key: Callable[[str], None] | None = None
    """Raises ValueError for a key that cannot be."""
    example_key: str = ""


def read_text(value: Text, key: str) -> ConditionValue:
    """The text, or what it has around its wildcards."""
    del key
    parts = tuple(unicodedata.normalize("NFC", part) for part in value.parts)
    return Pattern(parts) if len(parts) > 1 else parts[0]


def read_moment(value: Text, key: str) -> ConditionValue:
    """The time, in UTC where it names no zone."""
    del key
    try:
        moment = datetime.fromisoformat(value.plain)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not a time such as '2024-12-31T12:00:00Z'") from None
