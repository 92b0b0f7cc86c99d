"""Calls of the methods of imports and exports behind an answer, as one caller makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import grpc
import pytest
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.company.v1 import (
    company_pb2,
    company_service_pb2,
    company_service_pb2_grpc,
    transfer_service_pb2,
    transfer_service_pb2_grpc,
)
from function.jobs.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc
from tests.fixtures.server import RunningServer

_SECONDS = 60
_OVER = {job_pb2.JOB_STATE_SUCCEEDED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED}


def a_row(number: int, **fields: object) -> company_service_pb2.ImportRow:
    """A row whose company is found by its CIK."""
    wanted = {"legal_name": f"Company {number}", "identifiers": [{"scheme": "us-cik", "value": str(number)}], **fields}
    return company_service_pb2.ImportRow(row=number, company=company_pb2.Company(**wanted))  # type: ignore[arg-type]


def messages(
    *batches: Sequence[company_service_pb2.ImportRow], **config: object
) -> list[transfer_service_pb2.UploadImportRequest]:
    """The messages of a whole upload."""
    plan = company_service_pb2.ImportConfig(**{"match_scheme": "us-cik", **config})  # type: ignore[arg-type]
    upload = [transfer_service_pb2.UploadImportRequest(config=plan)]
    upload += [
        transfer_service_pb2.UploadImportRequest(batch=company_service_pb2.ImportBatch(rows=rows)) for rows in batches
    ]
    end = company_service_pb2.ImportEnd(row_count=sum(map(len, batches)))
    return [*upload, transfer_service_pb2.UploadImportRequest(end=end)]


def reason_of(call: Callable[[], object]) -> str:
    """Why the call is refused."""
    with pytest.raises(grpc.RpcError) as refused:
        call()
    status = rpc_status.from_call(cast("grpc.Call", refused.value))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason


@dataclass(frozen=True)
class TransferCaller:
    """A caller, by its key or token."""

    server: RunningServer
    key: str

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return self.server.metadata(self.key)

    @property
    def transfers(self) -> transfer_service_pb2_grpc.TransferServiceStub:
        return transfer_service_pb2_grpc.TransferServiceStub(self.server.channel)

    def upload(
        self, *batches: Sequence[company_service_pb2.ImportRow], **config: object
    ) -> transfer_service_pb2.UploadImportResponse:
        return self.send(messages(*batches, **config))

    def send(
        self, upload: Sequence[transfer_service_pb2.UploadImportRequest] | Iterator[object]
    ) -> transfer_service_pb2.UploadImportResponse:
        return self.transfers.UploadImport(iter(upload), metadata=self.metadata, timeout=_SECONDS)  # type: ignore[arg-type]

    def imported(
        self, *batches: Sequence[company_service_pb2.ImportRow], **config: object
    ) -> transfer_service_pb2.ImportSummary:
        """What an upload came to."""
        return self.summary(self.upload(*batches, **config).operation)

    def summary(self, operation: str) -> transfer_service_pb2.ImportSummary:
        assert self.wait(operation).state == job_pb2.JOB_STATE_SUCCEEDED
        found = operations_pb2_grpc.OperationsStub(self.server.channel).GetOperation(
            operations_pb2.GetOperationRequest(name=operation), metadata=self.metadata, timeout=_SECONDS
        )
        summary = transfer_service_pb2.ImportSummary()
        assert found.response.Unpack(summary)
        return summary

    def rejections(self, operation: str, *, page_size: int = 0) -> list[list[company_service_pb2.ImportRejection]]:
        """The pages."""
        pages, token = [], ""
        while True:
            request = transfer_service_pb2.ListImportRejectionsRequest(
                id=id_of(operation), page_size=page_size, page_token=token
            )
            page = self.transfers.ListImportRejections(request, metadata=self.metadata, timeout=_SECONDS)
            pages.append(list(page.rejections))
            token = page.next_page_token
            if not token:
                return pages

    def start_export(self, filter: str = "", **fields: object) -> str:
        request = transfer_service_pb2.StartExportRequest(filter=filter, **fields)  # type: ignore[arg-type]
        return self.transfers.StartExport(request, metadata=self.metadata, timeout=_SECONDS).operation

    def exported(self, filter: str = "", **fields: object) -> list[company_pb2.Company]:
        """The companies of an export."""
        operation = self.start_export(filter, **fields)
        assert self.wait(operation).state == job_pb2.JOB_STATE_SUCCEEDED
        return [company for part in self.download(operation) for company in part.companies]

    def download(self, operation: str, *, resume_token: str = "") -> list[transfer_service_pb2.DownloadExportResponse]:
        request = transfer_service_pb2.DownloadExportRequest(id=id_of(operation), resume_token=resume_token)
        return list(self.transfers.DownloadExport(request, metadata=self.metadata, timeout=_SECONDS))

    def wait(self, operation: str) -> job_pb2.Job:
        """The job when it is over."""
        request = job_service_pb2.WatchJobRequest(id=id_of(operation))
        stub = job_service_pb2_grpc.JobServiceStub(self.server.channel)
        for told in stub.WatchJob(request, metadata=self.metadata, timeout=_SECONDS):
            if told.job.state in _OVER:
                return told.job
        pytest.fail("the stream ended before the job")

    def cancel(self, operation: str) -> None:
        operations_pb2_grpc.OperationsStub(self.server.channel).CancelOperation(
            operations_pb2.CancelOperationRequest(name=operation), metadata=self.metadata, timeout=_SECONDS
        )

    def companies(self, filter: str = "", *, show_deleted: bool = False) -> list[company_pb2.Company]:
        """All that the caller may export, by the stream that answers at once."""
        request = company_service_pb2.ExportCompaniesRequest(filter=filter, show_deleted=show_deleted)
        stub = company_service_pb2_grpc.CompanyServiceStub(self.server.channel)
        return [
            company
            for batch in stub.ExportCompanies(request, metadata=self.metadata, timeout=_SECONDS)
            for company in batch.companies
        ]


def id_of(operation: str) -> str:
    """The id of the job, which is that of the import or export."""
    return operation.removeprefix("operations/")
