"""Exports: every company once, whatever breaks on the way."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from function.company.v1 import company_service_pb2
from function_backend_client import Client, Company, InvalidFilterError, UnavailableError, connect
from tests.fixtures.scripted import ScriptedService, refuse

NAMES = [f"Company {number}" for number in range(10)]


def batches(request: Any, context: grpc.ServicerContext) -> Iterator[company_service_pb2.ExportCompaniesResponse]:
    for start in range(int(request.resume_token or 0), len(NAMES), 2):
        yield company_service_pb2.ExportCompaniesResponse(
            companies=[Company(legal_name=name) for name in NAMES[start : start + 2]], resume_token=str(start + 2)
        )


@pytest.fixture
def client(scripted: ScriptedService) -> Iterator[Client]:
    scripted.on("ExportCompanies", batches)
    with connect(scripted.address) as client:
        yield client


def test_it_gives_every_company(client: Client, scripted: ScriptedService) -> None:
    export = client.companies.export(filter='status = "ACTIVE"', show_deleted=True, batch_size=100)
    assert [company.legal_name for company in export] == NAMES
    request = scripted.received("ExportCompanies")[0].request
    assert (request.filter, request.show_deleted, request.batch_size) == ('status = "ACTIVE"', True, 100)


def test_a_broken_stream_goes_on_after_the_last_batch(client: Client, scripted: ScriptedService) -> None:
    def break_after_two(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        for number, batch in enumerate(batches(request, context)):
            if number == 2 and len(scripted.received("ExportCompanies")) < 3:
                context.abort(grpc.StatusCode.UNAVAILABLE, "connection reset")
            yield batch

    scripted.on("ExportCompanies", break_after_two)
    assert [company.legal_name for company in client.companies.export()] == NAMES
    assert [call.request.resume_token for call in scripted.received("ExportCompanies")] == ["", "4", "8"]


def test_what_was_not_used_up_is_not_passed_over(client: Client) -> None:
    export = client.companies.export()
    for number, _ in enumerate(export.batches()):
        if number == 1:
            break
    resume_token = export.resume_token
    assert resume_token == "2"
    assert [c.legal_name for c in client.companies.export(resume_token=resume_token)] == NAMES[2:]


def test_a_wrong_filter_is_not_tried_again(client: Client, scripted: ScriptedService) -> None:
    scripted.on("ExportCompanies", lambda request, context: refuse(context, "INVALID_FILTER"))
    with pytest.raises(InvalidFilterError):
        list(client.companies.export(filter="?"))
    assert len(scripted.received("ExportCompanies")) == 1


def test_it_gives_up_when_it_never_comes_further(
    client: Client, scripted: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("function_backend_client.exporting._ATTEMPTS", 2)

    def never(request: Any, context: grpc.ServicerContext) -> Any:
        context.abort(grpc.StatusCode.UNAVAILABLE, "gone")

    scripted.on("ExportCompanies", never)
    with pytest.raises(UnavailableError):
        list(client.companies.export())
