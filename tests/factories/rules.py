"""Decisions for tests, and callers that write and take them."""

from __future__ import annotations

from typing import Any

from google.protobuf.json_format import ParseDict

from function.rules.v1 import (
    decision_pb2,
    definition_pb2,
    definition_service_pb2,
    definition_service_pb2_grpc,
    definition_version_pb2,
    distribution_service_pb2,
    distribution_service_pb2_grpc,
    evaluation_service_pb2,
    evaluation_service_pb2_grpc,
    hook_service_pb2,
    hook_service_pb2_grpc,
    rollout_service_pb2,
    rollout_service_pb2_grpc,
    simulation_pb2,
    simulation_service_pb2,
    simulation_service_pb2_grpc,
)
from tests.fixtures.server import RunningServer

SECONDS = 30
CONSISTENCY_TOKEN = "function-consistency-token"
COMPANY = {"name": "company", "type": "function.company.v1.Company"}
"""The input that decisions about companies take."""


def loan(name: str = "loan.approval", *, limit: int = 1000, **fields: object) -> definition_pb2.Definition:
    """A rule set: loans up to the limit are granted, others are not; with a case for each."""
    described: dict[str, Any] = {
        "name": name,
        "inputs": [{"name": "amount", "type": "int"}],
        "result_type": "bool",
        "rule_set": {
            "policy": "RULE_POLICY_FIRST_MATCH",
            "rules": [
                {
                    "id": "small",
                    "condition": f"amount <= {limit}",
                    "outcome": "true",
                    "reason_code": "SMALL",
                    "reason": "Small loans are granted.",
                },
            ],
            "otherwise": "false",
        },
        "tests": [
            {"name": "small", "inputs": {"amount": limit}, "expect": {"value": True}},
            {"name": "large", "inputs": {"amount": limit + 1}, "expect": {"value": False}},
        ],
        **fields,
    }
    return ParseDict(described, definition_pb2.Definition())


def graph(name: str, called: str) -> definition_pb2.Definition:
    """A graph that asks another decision about its amount."""
    described = {
        "name": name,
        "inputs": [{"name": "amount", "type": "int"}],
        "result_type": "bool",
        "graph": {
            "steps": [{"name": "asked", "call": {"decision": called, "arguments": {"amount": "amount"}}}],
            "result": "asked",
        },
    }
    return ParseDict(described, definition_pb2.Definition())


def accepting(
    name: str,
    condition: str = "company.legal_name.startsWith('Forbidden')",
    *,
    outcome: str = "false",
    inputs: list[dict[str, str]] | None = None,
    **fields: object,
) -> definition_pb2.Definition:
    """A rule set with a rule that denies companies of some names, or under another condition."""
    described: dict[str, Any] = {
        "name": name,
        "inputs": [COMPANY] if inputs is None else inputs,
        "rule_set": {
            "policy": "RULE_POLICY_FIRST_MATCH",
            "rules": [
                {
                    "id": "forbidden",
                    "condition": condition,
                    "outcome": outcome,
                    "reason_code": "FORBIDDEN_NAME",
                    "reason": "Companies of this name are not accepted.",
                }
            ],
        },
        **fields,
    }
    return ParseDict(described, definition_pb2.Definition())


def given(**json: object) -> decision_pb2.DecisionInputs:
    """Inputs as JSON."""
    return ParseDict({"json": json}, decision_pb2.DecisionInputs())


class RulesCaller:
    """Somebody who writes decisions and takes them."""

    def __init__(self, server: RunningServer, key: str | None = None) -> None:
        self.server = server
        self.metadata = server.metadata(key)
        self._seen: tuple[tuple[str, str], ...] = ()
        self.definitions = definition_service_pb2_grpc.DefinitionServiceStub(server.channel)
        self.evaluation = evaluation_service_pb2_grpc.EvaluationServiceStub(server.channel)
        self.distribution = distribution_service_pb2_grpc.DistributionServiceStub(server.channel)
        self.simulations = simulation_service_pb2_grpc.SimulationServiceStub(server.channel)
        self.rollouts = rollout_service_pb2_grpc.RolloutServiceStub(server.channel)
        self.hooks = hook_service_pb2_grpc.HookServiceStub(server.channel)

    def definition(self, method: str, **fields: Any) -> Any:  # noqa: ANN401  the response of any method
        """Calls a method of `DefinitionService`."""
        request = getattr(definition_service_pb2, f"{method}Request")(**fields)
        answer, call = getattr(self.definitions, method).with_call(
            request, metadata=self.metadata + self._seen, timeout=SECONDS
        )
        # As the client does: what comes later sees what was changed, whoever answers.
        told = [*(call.initial_metadata() or ()), *(call.trailing_metadata() or ())]
        self._seen = tuple(each for each in told if each[0] == CONSISTENCY_TOKEN) or self._seen
        return answer

    def decision(self, method: str, **fields: Any) -> Any:  # noqa: ANN401  the response of any method
        """Calls a method of `EvaluationService`."""
        request = getattr(evaluation_service_pb2, f"{method}Request")(**fields)
        return getattr(self.evaluation, method)(request, metadata=self.metadata + self._seen, timeout=SECONDS)

    def record(self, *decisions: distribution_service_pb2.ReportedDecision) -> Any:  # noqa: ANN401  the response
        """Reports decisions."""
        request = distribution_service_pb2.RecordDecisionsRequest(decisions=decisions)
        return self.distribution.RecordDecisions(request, metadata=self.metadata, timeout=SECONDS)

    def watch(self, *names: str, **fields: Any) -> Any:  # noqa: ANN401  a stream that can be cancelled
        """Follows what is published."""
        request = distribution_service_pb2.WatchPublishedRequest(names=names, **fields)
        return self.distribution.WatchPublished(request, metadata=self.metadata, timeout=SECONDS)

    def simulation(self, method: str, **fields: Any) -> Any:  # noqa: ANN401  the response of any method
        """Calls a method of `SimulationService`."""
        request = getattr(simulation_service_pb2, f"{method}Request")(**fields)
        return getattr(self.simulations, method)(request, metadata=self.metadata, timeout=SECONDS)

    def rollout(self, method: str, **fields: Any) -> Any:  # noqa: ANN401  the response of any method
        """Calls a method of `RolloutService`."""
        request = getattr(rollout_service_pb2, f"{method}Request")(**fields)
        return getattr(self.rollouts, method)(request, metadata=self.metadata, timeout=SECONDS)

    def simulated(self, name: str, **fields: object) -> simulation_pb2.Simulation:
        """A simulation that is over."""
        found: simulation_pb2.Simulation = self.simulation("CreateSimulation", name=name, **fields).simulation
        while not found.HasField("end_time"):
            found = self.simulation("WaitSimulation", id=found.id).simulation
        return found

    def hook(self, method: str, **fields: Any) -> Any:  # noqa: ANN401  the response of any method
        """Calls a method of `HookService`."""
        request = getattr(hook_service_pb2, f"{method}Request")(**fields)
        return getattr(self.hooks, method)(request, metadata=self.metadata, timeout=SECONDS)

    def approved(self, definition: definition_pb2.Definition) -> definition_version_pb2.DefinitionVersion:
        """The approved version of a new decision, or the next one of one that exists."""
        known = [each.name for each in self.definition("ListDefinitions", name_prefix=definition.name).definitions]
        write = "UpdateDraft" if definition.name in known else "CreateDefinition"
        number = self.definition(write, definition=definition).version.version
        self.definition("SubmitForReview", name=definition.name)
        return self.definition("ApproveVersion", name=definition.name, version=number).version  # type: ignore[no-any-return]

    def published(
        self, definition: definition_pb2.Definition, **period: object
    ) -> definition_service_pb2.PublishVersionResponse:
        """The published version."""
        number = self.approved(definition).version
        return self.definition("PublishVersion", name=definition.name, version=number, **period)  # type: ignore[no-any-return]

    def decide(self, name: str, **json: object) -> decision_pb2.Decision:
        """The decision from inputs as JSON."""
        answer: evaluation_service_pb2.EvaluateResponse = self.decision("Evaluate", name=name, inputs=given(**json))
        return answer.decision
