"""`function-backend services`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from google.protobuf import descriptor_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from function_backend_cli.application import application
from function_backend_cli.connection import Session, remote

app = application()


@app.command()
@remote
def services(
    session: Session,
    methods: Annotated[bool, typer.Option("--methods", help="List the methods as well.")] = False,
) -> None:
    """List the services of a running server, as it describes them itself by reflection."""
    names = _names(session)
    found = {name: _methods(session, name) if methods else [] for name in names}
    if session.output.json:
        for name, calls in found.items():
            session.output.line({"service": name, "methods": calls} if methods else {"service": name})
        return
    for name, calls in found.items():
        session.output.say(name)
        for call in calls:
            session.output.say(f"  {call}")


def _names(session: Session) -> Sequence[str]:
    answer = _ask(session, reflection_pb2.ServerReflectionRequest(list_services=""))
    return sorted(service.name for service in answer.list_services_response.service)


def _methods(session: Session, service: str) -> list[str]:
    answer = _ask(session, reflection_pb2.ServerReflectionRequest(file_containing_symbol=service))
    for data in answer.file_descriptor_response.file_descriptor_proto:
        file = descriptor_pb2.FileDescriptorProto.FromString(data)
        for described in file.service:
            if f"{file.package}.{described.name}" == service:
                return [method.name for method in described.method]
    return []


def _ask(session: Session, request: reflection_pb2.ServerReflectionRequest) -> Any:  # noqa: ANN401  Published untyped.
    stub: Any = session.client.stub(reflection_pb2_grpc.ServerReflectionStub)
    answers: Iterator[Any] = stub.ServerReflectionInfo(iter([request]))
    return next(answers)
