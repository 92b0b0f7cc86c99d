"""Decisions as bytes, for what is asked so often that making messages is most of the work.

Most rule sets say one of a few things, each always the same but for the id: that part is serialised once. A message in
two parts, one behind the other, is the message (https://protobuf.dev/programming-guides/encoding/#last-one-wins).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from function.rules.v1 import decision_pb2 as wire
from function.rules.v1 import evaluation_service_pb2 as service_wire
from function_backend.kernel.errors import ServiceError
from function_backend.services.rules.convert.decision import decision_message, error, taken
from function_backend.services.rules.domain.decision import TakenDecision
from function_backend_rules.results import Result

_MOST_KEPT: Final = 10_000
_SMALL: Final = 0x80
_LENGTH_DELIMITED: Final = 2
# Both answers have their decision in a field of this number, and the batch its outcomes.
_TAG: Final = bytes([service_wire.EvaluateResponse.DECISION_FIELD_NUMBER << 3 | _LENGTH_DELIMITED])


class _Lasting(NamedTuple):
    """What does not change from one decision to the next."""

    result: Result
    name: str
    version: int
    content_hash: str
    written: bytes


_lasting: dict[int, _Lasting] = {}


def decision_bytes(value: TakenDecision) -> bytes:
    """The message `function.rules.v1.Decision`, without an explanation."""
    result: Result = value.result
    if not result.shared:
        return decision_message(value).SerializeToString()
    kept = _lasting.get(id(result))
    # An id may belong to another object by now, and a result to another version.
    if (
        kept is None
        or kept.result is not result
        or kept.version != value.version
        or kept.content_hash != value.content_hash
        or kept.name != value.name
    ):
        kept = _remember(value, result)
    return kept.written + wire.Decision(id=str(value.id)).SerializeToString()


def evaluated(value: TakenDecision) -> bytes:
    """The answer of `Evaluate`."""
    if value.explanation is not None:
        return service_wire.EvaluateResponse(decision=taken(value)).SerializeToString()
    return _field(decision_bytes(value))


def evaluated_all(outcomes: Iterable[TakenDecision | ServiceError]) -> bytes:
    """The answer of `BatchEvaluate`."""
    return b"".join(_field(_outcome(each)) for each in outcomes)


def _outcome(value: TakenDecision | ServiceError) -> bytes:
    if isinstance(value, ServiceError):
        return service_wire.DecisionOutcome(error=error(value)).SerializeToString()
    if value.explanation is not None:
        return service_wire.DecisionOutcome(decision=taken(value)).SerializeToString()
    return _field(decision_bytes(value))


def _remember(value: TakenDecision, result: Result) -> _Lasting:
    message = decision_message(value)
    message.ClearField("id")
    kept = _Lasting(result, value.name, value.version, value.content_hash, message.SerializeToString())
    if len(_lasting) >= _MOST_KEPT:
        _lasting.clear()
    _lasting[id(result)] = kept
    return kept


def _field(content: bytes) -> bytes:
    """The field of number 1 with a message in it."""
    length = len(content)
    if length < _SMALL:
        return _TAG + bytes((length,)) + content
    varint = bytearray()
    while length >= _SMALL:
        varint.append(length & 0x7F | _SMALL)
        length >>= 7
    varint.append(length)
    return _TAG + bytes(varint) + content
