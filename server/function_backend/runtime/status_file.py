"""What the supervisor knows about its workers, in a file of a private folder, for the process that serves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerStatus:
    """One worker."""

    index: int
    pid: int
    state: str
    """`starting`, `serving`, `away` while the database is, or `ending`."""


class StatusFile:
    """Written by one process, read by another; a reader never sees half of it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: bytes | None = None

    def write(self, workers: Sequence[WorkerStatus]) -> None:
        """Replaces what the file says, if that has changed."""
        content = orjson.dumps([asdict(worker) for worker in workers])
        if content != self._written:
            fresh = self._path.with_suffix(".new")
            fresh.write_bytes(content)
            fresh.replace(self._path)
            self._written = content

    def read(self) -> list[WorkerStatus]:
        """What it says; nothing when it was never written."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return []
        return [WorkerStatus(**fields) for fields in orjson.loads(content)]

    def remove(self) -> None:
        """Deletes it."""
        self._path.unlink(missing_ok=True)
