"""Decisions over gRPC: one by one against a server that only answers, and a hundred at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.wrappers_pb2 import Int64Value

from bench.echoes import echoing
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.load import IN_FLIGHT, LoadError, Target
from bench.rows.get_company import GET_COMPANY, Contestant, calibrated, rotated, timed
from bench.service import Service, running
from bench.stage import Stage
from function.company.v1 import company_pb2, company_service_pb2
from function.rules.v1 import (
    decision_pb2,
    definition_pb2,
    definition_service_pb2,
    definition_service_pb2_grpc,
    evaluation_service_pb2,
    evaluation_service_pb2_grpc,
)

EVALUATE = "/function.rules.v1.EvaluationService/Evaluate"
BATCH_EVALUATE = "/function.rules.v1.EvaluationService/BatchEvaluate"
RULES = 100
BATCH = 100

_NAME = "bench.companies"
_MATCHING = 60
"""The rule that decides: those before it are tried in vain."""
_ROUNDS = 7
_EVALUATE, _ECHO, _BATCH = "evaluate", "grpcio echo", "batch"


def measure(stage: Stage) -> Measurement:
    """Calls the service and the echo in turns."""
    # Without a log, and with it: what writing it costs is a figure of its own.
    rounds = {name: _measured(stage, log) for name, log in (("off", "off"), ("background", "background"))}
    return _judge(rounds)


def _measured(stage: Stage, log: str) -> dict[str, list[dict[str, float]]]:
    with contextlib.ExitStack() as stack:
        settings = {"RULES_DECISION_LOG": log}
        service = stack.enter_context(running(stage.folder / f"data-{log}", settings=settings))
        service.pin()
        with grpc.insecure_channel(service.address) as channel:
            _publish(service, channel)
            one, answer = _asked(service, channel)
            many, answers = _asked_many(service, channel)
        message = stage.folder / f"message-{log}"
        same_size = _of_size(_response, len(answer))
        message.write_bytes(same_size)
        echo = stack.enter_context(echoing("sync", message))
        worker = service.workers()[0]

        def to_service(path: str, request: bytes, size: int) -> Contestant:
            target = Target(
                address=service.address, path=path, request=request, response_size=size, api_key=service.api_key
            )
            return Contestant(pid=worker, target=target)

        contestants = {
            _EVALUATE: to_service(EVALUATE, one, len(answer)),
            _BATCH: to_service(BATCH_EVALUATE, many, len(answers)),
            _ECHO: Contestant(
                pid=echo.pid,
                target=Target(
                    address=echo.address,
                    path=GET_COMPANY,
                    request=_of_size(_request, len(one)),
                    response_size=len(same_size),
                ),
            ),
        }
        calls = {name: calibrated(stage, contestant) for name, contestant in contestants.items()}
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in contestants}
        for number in stage.rounds(_ROUNDS):
            for name in rotated(list(contestants), number):
                rounds[name].append(timed(contestants[name], calls[name], stage.folder))
    return rounds


def definition() -> definition_pb2.Definition:
    """A hundred rules over a company and a number."""
    made = definition_pb2.Definition(name=_NAME, result_type="bool")
    made.inputs.add(name="company", type="function.company.v1.Company")
    made.inputs.add(name="amount", type="int")
    made.rule_set.policy = definition_pb2.RULE_POLICY_FIRST_MATCH
    for number in range(RULES):
        made.rule_set.rules.add(
            id=f"rule-{number}",
            condition=f'company.legal_name == "Company {number}" && amount > {number}',
            outcome="true",
            reason_code=f"RULE_{number}",
        )
    return made


def inputs() -> decision_pb2.DecisionInputs:
    """A company that one of the later rules is about."""
    company, amount = AnyMessage(), AnyMessage()
    company.Pack(company_pb2.Company(legal_name=f"Company {_MATCHING}", jurisdiction="GB", labels={"team": "north"}))
    amount.Pack(Int64Value(value=500))
    return decision_pb2.DecisionInputs(messages={"company": company, "amount": amount})


def _of_size(make: Callable[[str], bytes], size: int) -> bytes:
    """The message that is as long as the size; longer by a byte where no text makes it so."""
    return next(found for length in range(size) if len(found := make("x" * length)) >= size)


def _response(text: str) -> bytes:
    company = company_pb2.Company(legal_name=text)
    return company_service_pb2.GetCompanyResponse(company=company).SerializeToString()


def _request(text: str) -> bytes:
    return company_service_pb2.GetCompanyRequest(id=text).SerializeToString()


def _publish(service: Service, channel: grpc.Channel) -> None:
    stub = definition_service_pb2_grpc.DefinitionServiceStub(channel)
    calls: list[tuple[Callable[..., Any], Any]] = [
        (stub.CreateDefinition, definition_service_pb2.CreateDefinitionRequest(definition=definition())),
        (stub.SubmitForReview, definition_service_pb2.SubmitForReviewRequest(name=_NAME)),
        (stub.ApproveVersion, definition_service_pb2.ApproveVersionRequest(name=_NAME, version=1)),
        (stub.PublishVersion, definition_service_pb2.PublishVersionRequest(name=_NAME, version=1)),
    ]
    for call, request in calls:
        call(request, metadata=_metadata(service))


def _asked(service: Service, channel: grpc.Channel) -> tuple[bytes, bytes]:
    request = evaluation_service_pb2.EvaluateRequest(name=_NAME, inputs=inputs())
    answer = evaluation_service_pb2_grpc.EvaluationServiceStub(channel).Evaluate(request, metadata=_metadata(service))
    if [match.rule_id for match in answer.decision.matches] != [f"rule-{_MATCHING}"]:
        raise LoadError(f"another rule decided: {answer.decision}")
    return request.SerializeToString(), answer.SerializeToString()


def _asked_many(service: Service, channel: grpc.Channel) -> tuple[bytes, bytes]:
    request = evaluation_service_pb2.BatchEvaluateRequest(name=_NAME, inputs=[inputs()] * BATCH)
    stub = evaluation_service_pb2_grpc.EvaluationServiceStub(channel)
    answer = stub.BatchEvaluate(request, metadata=_metadata(service))
    if len(answer.outcomes) != BATCH or any(each.HasField("error") for each in answer.outcomes):
        raise LoadError("not every item of the batch was decided")
    return request.SerializeToString(), answer.SerializeToString()


def _metadata(service: Service) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {service.api_key}"),)


def _judge(measured: dict[str, dict[str, list[dict[str, float]]]]) -> Measurement:
    figures = []
    for log, rounds in measured.items():
        rate = {name: median_of(found, "rate") for name, found in rounds.items()}
        cpu = {name: median_of(found, "cpu_us") for name, found in rounds.items()}
        suffix = "" if log == "off" else ", logged behind the calls"
        figures += [
            Figure(
                name=f"Evaluate, {RULES} rules, 1 worker on 1 core{suffix}",
                value=median_ratio(rounds[_EVALUATE], rounds[_ECHO], "rate"),
                unit="×",
                reference="bare grpcio sync echo of messages of the same sizes, same settings",
                absolute=f"{rate[_EVALUATE]:,.0f} of {rate[_ECHO]:,.0f} calls/s; CPU {cpu[_EVALUATE]:.0f} µs",
                at_least=0.55 if log == "off" else None,
            ),
            Figure(
                name=f"BatchEvaluate, {BATCH} inputs, {RULES} rules, 1 worker on 1 core{suffix}",
                value=rate[_BATCH] * BATCH,
                unit="decisions/s",
                absolute=f"CPU {cpu[_BATCH] / BATCH:.1f} µs per decision",
                at_least=10_000,
            ),
        ]
    conditions = {
        "what runs": "the whole pipeline with the defaults; two messages, a company and a number; the version "
        "in force and its code come from the worker's memory",
        "load": f"{IN_FLIGHT} calls in flight over 4 connections; the worker, or the echo, alone on one processor, "
        "the load generator and PostgreSQL on the other",
        "log": "with the log behind the calls the worker also writes every decision with its inputs into PostgreSQL, "
        "on the same processor; what does not fit its queue is not written",
    }
    return Measurement(
        figures=figures,
        rounds={f"{name}, log {log}": found for log, rounds in measured.items() for name, found in rounds.items()},
        conditions=conditions,
    )
