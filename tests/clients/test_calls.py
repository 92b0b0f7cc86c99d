"""What every call of the client carries, and what is done again when."""

import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from function.auth.v1 import api_key_service_pb2, tenant_pb2, tenant_service_pb2
from function.company.v1 import company_service_pb2, company_service_pb2_grpc
from function_backend_client import (
    AccessToken,
    BearerToken,
    ChannelSettings,
    Client,
    Company,
    CompanyNotFoundError,
    CredentialExpiredError,
    DeadlineError,
    OverloadedError,
    Retries,
    Timeouts,
    UnavailableError,
    connect,
)
from tests.fixtures.scripted import ScriptedService, refuse

COMPANY = Company(id="01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11", legal_name="Example GmbH")


def get_company(request: Any, context: grpc.ServicerContext) -> company_service_pb2.GetCompanyResponse:
    return company_service_pb2.GetCompanyResponse(company=COMPANY)


def create_company(request: Any, context: grpc.ServicerContext) -> company_service_pb2.CreateCompanyResponse:
    return company_service_pb2.CreateCompanyResponse(company=COMPANY)


@pytest.fixture
def client(scripted: ScriptedService) -> Iterator[Client]:
    scripted.on("GetCompany", get_company)
    scripted.on("CreateCompany", create_company)
    with connect(scripted.address, api_key="fbk_test") as client:
        yield client


class TestMetadata:
    def test_every_call_names_the_caller_and_has_an_id_of_its_own(
        self, client: Client, scripted: ScriptedService
    ) -> None:
        client.companies.get(COMPANY.id)
        client.companies.get(COMPANY.id)
        first, second = (call.metadata for call in scripted.received("GetCompany"))
        assert first["authorization"] == second["authorization"] == "Bearer fbk_test"
        assert first["x-request-id"] != second["x-request-id"]

    def test_a_request_id_of_the_caller_is_left_alone(self, client: Client, scripted: ScriptedService) -> None:
        stub = client.stub(company_service_pb2_grpc.CompanyServiceStub)
        stub.GetCompany(
            company_service_pb2.GetCompanyRequest(id=COMPANY.id), metadata=(("x-request-id", "mine"), ("x-more", "1"))
        )
        sent = scripted.received("GetCompany")[0].metadata
        assert (sent["x-request-id"], sent["x-more"]) == ("mine", "1")

    def test_without_credentials_none_are_sent(self, scripted: ScriptedService) -> None:
        scripted.on("GetCompany", get_company)
        with connect(scripted.address) as client:
            client.companies.get(COMPANY.id)
        assert "authorization" not in scripted.received("GetCompany")[0].metadata

    def test_a_key_that_cannot_be_sent_is_refused_without_being_repeated(self) -> None:
        with pytest.raises(ValueError, match="not an API key") as caught:
            connect(api_key="fbk_ secret")
        assert "secret" not in str(caught.value)

    def test_the_client_never_shows_its_key(self, client: Client) -> None:
        assert "fbk_test" not in repr(client)
        assert "fbk_test" not in repr(vars(client))


class TestDeadlines:
    @pytest.mark.parametrize(("method", "seconds"), [("GetCompany", 3.0), ("CreateCompany", 7.0)])
    def test_a_call_without_a_timeout_gets_that_of_its_kind(
        self, scripted: ScriptedService, method: str, seconds: float
    ) -> None:
        scripted.on("GetCompany", get_company)
        scripted.on("CreateCompany", create_company)
        with connect(scripted.address, timeouts=Timeouts(read=3.0, write=7.0)) as client:
            client.companies.get(COMPANY.id)
            client.companies.create(COMPANY)
        assert scripted.received(method)[0].seconds == pytest.approx(seconds, abs=1.0)

    def test_a_call_that_takes_longer_ends_as_a_deadline_error(self, client: Client, scripted: ScriptedService) -> None:
        given_up = threading.Event()
        scripted.on("GetCompany", lambda request, context: given_up.wait(10))
        with pytest.raises(DeadlineError) as caught:
            client.companies.get(COMPANY.id, timeout=0.2)
        given_up.set()
        assert caught.value.code is grpc.StatusCode.DEADLINE_EXCEEDED


class TestRequestIds:
    def test_a_change_carries_a_new_request_id_each_time(self, client: Client, scripted: ScriptedService) -> None:
        client.companies.create(COMPANY)
        client.companies.create(COMPANY)
        ids = [uuid.UUID(call.request.request_id) for call in scripted.received("CreateCompany")]
        assert ids[0] != ids[1]

    def test_a_request_id_of_the_caller_is_used(self, client: Client, scripted: ScriptedService) -> None:
        mine = str(uuid.uuid4())
        client.companies.create(COMPANY, request_id=mine)
        assert scripted.received("CreateCompany")[0].request.request_id == mine

    def test_a_raw_stub_gets_one_too_and_the_message_of_the_caller_stays_as_it_was(
        self, client: Client, scripted: ScriptedService
    ) -> None:
        request = company_service_pb2.CreateCompanyRequest(company=COMPANY)
        client.stub(company_service_pb2_grpc.CompanyServiceStub).CreateCompany(request)
        assert scripted.received("CreateCompany")[0].request.request_id
        assert not request.request_id

    def test_retries_send_the_same_request_id(self, client: Client, scripted: ScriptedService) -> None:
        def first_unreachable(request: Any, context: grpc.ServicerContext) -> Any:
            if len(scripted.received("CreateCompany")) == 1:
                context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            return create_company(request, context)

        scripted.on("CreateCompany", first_unreachable)
        client.companies.create(COMPANY)
        sent = [call.request.request_id for call in scripted.received("CreateCompany")]
        assert len(sent) == 2
        assert sent[0] == sent[1]


class TestRetries:
    def test_a_read_is_repeated_when_the_service_is_away(self, client: Client, scripted: ScriptedService) -> None:
        def third_time(request: Any, context: grpc.ServicerContext) -> Any:
            if len(scripted.received("GetCompany")) < 3:
                context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            return get_company(request, context)

        scripted.on("GetCompany", third_time)
        assert client.companies.get(COMPANY.id) == COMPANY

    def test_it_gives_up_after_the_attempts_it_was_allowed(self, scripted: ScriptedService) -> None:
        scripted.on("GetCompany", lambda request, context: context.abort(grpc.StatusCode.UNAVAILABLE, "gone"))
        settings = ChannelSettings(retries=Retries(attempts=2))
        with connect(scripted.address, channel=settings) as client, pytest.raises(UnavailableError, match="gone"):
            client.companies.get(COMPANY.id)
        assert len(scripted.received("GetCompany")) == 2

    def test_no_retries_when_told_so(self, scripted: ScriptedService) -> None:
        scripted.on("GetCompany", lambda request, context: context.abort(grpc.StatusCode.UNAVAILABLE, "gone"))
        settings = ChannelSettings(retries=Retries(attempts=1))
        with connect(scripted.address, channel=settings) as client, pytest.raises(UnavailableError):
            client.companies.get(COMPANY.id)
        assert len(scripted.received("GetCompany")) == 1

    def test_a_busy_service_is_asked_again_when_it_says_so(self, client: Client, scripted: ScriptedService) -> None:
        arrivals = []

        def busy_once(request: Any, context: grpc.ServicerContext) -> Any:
            arrivals.append(time.monotonic())
            if len(arrivals) == 1:
                refuse(context, "OVERLOADED", pushback_ms=300)
            return get_company(request, context)

        scripted.on("GetCompany", busy_once)
        client.companies.get(COMPANY.id)
        assert arrivals[1] - arrivals[0] >= 0.29

    def test_a_service_that_forbids_coming_back_is_not_asked_again(
        self, client: Client, scripted: ScriptedService
    ) -> None:
        scripted.on("GetCompany", lambda request, context: refuse(context, "OVERLOADED", pushback_ms=-1))
        with pytest.raises(OverloadedError):
            client.companies.get(COMPANY.id)
        assert len(scripted.received("GetCompany")) == 1

    def test_what_the_caller_did_wrong_is_not_repeated(self, client: Client, scripted: ScriptedService) -> None:
        scripted.on("GetCompany", lambda request, context: refuse(context, "COMPANY_NOT_FOUND"))
        with pytest.raises(CompanyNotFoundError):
            client.companies.get(COMPANY.id)
        assert len(scripted.received("GetCompany")) == 1


class TestConsistency:
    def test_a_read_after_a_change_asks_for_what_the_change_wrote(
        self, client: Client, scripted: ScriptedService
    ) -> None:
        def change(request: Any, context: grpc.ServicerContext) -> Any:
            context.set_trailing_metadata((("function-consistency-token", "AQAAAAAAAAAF"),))
            return create_company(request, context)

        scripted.on("CreateCompany", change)
        client.companies.get(COMPANY.id)
        client.companies.create(COMPANY)
        client.companies.get(COMPANY.id)
        before, after = (call.metadata for call in scripted.received("GetCompany"))
        assert "function-consistency-token" not in before
        assert after["function-consistency-token"] == client.consistency_token == "AQAAAAAAAAAF"

    def test_a_change_that_failed_half_way_counts_as_well(self, client: Client, scripted: ScriptedService) -> None:
        scripted.on(
            "CreateCompany",
            lambda request, context: refuse(
                context, "CONCURRENT_CHANGE", trailers=[("function-consistency-token", "AQAAAAAAAAAH")]
            ),
        )
        with pytest.raises(Exception, match="CONCURRENT_CHANGE"):
            client.companies.create(COMPANY)
        assert client.consistency_token == "AQAAAAAAAAAH"

    @pytest.mark.parametrize(("older", "newer"), [("AQAAAAAAAAAF", "AQAAAAAAAAD_"), ("AQAAAAAAAAAz", "AQAAAAAAAAA-")])
    def test_an_older_token_never_replaces_a_newer_one(self, client: Client, older: str, newer: str) -> None:
        client.observe(newer)
        client.observe(older)
        assert client.consistency_token == max(older, newer, key=lambda token: token.translate({45: 123, 95: 124}))

    def test_a_token_of_another_form_replaces_the_old_one(self, client: Client) -> None:
        client.observe("AQAAAAAAAAD_")
        client.observe("AgAB")
        assert client.consistency_token == "AgAB"


class TestBearerTokens:
    def test_a_token_is_fetched_once_and_again_near_its_end(self, scripted: ScriptedService) -> None:
        scripted.on("GetCompany", get_company)
        lives = iter([1000.0, 5.0, 1000.0])
        fetched: list[str] = []

        def fetch() -> AccessToken:
            fetched.append(f"t{len(fetched)}")
            return AccessToken(fetched[-1], expires_in=next(lives))

        token = BearerToken(fetch, early=60.0)
        with connect(scripted.address, credentials=token) as client:
            client.companies.get(COMPANY.id)
            client.companies.get(COMPANY.id)
            token.forget("Bearer t0")
            client.companies.get(COMPANY.id)
            client.companies.get(COMPANY.id)
        sent = [call.metadata["authorization"] for call in scripted.received("GetCompany")]
        assert sent == ["Bearer t0", "Bearer t0", "Bearer t1", "Bearer t2"]

    def test_a_call_refused_for_an_expired_token_is_made_again_with_a_new_one(self, scripted: ScriptedService) -> None:
        def only_fresh(request: Any, context: grpc.ServicerContext) -> Any:
            if ("authorization", "Bearer old") in [(pair[0], pair[1]) for pair in context.invocation_metadata()]:
                refuse(context, "CREDENTIAL_EXPIRED")
            return get_company(request, context)

        scripted.on("GetCompany", only_fresh)
        tokens = iter(["old", "new"])
        with connect(scripted.address, credentials=BearerToken(lambda: next(tokens))) as client:
            assert client.companies.get(COMPANY.id) == COMPANY

    def test_an_expired_key_is_not_tried_twice(self, client: Client, scripted: ScriptedService) -> None:
        scripted.on("GetCompany", lambda request, context: refuse(context, "CREDENTIAL_EXPIRED"))
        with pytest.raises(CredentialExpiredError):
            client.companies.get(COMPANY.id)
        assert len(scripted.received("GetCompany")) == 1

    def test_a_coroutine_function_is_refused_by_the_synchronous_client(self, scripted: ScriptedService) -> None:
        async def fetch() -> str:
            return "t"

        with (
            connect(scripted.address, credentials=BearerToken(fetch)) as client,
            pytest.raises(TypeError, match="Async"),
        ):
            client.companies.get(COMPANY.id)

    def test_neither_shows_its_secret(self) -> None:
        assert "t0ken" not in repr(AccessToken("t0ken"))
        assert repr(BearerToken(lambda: "t0ken")) == "BearerToken(…)"

    def test_a_key_and_credentials_together_are_refused(self) -> None:
        with pytest.raises(ValueError, match="not both"):
            connect(api_key="fbk_x", credentials=BearerToken(lambda: "t"))


class TestOtherServices:
    def test_tenants_and_keys_are_called_the_same_way(self, client: Client, scripted: ScriptedService) -> None:
        scripted.on(
            "GetTenant",
            lambda request, context: tenant_service_pb2.GetTenantResponse(
                tenant=tenant_pb2.Tenant(id="1", name="acme")
            ),
        )
        scripted.on("CreateTenant", lambda request, context: tenant_service_pb2.CreateTenantResponse(secret="s"))
        scripted.on(
            "ListTenants",
            lambda request, context: tenant_service_pb2.ListTenantsResponse(tenants=[tenant_pb2.Tenant(name="acme")]),
        )
        scripted.on("CreateApiKey", lambda request, context: api_key_service_pb2.CreateApiKeyResponse(secret="s"))
        scripted.on("GetApiKey", lambda request, context: api_key_service_pb2.GetApiKeyResponse())
        scripted.on("ListApiKeys", lambda request, context: api_key_service_pb2.ListApiKeysResponse())
        scripted.on("RevokeApiKey", lambda request, context: api_key_service_pb2.RevokeApiKeyResponse())
        assert client.tenants.get().name == "acme"
        assert client.tenants.create("acme").secret == "s"
        assert [tenant.name for tenant in client.tenants.list()] == ["acme"]
        assert client.api_keys.create("ci", ["company.read"]).secret == "s"
        assert not client.api_keys.get("1").id
        assert list(client.api_keys.list(show_revoked=True)) == []
        assert not client.api_keys.revoke("1").id
        assert scripted.received("CreateApiKey")[0].request.permissions == ["company.read"]
