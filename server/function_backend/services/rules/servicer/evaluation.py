"""Decisions over gRPC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from function.rules.v1 import evaluation_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.services.rules.convert import answers
from function_backend.services.rules.convert import decision as convert
from function_backend.services.rules.convert.inputs import attempted_inputs, given_inputs
from function_backend.services.rules.service.decisions import Decisions
from function_backend.services.rules.service.evaluating import Evaluating


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationUseCases:
    """What the servicer calls."""

    evaluating: Evaluating
    decisions: Decisions


class EvaluationServicer:
    """`function.rules.v1.EvaluationService`."""

    def __init__(self, use_cases: EvaluationUseCases) -> None:
        self._do = use_cases

    def Evaluate(self, request: wire.EvaluateRequest, context: Call) -> bytes:
        inputs = given_inputs(request.inputs)
        taken = self._do.evaluating.evaluate(convert.question(request), inputs, context)
        return answers.evaluated(taken)

    def BatchEvaluate(self, request: wire.BatchEvaluateRequest, context: Call) -> bytes:
        inputs = [attempted_inputs(each) for each in request.inputs]
        outcomes = self._do.evaluating.batch(convert.question(request), inputs, context)
        return answers.batch_evaluated(outcomes)

    def EvaluateStream(self, stream: Iterable[wire.EvaluateStreamRequest], context: Call) -> Iterator[bytes]:
        for request in stream:
            inputs = attempted_inputs(request.inputs)
            outcome = self._do.evaluating.attempt(convert.question(request), inputs, context)
            yield answers.streamed(request.correlation, outcome)

    def ExplainDecision(self, request: wire.ExplainDecisionRequest, context: Call) -> wire.ExplainDecisionResponse:
        return convert.explained(self._do.decisions.explain(UUID(request.id)))

    def ListDecisions(self, request: wire.ListDecisionsRequest, context: Call) -> wire.ListDecisionsResponse:
        found, token = self._do.decisions.list(
            convert.wanted(request), page_size=request.page_size, page_token=request.page_token
        )
        return wire.ListDecisionsResponse(
            decisions=[convert.logged(each, with_inputs=False) for each in found], next_page_token=token
        )

    def GetDecision(self, request: wire.GetDecisionRequest, context: Call) -> wire.GetDecisionResponse:
        found = self._do.decisions.get(UUID(request.id))
        return wire.GetDecisionResponse(decision=convert.logged(found, with_inputs=True))

    def ExportDecisions(
        self, request: wire.ExportDecisionsRequest, context: Call
    ) -> Iterator[wire.ExportDecisionsResponse]:
        batches = self._do.decisions.export(
            convert.wanted(request), batch_size=request.batch_size, resume_token=request.resume_token, call=context
        )
        for batch, token in batches:
            yield wire.ExportDecisionsResponse(
                decisions=[convert.logged(each, with_inputs=True) for each in batch], resume_token=token
            )
