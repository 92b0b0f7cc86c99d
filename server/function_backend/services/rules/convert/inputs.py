"""The inputs of decisions on the wire, and as the log keeps them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message

from function.rules.v1 import decision_pb2
from function_backend.kernel.errors import FieldViolation, ServiceError
from function_backend.services.rules.convert.redaction import redacted
from function_backend.services.rules.convert.values import json_value, plain_struct
from function_backend.services.rules.domain.decision import GivenInputs, TakenDecision
from function_backend.services.rules.errors import DecisionInputInvalidError


class KeptInputs(NamedTuple):
    """Inputs as the log keeps them."""

    message: bytes
    redacted: bool
    digest: bytes


def given_inputs(message: decision_pb2.DecisionInputs) -> GivenInputs:
    """The inputs as they were sent; DecisionInputInvalidError when one is given twice."""
    json, messages, companies = message.json.fields, message.messages, message.company_ids
    if len(json) + len(messages) + len(companies) > len({*json, *messages, *companies}):
        raise DecisionInputInvalidError(*_given_twice(json, messages, companies))
    return GivenInputs(
        messages=dict(messages),
        json=plain_struct(message.json),
        companies={name: UUID(text) for name, text in companies.items()},
    )


def attempted_inputs(message: decision_pb2.DecisionInputs) -> GivenInputs | ServiceError:
    """As `given_inputs`, with the failure as a value: for one of many."""
    try:
        return given_inputs(message)
    except ServiceError as error:
        return error


def stored_inputs(stored: bytes) -> GivenInputs:
    """The inputs that the log kept."""
    message = decision_pb2.DecisionInputs.FromString(stored)
    # The companies that were read stand among the messages: they may have changed since.
    return GivenInputs(messages=dict(message.messages), json=plain_struct(message.json))


def kept_inputs(taken: TakenDecision) -> KeptInputs:
    """What the log keeps of the inputs of the decision.

    What was read from the database is kept as it was read; what has sensitive fields is kept as the engine saw it,
    without these.
    """
    whole = message_of(taken.given)
    digest = hashlib.sha256(whole.SerializeToString(deterministic=True)).digest()
    any_redacted = False
    for name, value in taken.values.items():
        shown, was_redacted = redacted(value)
        if was_redacted:
            any_redacted = True
            whole.messages.pop(name, None)
            whole.json.fields.pop(name, None)
            if isinstance(shown, Message):
                whole.messages[name].CopyFrom(packed(shown))
            else:
                whole.json.fields[name].CopyFrom(json_value(shown))
    return KeptInputs(whole.SerializeToString(deterministic=True), any_redacted, digest)


def packed(message: Message) -> AnyMessage:
    """The message as `Any`."""
    return AnyMessage(
        type_url=f"type.googleapis.com/{message.DESCRIPTOR.full_name}",
        value=message.SerializeToString(deterministic=True),
    )


def message_of(given: GivenInputs) -> decision_pb2.DecisionInputs:
    """The inputs as they are sent."""
    made = decision_pb2.DecisionInputs(company_ids={name: str(found) for name, found in given.companies.items()})
    for name, message in given.messages.items():
        made.messages[name].CopyFrom(message)
    for name, value in given.json.items():
        made.json.fields[name].CopyFrom(json_value(value))
    return made


def _given_twice(*ways: Mapping[str, object]) -> list[FieldViolation]:
    names = [name for way in ways for name in way]
    return [
        FieldViolation(f"inputs.{name}", "is given in two ways; give it in one")
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
