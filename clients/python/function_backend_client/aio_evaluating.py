"""Decisions by rules through the asynchronous client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from function.rules.v1 import decision_pb2, evaluation_service_pb2, evaluation_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.decisions import Decision
from function_backend_client.errors import FunctionBackendError
from function_backend_client.evaluating import Moment, batch_request, evaluate_request, outcomes
from function_backend_client.pages import AsyncPager, Page

wire = evaluation_service_pb2


class AsyncEvaluation:
    """As `Evaluation`, with `await`."""

    def __init__(self, stub: evaluation_service_pb2_grpc.EvaluationServiceAsyncStub) -> None:
        self._stub = stub

    async def evaluate(
        self,
        name: str,
        inputs: Mapping[str, Any] | None = None,
        /,
        *,
        version: int = 0,
        effective_time: Moment = None,
        explain: bool = False,
        timeout: float | None = None,
        **named: Any,  # noqa: ANN401  Of the types that the definition declares.
    ) -> Decision:
        """Takes a decision; see `Evaluation.evaluate`."""
        request = evaluate_request(name, inputs, named, version=version, effective_time=effective_time, explain=explain)
        return Decision((await self._stub.Evaluate(request, timeout=timeout)).decision)

    async def evaluate_many(
        self,
        name: str,
        inputs: Iterable[Mapping[str, Any]],
        *,
        version: int = 0,
        effective_time: Moment = None,
        explain: bool = False,
        timeout: float | None = None,
    ) -> list[Decision | FunctionBackendError]:
        """Takes up to 1,000 decisions by one version; see `Evaluation.evaluate_many`."""
        request = batch_request(name, inputs, version=version, effective_time=effective_time, explain=explain)
        return outcomes(await self._stub.BatchEvaluate(request, timeout=timeout))

    async def explain(
        self, decision_id: str, *, timeout: float | None = None
    ) -> evaluation_service_pb2.ExplainDecisionResponse:
        """Explains a decision from the log: its version decides again from the inputs that were kept."""
        return await self._stub.ExplainDecision(wire.ExplainDecisionRequest(id=decision_id), timeout=timeout)

    async def get(self, decision_id: str, *, timeout: float | None = None) -> decision_pb2.LoggedDecision:
        """Returns a decision from the log with its inputs."""
        return (await self._stub.GetDecision(wire.GetDecisionRequest(id=decision_id), timeout=timeout)).decision

    def list(
        self, name: str = "", *, version: int = 0, page_size: int = 0, timeout: float | None = None
    ) -> AsyncPager[decision_pb2.LoggedDecision]:
        """Returns decisions from the log without their inputs, the latest first, page by page."""
        request = wire.ListDecisionsRequest(name=name, version=version, page_size=page_size)

        async def fetch(token: str) -> Page[decision_pb2.LoggedDecision]:
            response = await self._stub.ListDecisions(requests.at_page(request, token), timeout=timeout)
            return Page(response.decisions, response.next_page_token)

        return AsyncPager(fetch, "")
