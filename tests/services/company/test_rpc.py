from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import cast
from uuid import uuid4

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.company.v1 import company_pb2, company_service_pb2, company_service_pb2_grpc
from tests.factories.company import a_full_message, a_message, lei
from tests.fixtures.server import RunningServer, StartServer

_SECONDS = 60
# A change reaches a cache within milliseconds; the rest is patience for a busy machine.
_PATIENCE = 60


def stub(server: RunningServer) -> company_service_pb2_grpc.CompanyServiceStub:
    return company_service_pb2_grpc.CompanyServiceStub(server.channel)


def create(server: RunningServer, message: company_pb2.Company | None = None) -> company_pb2.Company:
    request = company_service_pb2.CreateCompanyRequest(company=message or a_message())
    return stub(server).CreateCompany(request, metadata=server.metadata(), timeout=_SECONDS).company


def get(server: RunningServer, company_id: str, key: str | None = None, **metadata: str) -> company_pb2.Company:
    request = company_service_pb2.GetCompanyRequest(id=company_id)
    return stub(server).GetCompany(request, metadata=server.metadata(key, **metadata), timeout=_SECONDS).company


def reason_of(error: grpc.RpcError) -> str:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason


def import_messages(
    rows: list[company_service_pb2.ImportRow], **config: object
) -> Iterator[company_service_pb2.ImportCompaniesRequest]:
    plan = company_service_pb2.ImportConfig(**{"match_scheme": "lei", **config})  # type: ignore[arg-type]
    yield company_service_pb2.ImportCompaniesRequest(config=plan)
    yield company_service_pb2.ImportCompaniesRequest(batch=company_service_pb2.ImportBatch(rows=rows))


def until(holds: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < ends_at
        time.sleep(0.01)


class TestReading:
    def test_a_company_is_read_as_it_was_created(self, server: RunningServer) -> None:
        created = create(server, a_full_message())
        assert get(server, created.id) == created

    def test_the_same_id_is_nothing_to_another_tenant(self, server: RunningServer, other_tenant_key: str) -> None:
        created = create(server)
        with pytest.raises(grpc.RpcError) as refused:
            get(server, created.id, other_tenant_key)
        assert (refused.value.code(), reason_of(refused.value)) == (grpc.StatusCode.NOT_FOUND, "COMPANY_NOT_FOUND")

    def test_a_caller_with_the_token_of_a_change_sees_it_at_once(self, server: RunningServer) -> None:
        created = create(server)
        for number in range(20):
            get(server, created.id)
            change = company_pb2.Company(id=created.id, legal_name=f"Name {number}")
            _, call = stub(server).UpdateCompany.with_call(
                company_service_pb2.UpdateCompanyRequest(company=change), metadata=server.metadata(), timeout=_SECONDS
            )
            token = str(dict(call.trailing_metadata())["function-consistency-token"])
            found = get(server, created.id, function_consistency_token=token)
            assert found.legal_name == f"Name {number}"

    def test_everybody_else_sees_it_soon(self, server: RunningServer) -> None:
        created = create(server)
        get(server, created.id)
        change = company_pb2.Company(id=created.id, legal_name="New")
        stub(server).UpdateCompany(
            company_service_pb2.UpdateCompanyRequest(company=change), metadata=server.metadata(), timeout=_SECONDS
        )
        until(lambda: get(server, created.id).legal_name == "New")

    def test_an_import_empties_the_cache_of_its_tenant(self, start_server: StartServer) -> None:
        server = start_server(settings={"company.cached_for": "1h"})
        created = create(server, a_message(identifiers=[company_pb2.Identifier(scheme="lei", value=lei(5))]))
        get(server, created.id)
        changed = a_message(legal_name="New", identifiers=[company_pb2.Identifier(scheme="lei", value=lei(5))])
        rows = [company_service_pb2.ImportRow(row=1, company=changed)]
        answer = stub(server).ImportCompanies(import_messages(rows), metadata=server.metadata(), timeout=_SECONDS)
        assert answer.updated_count == 1
        until(lambda: get(server, created.id).legal_name == "New")


class TestChanging:
    def test_a_repeated_create_gives_the_first_answer(self, server: RunningServer) -> None:
        request = company_service_pb2.CreateCompanyRequest(company=a_message(), request_id=str(uuid4()))
        first, second = (
            stub(server).CreateCompany(request, metadata=server.metadata(), timeout=_SECONDS) for _ in range(2)
        )
        assert first == second

    def test_a_rehearsal_answers_and_does_nothing(self, server: RunningServer) -> None:
        request = company_service_pb2.CreateCompanyRequest(company=a_message(), validate_only=True)
        rehearsed = stub(server).CreateCompany(request, metadata=server.metadata(), timeout=_SECONDS).company
        assert rehearsed.legal_name == "Acme Holdings, Inc."
        with pytest.raises(grpc.RpcError) as missing:
            get(server, rehearsed.id)
        assert missing.value.code() is grpc.StatusCode.NOT_FOUND

    def test_a_company_with_a_hundred_faults_still_gets_its_answer(self, server: RunningServer) -> None:
        message = a_message(identifiers=[company_pb2.Identifier(scheme="lei", value="x" * 128)] * 100)
        with pytest.raises(grpc.RpcError) as refused:
            create(server, message)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert reason_of(refused.value) == "INVALID_REQUEST"


class TestStreams:
    def test_rows_come_in_and_go_out_again(self, server: RunningServer) -> None:
        rows = [
            company_service_pb2.ImportRow(
                row=number,
                company=a_message(
                    labels={"import": "1"}, identifiers=[company_pb2.Identifier(scheme="lei", value=lei(1000 + number))]
                ),
            )
            for number in range(300)
        ]
        rows[7].company.legal_name = "a\x00b"
        rows[8].company.ClearField("legal_name")
        answer = stub(server).ImportCompanies(import_messages(rows), metadata=server.metadata(), timeout=_SECONDS)
        assert (answer.row_count, answer.created_count) == (300, 298)
        assert [(item.row, item.field) for item in answer.rejections] == [
            (7, "company.legal_name"),
            (8, "company.legal_name"),
        ]
        request = company_service_pb2.ExportCompaniesRequest(filter="labels.import = 1", batch_size=100)
        batches = list(stub(server).ExportCompanies(request, metadata=server.metadata(), timeout=_SECONDS))
        assert [len(batch.companies) for batch in batches] == [100, 100, 98]

    def test_pages_of_large_companies_end_before_a_message_would_be_too_large(
        self, server: RunningServer, other_tenant_key: str
    ) -> None:
        metadata = server.metadata(other_tenant_key)
        rows = [company_service_pb2.ImportRow(row=number, company=a_message()) for number in range(300)]
        for number, row in enumerate(rows):
            row.company.identifiers.add(scheme="lei", value=lei(9000 + number))
            row.company.attributes["text"] = "x" * 16_000
        for part in (rows[:150], rows[150:]):
            answer = stub(server).ImportCompanies(import_messages(part), metadata=metadata, timeout=_SECONDS)
            assert answer.created_count == 150

        sizes: list[int] = []
        token = ""
        while not sizes or token:
            asked = company_service_pb2.ListCompaniesRequest(page_size=1000, page_token=token)
            page = stub(server).ListCompanies(asked, metadata=metadata, timeout=_SECONDS)
            sizes.append(len(page.companies))
            token = page.next_page_token
        assert sum(sizes) == 300
        assert len(sizes) == 2
        request = company_service_pb2.ExportCompaniesRequest(batch_size=1000)
        batches = list(stub(server).ExportCompanies(request, metadata=metadata, timeout=_SECONDS))
        assert [len(batch.companies) for batch in batches] == sizes

    def test_a_caller_who_leaves_an_export_ends_it(self, server: RunningServer) -> None:
        # More than a connection holds on the way to somebody who does not read: else the end is there already.
        rows = [company_service_pb2.ImportRow(row=number, company=a_message()) for number in range(450)]
        for number, row in enumerate(rows):
            row.company.identifiers.add(scheme="lei", value=lei(20_000 + number))
            row.company.attributes["text"] = "x" * 16_000
        for begin in range(0, len(rows), 150):
            part = import_messages(rows[begin : begin + 150])
            stub(server).ImportCompanies(part, metadata=server.metadata(), timeout=_SECONDS)
        request = company_service_pb2.ExportCompaniesRequest(batch_size=100)
        stream = stub(server).ExportCompanies(request, metadata=server.metadata(), timeout=_SECONDS)
        assert next(stream).companies
        stream.cancel()
        with pytest.raises(grpc.RpcError) as ended:
            list(stream)
        assert ended.value.code() is grpc.StatusCode.CANCELLED

    def test_a_wrong_filter_ends_an_export_before_it_begins(self, server: RunningServer) -> None:
        request = company_service_pb2.ExportCompaniesRequest(filter="statsu = ACTIVE")
        with pytest.raises(grpc.RpcError) as refused:
            list(stub(server).ExportCompanies(request, metadata=server.metadata(), timeout=_SECONDS))
        assert reason_of(refused.value) == "INVALID_FILTER"
