"""Writing the audit trail to a file, from a stream that is taken up again where it broke."""

from __future__ import annotations

import gzip
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from function.audit.v1 import audit_service_pb2
from function_backend_client.audit_trail import lines
from function_backend_client.errors import FunctionBackendError
from function_backend_client.import_progress import wait_before
from function_backend_client.surfaces.audit import Audit

_ATTEMPTS = 8
_BATCH = 1_000


class AuditExport:
    """An export as the lines of its file: `AuditExport(client.audit)`."""

    def __init__(
        self, audit: Audit, *, after_seq: int = 0, batch_size: int = _BATCH, timeout: float | None = None
    ) -> None:
        """`after_seq` leaves out what stands before the newest checkpoint at that record or earlier."""
        self._audit = audit
        self._after_seq = after_seq
        self._batch_size = batch_size
        self._timeout = timeout
        self.bounds: audit_service_pb2.AuditExportBounds | None = None
        """Where it begins and ends; None before the first batch."""
        self.record_count = 0
        """How many records it had so far."""

    def batches(self) -> Iterator[audit_service_pb2.ExportAuditRecordsResponse]:
        """The batches. Raises FunctionBackendError when the service refuses, or stays away."""
        token, failures = "", 0
        while True:
            try:
                for batch in self._audit.export(
                    after_seq=self._after_seq,
                    batch_size=self._batch_size,
                    resume_token=token,
                    timeout=self._timeout,
                ):
                    yield batch
                    token, failures = batch.resume_token, 0
                return
            except FunctionBackendError as error:
                failures += 1
                wait = wait_before(failures, error)
                if wait is None or failures >= _ATTEMPTS:
                    raise
            time.sleep(wait.total_seconds())

    def lines(self) -> Iterator[str]:
        """The lines of the file, each with its end."""
        for batch in self.batches():
            if self.bounds is None:
                self.bounds = batch.bounds
                yield lines.header_line(batch.bounds) + "\n"
            checkpoints = list(batch.checkpoints)
            while checkpoints and (not batch.records or checkpoints[0].seq < batch.records[0].seq):
                yield lines.checkpoint_line(checkpoints.pop(0)) + "\n"
            for record in batch.records:
                self.record_count += 1
                yield lines.record_line(record) + "\n"
                while checkpoints and checkpoints[0].seq == record.seq:
                    yield lines.checkpoint_line(checkpoints.pop(0)) + "\n"


def write_export(
    export: AuditExport, path: Path | str, *, moved: Callable[[AuditExport], None] | None = None
) -> AuditExport:
    """Writes the export into a new file, compressed when its name ends with `.gz`; there is none when it fails.

    `moved` is told after every thousand lines. Raises FunctionBackendError, OSError.
    """
    target = Path(path)
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("wb") as file:
            # Without the time in it, the same trail is the same file.
            raw = gzip.GzipFile("", "wb", 6, file, mtime=0) if target.suffix == ".gz" else file
            with io.TextIOWrapper(raw, encoding="utf-8", newline="\n") as text:
                for number, line in enumerate(export.lines(), 1):
                    text.write(line)
                    if moved is not None and number % 1_000 == 0:
                        moved(export)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    if moved is not None:
        moved(export)
    return export
