"""Simulations on the wire, and as they are stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from function.rules.v1 import decision_pb2, simulation_pb2, simulation_service_pb2
from function_backend.kernel.errors import FieldViolation, invalid_fields
from function_backend.services.rules.convert.decision import STATUSES
from function_backend.services.rules.convert.definition import content
from function_backend.services.rules.convert.inputs import stored_inputs
from function_backend.services.rules.domain.decision import DecisionStatus, GivenInputs
from function_backend.services.rules.domain.simulation import (
    CurrentCompanies,
    NotReplayable,
    Outcome,
    Simulation,
    SimulationOutcome,
    SimulationState,
    Source,
    StoredDecisions,
    Subject,
    Tally,
    UploadedInputs,
)
from function_backend.services.rules.service.simulations import WantedSimulation
from function_backend.timestamps import read_optional_moment, timestamp
from function_backend_rules.recording.json_messages import json_value, plain_struct, plain_value
from function_backend_rules.recording.outcomes import outcome_message

wire = simulation_pb2

_STATES = {
    SimulationState.QUEUED: wire.SIMULATION_STATE_QUEUED,
    SimulationState.RUNNING: wire.SIMULATION_STATE_RUNNING,
    SimulationState.SUCCEEDED: wire.SIMULATION_STATE_SUCCEEDED,
    SimulationState.FAILED: wire.SIMULATION_STATE_FAILED,
    SimulationState.CANCELLED: wire.SIMULATION_STATE_CANCELLED,
}
_CHANGES = {each: wire.SimulationOutcome.Value(f"SIMULATION_OUTCOME_{each.name}") for each in SimulationOutcome}
_REASONS = {each: wire.NotReplayableReason.Value(f"NOT_REPLAYABLE_REASON_{each.name}") for each in NotReplayable}
_BY_NUMBER = {number: status for status, number in STATUSES.items()}
_LONGEST_VALUE = 1000
_MOST_RULES = 10


def wanted(message: simulation_service_pb2.CreateSimulationRequest) -> WantedSimulation:
    """What is to be tried out."""
    if message.version and message.HasField("definition"):
        raise invalid_fields(FieldViolation("version", "is of no use with a definition; leave one of them out"))
    return WantedSimulation(
        name=message.name,
        version=message.version,
        content=content(message.definition) if message.HasField("definition") else None,
        source=_source(message.source, "source."),
        baseline_version=message.baseline_version,
        max_examples=message.max_examples,
    )


def simulation(value: Simulation, *, with_result: bool = True) -> wire.Simulation:
    """The simulation as callers see it."""
    source = None
    if value.source:
        source = wire.SimulationSource.FromString(value.source)
        if source.WhichOneof("source") == "uploaded_inputs":
            # They may be large, and the caller has them.
            source.uploaded_inputs.ClearField("inputs")
    return wire.Simulation(
        id=str(value.id),
        name=value.name,
        version=value.version,
        content_hash=value.content_hash,
        baseline_version=value.baseline_version,
        source=source,
        state=_STATES[value.state],
        done=value.done,
        total=value.total,
        result=wire.SimulationResult.FromString(value.result) if with_result else None,
        failure=value.failure,
        create_time=timestamp(value.created_at),
        start_time=timestamp(value.started_at),
        end_time=timestamp(value.ended_at),
        creator=value.creator,
        operation=f"operations/{value.id}",
    )


class WireForms:
    """How what a simulation works with is stored and shown: as the messages of the contract."""

    def source(self, stored: bytes) -> Source:
        """What the version is tried out on."""
        return _source(wire.SimulationSource.FromString(stored), "")

    def stored_source(self, source: Source) -> bytes:
        """The same, to be stored."""
        message = wire.SimulationSource()
        if isinstance(source, StoredDecisions):
            message.stored_decisions.CopyFrom(
                wire.StoredDecisions(
                    version=source.version,
                    decided_from=timestamp(source.decided_from),
                    decided_until=timestamp(source.decided_until),
                    limit=source.limit,
                    include_redacted=source.include_redacted,
                )
            )
        elif isinstance(source, UploadedInputs):
            message.uploaded_inputs.SetInParent()
            for each in source.inputs:
                message.uploaded_inputs.inputs.append(json_value(each).struct_value)
        else:
            message.current_companies.input = source.input
            message.current_companies.limit = source.limit
            message.current_companies.constants.CopyFrom(json_value(source.constants).struct_value)
        return message.SerializeToString()

    def message(self, value: Simulation) -> bytes:
        """The simulation as callers see it."""
        return simulation(value).SerializeToString()

    def tally(self, stored: bytes) -> Tally:
        """What came out so far."""
        message, found = wire.SimulationResult.FromString(stored), Tally()
        for count in message.counts:
            found.counts[SimulationOutcome(count.outcome)] = count.count
        for skipped in message.not_replayable:
            reason = NotReplayable(skipped.reason)
            found.not_replayable[reason] = skipped.count
            if skipped.example:
                found.not_replayable_examples[reason] = skipped.example
        for error in message.errors:
            found.errors[error.rule_id, error.message] = error.count
        for example in message.examples:
            found.keep(SimulationOutcome(example.outcome), example)
        return found

    def stored_tally(self, tally: Tally) -> bytes:
        """The same, to be stored."""
        return wire.SimulationResult(
            counts=[
                wire.SimulationCount(outcome=_CHANGES[each], count=tally.counts[each])
                for each in SimulationOutcome
                if tally.counts[each]
            ],
            not_replayable=[
                wire.NotReplayableCount(
                    reason=_REASONS[each],
                    count=tally.not_replayable[each],
                    example=tally.not_replayable_examples.get(each, "")[:_LONGEST_VALUE],
                )
                for each in NotReplayable
                if tally.not_replayable[each]
            ],
            examples=[example for outcome in SimulationOutcome for example in tally.examples.get(outcome, ())],
            errors=[
                wire.SimulationError(rule_id=rule_id, message=message[:_LONGEST_VALUE], count=count)
                for (rule_id, message), count in tally.errors.most_common()
            ],
        ).SerializeToString()

    def inputs(self, stored: bytes) -> GivenInputs:
        """Inputs as the log keeps them."""
        return stored_inputs(stored)

    def logged(self, outcome: bytes) -> tuple[Outcome, decision_pb2.Decision]:
        """How a logged decision came out, and all that it says."""
        message = decision_pb2.Decision.FromString(outcome)
        value = message.value if message.HasField("value") else None
        return Outcome(_BY_NUMBER[message.status], value), message

    def decided(self, result: Any, status: DecisionStatus) -> Outcome:  # noqa: ANN401  the engine's result
        """How a result of the engine came out."""
        return Outcome(status, json_value(result.value) if status is DecisionStatus.MATCHED else None)

    def shown(self, result: Any) -> decision_pb2.Decision:  # noqa: ANN401
        """All that the result says, as that of a logged decision."""
        return outcome_message(result)

    def example(
        self,
        outcome: SimulationOutcome,
        subject: Subject,
        before: decision_pb2.Decision,
        after: decision_pb2.Decision,
    ) -> wire.SimulationExample:
        """An example of a change."""
        made = wire.SimulationExample(
            outcome=_CHANGES[outcome],
            inputs_digest=(subject.digest or b"").hex(),
            before=_simulated(before),
            after=_simulated(after),
        )
        if subject.kind is StoredDecisions:
            made.decision_id = subject.place
        elif subject.kind is CurrentCompanies:
            made.company_id = subject.place
        else:
            made.index = int(subject.place)
        return made

    def digest(self, given: GivenInputs) -> bytes:
        """SHA-256 of inputs that are not in the log."""
        message = decision_pb2.DecisionInputs(messages=given.messages)
        for name, value in given.json.items():
            message.json.fields[name].CopyFrom(json_value(value))
        return hashlib.sha256(message.SerializeToString(deterministic=True)).digest()


def _source(message: wire.SimulationSource, prefix: str) -> Source:
    kind = message.WhichOneof("source")
    if kind == "stored_decisions":
        stored = message.stored_decisions
        return StoredDecisions(
            version=stored.version,
            decided_from=read_optional_moment(stored, "decided_from"),
            decided_until=read_optional_moment(stored, "decided_until"),
            limit=stored.limit,
            include_redacted=stored.include_redacted,
        )
    if kind == "uploaded_inputs":
        return UploadedInputs(inputs=tuple(map(plain_struct, message.uploaded_inputs.inputs)))
    if kind == "current_companies":
        companies = message.current_companies
        constants: Mapping[str, Any] = plain_struct(companies.constants)
        return CurrentCompanies(input=companies.input, constants=constants, limit=companies.limit)
    raise invalid_fields(FieldViolation(f"{prefix}source", "is needed: stored decisions, uploaded inputs or companies"))


def _simulated(decision: decision_pb2.Decision) -> wire.SimulatedDecision:
    text = json.dumps(plain_value(decision.value), ensure_ascii=False) if decision.HasField("value") else ""
    return wire.SimulatedDecision(
        status=decision.status,
        value=text[:_LONGEST_VALUE],
        rule_ids=[each.rule_id for each in decision.matches[:_MOST_RULES]],
        failure=decision.failures[0].message if decision.failures else "",
    )
