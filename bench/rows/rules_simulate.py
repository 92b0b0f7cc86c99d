"""A simulation of a hundred rules on stored decisions, and what calls notice of it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import grpc

from bench import rule_sets
from bench.companies import companies
from bench.figure import Figure, Measurement, median_of, percentile
from bench.service import Service, ServiceError, running
from bench.stage import Stage
from function.rules.v1 import (
    decision_pb2,
    definition_pb2,
    definition_service_pb2,
    definition_service_pb2_grpc,
    evaluation_service_pb2,
    evaluation_service_pb2_grpc,
    simulation_pb2,
    simulation_service_pb2,
    simulation_service_pb2_grpc,
)

_DECISIONS, _RULES, _BATCH = 100_000, 100, 500
_SECONDS_TO_CALL = 5.0
_FIRST_MATCH = definition_pb2.RULE_POLICY_FIRST_MATCH
_SETTINGS = {"RULES_DECISION_LOG": "synchronous", "RULES_APPROVAL": "none"}


def measure(stage: Stage) -> Measurement:
    """Takes the decisions, calls for a while, and calls on while a draft is tried out on the decisions."""
    count = stage.scaled(_DECISIONS, least=5_000)
    workers = len(os.sched_getaffinity(0))
    with (
        running(stage.folder / "data", workers=workers, settings=_SETTINGS) as service,
        _callers(service) as caller,
    ):
        inputs = caller.take(count)
        # The first calls of a new server are no measure of anything.
        caller.latencies(inputs, lambda: False, seconds=1.0)
        quiet = caller.latencies(inputs, lambda: False, seconds=_SECONDS_TO_CALL)
        alone, _ = caller.simulate(count)
        beside, busy = caller.simulate(count, inputs)
    rounds = {
        "simulation": [{"decisions": count, "seconds": alone, "rate": count / alone}],
        "simulation beside calls": [{"decisions": count, "seconds": beside, "rate": count / beside}],
        "calls": [{"p50": percentile(quiet, 0.5), "p99": percentile(quiet, 0.99)}],
        "calls beside a simulation": [{"p50": percentile(busy, 0.5), "p99": percentile(busy, 0.99)}],
    }
    return _judge(count, rounds, workers)


def _judge(count: int, rounds: dict[str, list[dict[str, float]]], workers: int) -> Measurement:
    rate = median_of(rounds["simulation"], "rate")
    before, during = rounds["calls"][0], rounds["calls beside a simulation"][0]
    figures = [
        Figure(
            name=f"Simulation on {_DECISIONS:,} stored decisions",
            value=_DECISIONS / rate,
            unit="s",
            absolute=f"{rate:,.0f} decisions/s",
            at_most=60,
            note="" if count == _DECISIONS else f"measured with {count:,}",
        ),
        Figure(
            name="Evaluate beside a simulation, median",
            value=during["p50"] / before["p50"],
            unit="×",
            reference="without one",
            absolute=f"{during['p50'] * 1e3:.2f} and {before['p50'] * 1e3:.2f} ms",
        ),
        Figure(
            name="Evaluate beside a simulation, 99 of 100",
            value=during["p99"] / before["p99"],
            unit="×",
            reference="without one",
            absolute=f"{during['p99'] * 1e3:.2f} and {before['p99'] * 1e3:.2f} ms",
        ),
    ]
    conditions = {
        "simulation": f"a draft of {_RULES} rules, first match, over companies, of which one rule has another outcome; "
        f"the decisions hold their companies; one of {workers} workers is at it, with `rules.simulation_share` as "
        "it is by default; until WaitSimulation says that it is over",
        "calls": "one caller, one Evaluate after the other by the version in force, each logged before it is answered",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Caller:
    """Somebody who takes decisions and tries drafts out."""

    definitions: definition_service_pb2_grpc.DefinitionServiceStub
    evaluation: evaluation_service_pb2_grpc.EvaluationServiceStub
    simulations: simulation_service_pb2_grpc.SimulationServiceStub
    metadata: tuple[tuple[str, str], ...]

    def take(self, count: int) -> list[decision_pb2.DecisionInputs]:
        """Publishes the rules and decides so many times; the inputs of some of the decisions."""
        wanted = rule_sets.definition(_RULES, _FIRST_MATCH)
        name = wanted.name
        self.definitions.CreateDefinition(
            definition_service_pb2.CreateDefinitionRequest(definition=wanted), metadata=self.metadata
        )
        self.definitions.PublishVersion(
            definition_service_pb2.PublishVersionRequest(name=name, version=1), metadata=self.metadata
        )
        wanted.rule_set.rules[rule_sets.FIRST].outcome = "-1"
        self.definitions.UpdateDraft(
            definition_service_pb2.UpdateDraftRequest(definition=wanted), metadata=self.metadata
        )
        supply = companies(seed=11)
        inputs: list[decision_pb2.DecisionInputs] = []
        for number in range(0, count, _BATCH):
            size = min(_BATCH, count - number)
            inputs = [decision_pb2.DecisionInputs() for _ in range(size)]
            for each, company in zip(inputs, islice(supply, size), strict=True):
                each.messages["c"].Pack(company)
            self.evaluation.BatchEvaluate(
                evaluation_service_pb2.BatchEvaluateRequest(name=name, inputs=inputs), metadata=self.metadata
            )
        return inputs

    def latencies(
        self, inputs: list[decision_pb2.DecisionInputs], is_over: Callable[[], bool], *, seconds: float
    ) -> list[float]:
        """What calls take, one after the other, until it is over or for so long."""
        found: list[float] = []
        until = time.perf_counter() + seconds
        while time.perf_counter() < until and not is_over():
            for each in inputs[:50]:
                began = time.perf_counter()
                self.evaluation.Evaluate(
                    evaluation_service_pb2.EvaluateRequest(name="bench.rules", inputs=each, version=1),
                    metadata=self.metadata,
                )
                found.append(time.perf_counter() - began)
        return found

    def simulate(
        self, count: int, inputs: list[decision_pb2.DecisionInputs] | None = None
    ) -> tuple[float, list[float]]:
        """The seconds of a simulation of the draft, and what calls take meanwhile."""
        stored = simulation_pb2.StoredDecisions(limit=count)
        began = time.perf_counter()
        made = self.simulations.CreateSimulation(
            simulation_service_pb2.CreateSimulationRequest(
                name="bench.rules", source=simulation_pb2.SimulationSource(stored_decisions=stored)
            ),
            metadata=self.metadata,
        ).simulation
        found = []
        if inputs is not None:
            found = self.latencies(inputs, lambda: self._get(made.id).HasField("end_time"), seconds=600)
        while not made.HasField("end_time"):
            request = simulation_service_pb2.WaitSimulationRequest(id=made.id)
            made = self.simulations.WaitSimulation(request, metadata=self.metadata).simulation
        seconds = time.perf_counter() - began
        if made.done != count or made.state != simulation_pb2.SIMULATION_STATE_SUCCEEDED:
            raise ServiceError(f"the simulation came to {made}")
        return seconds, found

    def _get(self, simulation_id: str) -> simulation_pb2.Simulation:
        request = simulation_service_pb2.GetSimulationRequest(id=simulation_id)
        return self.simulations.GetSimulation(request, metadata=self.metadata).simulation


@contextlib.contextmanager
def _callers(service: Service) -> Iterator[_Caller]:
    with grpc.insecure_channel(service.address) as channel:
        yield _Caller(
            definitions=definition_service_pb2_grpc.DefinitionServiceStub(channel),
            evaluation=evaluation_service_pb2_grpc.EvaluationServiceStub(channel),
            simulations=simulation_service_pb2_grpc.SimulationServiceStub(channel),
            metadata=(("authorization", f"Bearer {service.api_key}"),),
        )
