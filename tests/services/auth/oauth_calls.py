"""Calls of the token endpoint, and how they are refused."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import grpc
import psycopg
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.auth.v1 import oauth_service_pb2
from tests.fixtures.grants import (
    Account,
    tokens_of,
)
from tests.fixtures.server import RunningServer

SECONDS = 10


ISSUER = "http://127.0.0.1:9464"


def refusal_of(call: Any) -> tuple[str, str]:  # noqa: ANN401 - whatever it is, it raises
    """The reason and the OAuth code of the refusal."""
    with pytest.raises(grpc.RpcError) as refused:
        call()
    status = rpc_status.from_call(cast("grpc.Call", refused.value))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason, info.metadata["error"]


def token_request(**fields: object) -> oauth_service_pb2.TokenRequest:
    return oauth_service_pb2.TokenRequest(**fields)  # type: ignore[arg-type]


def ask_token(server: RunningServer, **fields: object) -> oauth_service_pb2.TokenResponse:
    return tokens_of(server).Token(token_request(**fields), timeout=SECONDS)


def introspection(server: RunningServer, token: str, account: Account) -> oauth_service_pb2.IntrospectResponse:
    request = oauth_service_pb2.IntrospectRequest(token=token, **account.proof)
    return tokens_of(server).Introspect(request, timeout=SECONDS)


def revoke_token(server: RunningServer, token: str, account: Account) -> None:
    request = oauth_service_pb2.RevokeRequest(token=token, **account.proof)
    tokens_of(server).Revoke(request, timeout=SECONDS)


def noted_refusals(server: RunningServer, client_id: UUID) -> list[tuple[str, str, str]]:
    """Who did not prove to be the client, by the audit trail: kind of caller, cause, address."""
    with psycopg.connect(server.database.superuser_url) as connection:
        return connection.execute(
            "select split_part(actor, ':', 1), details ->> 'cause', details ->> 'client_address' from audit_record"
            " where event_type = 'function.auth.v1.ClientRefused' and subject_id = %s",
            (client_id,),
        ).fetchall()


REFUSED = ("OAUTH_INVALID_CLIENT", "invalid_client")
