"""The rejects file: every row that was not imported, and everything that was left out of a row that was.

It has the columns of the input behind its own, so that it can be corrected and imported again with the same mapping.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

OWN_COLUMNS: Final = (
    "reject_line",
    "reject_outcome",
    "reject_field",
    "reject_reason",
    "reject_description",
    "reject_value",
)
REJECTED: Final = "rejected"
"""The row was not imported."""
DROPPED: Final = "dropped"
"""The row was imported without the value."""


class Reject(NamedTuple):
    """One line of the rejects file."""

    line: int
    outcome: str
    field: str
    reason: str
    description: str
    value: str = ""
    """What was left out, where the outcome is `dropped`."""


class RejectsFile:
    """Writes the file; it is made when there is something to write, and never left behind empty."""

    def __init__(self, path: Path, columns: Sequence[str], *, keep_bytes: int = 0) -> None:
        """`keep_bytes` is how much of an existing file belongs to the run that is going on; the rest is cut off."""
        self.path = path
        self._columns = columns
        self._keep = keep_bytes
        self._file: IO[str] | None = None

    @property
    def bytes_written(self) -> int:
        """The length of the file so far; everything is on disk afterwards."""
        if self._file is None:
            return self._keep
        self._file.flush()
        return self._file.tell()

    def write(self, reject: Reject, fields: Sequence[str]) -> None:
        """Adds a line with the row it is about."""
        if self._file is None:
            self._file = self._opened()
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow([*reject, *fields])
        # Bytes that are no text came in as surrogates; the file must be readable all the same.
        self._file.write(text.getvalue().encode(errors="replace").decode())

    def close(self) -> None:
        """Closes the file; without a line in it, what an earlier run left there goes."""
        if self._file is not None:
            self._file.close()
        elif self._keep == 0:
            self.path.unlink(missing_ok=True)

    def _opened(self) -> IO[str]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self._keep and self.path.exists():
            file = self.path.open("r+", encoding="utf-8", newline="")
            file.seek(self._keep)
            file.truncate()
            return file
        file = self.path.open("w", encoding="utf-8", newline="")
        csv.writer(file, lineterminator="\n").writerow([*OWN_COLUMNS, *self._columns])
        return file
