"""The inputs of decisions on the wire, and as the log keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from function.rules.v1 import decision_pb2
from function_backend.kernel.errors import FieldViolation, ServiceError
from function_backend.services.rules.domain.decision import GivenInputs, TakenDecision
from function_backend.services.rules.errors import DecisionInputInvalidError
from function_backend_rules.recording.inputs import KeptInputs, kept_inputs
from function_backend_rules.recording.json_messages import plain_struct, plain_value


def given_inputs(message: decision_pb2.DecisionInputs) -> GivenInputs:
    """The inputs as they were sent; DecisionInputInvalidError when one is given twice."""
    messages = message.messages
    if messages and not message.HasField("json") and not message.company_ids:
        # Most calls: nothing is looked at that is not there.
        return GivenInputs(source=message, messages=dict(messages.items()))
    json, companies = message.json.fields, message.company_ids
    ways = [way for way in (json, messages, companies) if way]
    if len(ways) > 1 and sum(map(len, ways)) > len({name for way in ways for name in way}):
        raise DecisionInputInvalidError(*_given_twice(json, messages, companies))
    return GivenInputs(
        source=message,
        messages={name: messages[name] for name in messages} if messages else {},
        json={name: plain_value(json[name]) for name in json} if json else {},
        companies={name: UUID(companies[name]) for name in companies} if companies else {},
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
    return GivenInputs(source=message, messages=dict(message.messages), json=plain_struct(message.json))


def kept(taken: TakenDecision) -> KeptInputs:
    """What the log keeps of the inputs of the decision: what was read from the database as it was read."""
    return kept_inputs(_with_companies(taken.given), taken.values())


def _with_companies(given: GivenInputs) -> decision_pb2.DecisionInputs:
    """What was sent, and the companies that were read."""
    sent: decision_pb2.DecisionInputs = given.source
    if not given.companies:
        return sent
    made = decision_pb2.DecisionInputs()
    made.CopyFrom(sent)
    for name in given.companies:
        made.messages[name].CopyFrom(given.messages[name])
    return made


def _given_twice(*ways: Mapping[str, object]) -> list[FieldViolation]:
    names = [name for way in ways for name in way]
    return [
        FieldViolation(f"inputs.{name}", "is given in two ways; give it in one")
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
