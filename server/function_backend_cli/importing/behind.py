"""`import --job`: the rows go up in one stream, a job imports them, and what it rejected is seen to afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from function.company.v1 import transfer_service_pb2
from function_backend_cli.connection import Session
from function_backend_cli.importing.droppable import Droppable
from function_backend_cli.importing.journal import Journal
from function_backend_cli.importing.rejects import RejectsFile
from function_backend_cli.importing.run import Importer, Outcome, Watcher
from function_backend_cli.importing.sources import Read, Source
from function_backend_cli.job_bar import wait_for
from function_backend_client import ImportOptions, ImportProgress, ImportRow
from function_backend_client.operations import failure_of

ReadAgain = Callable[[], AbstractContextManager[Source]]
"""Opens the input from its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HowToImport:
    """What is the same for the upload and for what is done afterwards."""

    match_scheme: str
    source_name: str
    validate_only: bool
    droppable: Droppable
    limit: int | None


class _Some:
    """The records of the lines, and those that are no rows or lack something."""

    def __init__(self, source: Source, lines: Collection[int], limit: int | None) -> None:
        self.columns = source.columns
        self._source = source
        self._lines = lines
        self._limit = limit

    def read(self, *, after: int = 0) -> Iterator[Read]:
        """See Source."""
        for number, record in enumerate(self._source.read(after=after)):
            if self._limit is not None and number >= self._limit:
                return
            if record.line in self._lines or record.row is None:
                yield record
            elif record.faults:
                yield record._replace(is_there=True)


class _Unwatched:
    """See Watcher."""

    def moved(self, progress: ImportProgress) -> None:
        """Nobody looks: these are few."""


class JobImport:
    """One import by a job."""

    def __init__(self, session: Session, read_again: ReadAgain, rejects: Path, how: HowToImport) -> None:
        self._session = session
        self._read_again = read_again
        self._rejects = rejects
        self._how = how
        self._read = 0
        self._faulty: set[int] = set()

    def upload(self, source: Source, *, moved: Callable[[int], object]) -> transfer_service_pb2.UploadImportResponse:
        """The operation that imports the rows."""
        return self._session.client.transfers.upload(
            self._rows(source),
            match_scheme=self._how.match_scheme,
            source=self._how.source_name,
            validate_only=self._how.validate_only,
            options=ImportOptions(),
            on_progress=moved,
        )

    def wait(self, operation: str) -> Outcome:
        """What the job came to, once it is over; raises what it failed with. Then `settle` is due."""
        started = time.monotonic()
        failure = failure_of(wait_for(self._session, operation))
        if failure is not None:
            raise failure
        summary = self._session.client.operations.result(operation, transfer_service_pb2.ImportSummary())
        return Outcome(
            rows=self._read,
            created=summary.created_count,
            updated=summary.updated_count,
            unchanged=summary.unchanged_count,
            rejected=summary.rejected_count,
            dropped=0,
            seconds=time.monotonic() - started,
        )

    def settle(self, operation: str | None, outcome: Outcome) -> Outcome:
        """The outcome after what was rejected was tried again without what the mapping allows to drop.

        What is rejected then, or was no row from the beginning, is written into the rejects file, and so is what was
        left out of rows. Without an operation nothing is tried again.
        """
        found: set[int] = set()
        if operation is not None and outcome.rejected:
            found = {each.row for each in self._session.client.transfers.rejections(operation, page_size=5000)}
        if not found and not self._faulty:
            return outcome
        started, watcher = time.monotonic(), _Unwatched()
        with self._read_again() as source:
            written = RejectsFile(self._rejects, source.columns)
            try:
                again = self._importer(_Some(source, found, self._how.limit), Journal(written), watcher).run()
            finally:
                written.close()
        return replace(
            outcome,
            created=outcome.created + again.created,
            updated=outcome.updated + again.updated,
            unchanged=outcome.unchanged + again.unchanged,
            rejected=again.rejected,
            dropped=again.dropped,
            seconds=outcome.seconds + time.monotonic() - started,
        )

    def _importer(self, source: Source, journal: Journal, watcher: Watcher) -> Importer:
        return Importer(
            self._session.client,
            source,
            journal,
            match_scheme=self._how.match_scheme,
            source_name=self._how.source_name,
            droppable=self._how.droppable,
            options=ImportOptions(),
            watcher=watcher,
            checkpoints=None,
            before=None,
            validate_only=self._how.validate_only,
        )

    def _rows(self, source: Source) -> Iterator[ImportRow]:
        for record in source.read():
            if self._how.limit is not None and self._read >= self._how.limit:
                return
            self._read += 1
            if record.row is None or record.faults:
                self._faulty.add(record.line)
            if record.row is not None:
                yield record.row
