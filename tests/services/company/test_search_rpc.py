"""Searching over the wire."""

from __future__ import annotations

from typing import cast

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.company.v1 import company_pb2, company_service_pb2, company_service_pb2_grpc
from tests.fixtures.server import RunningServer

_SECONDS = 60
_COMPANIES = (
    company_pb2.Company(
        legal_name="Müller Maschinenbau GmbH",
        jurisdiction="DE",
        status=company_pb2.COMPANY_STATUS_ACTIVE,
        industries=[company_pb2.Industry(scheme="nace", code="2899")],
        identifiers=[company_pb2.Identifier(scheme="us-cik", value="1018724")],
    ),
    company_pb2.Company(
        legal_name="Mueller Maschinenhandel AG", jurisdiction="AT", status=company_pb2.COMPANY_STATUS_DISSOLVED
    ),
    company_pb2.Company(
        legal_name="Alpenwerk GmbH",
        jurisdiction="AT",
        names=[company_pb2.CompanyName(value="Müllers Maschinen", kind=company_pb2.NAME_KIND_TRADING)],
    ),
)


class _Companies:
    """The service, as the administrator calls it."""

    def __init__(self, server: RunningServer) -> None:
        self.stub = company_service_pb2_grpc.CompanyServiceStub(server.channel)
        self._server = server

    def create(self, company: company_pb2.Company) -> company_pb2.Company:
        request = company_service_pb2.CreateCompanyRequest(company=company)
        return self.stub.CreateCompany(request, metadata=self._server.metadata(), timeout=_SECONDS).company

    def search(self, query: str, key: str | None = None, **more: object) -> company_service_pb2.SearchCompaniesResponse:
        request = company_service_pb2.SearchCompaniesRequest(query=query, **more)  # type: ignore[arg-type]
        return self.stub.SearchCompanies(request, metadata=self._server.metadata(key), timeout=_SECONDS)

    def names(self, query: str, **more: object) -> list[str]:
        return [result.company.legal_name for result in self.search(query, None, **more).results]


@pytest.fixture(scope="module")
def companies(server: RunningServer) -> _Companies:
    made = _Companies(server)
    for company in _COMPANIES:
        made.create(company)
    return made


class TestSearch:
    def test_results_carry_the_company_the_score_and_what_fitted(self, companies: _Companies) -> None:
        first, *others = companies.search("mueller maschinenbau").results
        assert first.company.legal_name == first.matched == "Müller Maschinenbau GmbH"
        assert first.company.id
        assert first.company.revision == 1
        assert first.score > 0.98
        assert all(0 < other.score < first.score for other in others)

    def test_a_trading_name_is_named_as_what_fitted(self, companies: _Companies) -> None:
        found = {item.company.legal_name: item.matched for item in companies.search("müllers maschinen").results}
        assert found["Alpenwerk GmbH"] == "Müllers Maschinen"

    def test_an_identifier_comes_first_with_the_score_one(self, companies: _Companies) -> None:
        result = companies.search("1018724").results[0]
        assert (result.company.legal_name, result.score, result.matched) == (
            "Müller Maschinenbau GmbH",
            1.0,
            "0001018724",
        )

    def test_filters_narrow_the_results(self, companies: _Companies) -> None:
        assert set(companies.names("müller maschinen", countries=["AT"])) == {
            "Mueller Maschinenhandel AG",
            "Alpenwerk GmbH",
        }
        dissolved = [company_pb2.COMPANY_STATUS_DISSOLVED]
        assert companies.names("müller maschinen", statuses=dissolved) == ["Mueller Maschinenhandel AG"]
        assert companies.names("müller maschinen", industries=["nace:2899"]) == ["Müller Maschinenbau GmbH"]

    def test_pages_hold_each_result_once(self, companies: _Companies) -> None:
        token, names = "", []
        while True:
            page = companies.search("müller maschinen", page_size=1, page_token=token)
            names += [result.company.legal_name for result in page.results]
            token = page.next_page_token
            if not token:
                break
        assert names == companies.names("müller maschinen")
        assert len(set(names)) == 3

    def test_a_token_of_another_search_is_refused_with_its_reason(self, companies: _Companies) -> None:
        token = companies.search("müller maschinen", page_size=1).next_page_token
        with pytest.raises(grpc.RpcError) as refused:
            companies.search("müller", page_size=1, page_token=token)
        status = rpc_status.from_call(cast("grpc.Call", refused.value))
        info = error_details_pb2.ErrorInfo()
        assert status is not None
        assert any(detail.Unpack(info) for detail in status.details)
        assert info.reason == "INVALID_PAGE_TOKEN"

    def test_another_tenant_finds_nothing(self, companies: _Companies, other_tenant_key: str) -> None:
        for query in ("müller maschinen", "1018724"):
            assert list(companies.search(query, other_tenant_key).results) == []

    def test_a_change_shows_in_the_next_search(self, companies: _Companies, server: RunningServer) -> None:
        made = companies.create(company_pb2.Company(legal_name="Quillfeather Ltd"))
        assert companies.names("quilfeather") == ["Quillfeather Ltd"]
        request = company_service_pb2.DeleteCompanyRequest(id=made.id)
        companies.stub.DeleteCompany(request, metadata=server.metadata(), timeout=_SECONDS)
        assert companies.names("quilfeather") == []
