"""The grants over a real channel, as a service that speaks gRPC meets them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import ANY
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from joserfc import jwt
from joserfc.jwk import KeySet

from function.auth.v1 import client_credential_service_pb2, oauth_service_pb2
from function_backend.services.auth.domain.client_assertion import ASSERTION_TYPE
from function_backend.services.auth.domain.secret_text import CLIENT_SECRET, mint
from tests.fixtures.database_faults import eventually
from tests.fixtures.grants import (
    Account,
    credentials_of,
    get_token,
    make_account,
    set_state,
    store_account,
    tokens_of,
)
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer, StartServer
from tests.services.auth.oauth_calls import (
    ISSUER,
    REFUSED,
    SECONDS,
    ask_token,
    introspection,
    noted_refusals,
    refusal_of,
    revoke_token,
)


def _keys(server: RunningServer) -> KeySet:
    found = tokens_of(server).GetJwks(oauth_service_pb2.GetJwksRequest(), timeout=SECONDS)
    names = ("kty", "use", "alg", "kid", "crv", "x", "y")
    return KeySet.import_key_set(
        {"keys": [{name: value for name in names if (value := getattr(key, name))} for key in found.keys]}
    )


@pytest.fixture(scope="module")
def account(server: RunningServer) -> Account:
    return make_account(server)


class TestClientCredentials:
    def test_a_token_verifies_through_the_published_keys_and_says_whose_it_is(
        self, server: RunningServer, account: Account
    ) -> None:
        answer = get_token(server, account)
        assert (answer.token_type, answer.refresh_token, answer.scope) == ("Bearer", "", "")
        token = jwt.decode(answer.access_token, _keys(server), algorithms=["ES256"])
        assert token.header["typ"] == "at+jwt"
        assert token.claims["sub"] == f"service_account:{account.id}"
        assert token.claims["client_id"] == account.client_id
        assert token.claims["iss"] == ISSUER
        assert token.claims["exp"] - token.claims["iat"] == answer.expires_in

    def test_scopes_narrow_it_and_are_answered(self, server: RunningServer, account: Account) -> None:
        answer = get_token(server, account, scope="company.read  auth.self.*")
        assert answer.scope == "auth.self.* company.read"
        assert introspection(server, answer.access_token, account).scope == answer.scope

    @pytest.mark.parametrize("scope", ["company.reed", "Company.read", 'a" onload=', "company.read\ttenant", "*.*"])
    def test_a_scope_that_is_no_permission_is_refused(
        self, server: RunningServer, account: Account, scope: str
    ) -> None:
        assert refusal_of(lambda: get_token(server, account, scope=scope)) == ("OAUTH_INVALID_SCOPE", "invalid_scope")

    def test_an_audience_that_nobody_set_up_is_refused(self, server: RunningServer, account: Account) -> None:
        for field in ("audience", "resource"):
            why = refusal_of(lambda field=field: get_token(server, account, **{field: ["payments"]}))
            assert why == ("OAUTH_INVALID_TARGET", "invalid_target")

    def test_guessed_and_foreign_secrets_are_all_refused_alike(self, server: RunningServer, account: Account) -> None:
        other = make_account(server)
        for secret in (
            "",
            "x",
            "fbs_" + "0" * 49,
            account.secret[:-1] + ("A" if account.secret[-1] != "A" else "B"),
            account.secret.swapcase(),
            account.secret + " ",
            other.secret,
            server.admin_key,
        ):
            why = refusal_of(lambda secret=secret: get_token(server, Account(account.id, secret)))
            assert why == ("OAUTH_INVALID_CLIENT", "invalid_client")

    def test_a_guess_is_in_the_audit_trail_once_in_a_while(self, server: RunningServer) -> None:
        account, guess = make_account(server), mint(CLIENT_SECRET).text
        for _ in range(3):
            assert refusal_of(lambda: get_token(server, Account(account.id, guess))) == REFUSED
        assert noted_refusals(server, account.id) == [("anonymous", "secret", ANY)]
        assert guess not in server.log_text()
        # Nobody who exists is named, so there is nobody whose trail it could be in.
        nobody = Account(uuid4(), guess)
        assert refusal_of(lambda: get_token(server, nobody)) == REFUSED
        assert noted_refusals(server, nobody.id) == []

    @pytest.mark.parametrize(
        "client_id", ["", "x", "01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11", "function-backend-cli", "%", "'; --"]
    )
    def test_a_secret_of_another_client_is_refused(
        self, server: RunningServer, account: Account, client_id: str
    ) -> None:
        why = refusal_of(
            lambda: ask_token(
                server, grant_type="client_credentials", client_id=client_id, client_secret=account.secret
            )
        )
        assert why == ("OAUTH_INVALID_CLIENT", "invalid_client")

    def test_an_id_in_another_spelling_is_another_client(self, server: RunningServer, account: Account) -> None:
        for client_id in (account.client_id.upper(), "{" + account.client_id + "}", account.id.hex):
            why = refusal_of(
                lambda client_id=client_id: ask_token(
                    server, grant_type="client_credentials", client_id=client_id, client_secret=account.secret
                )
            )
            assert why == ("OAUTH_INVALID_CLIENT", "invalid_client")

    def test_a_suspended_account_gets_nothing(self, server: RunningServer) -> None:
        suspended = make_account(server)
        get_token(server, suspended)
        set_state(server, "service_account", suspended.id, "suspended")
        assert refusal_of(lambda: get_token(server, suspended)) == ("OAUTH_INVALID_CLIENT", "invalid_client")

    @pytest.mark.parametrize("grant_type", ["implicit", "authorization_code", "CLIENT_CREDENTIALS", "urn:x"])
    def test_an_unknown_grant_is_named_as_such(self, server: RunningServer, account: Account, grant_type: str) -> None:
        why = refusal_of(lambda: ask_token(server, grant_type=grant_type, **account.proof))
        assert why == ("OAUTH_UNSUPPORTED_GRANT_TYPE", "unsupported_grant_type")

    def test_a_request_without_a_grant_is_refused(self, server: RunningServer) -> None:
        assert refusal_of(lambda: ask_token(server)) == ("OAUTH_INVALID_REQUEST", "invalid_request")

    def test_proving_oneself_in_two_ways_is_refused(self, server: RunningServer, account: Account) -> None:
        why = refusal_of(
            lambda: ask_token(
                server,
                grant_type="client_credentials",
                client_assertion_type=ASSERTION_TYPE,
                client_assertion="a.b.c",
                **account.proof,
            )
        )
        assert why == ("OAUTH_INVALID_REQUEST", "invalid_request")

    def test_the_grant_is_in_the_audit_trail_without_the_token(self, server: RunningServer, account: Account) -> None:
        answer = get_token(server, account)
        with psycopg.connect(server.database.superuser_url) as connection:
            row = connection.execute(
                "select actor, event_type, details::text from audit_record where subject_id = %s",
                (introspection(server, answer.access_token, account).jti,),
            ).fetchone()
            texts = connection.execute("select details::text from audit_record where details is not null").fetchall()
        assert row is not None
        assert row[:2] == (f"service_account:{account.id}", "function.auth.v1.AccessTokenIssued")
        assert not any(account.secret in text or answer.access_token in text for (text,) in texts)


class TestSecrets:
    def test_several_work_at_once_and_a_revoked_one_stops_at_once(self, server: RunningServer) -> None:
        first = make_account(server)
        made = credentials_of(server).CreateClientSecret(
            client_credential_service_pb2.CreateClientSecretRequest(client_id=first.client_id, display_name="next"),
            metadata=server.metadata(),
            timeout=SECONDS,
        )
        second = Account(first.id, made.secret)
        get_token(server, first)
        get_token(server, second)
        listed = credentials_of(server).ListClientCredentials(
            client_credential_service_pb2.ListClientCredentialsRequest(client_id=first.client_id),
            metadata=server.metadata(),
            timeout=SECONDS,
        )
        assert [each.display_name for each in listed.credentials] == ["", "next"]
        assert all(each.HasField("last_use_time") for each in listed.credentials)
        assert first.secret not in str(listed)
        credentials_of(server).RevokeClientCredential(
            client_credential_service_pb2.RevokeClientCredentialRequest(id=listed.credentials[0].id),
            metadata=server.metadata(),
            timeout=SECONDS,
        )
        assert refusal_of(lambda: get_token(server, first)) == ("OAUTH_INVALID_CLIENT", "invalid_client")
        get_token(server, second)

    def test_an_expired_secret_is_refused(self, start_server: StartServer, set_clock: Any) -> None:  # noqa: ANN401
        server = start_server(clock=set_clock)
        account_id = store_account(server)
        ends = set_clock.now() + timedelta(hours=1)
        made = credentials_of(server).CreateClientSecret(
            client_credential_service_pb2.CreateClientSecretRequest(
                client_id=str(account_id), expire_time=Timestamp(seconds=int(ends.timestamp()))
            ),
            metadata=server.metadata(),
            timeout=SECONDS,
        )
        account = Account(account_id, made.secret)
        get_token(server, account)
        set_clock.advance(timedelta(hours=2))
        assert refusal_of(lambda: get_token(server, account)) == ("OAUTH_INVALID_CLIENT", "invalid_client")

    def test_the_secret_is_nowhere_in_the_database(self, server: RunningServer, account: Account) -> None:
        with psycopg.connect(server.database.superuser_url) as connection:
            rows = connection.execute("select c::text from client_credential c").fetchall()
            assert rows
            assert not any(account.secret in row or account.secret[4:20] in row for (row,) in rows)

    def test_an_account_has_only_so_many(self, server: RunningServer) -> None:
        account_id = store_account(server)

        def create() -> None:
            credentials_of(server).CreateClientSecret(
                client_credential_service_pb2.CreateClientSecretRequest(client_id=str(account_id)),
                metadata=server.metadata(),
                timeout=SECONDS,
            )

        for _ in range(10):
            create()
        assert refusal_of(create)[0] == "TOO_MANY_CLIENT_CREDENTIALS"

    def test_accounts_and_credentials_of_another_tenant_do_not_exist(
        self, server: RunningServer, account: Account, other_tenant_key: str
    ) -> None:
        stub = credentials_of(server)
        theirs = server.metadata(other_tenant_key)
        why = refusal_of(
            lambda: stub.CreateClientSecret(
                client_credential_service_pb2.CreateClientSecretRequest(client_id=account.client_id),
                metadata=theirs,
                timeout=SECONDS,
            )
        )
        assert why[0] == "CLIENT_NOT_FOUND"
        request = client_credential_service_pb2.ListClientCredentialsRequest(client_id=account.client_id)
        ours = stub.ListClientCredentials(request, metadata=server.metadata(), timeout=SECONDS)
        assert not stub.ListClientCredentials(request, metadata=theirs, timeout=SECONDS).credentials
        why = refusal_of(
            lambda: stub.RevokeClientCredential(
                client_credential_service_pb2.RevokeClientCredentialRequest(id=ours.credentials[0].id),
                metadata=theirs,
                timeout=SECONDS,
            )
        )
        assert why[0] == "CLIENT_CREDENTIAL_NOT_FOUND"

    def test_the_same_request_gives_the_same_secret(self, server: RunningServer) -> None:
        request = client_credential_service_pb2.CreateClientSecretRequest(
            client_id=str(store_account(server)), request_id=str(uuid4())
        )
        first, second = (
            credentials_of(server).CreateClientSecret(request, metadata=server.metadata(), timeout=SECONDS)
            for _ in range(2)
        )
        assert first == second


class TestIntrospectionAndRevocation:
    def test_a_good_token_says_what_it_is_until_it_is_revoked(self, server: RunningServer, account: Account) -> None:
        answer = get_token(server, account, scope="company.read")
        told = introspection(server, answer.access_token, account)
        assert told.active
        assert (told.sub, told.client_id) == (f"service_account:{account.id}", account.client_id)
        assert list(told.aud) == ["function-backend"]
        assert (told.iss, told.token_type, told.scope) == (ISSUER, "Bearer", "company.read")
        revoke_token(server, answer.access_token, account)
        assert introspection(server, answer.access_token, account) == oauth_service_pb2.IntrospectResponse(active=False)
        revoke_token(server, answer.access_token, account)

    def test_a_caller_with_a_key_may_ask_too(self, server: RunningServer, account: Account) -> None:
        answer = get_token(server, account)
        key = make_key(server, "company.read")
        request = oauth_service_pb2.IntrospectRequest(token=answer.access_token, bearer=key)
        assert tokens_of(server).Introspect(request, timeout=SECONDS).active
        request.bearer = key[:-1] + ("A" if key[-1] != "A" else "B")
        assert refusal_of(lambda: tokens_of(server).Introspect(request, timeout=SECONDS)) == REFUSED

    @pytest.mark.parametrize("client_id", ["", "function-backend-cli"])
    def test_nobody_learns_anything_without_a_proof(
        self, server: RunningServer, account: Account, client_id: str
    ) -> None:
        token = get_token(server, account).access_token
        request = oauth_service_pb2.IntrospectRequest(token=token, client_id=client_id)
        with pytest.raises(grpc.RpcError):
            tokens_of(server).Introspect(request, timeout=SECONDS)

    def test_another_tenant_sees_neither_whether_it_is_good_nor_can_end_it(
        self, server: RunningServer, account: Account
    ) -> None:
        name = f"tenant-{uuid4().hex}"
        stranger = make_account(server, by=make_tenant(server, name), tenant=name)
        token = get_token(server, account).access_token
        assert introspection(server, token, stranger) == oauth_service_pb2.IntrospectResponse(active=False)
        revoke_token(server, token, stranger)
        assert introspection(server, token, account).active
        key = make_key(server, "company.read", by=make_tenant(server))
        request = oauth_service_pb2.IntrospectRequest(token=token, bearer=key)
        assert not tokens_of(server).Introspect(request, timeout=SECONDS).active

    def test_a_client_ends_only_its_own_tokens(self, server: RunningServer, account: Account) -> None:
        token = get_token(server, account).access_token
        colleague = make_account(server)
        why = refusal_of(lambda: revoke_token(server, token, colleague))
        assert why == ("OAUTH_UNAUTHORIZED_CLIENT", "unauthorized_client")
        assert introspection(server, token, account).active

    @pytest.mark.parametrize("token", ["x", "a.b.c", "fbr_" + "0" * 49, "fbr_", "\N{SNOWMAN}", "null"])
    def test_what_is_no_token_is_not_good_and_its_revocation_no_error(
        self, server: RunningServer, account: Account, token: str
    ) -> None:
        assert not introspection(server, token, account).active
        revoke_token(server, token, account)

    def test_a_token_of_a_suspended_account_is_not_good(self, server: RunningServer, account: Account) -> None:
        suspended = make_account(server)
        token = get_token(server, suspended).access_token
        set_state(server, "service_account", suspended.id, "suspended")
        assert not introspection(server, token, account).active


class TestWithoutCredential:
    def test_the_documents_are_for_everybody(self, server: RunningServer) -> None:
        told = tokens_of(server).GetDiscovery(oauth_service_pb2.GetDiscoveryRequest(), timeout=SECONDS)
        assert told.issuer == ISSUER
        assert told.jwks_uri == f"{ISSUER}/oauth2/jwks"
        assert _keys(server).keys

    def test_callers_share_the_rate_of_their_address(self, start_server: StartServer) -> None:
        server = start_server(settings={"calls.anonymous_rate_limit_per_second": 2})
        reasons = set()
        for _ in range(10):
            try:
                tokens_of(server).GetJwks(oauth_service_pb2.GetJwksRequest(), timeout=SECONDS)
            except grpc.RpcError as error:
                reasons.add(error.code())
        assert reasons == {grpc.StatusCode.RESOURCE_EXHAUSTED}

    def test_nothing_of_a_secret_gets_into_the_log(self, server: RunningServer, account: Account) -> None:
        get_token(server, account)
        server.backend._outlook.flush()
        assert eventually(lambda: account.client_id in server.log_text())
        assert account.secret not in server.log_text()
