"""`function-backend health`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from grpc_health.v1 import health_pb2, health_pb2_grpc

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote
from function_backend_cli.output import REFUSED

app = application()


@app.command()
@remote
def health(
    session: Session,
    service: Annotated[str, typer.Argument(help="One service; all of them without a name.", show_default=False)] = "",
) -> None:
    """Print whether the service serves. The exit status is 1 when it, or the service named, does not."""
    # Published with types for the server's side only.
    stub: Any = session.client.stub(health_pb2_grpc.HealthStub)
    messages: Any = health_pb2
    statuses = {"": stub.Check(health_pb2.HealthCheckRequest(service=service)).status}
    if not service:
        answer = stub.List(messages.HealthListRequest())
        statuses |= {name: listed.status for name, listed in answer.statuses.items()}
    else:
        statuses = {service: statuses[""]}
    names = {name: health_pb2.HealthCheckResponse.ServingStatus.Name(status) for name, status in statuses.items()}
    if session.output.json:
        for name, status in sorted(names.items()):
            session.output.line({"service": name, "status": status})
    else:
        rows = [(name or "(overall)", status) for name, status in sorted(names.items())]
        session.output.table(("Service", "Status"), rows, empty="")
    if names[service] != "SERVING":
        raise typer.Exit(REFUSED)
