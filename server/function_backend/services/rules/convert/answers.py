"""Answers with decisions, put together from parts that are serialised already.

Most decisions of a version come to one of a few outcomes. Serialising one anew takes as long as deciding a hundred
rules; putting the id behind a template takes a tenth of it. Fields may come in any order, and a message within another
is its length and its bytes (https://protobuf.dev/programming-guides/encoding/).
"""

from __future__ import annotations

from collections.abc import Iterable

from function_backend.kernel.errors import ServiceError
from function_backend.services.rules.convert.decision import decision, error, with_explanation
from function_backend.services.rules.domain.decision import DecisionStatus, TakenDecision

_ONE_BYTE = 0x80
_TAGS = {number: bytes((number << 3 | 2,)) for number in range(1, 4)}
# `Decision.id`, which is 36 characters long.
_ID = _TAGS[1] + bytes((36,))
_DECISION_FIELD, _ERROR_FIELD, _OUTCOME_FIELD = 1, 2, 1
_STREAMED_DECISION_FIELD, _STREAMED_ERROR_FIELD, _CORRELATION_FIELD = 2, 3, 1

_MOST_TEMPLATES = 256
_LONGEST_TEXT = 100
# Of these values equal ones are shown the same; not of numbers with a fraction, for 0.0 equals -0.0.
_KEYED = frozenset({bool, int, str, type(None)})


def decision_bytes(value: TakenDecision) -> bytes:
    """The message `Decision`, without an explanation."""
    return _template(value) + _ID + str(value.id).encode()


def evaluated(value: TakenDecision) -> bytes:
    """The message `EvaluateResponse`."""
    return _embedded(_DECISION_FIELD, _shown(value))


def batch_evaluated(outcomes: Iterable[TakenDecision | ServiceError]) -> bytes:
    """The message `BatchEvaluateResponse`."""
    return b"".join(
        _embedded(_OUTCOME_FIELD, _outcome(each, decision_field=_DECISION_FIELD, error_field=_ERROR_FIELD))
        for each in outcomes
    )


def streamed(correlation: str, outcome: TakenDecision | ServiceError) -> bytes:
    """The message `EvaluateStreamResponse`."""
    told = _embedded(_CORRELATION_FIELD, correlation.encode()) if correlation else b""
    return told + _outcome(outcome, decision_field=_STREAMED_DECISION_FIELD, error_field=_STREAMED_ERROR_FIELD)


def _outcome(outcome: TakenDecision | ServiceError, *, decision_field: int, error_field: int) -> bytes:
    if isinstance(outcome, TakenDecision):
        return _embedded(decision_field, _shown(outcome))
    return _embedded(error_field, error(outcome).SerializeToString())


def _shown(value: TakenDecision) -> bytes:
    if value.explanation is None:
        return decision_bytes(value)
    return with_explanation(value).SerializeToString()


def _template(value: TakenDecision) -> bytes:
    """The decision without its id."""
    key = _key(value)
    if key is None:
        return decision(value).SerializeToString()
    found = value.templates.get(key)
    if found is None:
        found = decision(value).SerializeToString()
        if len(value.templates) < _MOST_TEMPLATES:
            value.templates[key] = found
    return found


def _key(value: TakenDecision) -> tuple[object, ...] | None:
    """What the decision without its id follows from, within its version; None where that is too much to compare."""
    result = value.result
    came_to, matches = result.value, result.matches
    kind = type(came_to)
    if value.status is DecisionStatus.FAILED or result.errors or len(matches) > 1 or kind not in _KEYED:
        return None
    if kind is str and len(came_to) > _LONGEST_TEXT:
        return None
    decided = (matches[0].rule_id, matches[0].reason_code, matches[0].reason) if matches else ()
    return (value.status, result.by_otherwise, kind, came_to, decided)


def _embedded(number: int, content: bytes) -> bytes:
    return _TAGS[number] + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    if value < _ONE_BYTE:
        return bytes((value,))
    encoded = bytearray()
    while value >= _ONE_BYTE:
        encoded.append(value & 0x7F | _ONE_BYTE)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
