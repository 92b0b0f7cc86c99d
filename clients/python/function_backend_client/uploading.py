"""The messages of an upload: the configuration, bounded batches, the end. Pure; shared by both clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from function.company.v1 import company_pb2, company_service_pb2, transfer_service_pb2
from function_backend_client.shipments import ImportOptions

Row = company_service_pb2.ImportRow | company_pb2.Company
Told = Callable[[int], object]
"""Is told how many rows have been sent."""

UPLOAD_SECONDS = 3600.0
"""How long an upload may take when the caller says nothing: it is one stream, however many rows there are."""


def config_message(
    match_scheme: str, source: str, request_id: str, *, validate_only: bool
) -> transfer_service_pb2.UploadImportRequest:
    """The first message."""
    config = company_service_pb2.ImportConfig(
        match_scheme=match_scheme, source=source, request_id=request_id, validate_only=validate_only
    )
    return transfer_service_pb2.UploadImportRequest(config=config)


class Batches:
    """Gathers rows into messages."""

    def __init__(self, options: ImportOptions, told: Told | None) -> None:
        self._options = options
        self._told = told
        self._rows: list[company_service_pb2.ImportRow] = []
        self._bytes = 0
        self._received = 0
        self._sent = 0

    def add(self, row: Row) -> Iterator[transfer_service_pb2.UploadImportRequest]:
        """Takes a row; yields the message that is full before it. Companies are numbered from 1.

        Raises ValueError for a row that fits into no message.
        """
        self._received += 1
        if not isinstance(row, company_service_pb2.ImportRow):
            row = company_service_pb2.ImportRow(row=self._received, company=row)
        size, limit = row.ByteSize(), self._options.batch_bytes
        if size > limit:
            raise ValueError(f"row {row.row} is {size:,} bytes; one message carries at most {limit:,}")
        if self._rows and (len(self._rows) == self._options.batch_rows or self._bytes + size > limit):
            yield from self._flush()
        self._rows.append(row)
        self._bytes += size

    def end(self) -> Iterator[transfer_service_pb2.UploadImportRequest]:
        """Yields the last messages: what is left, and that this was all. Not to be asked for when anything failed."""
        yield from self._flush()
        yield transfer_service_pb2.UploadImportRequest(end=company_service_pb2.ImportEnd(row_count=self._sent))

    def _flush(self) -> Iterator[transfer_service_pb2.UploadImportRequest]:
        if self._rows:
            yield transfer_service_pb2.UploadImportRequest(batch=company_service_pb2.ImportBatch(rows=self._rows))
            self._sent += len(self._rows)
            self._rows, self._bytes = [], 0
            if self._told is not None:
                self._told(self._sent)
