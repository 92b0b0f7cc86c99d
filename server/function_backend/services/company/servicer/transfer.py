"""Imports and exports behind an answer over gRPC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from function.company.v1 import transfer_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.services.company.convert import requests, transfers
from function_backend.services.company.service.download_export import DownloadExport
from function_backend.services.company.service.import_rejections import ListImportRejections
from function_backend.services.company.service.start_export import StartExport
from function_backend.services.company.service.upload_import import UploadImport


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferUseCases:
    """What the servicer calls."""

    upload: UploadImport
    rejections: ListImportRejections
    start: StartExport
    download: DownloadExport


class TransferServicer:
    """`function.company.v1.TransferService`."""

    def __init__(self, use_cases: TransferUseCases) -> None:
        self._do = use_cases

    def UploadImport(self, stream: Iterable[wire.UploadImportRequest], call: Call) -> bytes:
        return self._do.upload.run(transfers.upload_steps(stream), call)

    def ListImportRejections(
        self, request: wire.ListImportRejectionsRequest, call: Call
    ) -> wire.ListImportRejectionsResponse:
        page, token = self._do.rejections.list_page(
            requests.company_id(request.id), page_size=request.page_size, page_token=request.page_token
        )
        return transfers.rejections(page, token)

    def StartExport(self, request: wire.StartExportRequest, call: Call) -> wire.StartExportResponse:
        return transfers.start_response(self._do.start.start(transfers.export_plan(request)))

    def DownloadExport(self, request: wire.DownloadExportRequest, call: Call) -> Iterator[bytes]:
        parts = self._do.download.download(
            requests.company_id(request.id), resume_token=request.resume_token, call=call
        )
        return (transfers.download_response(part.content, part.resume_token) for part in parts)
