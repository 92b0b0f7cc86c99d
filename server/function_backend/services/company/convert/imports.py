"""The messages of an import stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from function.company.v1 import company_service_pb2 as wire
from function_backend.kernel.errors import FieldViolation
from function_backend.services.company.convert.company_out import document_of_message
from function_backend.services.company.convert.requests import OUT_OF_RANGE, draft, moment_of
from function_backend.services.company.domain.importing import (
    ImportPlan,
    ImportRejection,
    ImportRow,
    ImportStep,
    ImportSummary,
)


def import_steps(requests: Iterable[wire.ImportCompaniesRequest]) -> Iterator[ImportStep]:
    """The steps of the stream, each read when it is asked for."""
    for request in requests:
        plan = import_plan(request.config) if request.HasField("config") else None
        end = request.end.row_count if request.HasField("end") else None
        rows = request.batch.rows
        whole = partial(request.SerializeToString, deterministic=True)
        yield ImportStep(plan, end, len(rows), map(import_row, rows), whole)


def import_response(summary: ImportSummary) -> bytes:
    """What the import did."""
    rejections = summary.rejections
    return wire.ImportCompaniesResponse(
        row_count=summary.rows,
        created_count=summary.created,
        updated_count=summary.updated,
        unchanged_count=summary.unchanged,
        rejected_count=len(rejections),
        rejections=[import_rejection(item) for item in rejections],
    ).SerializeToString()


def import_rejection(item: ImportRejection) -> wire.ImportRejection:
    """A rejected row."""
    return wire.ImportRejection(row=item.row, reason=item.reason, field=item.field, description=item.description)


def import_plan(config: wire.ImportConfig) -> ImportPlan:
    """How to import."""
    return ImportPlan(
        match_scheme=config.match_scheme,
        source=config.source,
        request_id=config.request_id,
        validate_only=config.validate_only,
    )


def import_row(row: wire.ImportRow) -> ImportRow:
    """The row as the caller wrote it."""
    company = draft(row.company)
    valid_from = None
    if row.HasField("valid_from"):
        try:
            valid_from = moment_of(row.valid_from)
        except OverflowError:
            # A fault of the row, which stops no other.
            company.checks.violations.append(FieldViolation("valid_from", OUT_OF_RANGE))
    return ImportRow(row.row, row.company.id, company, valid_from, partial(document_of_message, row.company))
