"""One import from a file to its summary: resumes an interrupted one, and can itself be interrupted at any moment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from function_backend_cli.importing.checkpoint import Checkpoint, CheckpointFile, added
from function_backend_cli.importing.droppable import Droppable
from function_backend_cli.importing.journal import Journal
from function_backend_cli.importing.sources import Source
from function_backend_client import Client, ImportOptions, ImportProgress, ImportRejection, ImportRow

_SAVE_EVERY = 1.0
"""Seconds between two checkpoints: what a kill costs at most, besides what is under way."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import came to. Rejected and dropped are together with the runs that it went on from."""

    rows: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    dropped: int
    seconds: float
    resumed_after: int = 0
    """The line after which this run went on; 0 when it began at the beginning."""


class Watcher(Protocol):
    """Sees how an import comes along."""

    def moved(self, progress: ImportProgress) -> None:
        """Another part of the input has its answer."""
        ...


class Importer:
    """Runs one import."""

    def __init__(
        self,
        client: Client,
        source: Source,
        journal: Journal,
        *,
        match_scheme: str,
        source_name: str,
        droppable: Droppable,
        options: ImportOptions,
        watcher: Watcher,
        checkpoints: CheckpointFile | None,
        before: Checkpoint | None,
        validate_only: bool = False,
        limit: int | None = None,
    ) -> None:
        self._client = client
        self._source = source
        self._journal = journal
        self._match_scheme = match_scheme
        self._source_name = source_name
        self._droppable = droppable
        self._options = options
        self._watcher = watcher
        self._checkpoints = checkpoints
        self._before = before or Checkpoint()
        self._validate_only = validate_only
        self._limit = limit
        self._progress: ImportProgress | None = None
        self._saved_at = time.monotonic()
        self._read = 0

    def run(self) -> Outcome:
        """Imports everything behind the checkpoint. Whatever ends it early, the next run goes on from there."""
        started = time.monotonic()
        try:
            self._client.companies.import_(
                self._rows(),
                match_scheme=self._match_scheme,
                source=self._source_name,
                validate_only=self._validate_only,
                options=self._options,
                on_progress=self._moved,
                repair=self._repair,
            )
        except BaseException:
            self._save()
            raise
        self._journal.finished()
        reached = added(self._before, self._journal.checkpoint())
        done = self._progress
        if self._checkpoints is not None:
            self._checkpoints.remove()
        return Outcome(
            rows=self._read,
            created=0 if done is None else done.created,
            updated=0 if done is None else done.updated,
            unchanged=0 if done is None else done.unchanged,
            rejected=reached.rejected,
            dropped=reached.dropped,
            seconds=time.monotonic() - started,
            resumed_after=self._before.line,
        )

    @property
    def line(self) -> int:
        """The line up to which everything is settled."""
        return self._journal.checkpoint().line

    def _rows(self) -> Iterator[ImportRow]:
        for line, fields, row, faults, is_there in self._source.read(after=self._before.line):
            if self._limit is not None and self._read >= self._limit:
                return
            self._read += 1
            if is_there:
                self._journal.note_imported(line, fields, faults)
            elif row is None:
                self._journal.refuse(line, fields, faults[0])
            else:
                self._journal.sending(line, fields, faults)
                yield row

    def _moved(self, progress: ImportProgress) -> None:
        self._progress = progress
        self._journal.answered(progress)
        self._watcher.moved(progress)
        if time.monotonic() - self._saved_at >= _SAVE_EVERY:
            self._save()

    def _save(self) -> None:
        self._saved_at = time.monotonic()
        reached = self._journal.checkpoint()
        if self._checkpoints is not None and reached.line:
            self._checkpoints.write(added(self._before, reached))

    def _repair(self, row: ImportRow, rejection: ImportRejection) -> ImportRow | None:
        """Drops what was refused where the mapping allows it; the rest of the row is tried again."""
        dropped = self._droppable.drop(row.company, rejection.field)
        if dropped is None:
            return None
        self._journal.note_dropped(rejection.row, rejection.field, rejection.reason, rejection.description, dropped)
        return row
