"""Calls that are made with access tokens, and what stands behind them."""

from __future__ import annotations

from datetime import timedelta
from typing import cast
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.auth.v1 import (
    credential_pb2,
    credential_service_pb2,
    credential_service_pb2_grpc,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
)
from function.company.v1 import company_service_pb2, company_service_pb2_grpc
from tests.fixtures.accounts import grant, make_account, set_state, tenant_of
from tests.fixtures.database_faults import eventually
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer
from tests.fixtures.tokens import end_session, open_session, sign_token

_SECONDS = 60


def _code(server: RunningServer, token: str) -> str:
    """Why a call with the token is refused; empty when it is not."""
    stub = company_service_pb2_grpc.CompanyServiceStub(server.channel)
    try:
        stub.ListCompanies(
            company_service_pb2.ListCompaniesRequest(), metadata=server.metadata(token), timeout=_SECONDS
        )
    except grpc.RpcError as error:
        status = rpc_status.from_call(cast("grpc.Call", error))
        assert status is not None
        info = error_details_pb2.ErrorInfo()
        assert any(detail.Unpack(info) for detail in status.details)
        return info.reason
    return ""


def _verify(
    server: RunningServer, token: str, *permissions: str, by: str | None = None, audience: str = ""
) -> credential_service_pb2.VerifyCredentialResponse:
    request = credential_service_pb2.VerifyCredentialRequest(bearer=token, permissions=permissions, audience=audience)
    stub = credential_service_pb2_grpc.CredentialServiceStub(server.channel)
    return stub.VerifyCredential(request, metadata=server.metadata(by), timeout=_SECONDS)


@pytest.fixture
def reader(server: RunningServer) -> str:
    """A user that may read companies and keys."""
    account = make_account(server, "user")
    grant(server, account, "company.*", "auth.api_key.read")
    return account


class TestAToken:
    def test_it_makes_calls_within_what_its_subject_may_do(self, server: RunningServer, reader: str) -> None:
        assert _code(server, sign_token(server, reader)) == ""
        nobody = make_account(server, "user")
        assert _code(server, sign_token(server, nobody)) == "PERMISSION_MISSING"

    def test_it_says_who_it_is(self, server: RunningServer, reader: str) -> None:
        session, token_id = open_session(server, reader), uuid4()
        actor = f"service_account:{uuid4()}"
        token = sign_token(server, reader, session_id=session, actors=[actor], token_id=token_id)
        answer = _verify(server, token, "company.read", "auth.tenant.create")
        identity = answer.identity
        assert identity.credential_kind == credential_pb2.CREDENTIAL_KIND_ACCESS_TOKEN
        assert (identity.subject, identity.session_id, identity.credential_id) == (reader, str(session), str(token_id))
        assert list(identity.actors) == [actor]
        assert (identity.client_id, list(identity.authentication_methods)) == ("test", ["pwd"])
        assert identity.HasField("authentication_time")
        assert dict(answer.permissions) == {"company.read": True, "auth.tenant.create": False}
        assert answer.remember_for.ToTimedelta() <= timedelta(minutes=1)

    def test_its_scopes_narrow_it_and_never_widen_it(self, server: RunningServer, reader: str) -> None:
        token = sign_token(server, reader, scopes=["company.read", "auth.*", "auth.tenant.create"])
        assert list(_verify(server, token).identity.permissions) == [
            "auth.api_key.read",
            "auth.self.*",
            "company.read",
        ]

    def test_an_expired_one_is_told_so_to_its_tenant_alone(
        self, server: RunningServer, reader: str, other_tenant_key: str
    ) -> None:
        token = sign_token(server, reader, lives=timedelta(minutes=-5))
        assert _code(server, token) == "CREDENTIAL_EXPIRED"
        assert _verify(server, token).reason == "CREDENTIAL_EXPIRED"
        assert _verify(server, token, by=other_tenant_key).reason == "CREDENTIAL_INVALID"

    def test_another_tenants_verifier_does_not_know_it(
        self, server: RunningServer, reader: str, other_tenant_key: str
    ) -> None:
        token = sign_token(server, reader)
        assert _verify(server, token).valid
        assert _verify(server, token, by=other_tenant_key).reason == "CREDENTIAL_INVALID"

    def test_it_is_good_for_its_audience_alone(self, server: RunningServer, reader: str) -> None:
        token = sign_token(server, reader, audience=["billing"])
        assert _code(server, token) == "CREDENTIAL_INVALID"
        assert _verify(server, token).reason == "CREDENTIAL_INVALID"
        assert _verify(server, token, audience="billing").valid
        # What was found for one audience is not an answer for another.
        assert _verify(server, token).reason == "CREDENTIAL_INVALID"
        assert _verify(server, token, audience="payroll").reason == "CREDENTIAL_INVALID"

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_one_with_a_letter_changed_is_invalid(self, server: RunningServer, reader: str, place: int) -> None:
        parts = sign_token(server, reader).split(".")
        middle = len(parts[place]) // 2
        letter = "A" if parts[place][middle] != "A" else "B"
        parts[place] = parts[place][:middle] + letter + parts[place][middle + 1 :]
        assert _code(server, ".".join(parts)) == "CREDENTIAL_INVALID"

    def test_one_for_a_subject_that_is_not_there_is_refused(self, server: RunningServer) -> None:
        assert _code(server, sign_token(server, f"user:{uuid4()}")) == "SUBJECT_DISABLED"
        assert _code(server, sign_token(server, f"api_key:{uuid4()}")) == "CREDENTIAL_REVOKED"


class TestWhatStandsBehindIt:
    def test_it_ends_with_its_session(self, server: RunningServer, reader: str) -> None:
        session = open_session(server, reader)
        token = sign_token(server, reader, session_id=session)
        assert _code(server, token) == ""
        end_session(server, session)
        eventually(lambda: _code(server, token) == "SESSION_ENDED" or None)
        assert _verify(server, token).reason == "SESSION_ENDED"
        assert _code(server, sign_token(server, reader, session_id=uuid4())) == "SESSION_ENDED"

    def test_it_ends_alone_when_it_alone_is_revoked(self, server: RunningServer, reader: str) -> None:
        first, second = uuid4(), uuid4()
        tokens = [sign_token(server, reader, token_id=token_id) for token_id in (first, second)]
        with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
            connection.execute(
                "insert into revoked_access_token (tenant_id, token_id, expires_at, revoked_at)"
                " values (%s, %s, now() + '1 hour', now())",
                (tenant_of(server), first),
            )
        assert [_code(server, token) for token in tokens] == ["CREDENTIAL_REVOKED", ""]

    @pytest.mark.parametrize("state", ["locked", "suspended"])
    def test_it_is_refused_while_its_user_is_not_active(self, server: RunningServer, reader: str, state: str) -> None:
        token = sign_token(server, reader)
        assert _code(server, token) == ""
        set_state(server, reader, state)
        eventually(lambda: _code(server, token) == "SUBJECT_DISABLED" or None)

    def test_it_is_refused_while_its_tenant_is_suspended(self, server: RunningServer) -> None:
        key = make_tenant(server)
        account = make_account(server, by=key)
        grant(server, account, "company.read", by=key)
        token = sign_token(server, account, by=key)
        assert _code(server, token) == ""
        tenants = tenant_service_pb2_grpc.TenantServiceStub(server.channel)
        tenants.SuspendTenant(
            tenant_service_pb2.SuspendTenantRequest(id=tenant_of(server, key)),
            metadata=server.metadata(),
            timeout=_SECONDS,
        )
        eventually(lambda: _code(server, token) == "TENANT_SUSPENDED" or None)

    def test_one_that_was_exchanged_for_a_key_falls_with_the_key(self, server: RunningServer) -> None:
        key = make_key(server, "company.read")
        stub = credential_service_pb2_grpc.CredentialServiceStub(server.channel)
        who = stub.WhoAmI(
            credential_service_pb2.WhoAmIRequest(), metadata=server.metadata(key), timeout=_SECONDS
        ).identity
        token = sign_token(server, who.subject)
        assert _code(server, token) == ""
        with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
            connection.execute("update api_key set revoked_at = now() where id = %s", (who.credential_id,))
            connection.execute("update auth_epoch set epoch = epoch + 1")
        eventually(lambda: _code(server, token) == "CREDENTIAL_REVOKED" or None)
