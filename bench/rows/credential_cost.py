"""GetCompany with a credential that the worker remembers, against the same call without authentication."""

from __future__ import annotations

import contextlib
import dataclasses
import sys

from bench.auth_scene import Scene
from bench.companies import create_of_size
from bench.figure import Figure, Measurement, median_of, median_ratio
from bench.load import IN_FLIGHT
from bench.rows.get_company import MESSAGE_SIZE, Contestant, calibrated, rotated, target_of, timed
from bench.service import running
from bench.stage import Stage

_ROUNDS = 9
_KEY, _TOKEN, _NONE = "API key", "access token", "no authentication"
_WITHOUT = (sys.executable, "-m", "bench.without_credentials")


def measure(stage: Stage) -> Measurement:
    """Calls a service with a key and with a token, and one that asks for neither, in turns."""
    rounds: dict[str, list[dict[str, float]]] = {_KEY: [], _TOKEN: [], _NONE: []}
    with contextlib.ExitStack() as stack:
        contestants: dict[str, Contestant] = {}
        with running(stage.folder / "open") as before:
            scene = Scene(before)
            tenant = scene.tenant().tenant.id
            scene.close()
        service = stack.enter_context(running(stage.folder / "data"))
        reference = stack.enter_context(
            running(stage.folder / "open", program=_WITHOUT, environment={"BENCH_TENANT": tenant})
        )
        for each in (service, reference):
            each.pin()
        with service.connect() as client:
            company = create_of_size(client, MESSAGE_SIZE)
        with reference.connect() as client:
            counterpart = create_of_size(client, MESSAGE_SIZE)
        scene = Scene(service)
        stack.callback(scene.close)
        token = scene.token(scene.client("bench-reader", role="viewer").grant()).access_token
        target = target_of(service, company)
        pid = service.workers()[0]
        contestants[_KEY] = Contestant(pid=pid, target=target)
        contestants[_TOKEN] = Contestant(pid=pid, target=dataclasses.replace(target, api_key=token))
        contestants[_NONE] = Contestant(pid=reference.workers()[0], target=target_of(reference, counterpart))
        calls = {name: calibrated(stage, contestant) for name, contestant in contestants.items()}
        for number in stage.rounds(_ROUNDS):
            for name in rotated(list(contestants), number):
                rounds[name].append(timed(contestants[name], calls[name], stage.folder))
    return _judge(rounds)


def _judge(rounds: dict[str, list[dict[str, float]]]) -> Measurement:
    figures = [
        Figure(
            name=f"GetCompany with a remembered {name}",
            value=median_ratio(rounds[name], rounds[_NONE], "rate"),
            unit="×",
            reference="the same call to the same service without authentication and authorisation",
            absolute=f"{median_of(rounds[name], 'rate'):,.0f} of {median_of(rounds[_NONE], 'rate'):,.0f} calls/s; "
            f"{median_of(rounds[name], 'cpu_us'):.0f} and {median_of(rounds[_NONE], 'cpu_us'):.0f} µs of CPU",
            at_least=0.9,
        )
        for name in (_KEY, _TOKEN)
    ]
    conditions = {
        "reference": "the same program with the stages of authentication and authorisation replaced by a constant",
        "load": f"{IN_FLIGHT} calls in flight over 4 connections; the worker alone on one processor",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)
