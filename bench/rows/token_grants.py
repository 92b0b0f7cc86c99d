"""Access tokens for service accounts: the client credentials grant."""

from __future__ import annotations

from bench.auth_scene import Scene
from bench.figure import Figure, Measurement, median_of
from bench.load import IN_FLIGHT, Target
from bench.rows.get_company import Contestant, timed
from bench.service import running
from bench.stage import Stage

_TOKEN = "/function.auth.v1.OAuthService/Token"  # noqa: S105 - a path
_ROUNDS = 7
_CALLS = 1_500


def measure(stage: Stage) -> Measurement:
    """Asks for tokens with one client secret, as fast as they come."""
    limits = {"CALLS_ANONYMOUS_RATE_LIMIT_PER_SECOND": "1000000"}
    with running(stage.folder / "data", settings=limits) as service:
        service.pin()
        scene = Scene(service)
        client = scene.client("bench-client", role="viewer")
        answer = scene.token(client.grant())
        scene.close()
        contestant = Contestant(
            pid=service.workers()[0],
            target=Target(
                address=service.address,
                path=_TOKEN,
                request=client.grant().SerializeToString(),
                response_size=answer.ByteSize(),
            ),
        )
        calls = stage.scaled(_CALLS, least=200)
        timed(contestant, calls, stage.folder)
        measured = [timed(contestant, calls, stage.folder) for _ in stage.rounds(_ROUNDS)]
    rate = median_of(measured, "rate")
    figure = Figure(
        name="Client credentials grants, 1 worker on 1 core",
        value=rate,
        unit="grants/s",
        absolute=f"{median_of(measured, 'cpu_us'):,.0f} µs of CPU in the worker; Keycloak publishes 120/s per vCPU",
        at_least=150,
    )
    conditions = {
        "what a grant is": "the secret is looked up and checked, the roles of the account are read, a token is signed, "
        "and event and audit record are committed",
        "load": f"{IN_FLIGHT} calls in flight over 4 connections; the worker alone on one processor, PostgreSQL and "
        "the load generator on the other",
    }
    return Measurement(figures=[figure], rounds={"grants": measured}, conditions=conditions)
