"""Calls that are made with a client certificate and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast
from uuid import uuid4

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.auth.v1 import (
    certificate_identity_pb2,
    certificate_identity_service_pb2,
    certificate_identity_service_pb2_grpc,
    credential_pb2,
    credential_service_pb2,
    credential_service_pb2_grpc,
)
from function.company.v1 import company_service_pb2, company_service_pb2_grpc
from tests.fixtures.accounts import grant, make_account, set_state, tenant_of
from tests.fixtures.database_faults import eventually
from tests.fixtures.postgres import Database
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer, running_server
from tests.runtime.certificates import Authority, Pair

_SECONDS = 60
_URI = certificate_identity_pb2.CERTIFICATE_NAME_KIND_URI
_DNS = certificate_identity_pb2.CERTIFICATE_NAME_KIND_DNS
_SUBJECT = certificate_identity_pb2.CERTIFICATE_NAME_KIND_SUBJECT


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def guarded(
    database: Database, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server that asks every client for a certificate."""
    folder = tmp_path_factory.mktemp("guarded")
    own = authority.issue()
    files = {"certificate": own.certificate, "private_key": own.private_key, "client_ca": authority.root}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    settings = {f"tls.{name}": str(folder / name) for name in files}
    with (
        running_server(database, folder / "log", settings=settings) as running,
        _channel(running.port, authority, authority.issue("operator")) as channel,
    ):
        yield replace(running, channel=channel)


def _channel(port: int, authority: Authority, client: Pair) -> grpc.Channel:
    credentials = grpc.ssl_channel_credentials(authority.root, client.private_key, client.certificate)
    return grpc.secure_channel(f"127.0.0.1:{port}", credentials, options=[("grpc.use_local_subchannel_pool", 1)])


def _identities(
    server: RunningServer,
) -> certificate_identity_service_pb2_grpc.CertificateIdentityServiceStub:
    return certificate_identity_service_pb2_grpc.CertificateIdentityServiceStub(server.channel)


def _bind(
    server: RunningServer,
    kind: certificate_identity_pb2.CertificateNameKind.ValueType,
    name: str,
    account: str,
    *,
    by: str | None = None,
    tenant_id: str = "",
) -> certificate_identity_pb2.CertificateIdentity:
    request = certificate_identity_service_pb2.CreateCertificateIdentityRequest(
        name_kind=kind, name=name, service_account_id=account.partition(":")[2], tenant_id=tenant_id
    )
    answer = _identities(server).CreateCertificateIdentity(request, metadata=server.metadata(by), timeout=_SECONDS)
    return answer.certificate_identity


def _who(
    server: RunningServer, authority: Authority, client: Pair, *metadata: tuple[str, str]
) -> credential_pb2.CallerIdentity:
    with _channel(server.port, authority, client) as channel:
        stub = credential_service_pb2_grpc.CredentialServiceStub(channel)
        return stub.WhoAmI(credential_service_pb2.WhoAmIRequest(), metadata=metadata, timeout=_SECONDS).identity


def _reason(error: grpc.RpcError) -> str:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason


def _refusal(server: RunningServer, authority: Authority, client: Pair, *metadata: tuple[str, str]) -> str:
    with pytest.raises(grpc.RpcError) as refused:
        _who(server, authority, client, *metadata)
    return _reason(refused.value)


class TestCallingWithACertificate:
    @pytest.mark.parametrize("kind", [_URI, _DNS, _SUBJECT])
    def test_the_bound_name_makes_it_the_service_account(
        self, guarded: RunningServer, authority: Authority, kind: certificate_identity_pb2.CertificateNameKind.ValueType
    ) -> None:
        account, mark = make_account(guarded), uuid4().hex
        uri, domain = f"spiffe://example.org/{mark}", f"{mark}.example.org"
        name = {_URI: uri, _DNS: domain.upper(), _SUBJECT: f"CN={mark}"}[kind]
        identity = _bind(guarded, kind, name, account)
        grant(guarded, account, "company.read")
        who = _who(guarded, authority, authority.issue(mark, uris=[uri], domains=[domain]))
        assert who.credential_kind == credential_pb2.CREDENTIAL_KIND_CERTIFICATE
        assert (who.subject, who.credential_id) == (account, identity.id)
        assert list(who.permissions) == ["auth.self.read", "company.read"]
        assert who.HasField("expire_time")

    def test_it_calls_other_services_within_its_permissions(self, guarded: RunningServer, authority: Authority) -> None:
        account, uri = make_account(guarded), f"spiffe://example.org/{uuid4().hex}"
        _bind(guarded, _URI, uri, account)
        grant(guarded, account, "company.read")
        with _channel(guarded.port, authority, authority.issue(uris=[uri])) as channel:
            companies = company_service_pb2_grpc.CompanyServiceStub(channel)
            companies.ListCompanies(company_service_pb2.ListCompaniesRequest(), timeout=_SECONDS)
            with pytest.raises(grpc.RpcError) as refused:
                companies.DeleteCompany(company_service_pb2.DeleteCompanyRequest(id=str(uuid4())), timeout=_SECONDS)
        assert _reason(refused.value) == "PERMISSION_MISSING"

    def test_a_token_beside_it_wins_and_a_bad_one_is_not_made_good(
        self, guarded: RunningServer, authority: Authority
    ) -> None:
        account, uri = make_account(guarded), f"spiffe://example.org/{uuid4().hex}"
        _bind(guarded, _URI, uri, account)
        client = authority.issue(uris=[uri])
        key = make_key(guarded, "company.read")
        assert _who(guarded, authority, client, ("authorization", f"Bearer {key}")).subject.startswith("api_key:")
        assert _refusal(guarded, authority, client, ("authorization", "Bearer nonsense")) == "CREDENTIAL_INVALID"
        assert _refusal(guarded, authority, client, ("authorization", "")) == "CREDENTIAL_MISSING"

    def test_a_certificate_that_names_nobody_is_told_so(self, guarded: RunningServer, authority: Authority) -> None:
        assert _refusal(guarded, authority, authority.issue("nobody")) == "CERTIFICATE_UNKNOWN"

    def test_names_of_two_accounts_name_nobody(self, guarded: RunningServer, authority: Authority) -> None:
        domains = [f"{uuid4().hex}.example.org" for _ in range(2)]
        for domain in domains:
            _bind(guarded, _DNS, domain, make_account(guarded))
        assert _refusal(guarded, authority, authority.issue(domains=domains)) == "CERTIFICATE_UNKNOWN"

    def test_a_deleted_binding_and_a_suspended_account_are_refused(
        self, guarded: RunningServer, authority: Authority
    ) -> None:
        account, uri = make_account(guarded), f"spiffe://example.org/{uuid4().hex}"
        identity, client = _bind(guarded, _URI, uri, account), authority.issue(uris=[uri])
        assert _who(guarded, authority, client).subject == account
        set_state(guarded, account, "suspended")
        eventually(lambda: _code(guarded, authority, client) == "SUBJECT_DISABLED" or None)
        set_state(guarded, account, "active")
        eventually(lambda: _code(guarded, authority, client) == "" or None)
        request = certificate_identity_service_pb2.DeleteCertificateIdentityRequest(id=identity.id)
        _identities(guarded).DeleteCertificateIdentity(request, metadata=guarded.metadata(), timeout=_SECONDS)
        eventually(lambda: _code(guarded, authority, client) == "CERTIFICATE_UNKNOWN" or None)

    def test_a_certificate_of_another_authority_does_not_get_in(
        self, guarded: RunningServer, authority: Authority
    ) -> None:
        uri = f"spiffe://example.org/{uuid4().hex}"
        _bind(guarded, _URI, uri, make_account(guarded))
        stranger = Authority().issue(uris=[uri])
        with pytest.raises(grpc.RpcError) as refused:
            _who(guarded, authority, stranger)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


class TestVerifyingWhatAProxyHasChecked:
    def test_a_certificate_and_a_spiffe_id_are_the_account(self, guarded: RunningServer, authority: Authority) -> None:
        account, uri = make_account(guarded), f"spiffe://example.org/{uuid4().hex}"
        _bind(guarded, _URI, uri, account)
        pem = authority.issue(uris=[uri]).certificate.decode()
        stub = credential_service_pb2_grpc.CredentialServiceStub(guarded.channel)
        for request in (
            credential_service_pb2.VerifyCredentialRequest(certificate_pem=pem),
            credential_service_pb2.VerifyCredentialRequest(spiffe_id=uri),
        ):
            answer = stub.VerifyCredential(request, metadata=guarded.metadata(), timeout=_SECONDS)
            assert (answer.valid, answer.identity.subject) == (True, account)


class TestBinding:
    def test_a_name_is_bound_once_on_the_whole_installation(self, guarded: RunningServer) -> None:
        uri, account = f"spiffe://example.org/{uuid4().hex}", make_account(guarded)
        _bind(guarded, _URI, uri, account)
        with pytest.raises(grpc.RpcError) as refused:
            _bind(guarded, _URI, uri, account)
        assert _reason(refused.value) == "CERTIFICATE_NAME_TAKEN"

    def test_only_who_reaches_beyond_its_tenant_gives_names_away_and_to_any_tenant(
        self, guarded: RunningServer
    ) -> None:
        tenant_key = make_tenant(guarded)
        account = make_account(guarded, by=tenant_key)
        uri = f"spiffe://example.org/{uuid4().hex}"
        with pytest.raises(grpc.RpcError) as refused:
            _bind(guarded, _URI, uri, account, by=tenant_key)
        assert _reason(refused.value) == "PERMISSION_MISSING"
        made = _bind(guarded, _URI, uri, account, tenant_id=tenant_of(guarded, tenant_key))
        listed = _identities(guarded).ListCertificateIdentities(
            certificate_identity_service_pb2.ListCertificateIdentitiesRequest(),
            metadata=guarded.metadata(tenant_key),
            timeout=_SECONDS,
        )
        assert list(listed.certificate_identities) == [made]

    def test_an_account_of_another_tenant_is_not_there(self, guarded: RunningServer) -> None:
        theirs = make_account(guarded, by=make_tenant(guarded))
        with pytest.raises(grpc.RpcError) as refused:
            _bind(guarded, _URI, f"spiffe://example.org/{uuid4().hex}", theirs)
        assert _reason(refused.value) == "API_KEY_OWNER_NOT_FOUND"

    def test_another_tenants_binding_is_not_there(self, guarded: RunningServer) -> None:
        identity = _bind(guarded, _URI, f"spiffe://example.org/{uuid4().hex}", make_account(guarded))
        request = certificate_identity_service_pb2.DeleteCertificateIdentityRequest(id=identity.id)
        with pytest.raises(grpc.RpcError) as refused:
            _identities(guarded).DeleteCertificateIdentity(
                request, metadata=guarded.metadata(make_tenant(guarded)), timeout=_SECONDS
            )
        assert _reason(refused.value) == "CERTIFICATE_IDENTITY_NOT_FOUND"

    @pytest.mark.parametrize(
        ("kind", "name"), [(_URI, "no-uri"), (_DNS, "*.example.org"), (_DNS, "a b"), (_SUBJECT, "worker")]
    )
    def test_what_no_certificate_can_say_is_refused(
        self,
        guarded: RunningServer,
        kind: certificate_identity_pb2.CertificateNameKind.ValueType,
        name: str,
    ) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            _bind(guarded, kind, name, make_account(guarded))
        assert _reason(refused.value) == "INVALID_REQUEST"


def _code(server: RunningServer, authority: Authority, client: Pair) -> str:
    """Why the certificate is refused; empty when it is not."""
    try:
        _who(server, authority, client)
    except grpc.RpcError as error:
        return _reason(error)
    return ""
