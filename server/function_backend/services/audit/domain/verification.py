"""Verifying a chain record by record, where it stands in the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from function_backend.services.audit.domain.checkpoint import Checkpoint
from function_backend.services.audit.domain.record import Problem, StoredRecord

MOST_PROBLEMS = 100


class ChainVerifier:
    """Takes records in order and says what is wrong; after a problem it goes on from what the record itself says."""

    def __init__(self, *, after_seq: int, expected: bytes) -> None:
        """The record before the first one that is taken, and its hash."""
        self._seq = after_seq
        self._expected = expected
        self.problems: list[Problem] = []
        self.count = 0

    @property
    def seq(self) -> int:
        """The last record that was taken."""
        return self._seq

    @property
    def hash(self) -> bytes:
        """Its hash."""
        return self._expected

    def take(self, stored: StoredRecord) -> None:
        """The next record."""
        record = stored.record
        if record.seq != self._seq + 1:
            missing = self._seq + 1
            last = record.seq - 1
            which = f"record {missing} is" if missing == last else f"records {missing} to {last} are"
            self._say(missing, f"{which} missing")
        elif record.prev_hash != self._expected:
            self._say(record.seq, f"record {record.seq} does not follow the one before it")
        if record.digest() != stored.hash:
            self._say(record.seq, f"record {record.seq} has been altered")
        self._seq, self._expected = record.seq, stored.hash
        self.count += 1

    def require(self, last_written: int) -> None:
        """The end was reached: the record that was written last must have been taken."""
        first = self._seq + 1
        if first <= last_written:
            which = f"record {first} is" if first == last_written else f"records {first} to {last_written} are"
            self._say(first, f"{which} missing at the end")

    def compare(self, checkpoint: Checkpoint, is_genuine: Callable[[Checkpoint], bool]) -> None:
        """The checkpoint at the record that was taken last."""
        if not is_genuine(checkpoint):
            self._say(checkpoint.seq, f"the checkpoint at record {checkpoint.seq} is not signed by a known key")
        elif checkpoint.hash != self._expected:
            self._say(checkpoint.seq, f"the chain up to record {checkpoint.seq} is not the one that was signed")

    def _say(self, seq: int, description: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(seq, description))


def verify_stretch(
    verifier: ChainVerifier,
    records: Sequence[StoredRecord],
    checkpoints: Sequence[Checkpoint],
    is_genuine: Callable[[Checkpoint], bool],
) -> None:
    """Takes the records, and compares the checkpoints that stand at them."""
    signed = {checkpoint.seq: checkpoint for checkpoint in checkpoints}
    for stored in records:
        verifier.take(stored)
        checkpoint = signed.get(stored.record.seq)
        if checkpoint is not None:
            verifier.compare(checkpoint, is_genuine)
