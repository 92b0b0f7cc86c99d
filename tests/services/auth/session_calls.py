"""Sessions as their people see them."""

from __future__ import annotations

import grpc

from function.auth.v1 import (
    oauth_service_pb2,
    session_pb2,
    session_service_pb2,
    session_service_pb2_grpc,
)
from tests.fixtures.grants import (
    CLIENT,
    tokens_of,
)
from tests.fixtures.server import RunningServer

SECONDS = 10


OWN = ("auth.device.*",)


INVALID_GRANT = ("OAUTH_INVALID_GRANT", "invalid_grant")


def sessions_of(server: RunningServer) -> session_service_pb2_grpc.SessionServiceStub:
    return session_service_pb2_grpc.SessionServiceStub(server.channel)


def listed_sessions(server: RunningServer, token: str, *, show_ended: bool = False) -> list[session_pb2.Session]:
    request = session_service_pb2.ListSessionsRequest(show_ended=show_ended)
    return list(sessions_of(server).ListSessions(request, metadata=server.metadata(token), timeout=SECONDS).sessions)


def is_refused(server: RunningServer, token: str) -> str:
    try:
        listed_sessions(server, token)
    except grpc.RpcError:
        return "refused"
    return ""


def authorize_device(server: RunningServer, **fields: object) -> oauth_service_pb2.AuthorizeDeviceResponse:
    request = oauth_service_pb2.AuthorizeDeviceRequest(
        **{"client_id": CLIENT, "tenant": "default", **fields}  # type: ignore[arg-type]
    )
    return tokens_of(server).AuthorizeDevice(request, timeout=SECONDS)
