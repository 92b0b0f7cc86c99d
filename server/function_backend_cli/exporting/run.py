"""One export from its first batch to its last: resumes an interrupted one, and is never half there under its name."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import orjson

from function.company.v1 import company_pb2
from function_backend_cli.framing import delimited
from function_backend_cli.output import json_of
from function_backend_client import Export

_SAVE_EVERY = 1.0
"""Seconds between two notes of how far it came."""


@dataclass(frozen=True, slots=True)
class ExportOutcome:
    """What an export came to, together with the runs that it went on from."""

    companies: int
    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Reached:
    """How far an export came: where to go on, and what is in the file by then."""

    resume_token: str = ""
    companies: int = 0
    bytes: int = 0


class ExportTarget(Protocol):
    """Where an export goes."""

    def begin(self) -> Reached:
        """Opens the target and says how far an earlier run came."""
        ...

    def write(self, data: bytes) -> None:
        """Adds to the target."""
        ...

    def note(self, reached: Reached) -> None:
        """Keeps how far the run came."""
        ...

    def finish(self) -> None:
        """Everything has been written."""
        ...

    def abandon(self) -> None:
        """The run ends early."""
        ...


class StandardOutput:
    """Writes to standard output, which cannot go on later."""

    def begin(self) -> Reached:
        """Always at the beginning."""
        return Reached()

    def write(self, data: bytes) -> None:
        """Adds to the output."""
        sys.stdout.buffer.write(data)

    def note(self, reached: Reached) -> None:
        """Nothing is kept."""

    def finish(self) -> None:
        """Hands over what is buffered."""
        sys.stdout.buffer.flush()

    def abandon(self) -> None:
        """Nothing is left behind."""


class FileTarget:
    """Writes to `<file>.part` and gives it its name at the end; `<file>.part.json` says how far it came."""

    def __init__(self, path: Path, query: Mapping[str, object], *, restart: bool) -> None:
        self._path = path
        self._query = dict(query)
        self._restart = restart
        self._part = path.with_name(f"{path.name}.part")
        self._note = path.with_name(f"{path.name}.part.json")
        self._file: IO[bytes] | None = None

    def begin(self) -> Reached:
        """Opens the file, behind what an earlier run of the same export wrote."""
        reached = Reached() if self._restart else self._reached()
        self._file = self._part.open("r+b" if reached.bytes else "wb")
        self._file.truncate(reached.bytes)
        self._file.seek(reached.bytes)
        return reached

    def write(self, data: bytes) -> None:
        """Adds to the file."""
        if self._file is not None:
            self._file.write(data)

    def note(self, reached: Reached) -> None:
        """Keeps how far the run came; what it says is on disk by then."""
        if self._file is None:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        content = {
            "query": self._query,
            "resume_token": reached.resume_token,
            "companies": reached.companies,
            "bytes": reached.bytes,
        }
        written = self._note.with_suffix(".tmp")
        written.write_text(json.dumps(content), encoding="utf-8")
        written.replace(self._note)

    def finish(self) -> None:
        """Gives the file its name."""
        self.abandon()
        self._part.replace(self._path)
        self._note.unlink(missing_ok=True)

    def abandon(self) -> None:
        """Closes the file and leaves it for the next run."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _reached(self) -> Reached:
        try:
            kept = json.loads(self._note.read_text(encoding="utf-8"))
            if kept["query"] == self._query and self._part.stat().st_size >= kept["bytes"]:
                return Reached(kept["resume_token"], kept["companies"], kept["bytes"])
        except (OSError, ValueError, KeyError):
            pass
        return Reached()


class Exporter:
    """Runs one export."""

    def __init__(self, source: Callable[[str], Export], target: ExportTarget, *, format: str) -> None:  # noqa: A002
        """`source` gives the companies behind a resume token."""
        self._source = source
        self._target = target
        self._encode = _ENCODINGS[format]
        self._reached = Reached()
        self._noted_at = 0.0

    @property
    def companies(self) -> int:
        """How many companies have been written, by the runs before as well."""
        return self._reached.companies

    def run(self, *, moved: Callable[[int], None]) -> ExportOutcome:
        """Exports everything behind the last run. Whatever ends it early, the next run goes on from there."""
        started = time.monotonic()
        self._reached = self._target.begin()
        export = self._source(self._reached.resume_token)
        try:
            for batch in export.batches():
                data = b"".join([self._encode(company) for company in batch.companies])
                self._target.write(data)
                self._reached = Reached(
                    batch.resume_token,
                    self._reached.companies + len(batch.companies),
                    self._reached.bytes + len(data),
                )
                moved(self._reached.companies)
                self._note_now_and_then()
        except BaseException:
            self._target.note(self._reached)
            self._target.abandon()
            raise
        self._target.finish()
        return ExportOutcome(self._reached.companies, self._reached.bytes, time.monotonic() - started)

    def _note_now_and_then(self) -> None:
        now = time.monotonic()
        if now - self._noted_at >= _SAVE_EVERY:
            self._noted_at = now
            self._target.note(self._reached)


def _json_line(company: company_pb2.Company) -> bytes:
    return orjson.dumps(json_of(company), option=orjson.OPT_APPEND_NEWLINE)


def _binary(company: company_pb2.Company) -> bytes:
    return delimited(company.SerializeToString())


_ENCODINGS: Mapping[str, Callable[[company_pb2.Company], bytes]] = {"jsonl": _json_line, "binary": _binary}
