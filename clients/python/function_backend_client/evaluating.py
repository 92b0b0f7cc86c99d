"""Decisions by rules through the synchronous client."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from function.rules.v1 import decision_pb2, evaluation_service_pb2, evaluation_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.decisions import Decision, decision_inputs
from function_backend_client.errors import ErrorDetails, FunctionBackendError, InvalidArgumentError, Violation
from function_backend_client.pages import Page, Pager
from function_backend_client.reasons.catalogue import REASONS

wire = evaluation_service_pb2
Moment = dt.datetime | Timestamp | None


class Evaluation:
    """Decisions by the published rules of the caller's tenant.

    Every method raises FunctionBackendError where the service refuses, such as NotInForceError and
    DecisionInputInvalidError.
    """

    def __init__(self, stub: evaluation_service_pb2_grpc.EvaluationServiceStub) -> None:
        self._stub = stub

    def evaluate(
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
        """Takes a decision: `evaluate("credit.approval", company=company, amount=5000)`.

        Inputs are messages, numbers, texts, lists, dicts, datetimes, or `CompanyId("…")` for a company that the
        service is to read. Those that are called like an argument of this method go into `inputs`.

        Args:
            name: the name of the decision.
            inputs: inputs by name, besides those given as arguments.
            version: a published version; the one in force when 0.
            effective_time: for which time; now when None.
            explain: whether the answer shows the value of each condition, in `message.explanation`.
            timeout: seconds.
            named: inputs by name.
        """
        request = evaluate_request(name, inputs, named, version=version, effective_time=effective_time, explain=explain)
        return Decision(self._stub.Evaluate(request, timeout=timeout).decision)

    def evaluate_many(
        self,
        name: str,
        inputs: Iterable[Mapping[str, Any]],
        *,
        version: int = 0,
        effective_time: Moment = None,
        explain: bool = False,
        timeout: float | None = None,
    ) -> list[Decision | FunctionBackendError]:
        """Takes up to 1,000 decisions by one version: one outcome for each of the inputs, in order.

        What is wrong with one comes as an exception in its place, and keeps none of the others.
        """
        request = batch_request(name, inputs, version=version, effective_time=effective_time, explain=explain)
        return outcomes(self._stub.BatchEvaluate(request, timeout=timeout))

    def explain(
        self, decision_id: str, *, timeout: float | None = None
    ) -> evaluation_service_pb2.ExplainDecisionResponse:
        """Explains a decision from the log: its version decides again from the inputs that were kept."""
        return self._stub.ExplainDecision(wire.ExplainDecisionRequest(id=decision_id), timeout=timeout)

    def get(self, decision_id: str, *, timeout: float | None = None) -> decision_pb2.LoggedDecision:
        """Returns a decision from the log with its inputs."""
        return self._stub.GetDecision(wire.GetDecisionRequest(id=decision_id), timeout=timeout).decision

    def list(
        self, name: str = "", *, version: int = 0, page_size: int = 0, timeout: float | None = None
    ) -> Pager[decision_pb2.LoggedDecision]:
        """Returns decisions from the log without their inputs, the latest first, page by page."""
        request = wire.ListDecisionsRequest(name=name, version=version, page_size=page_size)

        def fetch(token: str) -> Page[decision_pb2.LoggedDecision]:
            response = self._stub.ListDecisions(requests.at_page(request, token), timeout=timeout)
            return Page(response.decisions, response.next_page_token)

        return Pager(fetch, "")


def evaluate_request(
    name: str,
    inputs: Mapping[str, Any] | None,
    named: Mapping[str, Any],
    *,
    version: int,
    effective_time: Moment,
    explain: bool,
) -> evaluation_service_pb2.EvaluateRequest:
    """The request of `Evaluate`. Raises TypeError for an input that cannot be one, or that is given twice."""
    return wire.EvaluateRequest(
        name=name,
        version=version,
        effective_time=requests.timestamp(effective_time),
        inputs=decision_inputs(together(inputs, named)),
        explain=_level(explain=explain),
    )


def batch_request(
    name: str,
    inputs: Iterable[Mapping[str, Any]],
    *,
    version: int,
    effective_time: Moment,
    explain: bool,
) -> evaluation_service_pb2.BatchEvaluateRequest:
    """The request of `BatchEvaluate`."""
    return wire.BatchEvaluateRequest(
        name=name,
        version=version,
        effective_time=requests.timestamp(effective_time),
        inputs=map(decision_inputs, inputs),
        explain=_level(explain=explain),
    )


def together(inputs: Mapping[str, Any] | None, named: Mapping[str, Any]) -> Mapping[str, Any]:
    """All inputs. Raises TypeError when one is given twice."""
    if inputs is None:
        return named
    for name in inputs.keys() & named.keys():
        raise TypeError(f"the input {name!r} is given twice")
    return {**inputs, **named}


def outcomes(response: evaluation_service_pb2.BatchEvaluateResponse) -> list[Decision | FunctionBackendError]:
    """Each decision, or the exception that a call of its own would have raised."""
    return [
        Decision(each.decision) if each.HasField("decision") else _failure(each.error) for each in response.outcomes
    ]


def _failure(error: evaluation_service_pb2.DecisionError) -> FunctionBackendError:
    violations = (Violation(error.field, error.message),) if error.field else ()
    details = ErrorDetails(reason=error.reason, violations=violations)
    return REASONS.get(error.reason, InvalidArgumentError)(error.message, details=details)


def _level(*, explain: bool) -> decision_pb2.ExplainLevel.ValueType:
    return decision_pb2.EXPLAIN_LEVEL_FULL if explain else decision_pb2.EXPLAIN_LEVEL_UNSPECIFIED
