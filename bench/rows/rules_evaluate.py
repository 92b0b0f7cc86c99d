"""Decisions over gRPC: one by one against a bare echo of messages of the same size, and by the hundred."""

from __future__ import annotations

import contextlib

import grpc

from bench import rule_scene, rule_service
from bench.echoes import echoing
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.load import IN_FLIGHT, Target
from bench.micro import Rounds
from bench.rows.get_company import GET_COMPANY, Contestant, calibrated, rotated, timed
from bench.rule_service import NAME, RULES
from bench.service import Service, running
from bench.stage import Stage
from function.company.v1 import company_pb2, company_service_pb2
from function.rules.v1 import decision_pb2, evaluation_service_pb2, evaluation_service_pb2_grpc
from function_backend_client.decisions import decision_inputs

_SERVICE = "/function.rules.v1.EvaluationService/"
_ROUNDS = 9
_BATCH = 100
_SINGLE, _ECHO, _MANY = "Evaluate", "grpcio echo", "BatchEvaluate"


def measure(stage: Stage) -> Measurement:
    """Calls the service and the echo in turns."""
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(running(stage.folder / "data"))
        service.pin()
        rule_service.publish(service)
        targets = _targets(service)
        message = stage.folder / "message"
        message.write_bytes(_of_size(targets[_SINGLE].response_size))
        echo = stack.enter_context(echoing("sync", message))
        # One field of a text: its tag and its length take three bytes.
        padded = company_service_pb2.GetCompanyRequest(id="x" * (len(targets[_SINGLE].request) - 3))
        pid = service.workers()[0]
        contestants = {name: Contestant(pid=pid, target=target) for name, target in targets.items()}
        contestants[_ECHO] = Contestant(
            pid=echo.pid,
            target=Target(
                address=echo.address,
                path=GET_COMPANY,
                request=padded.SerializeToString(),
                response_size=targets[_SINGLE].response_size,
            ),
        )
        calls = {
            name: _few(stage) if name == _MANY else calibrated(stage, contestant)
            for name, contestant in contestants.items()
        }
        rounds: Rounds = {name: [] for name in contestants}
        for number in stage.rounds(_ROUNDS):
            for name in rotated(list(contestants), number):
                rounds[name].append(timed(contestants[name], calls[name], stage.folder))
    return _judge(rounds)


def _few(stage: Stage) -> int:
    """A call of a hundred decisions takes a hundred times as long."""
    return stage.scaled(400, least=50)


def _targets(service: Service) -> dict[str, Target]:
    inputs = decision_inputs({"c": rule_scene.company()})
    single = evaluation_service_pb2.EvaluateRequest(name=NAME, inputs=inputs)
    many = evaluation_service_pb2.BatchEvaluateRequest(name=NAME, inputs=[inputs] * _BATCH)
    with grpc.insecure_channel(service.address) as channel:
        stub = evaluation_service_pb2_grpc.EvaluationServiceStub(channel)
        metadata = (("authorization", f"Bearer {service.api_key}"),)
        one = stub.Evaluate(single, metadata=metadata, timeout=30)
        all_of_them = stub.BatchEvaluate(many, metadata=metadata, timeout=30)
    decided = [one.decision, *(each.decision for each in all_of_them.outcomes)]
    if len(decided) != _BATCH + 1 or any(each.status != decision_pb2.DECISION_STATUS_MATCHED for each in decided):
        raise RuntimeError("the service did not decide")
    return {
        name: Target(
            address=service.address,
            path=f"{_SERVICE}{name}",
            request=request.SerializeToString(),
            response_size=answer.ByteSize(),
            api_key=service.api_key,
        )
        for name, request, answer in ((_SINGLE, single, one), (_MANY, many, all_of_them))
    }


def _of_size(size: int) -> bytes:
    """A GetCompanyResponse of as many bytes."""
    for length in range(size):
        made = company_service_pb2.GetCompanyResponse(company=company_pb2.Company(legal_name="x" * length))
        if made.ByteSize() == size:
            return made.SerializeToString()
    raise ValueError(f"no message has {size} bytes")


def _judge(rounds: Rounds) -> Measurement:
    cpu = {name: median_of(measured, "cpu_us") for name, measured in rounds.items()}
    rate = {name: median_of(measured, "rate") for name, measured in rounds.items()}
    figures = [
        Figure(
            name=f"Evaluate by {RULES} rules, 1 worker on 1 core",
            value=median_ratio(rounds[_SINGLE], rounds[_ECHO], "rate"),
            unit="×",
            reference="bare grpcio sync echo with as many bytes each way, same settings",
            absolute=f"{rate[_SINGLE]:,.0f} of {rate[_ECHO]:,.0f} calls/s; "
            f"CPU {cpu[_SINGLE]:.0f} and {cpu[_ECHO]:.0f} µs",
            at_least=0.55,
        ),
        Figure(
            name=f"BatchEvaluate of {_BATCH} by {RULES} rules, 1 worker on 1 core",
            value=rate[_MANY] * _BATCH,
            unit="decisions/s",
            absolute=f"CPU of a decision {cpu[_MANY] / _BATCH:.1f} µs",
            at_least=10_000,
        ),
    ]
    conditions = {
        "what runs": "the whole pipeline, and every decision goes into the log with its inputs, in the background",
        "load": f"{IN_FLIGHT} calls in flight over 4 connections; the worker, or the echo, alone on one processor",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)
