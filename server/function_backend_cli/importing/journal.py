"""Which lines of the input are settled, and what there is to say about the ones that were refused."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from function_backend_cli.importing.checkpoint import Checkpoint
from function_backend_cli.importing.faults import RowFault
from function_backend_cli.importing.rejects import DROPPED, REJECTED, Reject, RejectsFile
from function_backend_client import ImportProgress


class Journal:
    """Follows the rows from the input to their final answer.

    Rejects are written when everything before them is settled, in the order of the input: a run that is interrupted
    and goes on then neither loses nor repeats one.
    """

    def __init__(
        self, rejects: RejectsFile, *, original: Callable[[Sequence[str]], Sequence[str]] | None = None
    ) -> None:
        self._rejects = rejects
        self._original = original or (lambda fields: fields)
        self._sent: deque[int] = deque()
        self._fields: dict[int, Sequence[str]] = {}
        self._noted: dict[int, list[Reject]] = {}
        self._settled_rows = 0
        self._last_line = 0
        self._line = 0
        self._rejected = 0
        self._dropped = 0

    def sending(self, line: int, fields: Sequence[str], dropped: Sequence[RowFault] = ()) -> None:
        """A row goes out, perhaps without something that could not be read."""
        self._last_line = line
        self._sent.append(line)
        self._fields[line] = fields
        for fault in dropped:
            self.note_dropped(line, fault.field, fault.reason, fault.description, "")

    def refuse(self, line: int, fields: Sequence[str], fault: RowFault) -> None:
        """A record could not be made into a row."""
        self._last_line = line
        self._fields[line] = fields
        self._note(Reject(line, REJECTED, fault.field, fault.reason, fault.description))

    def note_imported(self, line: int, fields: Sequence[str], dropped: Sequence[RowFault]) -> None:
        """A row was imported before, without something that could not be read."""
        self._last_line = line
        self._fields[line] = fields
        for fault in dropped:
            self.note_dropped(line, fault.field, fault.reason, fault.description, "")

    def note_dropped(self, line: int, field: str, reason: str, description: str, value: str) -> None:
        """Something was left out of a row."""
        self._note(Reject(line, DROPPED, field, reason, description, value))

    def answered(self, progress: ImportProgress) -> None:
        """Takes an answer of the service; writes what is settled by it."""
        for rejection in progress.rejections:
            self._note(Reject(rejection.row, REJECTED, rejection.field, rejection.reason, rejection.description))
        while self._settled_rows < progress.settled:
            self._settled_rows += 1
            self._line = self._sent.popleft()
            if self._line not in self._noted:
                del self._fields[self._line]
        self._write()

    def finished(self) -> None:
        """The input has ended and every row has its answer."""
        self._line = self._last_line
        self._write()

    def checkpoint(self) -> Checkpoint:
        """How far the run came."""
        return Checkpoint(
            line=self._line,
            rejected=self._rejected,
            dropped=self._dropped,
            rejects_bytes=self._rejects.bytes_written,
        )

    def _note(self, reject: Reject) -> None:
        self._noted.setdefault(reject.line, []).append(reject)

    def _write(self) -> None:
        for line in sorted(line for line in self._noted if line <= self._line):
            original = self._original(self._fields.pop(line))
            for reject in self._noted.pop(line):
                self._rejects.write(reject, original)
                self._rejected += reject.outcome == REJECTED
                self._dropped += reject.outcome == DROPPED
