"""The asynchronous client does what the synchronous one does."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from function.auth.v1 import api_key_service_pb2, tenant_pb2, tenant_service_pb2
from function.company.v1 import company_service_pb2, company_service_pb2_grpc
from function_backend_client import (
    AccessToken,
    AsyncClient,
    BearerToken,
    Company,
    CompanyNotFoundError,
    ImportOptions,
    ImportProgress,
    ImportRejection,
    ImportRow,
    ImportTooLargeError,
    connect_async,
)
from tests.clients.test_exporting import NAMES, batches
from tests.clients.test_importing import row, rows_of, take
from tests.fixtures.scripted import ScriptedService, always, refuse


def test_every_method_works_with_await(scripted: ScriptedService) -> None:
    for method in ("CreateCompany", "GetCompany", "UpdateCompany", "DeleteCompany", "UndeleteCompany"):
        response = getattr(company_service_pb2, f"{method}Response")(company=Company(legal_name=method))
        scripted.on(method, always(response))
    scripted.on(
        "BatchGetCompanies", lambda request, context: company_service_pb2.BatchGetCompaniesResponse(missing_ids=["x"])
    )

    async def use() -> None:
        async with connect_async(scripted.address, api_key="fbk_test") as client:
            companies = client.companies
            assert (await companies.create(Company())).legal_name == "CreateCompany"
            assert (await companies.get("1")).legal_name == "GetCompany"
            assert (await companies.update(Company(id="1"), fields="status")).legal_name == "UpdateCompany"
            assert (await companies.delete("1")).legal_name == "DeleteCompany"
            assert (await companies.undelete("1")).legal_name == "UndeleteCompany"
            assert (await companies.batch_get(["x"], allow_missing=True)).missing_ids == ["x"]
            assert repr(client) == f"AsyncClient('{scripted.address}')"

    asyncio.run(use())
    sent = scripted.received("CreateCompany")[0]
    assert sent.metadata["authorization"] == "Bearer fbk_test"
    assert sent.request.request_id


def test_lists_are_read_with_async_for(scripted: ScriptedService) -> None:
    def page(request: Any, context: grpc.ServicerContext) -> Any:
        start = int(request.page_token or 0)
        return company_service_pb2.ListCompaniesResponse(
            companies=[Company(legal_name=str(start))], next_page_token=str(start + 1) if start < 3 else ""
        )

    scripted.on("ListCompanies", page)
    scripted.on("SearchCompanies", lambda request, context: company_service_pb2.SearchCompaniesResponse())
    scripted.on("ListCompanyRevisions", lambda request, context: company_service_pb2.ListCompanyRevisionsResponse())

    async def use() -> None:
        async with connect_async(scripted.address) as client:
            assert [company.legal_name async for company in client.companies.list()] == ["0", "1", "2", "3"]
            assert [page.next_page_token async for page in client.companies.list().pages()] == ["1", "2", "3", ""]
            assert (await client.companies.list(page_token="2").page()).next_page_token == "3"
            assert [result async for result in client.companies.search("x")] == []
            assert [revision async for revision in client.companies.revisions("x")] == []

    asyncio.run(use())


def test_tenants_and_keys_are_called_the_same_way(scripted: ScriptedService) -> None:
    scripted.on(
        "GetTenant",
        lambda request, context: tenant_service_pb2.GetTenantResponse(tenant=tenant_pb2.Tenant(name="acme")),
    )
    scripted.on("CreateTenant", lambda request, context: tenant_service_pb2.CreateTenantResponse(secret="s"))
    scripted.on("ListTenants", lambda request, context: tenant_service_pb2.ListTenantsResponse())
    scripted.on("CreateApiKey", lambda request, context: api_key_service_pb2.CreateApiKeyResponse(secret="k"))
    scripted.on("GetApiKey", lambda request, context: api_key_service_pb2.GetApiKeyResponse())
    scripted.on("ListApiKeys", lambda request, context: api_key_service_pb2.ListApiKeysResponse())
    scripted.on("RevokeApiKey", lambda request, context: api_key_service_pb2.RevokeApiKeyResponse())

    async def use() -> None:
        async with connect_async(scripted.address) as client:
            assert (await client.tenants.get()).name == "acme"
            assert (await client.tenants.create("acme")).secret == "s"
            assert [tenant async for tenant in client.tenants.list()] == []
            assert (await client.api_keys.create("ci", ["company.read"])).secret == "k"
            assert not (await client.api_keys.get("1")).id
            assert [key async for key in client.api_keys.list()] == []
            assert not (await client.api_keys.revoke("1")).id

    asyncio.run(use())


def test_failures_arrive_as_the_same_exceptions(scripted: ScriptedService) -> None:
    scripted.on("GetCompany", lambda request, context: refuse(context, "COMPANY_NOT_FOUND", "Not there."))
    scripted.on("ExportCompanies", lambda request, context: refuse(context, "INVALID_FILTER"))

    async def use() -> None:
        async with connect_async(scripted.address) as client:
            with pytest.raises(CompanyNotFoundError, match="Not there"):
                await client.companies.get("x")
            with pytest.raises(Exception, match="INVALID_FILTER"):
                await client.companies.export().batches().__anext__()

    asyncio.run(use())


def test_an_expired_token_is_fetched_anew_by_a_coroutine(scripted: ScriptedService) -> None:
    def only_fresh(request: Any, context: grpc.ServicerContext) -> Any:
        if ("authorization", "Bearer old") in [(pair[0], pair[1]) for pair in context.invocation_metadata()]:
            refuse(context, "CREDENTIAL_EXPIRED")
        return company_service_pb2.GetCompanyResponse()

    scripted.on("GetCompany", only_fresh)
    tokens = iter(["old", "new"])

    async def fetch() -> AccessToken:
        await asyncio.sleep(0)
        return AccessToken(next(tokens), expires_in=3600)

    async def use() -> None:
        async with connect_async(scripted.address, credentials=BearerToken(fetch)) as client:
            await client.companies.get("x")
            await client.companies.get("x")

    asyncio.run(use())
    assert [call.metadata["authorization"] for call in scripted.received("GetCompany")] == [
        "Bearer old",
        "Bearer new",
        "Bearer new",
    ]


def test_it_reads_its_own_writes(scripted: ScriptedService) -> None:
    def change(request: Any, context: grpc.ServicerContext) -> Any:
        context.set_trailing_metadata((("function-consistency-token", "AQAAAAAAAAAF"),))
        return company_service_pb2.CreateCompanyResponse()

    scripted.on("CreateCompany", change)
    scripted.on("GetCompany", lambda request, context: company_service_pb2.GetCompanyResponse())

    async def use() -> AsyncClient:
        async with connect_async(scripted.address) as client:
            await client.companies.create(Company())
            await client.companies.get("x")
            return client

    client = asyncio.run(use())
    assert client.consistency_token == "AQAAAAAAAAAF"
    assert scripted.received("GetCompany")[0].metadata["function-consistency-token"] == "AQAAAAAAAAAF"
    client.observe("AQAAAAAAAAAG")
    assert client.consistency_token == "AQAAAAAAAAAG"


def test_a_raw_stub_is_called_the_same_way(scripted: ScriptedService) -> None:
    scripted.on("CreateCompany", lambda request, context: company_service_pb2.CreateCompanyResponse())

    async def use() -> None:
        async with connect_async(scripted.address) as client:
            await client.channel.channel_ready()
            assert client.channel.get_state() is grpc.ChannelConnectivity.READY
            stub = client.stub(company_service_pb2_grpc.CompanyServiceStub)
            await stub.CreateCompany(company_service_pb2.CreateCompanyRequest(), metadata=(("x-more", "1"),))

    asyncio.run(use())
    sent = scripted.received("CreateCompany")[0]
    assert sent.request.request_id
    assert sent.metadata["x-more"] == "1"


class TestImport:
    OPTIONS = ImportOptions(streams=3, stream_rows=10, batch_rows=4)

    @pytest.mark.parametrize("asynchronous", [True, False])
    def test_rows_may_come_from_either_kind_of_iterable(self, scripted: ScriptedService, *, asynchronous: bool) -> None:
        scripted.on("ImportCompanies", take)
        seen: list[ImportProgress] = []
        rows = [row(number, name="bad" if number == 50 else "good") for number in range(1, 101)]

        async def one_by_one() -> AsyncIterator[ImportRow]:
            for each in rows:
                await asyncio.sleep(0)
                yield each

        async def use() -> company_service_pb2.ImportCompaniesResponse:
            async with connect_async(scripted.address) as client:
                return await client.companies.import_(
                    one_by_one() if asynchronous else rows,
                    match_scheme="us-cik",
                    options=self.OPTIONS,
                    on_progress=seen.append,
                )

        answer = asyncio.run(use())
        assert (answer.row_count, answer.created_count, answer.rejected_count) == (100, 99, 1)
        assert seen[-1].settled == 100
        sent = [each.row for call in scripted.received("ImportCompanies") for each in rows_of(call.request)]
        assert sorted(sent) == list(range(1, 101))
        assert len({call.peer for call in scripted.received("ImportCompanies")}) > 1

    def test_a_broken_stream_is_sent_again_and_refused_rows_are_mended(self, scripted: ScriptedService) -> None:
        def break_first(request: Any, context: grpc.ServicerContext) -> Any:
            if len(scripted.received("ImportCompanies")) == 1:
                context.abort(grpc.StatusCode.UNAVAILABLE, "connection reset")
            return take(request, context)

        def mend(refused: ImportRow, rejection: ImportRejection) -> ImportRow:
            refused.company.legal_name = "mended"
            return refused

        scripted.on("ImportCompanies", break_first)

        async def use() -> company_service_pb2.ImportCompaniesResponse:
            async with connect_async(scripted.address) as client:
                return await client.companies.import_(
                    [row(number, name="bad") for number in range(1, 31)],
                    match_scheme="us-cik",
                    options=self.OPTIONS,
                    repair=mend,
                )

        answer = asyncio.run(use())
        assert (answer.row_count, answer.created_count, answer.rejected_count) == (30, 30, 0)

    def test_a_refused_stream_ends_the_import(self, scripted: ScriptedService) -> None:
        scripted.on("ImportCompanies", lambda request, context: refuse(context, "IMPORT_TOO_LARGE"))

        async def use() -> None:
            async with connect_async(scripted.address) as client:
                await client.companies.import_(
                    [row(number) for number in range(1, 101)], match_scheme="us-cik", options=self.OPTIONS
                )

        with pytest.raises(ImportTooLargeError):
            asyncio.run(use())


class TestExport:
    def test_a_broken_stream_goes_on_after_the_last_batch(self, scripted: ScriptedService) -> None:
        def break_after_two(request: Any, context: grpc.ServicerContext) -> Any:
            for number, batch in enumerate(batches(request, context)):
                if number == 2 and len(scripted.received("ExportCompanies")) < 3:
                    context.abort(grpc.StatusCode.UNAVAILABLE, "connection reset")
                yield batch

        scripted.on("ExportCompanies", break_after_two)

        async def use() -> list[str]:
            async with connect_async(scripted.address) as client:
                export = client.companies.export()
                names = [company.legal_name async for company in export]
                assert export.resume_token == "10"
                return names

        assert asyncio.run(use()) == NAMES
        assert [call.request.resume_token for call in scripted.received("ExportCompanies")] == ["", "4", "8"]
