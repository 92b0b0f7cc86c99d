"""Decisions by rules: what they are taken from, and how they came out; of both clients and of local evaluation."""

from __future__ import annotations

import base64
import datetime as dt
import enum
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp

from function.rules.v1 import decision_pb2
from function_backend_client.requests import timestamp

_EXACT: Final = 2**53
"""Up to here every whole number is one of the numbers of JSON; beyond it is a text, as protobuf writes them."""
_LONGEST_SHOWN: Final = 80


class DecisionStatus(enum.Enum):
    """How a decision came out."""

    MATCHED = decision_pb2.DECISION_STATUS_MATCHED
    """Something matched, or what holds otherwise was taken: there is a value."""
    NO_MATCH = decision_pb2.DECISION_STATUS_NO_MATCH
    """Nothing matched, and the definition says nothing about that."""
    FAILED = decision_pb2.DECISION_STATUS_FAILED
    """A rule failed where that means the decision fails."""


@dataclass(frozen=True, slots=True)
class CompanyId:
    """Stands for a company as an input: the service reads it, as the caller sees it."""

    id: str


class DecisionFailedError(Exception):
    """The value of a decision that failed was asked for: there is none, and it must not be taken for a yes or a no."""

    def __init__(self, decision: Decision) -> None:
        failures = "; ".join(f"{each.rule_id}: {each.message}" for each in decision.failures)
        super().__init__(f"{decision.name} version {decision.version} failed: {failures}")
        self.decision = decision


class Decision:
    """A decision that was taken."""

    __slots__ = ("_message",)

    def __init__(self, message: decision_pb2.Decision) -> None:
        self._message = message

    @property
    def message(self) -> decision_pb2.Decision:
        """The whole answer of the service, with failures and the explanation."""
        return self._message

    @property
    def name(self) -> str:
        """The name of what decided."""
        return self.message.name

    @property
    def version(self) -> int:
        """Its version."""
        return self.message.version

    @property
    def status(self) -> DecisionStatus:
        """How it came out."""
        return DecisionStatus(self.message.status)

    @property
    def matched(self) -> bool:
        """Whether there is a value: of what matched, or of what holds otherwise."""
        return self.status is DecisionStatus.MATCHED

    @property
    def value(self) -> Any:  # noqa: ANN401  Of the type that the definition declares.
        """The value in the JSON form of its type: bool, number, text, list or dict; None when nothing matched.

        Raises DecisionFailedError when the decision failed.
        """
        if self.status is DecisionStatus.FAILED:
            raise DecisionFailedError(self)
        return plain_value(self.message.value)

    @property
    def by_otherwise(self) -> bool:
        """Whether nothing matched, and the value is what holds otherwise."""
        return self.message.by_otherwise

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """The ids of the rules or rows that decided, in order; none for what holds otherwise."""
        return tuple(match.rule_id for match in self.message.matches)

    @property
    def reason(self) -> str:
        """The reason of the first rule that decided, for people; empty when it has none."""
        return next((match.reason for match in self.message.matches), "")

    @property
    def reason_code(self) -> str:
        """The reason of the first rule that decided, for machines; empty when it has none."""
        return next((match.reason_code for match in self.message.matches), "")

    @property
    def failures(self) -> Sequence[decision_pb2.DecisionFailure]:
        """The rules that failed."""
        return self.message.failures

    @property
    def decision_id(self) -> str:
        """What the log knows the decision by."""
        return self.message.id

    def __repr__(self) -> str:
        parts = [f"{self.name!r} v{self.version}", self.status.name]
        if self.matched:
            shown = repr(self.value)
            parts.append(shown if len(shown) <= _LONGEST_SHOWN else f"{shown[: _LONGEST_SHOWN - 1]}…")
        parts += [", ".join(self.rule_ids)] if self.rule_ids else ["otherwise"] if self.by_otherwise else []
        parts += [repr(self.reason)] if self.reason else []
        parts += [f"{each.rule_id}: {each.message}" for each in self.failures]
        return f"<{type(self).__name__} {' · '.join(parts)}>"


def decision_inputs(values: Mapping[str, Any]) -> decision_pb2.DecisionInputs:
    """The inputs as the contract has them: messages packed, companies by id, all else as JSON.

    Raises TypeError for a value that is none of these, with the way to it.
    """
    inputs = decision_pb2.DecisionInputs()
    for name, value in values.items():
        if isinstance(value, CompanyId):
            inputs.company_ids[name] = value.id
        elif isinstance(value, Message):
            packed = inputs.messages[name]
            packed.type_url = f"type.googleapis.com/{value.DESCRIPTOR.full_name}"
            packed.value = value.SerializeToString(deterministic=True)
        else:
            inputs.json.fields[name].CopyFrom(json_message(as_json(value, name)))
    return inputs


def as_json(value: Any, path: str) -> Any:  # noqa: ANN401, C901, PLR0911  One line for each type.
    """A Python value in JSON as the service reads it: datetimes as text, whole numbers as such.

    Raises TypeError for what has no form in JSON.
    """
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if isinstance(value, int):
        number = int(value)
        return number if -_EXACT < number < _EXACT else str(number)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Message):
        return MessageToDict(value, preserving_proto_field_name=True)
    if isinstance(value, Mapping):
        return {_key(key, path): as_json(item, f"{path}[{key!r}]") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item, f"{path}[{at}]") for at, item in enumerate(value)]
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    if isinstance(value, dt.datetime):
        stamp = timestamp(value)
        return Timestamp.ToJsonString(stamp) if stamp is not None else None
    if isinstance(value, dt.timedelta):
        span = Duration()
        span.FromTimedelta(value)
        return span.ToJsonString()
    if isinstance(value, UUID | str):
        return str(value)
    raise TypeError(
        f"{path}: a {kind.__name__} cannot be an input; give a message, a number, a text, a list, a dict, a datetime, "
        "a timedelta or a CompanyId"
    )


def json_message(value: Any) -> Value:  # noqa: ANN401  Any JSON.
    """JSON in a message."""
    made = Value()
    if value is None:
        made.null_value = 0  # type: ignore[assignment]  # NULL_VALUE
    elif isinstance(value, bool):
        made.bool_value = value
    elif isinstance(value, str):
        made.string_value = value
    elif isinstance(value, dict):
        made.struct_value.SetInParent()
        for key, item in value.items():
            made.struct_value.fields[key].CopyFrom(json_message(item))
    elif isinstance(value, list):
        made.list_value.SetInParent()
        made.list_value.values.extend(map(json_message, value))
    else:
        made.number_value = value
    return made


def plain_value(value: Value) -> Any:  # noqa: ANN401  Any JSON.
    """The JSON that a message says; whole numbers as such."""
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return {key: plain_value(item) for key, item in value.struct_value.fields.items()}
    if kind == "list_value":
        return [plain_value(item) for item in value.list_value.values]
    if kind == "number_value":
        return _number(value.number_value)
    return None if kind is None or kind == "null_value" else getattr(value, kind)


def _number(value: float) -> int | float | str:
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    # JSON does not tell 5.0 from 5; neither does the service.
    return int(value) if value.is_integer() and -_EXACT <= value <= _EXACT else value


def _key(key: object, path: str) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, str | int):
        return str(key)
    raise TypeError(f"{path}: {key!r} cannot be a key; give texts")
