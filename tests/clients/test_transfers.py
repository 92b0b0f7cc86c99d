"""Imports and exports by jobs through both clients, against the real service."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest

from function.company.v1 import transfer_service_pb2
from function.jobs.v1 import job_pb2
from function_backend_client import (
    Client,
    Company,
    Identifier,
    ImportOptions,
    ImportRow,
    RequestIdReusedError,
    TransferNotFoundError,
    connect,
    connect_async,
)
from function_backend_client.uploading import Batches
from tests.fixtures.principals import make_tenant
from tests.fixtures.serve import Serve
from tests.fixtures.server import RunningServer

NOBODY = "operations/01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11"


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    with connect(server.target, api_key=make_tenant(server)) as client:
        yield client


def row(number: int, **fields: object) -> ImportRow:
    identifiers = [Identifier(scheme="us-cik", value=str(number))]
    company = Company(legal_name=f"Company {number}", identifiers=identifiers, **fields)  # type: ignore[arg-type]
    return ImportRow(row=number, company=company)


class TestUploads:
    def test_rows_go_up_come_to_a_summary_and_come_down_again(self, client: Client) -> None:
        told: list[int] = []
        taken = client.transfers.upload(
            (row(number, jurisdiction="XX" if number == 7 else "DE") for number in range(1, 11)),
            match_scheme="us-cik",
            options=ImportOptions(batch_rows=4),
            on_progress=told.append,
        )
        assert (taken.row_count, told) == (10, [4, 8, 10])
        client.operations.wait(taken.operation)
        summary = client.operations.result(taken.operation, transfer_service_pb2.ImportSummary())
        assert (summary.created_count, summary.rejected_count) == (9, 1)
        assert [each.row for each in client.transfers.rejections(taken.operation, page_size=1)] == [7]
        operation = client.transfers.start_export(filter='legal_name = "Company 1*"')
        client.operations.wait(operation)
        exported = client.operations.result(operation, transfer_service_pb2.ExportSummary())
        found = [company.legal_name for company in client.transfers.download(operation)]
        assert (exported.company_count, sorted(found)) == (2, ["Company 1", "Company 10"])

    def test_companies_without_rows_are_numbered_from_one(self, client: Client) -> None:
        companies = [Company(legal_name="No identifier"), row(2).company, Company(legal_name="None here either")]
        taken = client.transfers.upload(companies, match_scheme="us-cik")
        client.operations.wait(taken.operation)
        assert [each.row for each in client.transfers.rejections(taken.operation)] == [1, 3]

    def test_the_same_request_id_uploads_once(self, client: Client) -> None:
        request_id = "5f0c8f9a-6e0b-4a0f-8d55-7c1d1f1c7a10"
        first = client.transfers.upload([row(1)], match_scheme="us-cik", request_id=request_id)
        assert client.transfers.upload([row(1)], match_scheme="us-cik", request_id=request_id) == first
        with pytest.raises(RequestIdReusedError):
            client.transfers.upload([row(2)], match_scheme="us-cik", request_id=request_id)

    def test_a_message_is_full_by_its_rows_or_its_bytes(self) -> None:
        for options in (ImportOptions(batch_rows=3), ImportOptions(batch_bytes=3 * row(1).ByteSize())):
            batches = Batches(options, None)
            sent = [message for number in range(1, 8) for message in batches.add(row(number))] + [*batches.end()]
            last = sent.pop()
            assert [[each.row for each in message.batch.rows] for message in sent] == [[1, 2, 3], [4, 5, 6], [7]]
            assert last.end.row_count == 7

    def test_a_row_that_fits_no_message_is_named_and_not_sent(self) -> None:
        with pytest.raises(ValueError, match=r"row 5 is [\d,]+ bytes; one message carries at most 20"):
            [*Batches(ImportOptions(batch_bytes=20), None).add(row(5))]


class TestFailures:
    def test_what_is_not_there_or_not_ready_is_an_exception_of_its_own(self, client: Client) -> None:
        with pytest.raises(TransferNotFoundError):
            list(client.transfers.rejections(NOBODY))
        with pytest.raises(TransferNotFoundError):
            list(client.transfers.download(NOBODY))
        operation = client.transfers.start_export()
        client.operations.wait(operation)
        with pytest.raises(LookupError, match=r"came to a function.company.v1.ExportSummary"):
            client.operations.result(operation, transfer_service_pb2.ImportSummary())


def test_an_import_loses_and_repeats_no_batch_when_its_processes_are_killed(serve: Serve) -> None:
    process = serve("--workers", "2", FUNCTION_BACKEND_JOBS_LEASE="2s")
    count = 4_000
    with connect(f"127.0.0.1:{process.port}", api_key=process.admin_key) as client:
        rows = (row(number) for number in range(1, count + 1))
        taken = client.transfers.upload(rows, match_scheme="us-cik", options=ImportOptions(batch_rows=20))
        killed_at: list[int] = []

        def watch(job: job_pb2.Job) -> None:
            if len(killed_at) < 2 and job.progress.done > (killed_at[-1] if killed_at else 0):
                killed_at.append(job.progress.done)
                for pid in process.workers():
                    os.kill(pid, signal.SIGKILL)

        client.operations.wait(taken.operation, progress=watch)
        summary = client.operations.result(taken.operation, transfer_service_pb2.ImportSummary())
        assert (summary.row_count, summary.created_count, summary.unchanged_count) == (count, count, 0)
        assert {company.revision for company in client.companies.export()} == {1}
        # It was in the middle of it each time.
        assert len(killed_at) == 2
        assert killed_at[-1] < count


def test_the_asynchronous_client_does_the_same(server: RunningServer) -> None:
    key = make_tenant(server)

    async def rows() -> AsyncIterator[ImportRow]:
        for number in range(1, 8):
            await asyncio.sleep(0)
            yield row(number, jurisdiction="XX" if number == 3 else "DE")

    async def use() -> tuple[int, list[int], list[str]]:
        async with connect_async(server.target, api_key=key) as client:
            taken = await client.transfers.upload(rows(), match_scheme="us-cik", options=ImportOptions(batch_rows=2))
            await client.operations.wait(taken.operation)
            summary = await client.operations.result(taken.operation, transfer_service_pb2.ImportSummary())
            rejected = [each.row async for each in client.transfers.rejections(taken.operation)]
            operation = await client.transfers.start_export()
            await client.operations.wait(operation)
            found = [company.legal_name async for company in client.transfers.download(operation)]
            return summary.created_count, rejected, found

    created, rejected, found = asyncio.run(use())
    assert (created, rejected) == (6, [3])
    assert sorted(found) == [f"Company {number}" for number in (1, 2, 4, 5, 6, 7)]
