"""The inputs of decisions on the wire, and as the log keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from function.rules.v1 import decision_pb2
from function_backend.kernel.errors import FieldViolation, ServiceError
from function_backend.services.rules.domain.decision import GivenInputs, TakenDecision
from function_backend.services.rules.errors import DecisionInputInvalidError
from function_backend_rules.recording.inputs import KeptInputs, kept_inputs
from function_backend_rules.recording.json_messages import json_value, plain_struct


def given_inputs(message: decision_pb2.DecisionInputs) -> GivenInputs:
    """The inputs as they were sent; DecisionInputInvalidError when one is given twice."""
    if not message.company_ids and not message.HasField("json"):
        return GivenInputs(messages=dict(message.messages), sent=message)
    json, messages, companies = message.json.fields, message.messages, message.company_ids
    if len(json) + len(messages) + len(companies) > len({*json, *messages, *companies}):
        raise DecisionInputInvalidError(*_given_twice(json, messages, companies))
    return GivenInputs(
        messages=dict(messages),
        json=plain_struct(message.json),
        companies={name: UUID(text) for name, text in companies.items()},
        # Companies are kept as they were read.
        sent=None if companies else message,
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


def kept(taken: TakenDecision) -> KeptInputs:
    """What the log keeps of the inputs of the decision: what was read from the database as it was read."""
    sent = taken.given.sent
    return kept_inputs(_message(taken.given) if sent is None else sent, taken.by.named(taken.inputs))


def _message(given: GivenInputs) -> decision_pb2.DecisionInputs:
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
