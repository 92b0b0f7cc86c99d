"""Imports and exports that go on behind an answer, through the asynchronous client."""

from __future__ import annotations

from collections.abc import AsyncIterator

from function.company.v1 import company_service_pb2, transfer_service_pb2, transfer_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.aio_importing import ImportRows, each_of
from function_backend_client.exporting import AsyncExport
from function_backend_client.operations import job_id
from function_backend_client.pages import AsyncPager, Page
from function_backend_client.shipments import ImportOptions
from function_backend_client.uploading import UPLOAD_SECONDS, Batches, Told, config_message


class AsyncTransfers:
    """Imports and exports as jobs. Every method raises FunctionBackendError where the service refuses.

    Wait for one with `operations.wait(operation)`. What was uploaded and what came out is kept for a week.
    """

    def __init__(self, stub: transfer_service_pb2_grpc.TransferServiceAsyncStub) -> None:
        self._stub = stub

    async def upload(
        self,
        rows: ImportRows,
        *,
        match_scheme: str,
        source: str = "",
        validate_only: bool = False,
        options: ImportOptions | None = None,
        on_progress: Told | None = None,
        request_id: str | None = None,
        timeout: float = UPLOAD_SECONDS,
    ) -> transfer_service_pb2.UploadImportResponse:
        """Uploads the rows of an import, which the service carries out afterwards; its operation and their number.

        Rows count as in `companies.import_`; what is rejected is in `rejections`. An upload that breaks imports
        nothing: upload again. With a `request_id` of yours, an upload that has arrived is not taken a second time.
        `on_progress` is told how many rows have been sent.
        """
        first = config_message(match_scheme, source, requests.new_request_id(request_id), validate_only=validate_only)
        messages = _messages(first, rows, Batches(options or ImportOptions(), on_progress))
        return await self._stub.UploadImport(messages, timeout=timeout)

    def rejections(
        self, operation: str, *, page_size: int = 0, page_token: str = "", timeout: float | None = None
    ) -> AsyncPager[company_service_pb2.ImportRejection]:
        """The rows that an import rejected so far, in the order of the upload."""
        request = transfer_service_pb2.ListImportRejectionsRequest(id=job_id(operation), page_size=page_size)

        async def fetch(token: str) -> Page[company_service_pb2.ImportRejection]:
            response = await self._stub.ListImportRejections(requests.at_page(request, token), timeout=timeout)
            return Page(response.rejections, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def start_export(
        self,
        *,
        filter: str = "",
        show_deleted: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> str:
        """Asks for an export of the companies that fit a filter; the name of its operation."""
        request = transfer_service_pb2.StartExportRequest(
            filter=filter, show_deleted=show_deleted, request_id=requests.new_request_id(request_id)
        )
        return (await self._stub.StartExport(request, timeout=timeout)).operation

    def download(self, operation: str, *, resume_token: str = "", timeout: float | None = None) -> AsyncExport:
        """The companies of an export that is over, in order of id. A broken stream is taken up again."""
        request = transfer_service_pb2.DownloadExportRequest(id=job_id(operation), resume_token=resume_token)
        return AsyncExport(self._stub.DownloadExport, request, timeout=timeout)


async def _messages(
    first: transfer_service_pb2.UploadImportRequest, rows: ImportRows, batches: Batches
) -> AsyncIterator[transfer_service_pb2.UploadImportRequest]:
    yield first
    async for row in each_of(rows):
        for message in batches.add(row):
            yield message
    for message in batches.end():
        yield message
