"""The decisions of the service, as the commands call for them."""

from __future__ import annotations

from typing import Any

from function.rules.v1 import definition_service_pb2 as wire
from function.rules.v1 import definition_service_pb2_grpc
from function.rules.v1.definition_version_pb2 import DefinitionVersion
from function_backend_cli.connection import Session
from function_backend_client import FunctionBackendError

NOT_FOUND = "DEFINITION_NOT_FOUND"


def definitions(session: Session) -> Any:  # noqa: ANN401 - a stub, whose generated type has no calls that wait
    """The methods of `DefinitionService`."""
    return session.client.stub(definition_service_pb2_grpc.DefinitionServiceStub)


def latest(session: Session, name: str) -> DefinitionVersion | None:
    """The latest version of a decision; None where there is no such decision."""
    try:
        found: DefinitionVersion = definitions(session).GetVersion(wire.GetVersionRequest(name=name)).version
    except FunctionBackendError as error:
        if error.reason == NOT_FOUND:
            return None
        raise
    return found


def in_force(session: Session, name: str) -> int:
    """The number of the version in force; 0 where none is."""
    number: int = definitions(session).GetDefinition(wire.GetDefinitionRequest(name=name)).definition.version_in_force
    return number
