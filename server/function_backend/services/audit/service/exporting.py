"""Exporting the chain with its checkpoints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from function_backend.kernel.call import Call
from function_backend.kernel.pagination import PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.audit.domain.checkpoint import Checkpoint
from function_backend.services.audit.domain.record import StoredRecord
from function_backend.services.audit.repository.checkpoint import CheckpointRepository
from function_backend.services.audit.repository.record import RecordRepository
from function_backend.services.audit.service.signing import Signing

_DEFAULT_SIZE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Where an export begins and ends."""

    tenant_id: UUID
    first_seq: int
    last_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportBatch:
    """Some records in order, the checkpoints at them, and the token that goes on after them."""

    bounds: Bounds
    records: Sequence[StoredRecord]
    checkpoints: Sequence[Checkpoint]
    resume_token: str


class Exporting:
    """The use case of an export."""

    def __init__(self, *, transactions: Transactions, page_tokens: PageTokens, signing: Signing) -> None:
        self._transactions = transactions
        self._page_tokens = page_tokens
        self._signing = signing

    def export(self, *, after_seq: int, batch_size: int, resume_token: str, call: Call) -> Iterator[ExportBatch]:
        """Batches up to the head of the chain as it is now, which is signed first.

        Every batch is a read of its own: an export of hours holds no transaction, and stops when the caller leaves.
        """
        query = (str(call.tenant_id), "export_audit")
        key = self._page_tokens.read(query, resume_token, field="resume_token")
        start = None
        if key is None:
            bounds, start = self._begin(after_seq)
            after = bounds.first_seq - 1
        else:
            after = int(key[0])
            bounds = Bounds(tenant_id=_tenant_of(call), first_seq=int(key[1]), last_seq=int(key[2]))
        limit, is_first = batch_size or _DEFAULT_SIZE, key is None
        while (is_first or after < bounds.last_seq) and not call.ended:
            records, checkpoints = self._read(after, bounds.last_seq, limit=limit)
            if is_first and start is not None:
                checkpoints = [start, *checkpoints]
            # Where records are missing at the end, there is nothing more to come.
            after = records[-1].record.seq if records else bounds.last_seq
            token = self._page_tokens.write(query, (str(after), str(bounds.first_seq), str(bounds.last_seq)))
            yield ExportBatch(bounds=bounds, records=records, checkpoints=checkpoints, resume_token=token)
            is_first = False

    def _begin(self, after_seq: int) -> tuple[Bounds, Checkpoint | None]:
        """The bounds, and the checkpoint that the export begins after."""
        signed = self._signing.sign()
        with self._transactions() as work:
            checkpoints, records = CheckpointRepository(work), RecordRepository(work)
            # On the primary, which has the checkpoint for sure; where none could be signed, up to what there is.
            last = signed.seq if signed is not None else _seq_of(records.head())
            beginning = records.beginning()
            start = checkpoints.newest(up_to=max(after_seq, beginning)) if after_seq or beginning else None
            if start is not None and start.seq < beginning:
                start = None
            return (
                Bounds(
                    tenant_id=work.tenant_id,
                    first_seq=beginning + 1 if start is None else start.seq + 1,
                    last_seq=last,
                ),
                start,
            )

    def _read(self, after: int, last: int, *, limit: int) -> tuple[Sequence[StoredRecord], Sequence[Checkpoint]]:
        with self._transactions() as work:
            records = RecordRepository(work).after(after, limit=limit, up_to=last)
            up_to = records[-1].record.seq if len(records) == limit else last
            return records, CheckpointRepository(work).after(after, up_to=up_to)


def _seq_of(head: StoredRecord | None) -> int:
    return 0 if head is None else head.record.seq


def _tenant_of(call: Call) -> UUID:
    if call.tenant_id is None:
        raise RuntimeError("nobody is calling")
    return call.tenant_id
