"""The fields that filters over records may name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from function_backend.filters.catalogue import EQUALITY, ORDER, Field, Keyed, read_moment, read_text
from function_backend.filters.conditions import ConditionValue, Operator
from function_backend.filters.language import FilterLanguage
from function_backend.filters.tree import Text
from function_backend.services.audit.domain.record import Outcome

_NAME = EQUALITY | {Operator.HAS}
_DETAILS = EQUALITY | {Operator.HAS, Operator.PRESENT}
_LARGEST = (1 << 63) - 1


def _id(value: Text, key: str) -> ConditionValue:
    del key
    try:
        return UUID(value.plain)
    except ValueError:
        raise ValueError("is not an id") from None


def _seq(value: Text, key: str) -> ConditionValue:
    del key
    if not value.plain.isascii() or not value.plain.isdigit() or int(value.plain) > _LARGEST:
        raise ValueError("is not the number of a record")
    return value.plain


def _outcome(value: Text, key: str) -> ConditionValue:
    del key
    name = value.plain.lower().removeprefix("audit_outcome_")
    if name not in set(Outcome):
        raise ValueError(f"is not an outcome; one of {', '.join(Outcome)} is")
    return name


RECORD_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "seq": Field(_seq, ORDER),
        "time": Field(read_moment, ORDER),
        "actor": Field(read_text, _NAME),
        "method": Field(read_text, _NAME),
        "event_type": Field(read_text, _NAME),
        "request_id": Field(read_text, EQUALITY),
        "event_id": Field(_id, EQUALITY),
        "resource_type": Field(read_text, EQUALITY),
        "resource_id": Field(_id, EQUALITY),
        "outcome": Field(_outcome, EQUALITY),
        "details": Field(read_text, _DETAILS, Keyed.MAY),
    }
)
"""By name."""

read_filter = FilterLanguage(RECORD_FIELDS).read
"""What a filter asks for; None when it asks for nothing. Raises FilterProblem."""
