"""The messages of imports and exports behind an answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from function.company.v1 import company_service_pb2, transfer_events_pb2
from function.company.v1 import transfer_service_pb2 as wire
from function_backend.services.company.convert.framing import text
from function_backend.services.company.convert.imports import import_plan, import_rejection, import_row
from function_backend.services.company.domain.importing import ImportRejection, ImportRow
from function_backend.services.company.domain.transfer import ExportPlan, ImportCounts
from function_backend.services.company.events import ExportRequested, ImportRequested
from function_backend.services.company.service.transfers import operation
from function_backend.services.company.service.upload_import import UploadStep

_TOKEN = 2


def upload_steps(requests: Iterable[wire.UploadImportRequest]) -> Iterator[UploadStep]:
    """The steps of the upload, each read when it is asked for."""
    for request in requests:
        if request.HasField("config"):
            plan = import_plan(request.config)
            yield UploadStep(plan, None, 0, request.config.SerializeToString(deterministic=True))
        elif request.HasField("end"):
            yield UploadStep(None, request.end.row_count, 0, b"")
        else:
            batch = request.batch
            yield UploadStep(None, None, len(batch.rows), batch.SerializeToString(deterministic=True))


def rows_of(content: bytes) -> Iterator[ImportRow]:
    """The rows of a batch as it was sent."""
    return map(import_row, company_service_pb2.ImportBatch.FromString(content).rows)


def upload_response(transfer_id: UUID, row_count: int) -> bytes:
    """What was taken."""
    return wire.UploadImportResponse(operation=operation(transfer_id), row_count=row_count).SerializeToString()


def import_summary(counts: ImportCounts, validate_only: bool) -> bytes:  # noqa: FBT001 - as the job calls it
    """What the import did."""
    return wire.ImportSummary(
        row_count=counts.rows,
        created_count=counts.created,
        updated_count=counts.updated,
        unchanged_count=counts.unchanged,
        rejected_count=counts.rejected,
        validate_only=validate_only,
    ).SerializeToString()


def rejections(page: Sequence[ImportRejection], next_page_token: str) -> wire.ListImportRejectionsResponse:
    """One page of rejections."""
    return wire.ListImportRejectionsResponse(
        rejections=[import_rejection(item) for item in page], next_page_token=next_page_token
    )


def export_plan(request: wire.StartExportRequest) -> ExportPlan:
    """What to export."""
    return ExportPlan(filter=request.filter, with_deleted=request.show_deleted)


def start_response(transfer_id: UUID) -> wire.StartExportResponse:
    """The operation of an export."""
    return wire.StartExportResponse(operation=operation(transfer_id))


def export_summary(company_count: int) -> bytes:
    """What the export wrote down."""
    return wire.ExportSummary(company_count=company_count).SerializeToString()


def download_response(content: bytes, resume_token: str) -> bytes:
    """A `DownloadExportResponse` of companies that are put together already."""
    return content + text(_TOKEN, resume_token)


def import_requested(happened: ImportRequested) -> bytes:
    """The payload of the event."""
    plan = happened.plan
    return transfer_events_pb2.ImportRequested(
        id=str(happened.subject_id),
        match_scheme=plan.match_scheme,
        source=plan.source,
        row_count=happened.row_count,
        validate_only=plan.validate_only,
    ).SerializeToString()


def export_requested(happened: ExportRequested) -> bytes:
    """The payload of the event."""
    plan = happened.plan
    return transfer_events_pb2.ExportRequested(
        id=str(happened.subject_id), filter=plan.filter, show_deleted=plan.with_deleted
    ).SerializeToString()
