"""Lists read on by themselves, and only as far as somebody looks."""

import itertools
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from function.company.v1 import company_pb2, company_service_pb2
from function_backend_client import Client, Company, CompanyStatus, connect
from tests.fixtures.scripted import ScriptedService

NAMES = [f"Company {number}" for number in range(7)]


@pytest.fixture
def client(scripted: ScriptedService) -> Iterator[Client]:
    def list_companies(request: Any, context: grpc.ServicerContext) -> Any:
        start = int(request.page_token or 0)
        end = start + (request.page_size or 3)
        return company_service_pb2.ListCompaniesResponse(
            companies=[Company(legal_name=name) for name in NAMES[start:end]],
            next_page_token=str(end) if end < len(NAMES) else "",
        )

    scripted.on("ListCompanies", list_companies)
    with connect(scripted.address) as client:
        yield client


def test_iterating_gives_every_item_in_order(client: Client) -> None:
    assert [company.legal_name for company in client.companies.list()] == NAMES


def test_the_query_stays_the_same_on_every_page(client: Client, scripted: ScriptedService) -> None:
    list(client.companies.list(filter='status = "ACTIVE"', order_by="legal_name", show_deleted=True, page_size=4))
    sent = [call.request for call in scripted.received("ListCompanies")]
    assert [request.page_token for request in sent] == ["", "4"]
    assert {(request.filter, request.order_by, request.show_deleted, request.page_size) for request in sent} == {
        ('status = "ACTIVE"', "legal_name", True, 4)
    }


def test_no_page_is_fetched_before_its_turn(client: Client, scripted: ScriptedService) -> None:
    pager = client.companies.list()
    assert scripted.received("ListCompanies") == []
    assert len(list(itertools.islice(pager, 3))) == 3
    assert len(scripted.received("ListCompanies")) == 1


def test_pages_come_with_the_token_of_the_next(client: Client) -> None:
    pages = list(client.companies.list().pages())
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [page.next_page_token for page in pages] == ["3", "6", ""]
    assert [company.legal_name for company in pages[2]] == NAMES[6:]


def test_a_list_goes_on_from_a_token(client: Client) -> None:
    page = client.companies.list().page()
    assert [c.legal_name for c in client.companies.list(page_token=page.next_page_token)] == NAMES[3:]


def test_search_and_revisions_are_lists_as_well(client: Client, scripted: ScriptedService) -> None:
    scripted.on(
        "SearchCompanies",
        lambda request, context: company_service_pb2.SearchCompaniesResponse(
            results=[company_service_pb2.CompanySearchResult(score=1.0, matched=request.query)]
        ),
    )
    scripted.on(
        "ListCompanyRevisions",
        lambda request, context: company_service_pb2.ListCompanyRevisionsResponse(
            revisions=[company_service_pb2.CompanyRevision(revision=2), company_service_pb2.CompanyRevision(revision=1)]
        ),
    )
    found = list(
        client.companies.search(
            "aar", countries=["US"], statuses=[CompanyStatus.COMPANY_STATUS_ACTIVE], industries=["sic:3720"]
        )
    )
    assert [result.matched for result in found] == ["aar"]
    assert [revision.revision for revision in client.companies.revisions("x")] == [2, 1]
    request = scripted.received("SearchCompanies")[0].request
    assert (list(request.countries), list(request.statuses), list(request.industries)) == (
        ["US"],
        [company_pb2.COMPANY_STATUS_ACTIVE],
        ["sic:3720"],
    )
